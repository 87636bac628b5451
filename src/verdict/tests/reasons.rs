//! What makes a drill prove nothing, and what nevertheless does not.

use super::*;
use crate::journal::sample::tenant;
use crate::journal::{Outcome, ProbeKind, WriteKind, WriteResult};
use crate::plan::Phase;
use crate::verdict::TenantState;
use std::time::Duration;

#[test]
fn an_interrupted_drill_is_aborted_even_if_something_was_found() {
    let judgement = loss(|sample| {
        sample.insert_before(|event| is_step(event, "verify/sustain"), Event::Interrupted { by: "SIGINT".to_owned() });
        sample.rewrite(&RECOVERED, |of, item| {
            if of.as_str() == "acme" && key_of(&item) == Some("Page-2") { vec![] } else { vec![item] }
        });
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
fn a_broken_harness_and_a_failed_preparation_are_no_verdict_on_the_recovery() {
    for (step, outcome) in [
        ("steady/encryption", Outcome::Broken { why: "engine gone".to_owned() }),
        ("history/backup-2", Outcome::Failed { why: "exit code 1".to_owned() }),
        ("verify/readback", Outcome::Broken { why: "engine gone".to_owned() }),
    ] {
        let judgement = loss(|sample| {
            sample.change(|event| {
                if let (true, Event::StepEnded { outcome: of, .. }) = (is_step(event, step), event) {
                    of.clone_from(&outcome);
                }
            });
        });
        doubts(&judgement, ReasonCode::HarnessBroken);
    }
    let judgement = loss(|sample| {
        sample.change(|event| {
            if let Event::RunEnded { outcome } = event {
                *outcome = Outcome::Broken { why: "panic".to_owned() };
            }
        });
    });
    doubts(&judgement, ReasonCode::HarnessBroken);
}

#[test]
fn a_skipped_step_is_missed() {
    let judgement = loss(|sample| {
        sample.drop_where(|event| match event {
            Event::StepStarted { step } | Event::StepEnded { step, .. } => step.0 == "history/mirror-1",
            _ => false,
        });
    });
    doubts(&judgement, ReasonCode::StepMissing);
}

#[test]
fn the_gate_must_have_been_asked_and_must_have_been_right() {
    let never = loss(|sample| {
        sample.drop_where(|event| matches!(event, Event::Gate { .. }));
    });
    doubts(&never, ReasonCode::GateNotReady);
    let shut = loss(|sample| {
        sample.change(|event| {
            if let Event::Gate { ready, .. } = event {
                *ready = false;
            }
        });
    });
    doubts(&shut, ReasonCode::GateNotReady);
    let wrong = loss(|sample| {
        sample.rewrite(&[Moment::Steady], |of, item| {
            if of.as_str() == "acme" && key_of(&item) == Some("Page-2") { vec![] } else { vec![item] }
        });
    });
    doubts(&wrong, ReasonCode::SteadyNotClean);
}

#[test]
fn a_fault_must_be_confirmed_and_undone_and_felt() {
    let unconfirmed = loss(|sample| {
        sample.drop_where(|event| matches!(event, Event::FaultConfirmed { .. }));
    });
    doubts(&unconfirmed, ReasonCode::FaultUnconfirmed);
    let nothing = loss(|sample| {
        sample.change(|event| {
            if let Event::FaultTargets { targets, .. } = event {
                targets.clear();
            }
        });
    });
    doubts(&nothing, ReasonCode::FaultUnconfirmed);
    let stuck = loss(|sample| {
        sample.change(|event| {
            if let Event::UndoDone { outcome, .. } = event {
                *outcome = Outcome::Failed { why: "refused".to_owned() };
            }
        });
    });
    doubts(&stuck, ReasonCode::UndoFailed);
    let forgotten = loss(|sample| {
        sample.drop_where(|event| matches!(event, Event::UndoDone { .. }));
    });
    doubts(&forgotten, ReasonCode::UndoFailed);
    let unfelt = loss(|sample| {
        sample.change(|event| {
            if let Event::Probe(probe) = event {
                probe.bad = None;
            }
        });
    });
    doubts(&unfelt, ReasonCode::FaultUnnoticed);
    assert_eq!(unfelt.rto, None);
}

#[test]
fn a_fault_that_did_not_happen_is_all_that_is_wrong() {
    let outcome = || Outcome::Failed { why: "the fault took no effect: nothing matched".to_owned() };
    let judgement = loss(|sample| {
        let begin = sample.position(|event| matches!(event, Event::UndoPlanned { .. }));
        let end = sample.position(|event| matches!(event, Event::PhaseStarted { phase: Phase::Teardown }));
        let mono = sample.events[begin].0;
        let step = crate::ids::StepName("fault/inject-0".to_owned());
        let instead = [
            Event::FaultTargets { fault: 0, targets: Vec::new() },
            Event::FaultUnconfirmed { fault: 0, why: "nothing matched".to_owned() },
            Event::StepEnded { step, outcome: outcome() },
            Event::PhaseEnded { phase: Phase::Fault, outcome: outcome() },
        ];
        sample.events.splice(begin..end, instead.map(|event| (mono, event)));
        sample.drop_where(|event| matches!(event, Event::UndoDone { .. }));
        sample.change(|event| {
            if let Event::RunEnded { outcome: ended } = event {
                *ended = outcome();
            }
        });
    });
    doubts(&judgement, ReasonCode::FaultUnconfirmed);
    assert_eq!(reasons(&judgement), [ReasonCode::FaultUnconfirmed]);
    assert_eq!(judgement.reasons[0].seen.as_deref(), Some("nothing matched"));
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
    let clean = loss(|_| {});
    let hi = clean.tenants[&tenant("acme")].rto.expect("an RTO").machine_hi;
    let late = loss(|sample| {
        let zero = sample.events[sample.position(|event| matches!(event, Event::FaultInjecting { .. }))].0;
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
    let gap = loss(|sample| {
        let end = sample.events[sample.position(|event| is_step(event, "verify/readback"))].0;
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

#[test]
fn no_fault_at_all_is_inconclusive() {
    let judgement = loss(|sample| {
        let begin = sample.position(|event| matches!(event, Event::PhaseStarted { phase: Phase::Fault }));
        let end = sample.position(|event| matches!(event, Event::PhaseStarted { phase: Phase::Teardown }));
        sample.events.drain(begin..end);
        sample.drop_where(|event| matches!(event, Event::UndoDone { .. }));
    });
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
    assert!(reasons(&judgement).contains(&ReasonCode::StepMissing));
}
