//! Possible journals are folded, impossible ones refused.

use super::*;
use crate::clock::Mono;
use crate::journal::sample::{Sample, datacenter, drill_time, tenant};
use crate::journal::{Entry, Event, Outcome, Surface};
use crate::plan::{Moment, Phase};
use std::time::Duration;

fn refused(change: impl FnOnce(&mut Sample)) -> Impossible {
    let mut sample = Sample::datacenter_loss();
    change(&mut sample);
    Timeline::from(&sample.entries(), false).map(|_| ()).expect_err("an impossible journal").why
}

#[test]
fn a_sample_becomes_a_timeline() {
    let sample = Sample::datacenter_loss();
    let entries = sample.entries();
    let timeline = Timeline::from(&entries, false).expect("a possible journal");
    let zero = timeline.zero.expect("a fault");
    assert_eq!(zero.drill, Some(drill_time("2026-01-07T13:37:00Z")));
    let later = timeline.drill_at(zero.mono.plus(Duration::from_secs(30)));
    assert_eq!(later, Some(drill_time("2026-01-07T13:37:30Z")));
    assert_eq!(timeline.drill_at(Mono(0)), None);
    assert_eq!(timeline.generations.len(), 7, "one of them after the recovery");
    assert!(timeline.steps.iter().all(|step| step.span.is_done()));
    assert_eq!(timeline.phases.len(), 13);
    let acme = tenant("acme");
    assert!(timeline.items(Moment::Health, &acme, Surface::Pages).is_some_and(|items| items.len() > 5));
    assert_eq!(timeline.listing(&datacenter("helsinki"), &acme).map(|listing| listing.snapshots.len()), Some(2));
    assert!(timeline.writes.iter().all(|write| write.ended.is_some()));
    assert_eq!(timeline.leftovers, Some(&[][..]));
    assert!(timeline.resources.iter().all(|resource| resource.removed.is_some()));
}

#[test]
fn every_beginning_of_a_journal_is_possible() {
    let entries = Sample::tenant_deleted().entries();
    for end in 1..entries.len() {
        if end % 53 == 0 {
            assert!(Timeline::from(&entries[..end], true).is_ok(), "cut at {end}");
        }
    }
}

#[test]
fn impossible_journals_are_refused() {
    let none: Vec<Entry> = Vec::new();
    assert_eq!(Timeline::from(&none, false).map(|_| ()).expect_err("empty").why, Impossible::NotBegun);
    assert_eq!(refused(|sample| drop(sample.events.remove(0))), Impossible::NotBegun);
    let start = |sample: &Sample| sample.events[0].1.clone();
    let again = refused(|sample| {
        let start = start(sample);
        sample.insert_after(|event| matches!(event, Event::Gate { .. }), start);
    });
    assert_eq!(again, Impossible::BegunTwice);
    let after = refused(|sample| {
        let last = sample.events[sample.events.len() - 1].0;
        sample.events.push((last, Event::Note { text: "late".to_owned() }));
    });
    assert_eq!(after, Impossible::AfterTheEnd);
    assert_eq!(refused(|sample| sample.events[5].0 = Mono(u64::MAX)), Impossible::Backwards);
    let order = refused(|sample| {
        sample.insert_after(
            |event| matches!(event, Event::PhaseEnded { phase: Phase::Verify, .. }),
            Event::PhaseStarted { phase: Phase::History },
        );
    });
    assert_eq!(order, Impossible::PhaseOrder(Phase::History));
    let unbegun = refused(|sample| {
        sample.drop_where(|event| matches!(event, Event::StepStarted { step } if step.0 == "verify/sustain"));
    });
    assert_eq!(unbegun, Impossible::NeverStarted("the step verify/sustain".to_owned()));
    let twice = refused(|sample| {
        let ended = Event::PhaseEnded { phase: Phase::Verify, outcome: Outcome::Done };
        sample.insert_after(|event| matches!(event, Event::PhaseEnded { phase: Phase::Verify, .. }), ended);
    });
    assert_eq!(twice, Impossible::EndedTwice("the phase verify".to_owned()));
}

#[test]
fn writes_snapshots_faults_and_readbacks_keep_their_order() {
    let unknown = refused(|sample| {
        sample.drop_where(|event| matches!(event, Event::WriteInvoked(write) if write.write == 3));
    });
    assert_eq!(unknown, Impossible::NeverStarted("write 3".to_owned()));
    let no_undo = refused(|sample| {
        sample.drop_where(|event| matches!(event, Event::UndoPlanned { .. }));
    });
    assert_eq!(no_undo, Impossible::NoUndo(0));
    let uninjected = refused(|sample| {
        sample.drop_where(|event| matches!(event, Event::FaultInjecting { .. }));
    });
    assert!(matches!(uninjected, Impossible::NeverStarted(_)));
    let stranger = refused(|sample| {
        sample.change_plan(|plan| plan.tenants.retain(|of| of.as_str() != "globex"));
    });
    assert_eq!(stranger, Impossible::NoSuchTenant(tenant("globex")));
    let unread = refused(|sample| {
        sample.drop_where(|event| matches!(event, Event::ReadbackStarted { .. }));
    });
    assert!(matches!(unread, Impossible::NeverStarted(_)));
    let negative = refused(|sample| {
        sample.change(|event| {
            if let Event::Probe(probe) = event {
                probe.ended = Mono(0);
            }
        });
    });
    assert!(matches!(negative, Impossible::NegativeTime(_)));
    let ungenerated = refused(|sample| {
        sample.drop_where(|event| matches!(event, Event::GenerationStarted { .. }));
    });
    assert!(matches!(ungenerated, Impossible::NeverStarted(_)));
}
