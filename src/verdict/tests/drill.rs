//! What is wrong with time: objectives, outages, steps of the recovery, and what the drill leaves.

use super::*;
use crate::clock::Mono;
use crate::journal::sample::{datacenter, tenant};
use crate::journal::{Kind, Outcome, ProbeKind};
use crate::plan::Phase;
use crate::verdict::TenantState;
use std::time::Duration;

pub(super) fn time_of(sample: &Sample, which: impl Fn(&Event) -> bool) -> Mono {
    sample.events[sample.position(which)].0
}

fn phase_end(sample: &Sample, of: Phase) -> Mono {
    time_of(sample, |event| matches!(event, Event::PhaseEnded { phase, .. } if *phase == of))
}

/// Makes the probes of one tenant bad whose slots lie in `[from, to]`.
pub(super) fn break_probes(sample: &mut Sample, of: &str, kinds: &[ProbeKind], from: Mono, to: Mono) {
    sample.change(|event| {
        if let Event::Probe(probe) = event {
            let within = from <= probe.intended && probe.intended <= to;
            if within && probe.tenant.as_str() == of && kinds.contains(&probe.kind) {
                probe.bad = Some("not the right page".to_owned());
            }
        }
    });
}

pub(super) const BOTH: [ProbeKind; 2] = [ProbeKind::Light, ProbeKind::Full];

#[test]
fn objectives_are_judged_on_the_upper_bound() {
    let hi = loss(|_| {}).rto.expect("an RTO").hi;
    let exactly = loss(|sample| {
        sample.change_plan(|plan| plan.objectives.rto = hi);
    });
    assert_eq!(exactly.verdict, Verdict::Passed);
    let below = loss(|sample| {
        sample.change_plan(|plan| plan.objectives.rto = hi.checked_sub(Duration::from_micros(1)).unwrap());
    });
    fires(&below, FindingCode::RtoMissed, Some("acme"));
    let machine = loss(|sample| {
        sample.change_plan(|plan| plan.objectives.machine = Some(Duration::from_secs(5)));
    });
    fires(&machine, FindingCode::MachineMissed, Some("acme"));
    let machine_hi = loss(|_| {}).rto.expect("an RTO").machine_hi;
    let just = loss(|sample| {
        sample.change_plan(|plan| plan.objectives.machine = Some(machine_hi));
    });
    assert_eq!(just.verdict, Verdict::Passed);
    let loss_of_hours = loss(|sample| {
        sample.change_plan(|plan| plan.objectives.rpo = Duration::from_secs(3600));
    });
    fires(&loss_of_hours, FindingCode::RpoMissed, Some("acme"));
}

#[test]
fn a_recovery_that_does_not_last_is_none() {
    // Answers once, then never again until the verification ends.
    let judgement = loss(|sample| {
        let end = phase_end(sample, Phase::Verify);
        break_probes(sample, "acme", &BOTH, Mono(end.0 - 2_000_000), end);
    });
    fires(&judgement, FindingCode::NotRecovered, Some("acme"));
    assert_eq!(judgement.tenants[&tenant("acme")].state, TenantState::NotRecovered);
    assert_eq!(judgement.rto, None);
}

#[test]
fn a_recovery_that_reads_but_does_not_write_is_none() {
    let judgement = loss(|sample| {
        let (from, to) = (phase_end(sample, Phase::Fault), phase_end(sample, Phase::Restart));
        break_probes(sample, "acme", &[ProbeKind::Full], from, to);
    });
    fires(&judgement, FindingCode::NotRecovered, Some("acme"));
}

#[test]
fn a_recovery_that_was_not_watched_as_long_as_was_asked_is_none() {
    let judgement = loss(|sample| {
        sample.change_plan(|plan| plan.probe.sustain = 1000);
    });
    fires(&judgement, FindingCode::NotRecovered, Some("acme"));
}

