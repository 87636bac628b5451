//! Clean drills pass, and say the right numbers.

use super::drill::time_of;
use super::*;
use crate::journal::sample::{drill_time, tenant};
use crate::journal::{Probe, ProbeKind, Surface};
use crate::verdict::{CheckOutcome, TenantState, measured};
use std::time::Duration;

#[test]
fn a_clean_loss_passes() {
    let judgement = loss(|_| {});
    assert_eq!(judgement.findings, Vec::new());
    assert_eq!(judgement.reasons, Vec::new());
    assert_eq!(judgement.verdict, Verdict::Passed);
    assert_eq!(judgement.exit_code, 0);
    assert_eq!(judgement.checks.len(), Check::ALL.len());
    for check in &judgement.checks {
        assert_eq!((check.outcome, check.findings), (CheckOutcome::Passed, 0), "{check:?}");
        assert!(check.items > 0, "{check:?}");
    }
}

#[test]
fn a_clean_loss_has_the_right_times() {
    let judgement = loss(|_| {});
    let rto = judgement.rto.expect("an RTO");
    // 1.5 s to confirm, 0.8 s to detect, 2 s to start, four steps of 1.2 s, 0.7 s at the front (which answers at its beginning).
    let truth = Duration::from_millis(1500 + 800 + 2000 + 4 * 1200);
    assert!(rto.machine_lo <= truth && truth <= rto.machine_hi, "{rto:?}");
    assert!(rto.machine_hi.checked_sub(rto.machine_lo).unwrap() <= Duration::from_millis(2400), "{rto:?}");
    assert_eq!(rto.declared, Duration::from_secs(1500));
    assert_eq!(rto.hi, rto.machine_hi + rto.declared);
    let result = &judgement.tenants[&tenant("acme")];
    assert_eq!(result.state, TenantState::Recovered);
    assert_eq!(result.outage.windows.len(), 1);
    let parts = result.parts.expect("parts");
    assert_eq!(parts.detection, Duration::from_millis(2300));
    assert_eq!(parts.decision, Duration::from_secs(1500));
    assert_eq!(parts.restore, Duration::from_millis(1200));
    assert_eq!(parts.restore_tool, Duration::from_millis(2400));
    assert_eq!(parts.provisioning, Duration::from_secs(2));
    assert_eq!(result.probes.missing, 0);
}

#[test]
fn a_clean_loss_loses_what_came_after_the_daily() {
    let judgement = loss(|_| {});
    for result in judgement.tenants.values() {
        let daily = drill_time("2026-01-07T00:05:00Z");
        assert_eq!(result.rpo.predicted, Some(daily));
        assert_eq!(result.rpo.listed, Some(daily));
        assert_eq!(result.rpo.claimed, Some(daily));
        assert_eq!(result.rpo.found, Some(daily));
        assert_eq!(result.rpo.loss, Some(Duration::from_secs((13 * 60 + 32) * 60)));
        assert!(result.rpo.met);
        // Three rounds: edit, upload, note, the deletion and its draft are nothing, a right.
        assert_eq!(result.rpo.lost, 12);
        assert_eq!(result.rpo.lost_writes.len(), 12);
        assert_eq!(result.rpo.oldest_lost_age, Some(Duration::from_secs(107 * 60)));
        assert_eq!(result.rpo.came_back, Vec::<String>::new());
    }
    assert_eq!(judgement.rpo, Some(Duration::from_secs((13 * 60 + 32) * 60)));
}

#[test]
fn a_clean_deletion_passes_and_bystanders_lose_nothing() {
    let judgement = deletion(|_| {});
    assert_eq!(judgement.findings, Vec::new());
    assert_eq!(judgement.reasons, Vec::new());
    assert_eq!(judgement.verdict, Verdict::Passed);
    let other = &judgement.tenants[&tenant("globex")];
    assert_eq!(other.state, TenantState::Bystander);
    assert_eq!((other.rpo.lost, other.rpo.loss), (0, Some(Duration::ZERO)));
    assert_eq!(other.rto, None);
    assert_eq!(other.outage.total, Duration::ZERO);
    let acme = &judgement.tenants[&tenant("acme")];
    assert_eq!(acme.rpo.found, Some(drill_time("2026-01-07T13:00:00Z")));
}

