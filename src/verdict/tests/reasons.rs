//! What makes a drill prove nothing, and what nevertheless does not.

use super::data::is;
use super::drill::{BOTH, time_of};
use super::*;
use crate::journal::sample::tenant;
use crate::journal::{ProbeKind, WriteKind, WriteResult};
use crate::verdict::TenantState;
use std::time::Duration;

#[test]
fn an_interrupted_drill_is_aborted_even_if_something_was_found() {
    let judgement = loss(|sample| {
        sample.insert_before(|event| is_step(event, "verify/sustain"), Event::Interrupted { by: "SIGINT".to_owned() });
        sample.rewrite(&RECOVERED, |of, item| if is(of, "acme", &item, "Page-2") { vec![] } else { vec![item] });
    });
    assert!(!judgement.findings.is_empty());
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
    assert_eq!(judgement.exit_code, 2);
    assert!(reasons(&judgement).contains(&ReasonCode::Aborted));
}

#[test]
fn a_torn_journal_is_aborted_wherever_it_is_torn() {
    let sample = Sample::datacenter_loss();
    let entries = sample.entries();
    for end in (1..entries.len()).step_by(97) {
        let judgement = judge(&Timeline::from(&entries[..end], true).expect("a possible journal"));
        assert_eq!(judgement.verdict, Verdict::Inconclusive, "cut at {end}");
        assert!(reasons(&judgement).contains(&ReasonCode::JournalTorn));
        assert!(reasons(&judgement).contains(&ReasonCode::Aborted));
    }
}

#[test]
fn a_teardown_must_say_what_it_left() {
    let judgement = loss(|sample| {
        sample.drop_where(|event| matches!(event, Event::Leftovers { .. }));
    });
    doubts(&judgement, ReasonCode::TeardownUnproven);
}

#[test]
fn a_stalled_workload_proves_no_rpo() {
    let judgement = loss(|sample| {
        let from =
            sample.position(|event| matches!(event, Event::StepStarted { step } if step.0 == "history/write-last"));
        let mut gone = Vec::new();
        for (_, event) in &sample.events[from..] {
            if let Event::WriteInvoked(write) = event
                && write.tenant == tenant("acme")
                && write.kind != WriteKind::Probe
            {
                gone.push(write.write);
            }
        }
        let keys: Vec<_> = gone
            .iter()
            .filter_map(|gone| {
                sample.events.iter().find_map(|(_, event)| match event {
                    Event::WriteInvoked(w) if w.write == *gone && w.kind == WriteKind::Create => Some(w.key.clone()),
                    _ => None,
                })
            })
            .collect();
        let tokens: Vec<Token> = sample
            .events
            .iter()
            .filter_map(|(_, event)| match event {
                Event::WriteInvoked(w) if gone.contains(&w.write) => Some(w.token),
                _ => None,
            })
            .collect();
        sample.drop_where(|event| match event {
            Event::WriteInvoked(write) => gone.contains(&write.write),
            Event::WriteEnded { write, .. } => gone.contains(write),
            _ => false,
        });
        sample.rewrite(&[Moment::Steady], |of, item| match &item {
            Item::Revision { found, .. } | Item::Upload { found, .. } | Item::Pdf { found, .. }
                if found.tokens.iter().any(|mark| tokens.contains(mark)) =>
            {
                match &item {
                    Item::Pdf { .. } => vec![item],
                    _ => vec![],
                }
            }
            Item::Page { key, .. } if of.as_str() == "acme" && keys.contains(key) => vec![],
            _ => vec![item],
        });
    });
    assert!(reasons(&judgement).contains(&ReasonCode::WorkloadStalled));
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
}

#[test]
fn a_workload_whose_writes_nobody_acknowledged_has_stalled() {
    let judgement = loss(|sample| {
        let last = |event: &Event| matches!(event, Event::StepStarted { step } if step.0 == "history/write-last");
        let from = sample.position(last);
        let mut unknown = Vec::new();
        for (_, event) in &mut sample.events[from..] {
            match event {
                Event::WriteInvoked(w) if w.tenant == tenant("acme") && w.kind != WriteKind::Probe => {
                    unknown.push(w.write);
                }
                Event::WriteEnded { write, result } if unknown.contains(write) => {
                    *result = WriteResult::Info { why: "timed out".to_owned() };
                }
                _ => {}
            }
        }
    });
    doubts(&judgement, ReasonCode::WorkloadStalled);
}

