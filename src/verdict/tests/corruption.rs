//! A fault whose injection takes the shared server away for a while: what of that is nobody's failure, and what is.

use super::*;
use crate::clock::Mono;
use crate::ids::Service;
use crate::journal::ProbeKind;
use crate::journal::sample::{datacenter, tenant};
use crate::plan::{FaultPlan, Phase, ServiceKey};
use std::time::Duration;

const BOTH: [ProbeKind; 2] = [ProbeKind::Light, ProbeKind::Full];

/// The sample of one tenant's loss, as damaged database pages, with one change.
fn damaged(change: impl FnOnce(&mut Sample)) -> Judgement {
    let mut sample = Sample::tenant_deleted();
    sample.change_plan(|plan| {
        let service = Service::new("database").expect("a name");
        let server = ServiceKey { datacenter: Some(datacenter("falkenstein")), tenant: None, service };
        plan.faults = vec![FaultPlan::DatabaseCorruption { tenant: tenant("acme"), server, caches: Vec::new() }];
    });
    change(&mut sample);
    judged(&sample)
}

/// From the first injection call to the end of the fault's step.
fn injection(sample: &Sample) -> (Mono, Mono) {
    let time = |which: fn(&Event) -> bool| sample.events[sample.position(which)].0;
    let from = time(|event| matches!(event, Event::FaultInjecting { .. }));
    (from, time(|event| matches!(event, Event::PhaseEnded { phase: Phase::Fault, .. })))
}

/// Makes the slots of one tenant that are intended in `[from, to]` bad or good.
fn set(sample: &mut Sample, of: &str, (from, to): (Mono, Mono), bad: bool) {
    sample.change(|event| {
        if let Event::Probe(probe) = event
            && probe.tenant.as_str() == of
            && from <= probe.intended
            && probe.intended <= to
            && BOTH.contains(&probe.kind)
        {
            probe.bad = bad.then(|| "no answer".to_owned());
        }
    });
}

#[test]
fn what_everybody_misses_during_the_injection_is_shown_and_no_failure() {
    let clean = damaged(|_| {});
    assert_eq!((clean.verdict, clean.findings), (Verdict::Passed, Vec::new()), "{:#?}", clean.reasons);
    let judgement = damaged(|sample| {
        let window = injection(sample);
        set(sample, "globex", window, true);
    });
    assert_eq!((judgement.verdict, &judgement.findings), (Verdict::Passed, &Vec::new()), "{:#?}", judgement.reasons);
    let outage = &judgement.tenants[&tenant("globex")].outage;
    assert!(outage.total > Duration::from_secs(1), "{outage:?}");
    assert_eq!(outage.injected, outage.total);
    // The affected tenant's own outage goes on afterwards.
    let own = &judgement.tenants[&tenant("acme")].outage;
    assert!(own.injected > Duration::ZERO && own.injected < own.total, "{own:?}");
}

#[test]
fn no_other_fault_excuses_an_outage_of_bystanders() {
    let judgement = deletion(|sample| {
        let window = injection(sample);
        set(sample, "globex", window, true);
    });
    fires(&judgement, FindingCode::OutageOfBystander, Some("globex"));
    assert_eq!(judgement.tenants[&tenant("globex")].outage.injected, Duration::ZERO);
}

#[test]
fn what_bystanders_miss_after_the_injection_is_the_recoverys_failure() {
    // One slot right after its end, and one that goes on from within it.
    for early in [Duration::ZERO, Duration::from_millis(500)] {
        let judgement = damaged(|sample| {
            let (_, to) = injection(sample);
            let from = Mono(to.0 + 1 - u64::try_from(early.as_micros()).unwrap());
            set(sample, "globex", (from, to.plus(Duration::from_millis(600))), true);
        });
        fires(&judgement, FindingCode::OutageOfBystander, Some("globex"));
    }
}

#[test]
fn damage_that_users_do_not_see_is_not_noticed_by_the_outage_of_the_injection() {
    let judgement = damaged(|sample| {
        let (_, to) = injection(sample);
        set(sample, "acme", (Mono(to.0 + 1), Mono(u64::MAX)), false);
    });
    doubts(&judgement, ReasonCode::FaultUnnoticed);
    assert_eq!(judgement.tenants[&tenant("acme")].rto, None);
    // What the recovery itself interrupts is no sign of it either.
    let judgement = damaged(|sample| {
        let (_, to) = injection(sample);
        let recovering = |event: &Event| matches!(event, Event::PhaseStarted { phase: Phase::Recover });
        let from = sample.events[sample.position(recovering)].0;
        set(sample, "acme", (Mono(to.0 + 1), from), false);
    });
    doubts(&judgement, ReasonCode::FaultUnnoticed);
}