#[test]
fn a_judgement_survives_json() {
    let judgement = loss(|_| {});
    let text = serde_json::to_string(&judgement).expect("JSON");
    let back: Judgement = serde_json::from_str(&text).expect("a judgement");
    assert_eq!(back, judgement);
    assert!(text.contains("\"machine_hi_seconds\":"));
}

#[test]
fn the_gate_is_ready_before_a_clean_fault_and_says_what_is_wrong_with_another() {
    for disaster in [Disaster::DatacenterLoss, Disaster::TenantDeleted] {
        let mut sample = Sample::new(disaster);
        sample.cut_at(|event| matches!(event, Event::Gate { .. }));
        let entries = sample.entries();
        let result = gate(&Timeline::from(&entries, false).expect("a possible journal"));
        assert_eq!(result.problems, Vec::<String>::new());
        assert!(result.ready);

        sample.rewrite(&[Moment::Steady], |_, item| if key_of(&item) == Some("Page-1") { vec![] } else { vec![item] });
        sample.drop_where(|event| matches!(event, Event::VaultSearched { .. }));
        sample.change(|event| {
            if let Event::Probe(probe) = event {
                probe.bad = Some("wrong page".to_owned());
            }
        });
        let entries = sample.entries();
        let result = gate(&Timeline::from(&entries, false).expect("a possible journal"));
        assert!(!result.ready);
        for word in ["lost: acme, create Page-1", "search of falkenstein", "wrong page"] {
            assert!(result.problems.iter().any(|problem| problem.contains(word)), "{word} in {:#?}", result.problems);
        }
    }
}

#[test]
fn the_restore_tool_took_what_the_commands_of_the_tenant_took_in_both_steps() {
    let half = Duration::from_millis(500);
    let judgement = loss(|sample| {
        let fetch = |event: &Event| match event {
            Event::TaskStarted { step, at, .. } => {
                step.0 == "recover/fetch" && at.tenant.as_ref().is_some_and(|of| of.as_str() == "acme")
            }
            _ => false,
        };
        let begins = sample.position(fetch);
        sample.events[begins].0 = sample.events[begins].0.plus(half);
        sample.events.sort_by_key(|(mono, _)| *mono);
    });
    let restore_tool = |of: &str| judgement.tenants[&tenant(of)].parts.expect("parts").restore_tool;
    assert_eq!(restore_tool("acme") + half, restore_tool("globex"));
    assert_eq!(restore_tool("globex"), Duration::from_millis(2400));
}

#[test]
fn what_the_slots_alone_say_is_what_the_drill_says() {
    let sample = Sample::tenant_deleted();
    let seen = |sample: &Sample, of: &str| {
        let entries = sample.entries();
        let timeline = Timeline::from(&entries, false).expect("a possible journal");
        let zero = timeline.zero.expect("a fault").mono;
        (zero, measured(&timeline, &tenant(of)).expect("slots"))
    };
    let judgement = judged(&sample);
    let rto = judgement.tenants[&tenant("acme")].rto.expect("an RTO");
    let (zero, acme) = seen(&sample, "acme");
    let (lo, good) = acme.recovered.expect("a recovery");
    assert_eq!((lo.since(zero), good.ended.since(zero)), (rto.machine_lo, rto.machine_hi));
    assert_eq!((acme.outage, acme.doubtful), (judgement.tenants[&tenant("acme")].outage.clone(), false));
    let first_bad = sample.events.iter().find_map(|(_, event)| match event {
        Event::Probe(probe) if probe.kind == ProbeKind::Light && probe.bad.is_some() => Some(probe.intended),
        _ => None,
    });
    let first = acme.spells.first().expect("an outage");
    assert_eq!(Some(first.first_bad.intended), first_bad);
    // It answers again one interval after the last bad slot.
    let good = first.good_after.expect("it answers again").intended;
    assert_eq!(good, first.last_bad.plus(Duration::from_millis(250)));
    assert!(good.since(first.first_bad.intended) > Duration::from_secs(5));
    let (_, globex) = seen(&sample, "globex");
    assert!(globex.recovered.is_none() && globex.spells.is_empty());
    let mut silent = sample;
    silent.drop_where(|event| matches!(event, Event::Probe(probe) if probe.tenant.as_str() == "acme"));
    assert!(seen(&silent, "acme").1.doubtful);
}