#[test]
fn a_full_slot_beside_a_bad_light_one_is_not_the_recovery_yet() {
    let of = |judgement: &Judgement| judgement.tenants[&tenant("acme")].rto.expect("an RTO");
    let clean = of(&loss(|_| {}));
    let mut full = Duration::ZERO;
    let judgement = loss(|sample| {
        let zero = time_of(sample, |event| matches!(event, Event::FaultInjecting { .. }));
        let first = sample.events.iter().find_map(|(_, event)| match event {
            Event::Probe(probe) => {
                (probe.kind == ProbeKind::Full && probe.ended == zero.plus(clean.machine_hi)).then_some(probe.intended)
            }
            _ => None,
        });
        let first = first.expect("the slot of the recovery");
        break_probes(sample, "acme", &[ProbeKind::Light], first, first);
        sample.change_plan(|plan| full = plan.probe.full);
    });
    assert_eq!(of(&judgement).machine_hi, clean.machine_hi + full);
}

#[test]
fn what_breaks_after_the_verification_is_unstable() {
    let judgement = loss(|sample| {
        let end = phase_end(sample, Phase::Restart);
        break_probes(sample, "globex", &BOTH, Mono(end.0 - 3_000_000), end);
    });
    fires(&judgement, FindingCode::Unstable, Some("globex"));
}

#[test]
fn what_never_came_back_is_not_called_unstable_too() {
    let judgement = loss(|sample| {
        let (from, to) = (phase_end(sample, Phase::Fault), sample.events[sample.events.len() - 1].0);
        break_probes(sample, "acme", &BOTH, from, to);
    });
    fires(&judgement, FindingCode::NotRecovered, Some("acme"));
    assert!(!codes(&judgement).contains(&FindingCode::Unstable), "{:#?}", judgement.findings);
}

#[test]
fn after_the_restart_no_slot_may_be_bad_not_only_the_last() {
    for kind in BOTH {
        let judgement = loss(|sample| {
            let back = time_of(sample, |event| matches!(event, Event::MaintenanceEnded));
            let of_kind = |event: &Event| match event {
                Event::Probe(probe) => {
                    (probe.tenant.as_str() == "acme" && probe.kind == kind).then_some(probe.intended)
                }
                _ => None,
            };
            let mut later: Vec<Mono> = sample.events.iter().filter_map(|(_, event)| of_kind(event)).collect();
            later.retain(|intended| *intended > back);
            assert!(later.len() > 1, "a good slot follows");
            break_probes(sample, "acme", &[kind], later[0], later[0]);
        });
        fires(&judgement, FindingCode::Unstable, Some("acme"));
        assert_eq!(judgement.finding_counts[&FindingCode::Unstable], 1);
        assert_eq!(judgement.tenants[&tenant("acme")].state, TenantState::NotRecovered);
    }
}

#[test]
fn a_restart_after_which_nobody_used_the_system_proves_nothing() {
    let judgement = loss(|sample| {
        let back = time_of(sample, |event| matches!(event, Event::MaintenanceEnded));
        sample.drop_where(|event| match event {
            Event::Probe(probe) => {
                probe.kind == ProbeKind::Full && probe.tenant.as_str() == "acme" && probe.intended > back
            }
            _ => false,
        });
    });
    doubts(&judgement, ReasonCode::ProberGap);
    assert!(judgement.reasons.iter().any(|reason| reason.item.as_deref() == Some("after the restart")));
}

#[test]
fn a_bystander_must_not_notice_anything() {
    let judgement = deletion(|sample| {
        let from = phase_end(sample, Phase::Fault);
        break_probes(sample, "globex", &[ProbeKind::Light], from, from.plus(Duration::from_millis(300)));
    });
    fires(&judgement, FindingCode::OutageOfBystander, Some("globex"));
    let globex = &judgement.tenants[&tenant("globex")];
    assert_eq!((globex.outage.windows.len(), globex.probes.bad), (1, 2));
    // Until the good one after them is complete.
    assert_eq!(globex.outage.total, Duration::from_millis(2 * 250 + 20));
    let total = humantime::format_duration(globex.outage.total);
    let outage = judgement.findings.iter().find(|finding| finding.code == FindingCode::OutageOfBystander);
    assert_eq!(outage.and_then(|finding| finding.seen.clone()), Some(format!("2 bad slots, {total}")));
    // Two that have nothing to do with each other.
    let twice = deletion(|sample| {
        for phase in [Phase::Fault, Phase::Recover] {
            let from = phase_end(sample, phase);
            break_probes(sample, "globex", &[ProbeKind::Light], from, from.plus(Duration::from_millis(300)));
        }
    });
    assert_eq!(twice.tenants[&tenant("globex")].outage.windows.len(), 2);
}