#[test]
fn the_prober_must_have_looked_in_time_and_all_the_time() {
    let silent = loss(|sample| {
        sample.drop_where(|event| matches!(event, Event::Probe(probe) if probe.tenant.as_str() == "acme"));
    });
    doubts(&silent, ReasonCode::ProberSilent);
    assert_eq!(silent.tenants[&tenant("acme")].state, TenantState::Unknown);
    let lost = loss(|sample| {
        sample.drop_where(|event| matches!(event, Event::Probe(probe) if probe.tenant.as_str() == "acme"));
        sample.rewrite(&RECOVERED, |of, item| if is(of, "acme", &item, "Page-2") { vec![] } else { vec![item] });
    });
    assert_eq!(lost.tenants[&tenant("acme")].state, TenantState::NotRecovered);
    for kind in BOTH {
        let half = loss(|sample| {
            sample.drop_where(|event| match event {
                Event::Probe(probe) => probe.tenant.as_str() == "acme" && probe.kind == kind,
                _ => false,
            });
        });
        assert!(reasons(&half).contains(&ReasonCode::ProberSilent), "{:#?}", half.reasons);
    }
    let clean = loss(|_| {});
    let hi = clean.tenants[&tenant("acme")].rto.expect("an RTO").machine_hi;
    let late = loss(|sample| {
        let zero = time_of(sample, |event| matches!(event, Event::FaultInjecting { .. }));
        sample.change(|event| {
            if let Event::Probe(probe) = event {
                let decides = probe.kind == ProbeKind::Full && probe.ended == zero.plus(hi);
                if probe.tenant.as_str() == "acme" && decides {
                    probe.started = probe.intended.plus(Duration::from_millis(1100));
                    probe.ended = probe.started.plus(Duration::from_millis(150));
                }
            }
        });
    });
    doubts(&late, ReasonCode::ProberLate);
    // Where nothing is decided it may be late.
    let early = loss(|sample| {
        let zero = time_of(sample, |event| matches!(event, Event::FaultInjecting { .. }));
        let first = sample.events.iter_mut().find_map(|(_, event)| match event {
            Event::Probe(probe) if probe.tenant.as_str() == "acme" && probe.intended > zero => Some(probe),
            _ => None,
        });
        let first = first.expect("a probe");
        first.started = first.intended.plus(Duration::from_millis(200));
        first.ended = first.started.plus(Duration::from_millis(20));
    });
    assert_eq!((early.verdict, early.tenants[&tenant("acme")].probes.late), (Verdict::Passed, 1));
    let gap = loss(|sample| {
        let end = time_of(sample, |event| is_step(event, "verify/readback"));
        sample.drop_where(|event| match event {
            Event::Probe(probe) => {
                probe.tenant.as_str() == "acme"
                    && probe.kind == ProbeKind::Light
                    && probe.intended > end
                    && probe.intended < end.plus(Duration::from_millis(600))
            }
            _ => false,
        });
    });
    doubts(&gap, ReasonCode::ProberGap);
    let seen =
        gap.reasons.iter().find(|reason| reason.code == ReasonCode::ProberGap).and_then(|reason| reason.seen.clone());
    assert_eq!(seen, Some(gap.tenants[&tenant("acme")].probes.missing.to_string()));
}

#[test]
fn a_slot_that_was_under_way_when_the_prober_ended_is_not_missing() {
    // What acme's prober began in the last so many milliseconds is not there.
    let cut = |kind: ProbeKind, millis: u64| {
        loss(|sample| {
            let end = |event: &Event| matches!(event, Event::StepStarted { step } if step.0 == "soak/probe-end");
            let end = time_of(sample, end);
            sample.drop_where(|event| match event {
                Event::Probe(probe) => {
                    let own = probe.tenant.as_str() == "acme" && probe.kind == kind;
                    own && probe.intended.plus(Duration::from_millis(millis)) > end
                }
                _ => false,
            });
        })
    };
    // A time-out of three seconds, and an interval.
    for (kind, millis) in [(ProbeKind::Light, 3250), (ProbeKind::Full, 5000)] {
        let judgement = cut(kind, millis);
        assert_eq!(judgement.verdict, Verdict::Passed, "{:#?}", judgement.reasons);
        doubts(&cut(kind, millis * 2), ReasonCode::ProberGap);
    }
}

#[test]
fn a_restore_must_say_what_it_restored() {
    let judgement = loss(|sample| {
        sample.drop_where(|event| matches!(event, Event::RestoreClaimed { .. }));
    });
    doubts(&judgement, ReasonCode::ClaimMissing);
}

#[test]
fn the_ledger_must_be_genuine() {
    let undisclosed = loss(|sample| {
        sample.drop_where(|event| matches!(event, Event::KeyDisclosed { .. }));
    });
    doubts(&undisclosed, ReasonCode::KeyUndisclosed);
    let other = loss(|sample| {
        sample.change(|event| {
            if let Event::KeyDisclosed { key } = event {
                *key = crate::journal::disclose(b"another");
            }
        });
    });
    doubts(&other, ReasonCode::KeyMismatch);
    let forged = loss(|sample| {
        sample.change(|event| {
            if let Event::WriteInvoked(write) = event {
                write.seq += u64::from(write.kind == WriteKind::Grant);
            }
        });
    });
    doubts(&forged, ReasonCode::LedgerForged);
}