/// Items that are read back of a tenant at a moment.
fn seen(sample: &Sample, moments: &[Moment], which: impl Fn(&Tenant, &Item) -> usize) -> u64 {
    let items = sample.events.iter().filter_map(|(_, event)| match event {
        Event::Seen { moment, tenant, item } if moments.contains(moment) => Some(which(tenant, item)),
        _ => None,
    });
    items.sum::<usize>() as u64
}

#[test]
fn a_check_looked_at_as_many_items_as_were_read_back() {
    let sample = Sample::datacenter_loss();
    let judgement = judged(&sample);
    let items = |check: Check| judgement.checks.iter().find(|result| result.check == check).expect("a check").items;
    let of = |surfaces: &[Surface]| seen(&sample, &RECOVERED, |_, item| surfaces.contains(&item.surface()).into());
    assert_eq!(items(Check::Data), of(&[Surface::Pages]));
    assert_eq!(items(Check::Files), of(&[Surface::Uploads]));
    assert_eq!(items(Check::Permissions), of(&[Surface::Users, Surface::Access]));
    assert_eq!(items(Check::Search), of(&[Surface::Search]));
    assert_eq!(items(Check::Pdf), of(&[Surface::Pdf]));
    let without_access = Surface::ALL.into_iter().filter(|surface| *surface != Surface::Access).collect::<Vec<_>>();
    assert_eq!(items(Check::Isolation), of(&without_access));
    // Every mark and every file of the first tenant, the new snapshot of each, and what the vault lists again.
    let aside = seen(&sample, &[Moment::Soak], |of, item| match item {
        Item::Revision { found, .. } if of.as_str() == "acme" => found.tokens.len(),
        Item::Upload { .. } if of.as_str() == "acme" => 1,
        _ => 0,
    });
    let after = &sample.events[sample.position(|event| matches!(event, Event::FaultInjecting { .. }))..];
    let listed = after.iter().map(|(_, event)| match event {
        Event::SnapshotsListed { snapshots, .. } => snapshots.len() as u64,
        _ => 0,
    });
    assert_eq!(items(Check::ProtectedAgain), aside + 3 + listed.sum::<u64>());
}

#[test]
fn the_slots_are_counted_from_the_fault_on_without_the_maintenance() {
    let judgement = loss(|sample| {
        // Half an interval late, and for one tenant a little more.
        sample.change(|event| {
            if let Event::Probe(probe) = event
                && probe.tenant.as_str() != "acme"
                && probe.slot % 7 == 3
            {
                let half = Duration::from_millis(if probe.kind == ProbeKind::Full { 1000 } else { 125 });
                let late = half + Duration::from_micros((probe.tenant.as_str() == "globex").into());
                probe.started = probe.intended.plus(late);
                probe.ended = probe.ended.max(probe.started);
            }
        });
    });
    let sample = Sample::datacenter_loss();
    let at = |which: fn(&Event) -> bool| time_of(&sample, which);
    let zero = at(|event| matches!(event, Event::FaultInjecting { .. }));
    let (down, up) =
        (at(|event| matches!(event, Event::MaintenanceStarted)), at(|event| matches!(event, Event::MaintenanceEnded)));
    let end = at(|event| matches!(event, Event::StepStarted { step } if step.0 == "soak/probe-end"));
    let slots = |which: &dyn Fn(&Probe) -> bool| {
        let counts = |probe: &&Probe| {
            let maintained = down <= probe.ended && probe.intended <= up;
            probe.tenant.as_str() == "acme" && probe.ended >= zero && probe.intended <= end && !maintained
        };
        let probes = sample.events.iter().filter_map(|(_, event)| match event {
            Event::Probe(probe) => Some(probe),
            _ => None,
        });
        probes.filter(counts).filter(|probe| which(probe)).count() as u64
    };
    let of = |name: &str| &judgement.tenants[&tenant(name)].probes;
    assert_eq!(of("acme").light, slots(&|probe| probe.kind == ProbeKind::Light));
    assert_eq!(of("acme").full, slots(&|probe| probe.kind == ProbeKind::Full));
    assert_eq!(of("acme").bad, slots(&|probe| probe.bad.is_some()));
    assert_eq!((of("acme").late, of("acme-prod").late, of("globex").late), (0, 0, slots(&|probe| probe.slot % 7 == 3)));
    assert!(of("acme").light > 100 && of("acme").full > 10 && of("acme").bad > 10);
}