#[test]
fn a_bystander_at_whom_nobody_looked_for_a_moment_may_have_noticed_something() {
    let judgement = deletion(|sample| {
        let from = phase_end(sample, Phase::Fault);
        let slot = sample.position(
            |event| matches!(event, Event::Probe(probe) if probe.tenant.as_str() == "globex" && probe.intended > from),
        );
        sample.events.remove(slot);
    });
    doubts(&judgement, ReasonCode::ProberGap);
    assert_eq!(judgement.reasons[0].tenant, Some(tenant("globex")));
    assert_eq!(judgement.reasons[0].seen.as_deref(), Some("1"));
}

#[test]
fn a_recovery_step_that_fails_is_a_result() {
    for outcome in [Outcome::Failed { why: "exit code 1".to_owned() }, Outcome::TimedOut { after_seconds: 120 }] {
        let judgement = loss(|sample| {
            let failed = sample.position(|event| is_step(event, "recover/restore"));
            let teardown = |event: &Event| matches!(event, Event::PhaseStarted { phase: Phase::Teardown });
            let rest = sample.events.split_off(failed);
            let at = rest.iter().position(|(_, event)| teardown(event)).expect("a teardown");
            let mono = rest[at].0;
            let step = crate::ids::StepName("recover/restore".to_owned());
            sample.events.push((mono, Event::StepEnded { step, outcome: outcome.clone() }));
            sample.events.push((mono, Event::PhaseEnded { phase: Phase::Recover, outcome }));
            sample.events.extend(rest.into_iter().skip(at));
        });
        fires(&judgement, FindingCode::RecoveryStepFailed, None);
        fires(&judgement, FindingCode::NotRecovered, Some("globex"));
        assert_eq!(judgement.reasons, Vec::new());
        assert_eq!(judgement.rto, None);
        assert_eq!(judgement.rpo, None);
    }
}

/// Ends the drill after its verification, on purpose.
fn cut_short(sample: &mut Sample) {
    let restart = sample.position(|event| matches!(event, Event::PhaseStarted { phase: Phase::Restart }));
    let teardown = |event: &Event| matches!(event, Event::PhaseStarted { phase: Phase::Teardown });
    let rest = sample.events.split_off(restart);
    let at = rest.iter().position(|(_, event)| teardown(event)).expect("a teardown");
    sample.events.push((rest[at].0, Event::CutShort { why: "enough".to_owned() }));
    sample.events.extend(rest.into_iter().skip(at));
}

#[test]
fn a_drill_that_is_cut_short_can_fail_and_never_pass() {
    let clean = loss(cut_short);
    assert_eq!(clean.verdict, Verdict::Inconclusive, "{:#?}", clean.findings);
    assert_eq!(reasons(&clean), [ReasonCode::CutShort]);
    let wrong = loss(|sample| {
        let page = |item: &Item| matches!(item, Item::Revision { key, .. } if key == "Page-2");
        let gone = |of: &Tenant, item: Item| if of.as_str() == "acme" && page(&item) { vec![] } else { vec![item] };
        sample.rewrite(&[Moment::Health], gone);
        cut_short(sample);
    });
    fires(&wrong, FindingCode::Lost, Some("acme"));
    assert_eq!(wrong.verdict, Verdict::Failed);
    assert_eq!(reasons(&wrong), [ReasonCode::CutShort]);
}

#[test]
fn a_drill_that_is_cut_short_within_its_verification_blames_nobody_for_the_rest() {
    let judgement = loss(|sample| {
        let gone = |of: &Tenant, item: Item| match &item {
            Item::Revision { key, .. } if key == "Page-2" && of.as_str() == "acme" => vec![],
            _ => vec![item],
        };
        sample.rewrite(&[Moment::Health], gone);
        cut_short(sample);
        // Nothing of the verification came after its readback.
        let read = sample.position(|event| is_step(event, "verify/readback"));
        let end = sample.position(|event| matches!(event, Event::PhaseEnded { phase: Phase::Verify, .. }));
        sample.events.drain(read + 1..end);
        if let Event::PhaseEnded { outcome, .. } = &mut sample.events[read + 1].1 {
            *outcome = Outcome::Cancelled;
        }
    });
    fires(&judgement, FindingCode::Lost, Some("acme"));
    let blamed = judgement.findings.iter().filter_map(|finding| finding.tenant.as_ref().map(Tenant::as_str));
    assert!(blamed.into_iter().all(|tenant| tenant == "acme"), "{:#?}", judgement.findings);
    assert_eq!(judgement.rto, None);
}

#[test]
fn a_recovery_that_fails_when_it_is_watched_is_a_result_too() {
    for phase in Phase::ALL.into_iter().filter(|phase| phase.tries_the_recovery()) {
        let failed = Outcome::Failed { why: "exit code 1".to_owned() };
        let judgement = loss(|sample| {
            let of_phase = |event: &Event| matches!(event, Event::StepEnded { step, .. } if step.0.starts_with(&format!("{}/", phase.name())));
            let at = sample.position(of_phase);
            if let Event::StepEnded { outcome, .. } = &mut sample.events[at].1 {
                outcome.clone_from(&failed);
            }
        });
        fires(&judgement, FindingCode::RecoveryStepFailed, None);
        assert!(!reasons(&judgement).contains(&ReasonCode::HarnessBroken), "{phase:?}: {:#?}", judgement.reasons);
    }
}

/// What is said of the findings of this kind.
fn residue(judgement: &Judgement) -> Vec<&str> {
    let found = judgement.findings.iter().filter(|finding| finding.code == FindingCode::FaultResidue);
    found.filter_map(|finding| finding.seen.as_deref()).collect()
}

#[test]
fn a_lost_datacenter_stays_lost() {
    let created = loss(|sample| {
        let event = Event::Created {
            kind: Kind::Container,
            name: "falkenstein-vault".to_owned(),
            id: "new".to_owned(),
            datacenter: Some(datacenter("falkenstein")),
            tenant: None,
        };
        sample.insert_after(|event| matches!(event, Event::Detected { .. }), event);
    });
    fires(&created, FindingCode::FaultResidue, None);
    assert_eq!(residue(&created), ["created after the fault"]);
    let removed = |event: &Event| matches!(event, Event::Removed { name, .. } if name == "falkenstein-vault-data");
    let late = loss(|sample| {
        let (_, event) = sample.events.remove(sample.position(removed));
        sample.insert_after(|event| matches!(event, Event::Detected { .. }), event);
    });
    fires(&late, FindingCode::FaultResidue, None);
    assert_eq!(residue(&late), ["still there after the fault"]);
    let kept = loss(|sample| {
        sample.events.remove(sample.position(removed));
    });
    fires(&kept, FindingCode::FaultResidue, None);
    let used = loss(|sample| {
        sample.change(|event| {
            if let Event::TaskStarted { at, .. } = event {
                at.datacenter = Some(datacenter("falkenstein"));
            }
        });
    });
    fires(&used, FindingCode::FaultResidue, None);
}

#[test]
fn what_is_left_is_found() {
    let judgement = loss(|sample| {
        sample.change(|event| {
            if let Event::Leftovers { names } = event {
                names.push("volume x".to_owned());
            }
        });
    });
    fires(&judgement, FindingCode::Leftovers, None);
}
