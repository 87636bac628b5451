//! Whether the drill itself went as it must.

use super::data::is;
use super::drill::time_of;
use super::*;
use crate::journal::{Outcome, ProbeKind};
use crate::plan::Phase;
use crate::verdict::Reason;

fn failed() -> Outcome {
    Outcome::Failed { why: "exit code 1".to_owned() }
}

fn broken() -> Outcome {
    Outcome::Broken { why: "engine gone".to_owned() }
}

/// A drill that goes from `from`, before its fault, straight to its teardown, after the events `told`.
fn leaves(sample: &mut Sample, from: impl Fn(&Event) -> bool, told: Vec<Event>) {
    let begin = sample.position(from);
    let end = sample.position(|event| matches!(event, Event::PhaseStarted { phase: Phase::Teardown }));
    let mono = sample.events[begin].0;
    sample.events.splice(begin..end, told.into_iter().map(|event| (mono, event)));
    sample.drop_where(|event| matches!(event, Event::UndoDone { .. }));
}

fn phase_ends(sample: &mut Sample, which: Phase, with: &Outcome) {
    sample.change(|event| {
        if let Event::PhaseEnded { phase, outcome } = event
            && *phase == which
        {
            outcome.clone_from(with);
        }
    });
}

fn step_ends(sample: &mut Sample, name: &str, with: &Outcome) {
    sample.change(|event| {
        if let (true, Event::StepEnded { outcome, .. }) = (is_step(event, name), event) {
            outcome.clone_from(with);
        }
    });
}

#[test]
fn a_broken_harness_and_a_failed_preparation_are_no_verdict_on_the_recovery() {
    for (step, outcome) in
        [("steady/encryption", broken()), ("history/backup-2", failed()), ("verify/readback", broken())]
    {
        let judgement = loss(|sample| step_ends(sample, step, &outcome));
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
        sample.rewrite(&[Moment::Steady], |of, item| if is(of, "acme", &item, "Page-2") { vec![] } else { vec![item] });
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
        let step = crate::ids::StepName("fault/inject-0".to_owned());
        let instead = vec![
            Event::FaultTargets { fault: 0, targets: Vec::new() },
            Event::FaultUnconfirmed { fault: 0, why: "nothing matched".to_owned() },
            Event::StepEnded { step, outcome: outcome() },
            Event::PhaseEnded { phase: Phase::Fault, outcome: outcome() },
        ];
        leaves(sample, |event| matches!(event, Event::UndoPlanned { .. }), instead);
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
fn no_fault_at_all_is_inconclusive() {
    let judgement = loss(|sample| {
        leaves(sample, |event| matches!(event, Event::PhaseStarted { phase: Phase::Fault }), Vec::new());
    });
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
    assert!(reasons(&judgement).contains(&ReasonCode::StepMissing));
}

#[test]
fn a_phase_can_fail_beside_its_steps() {
    let ends = |phase, outcome: &Outcome| loss(|sample| phase_ends(sample, phase, outcome));
    let told = |judgement: &Judgement| {
        doubts(judgement, ReasonCode::HarnessBroken);
        let of = |reason: &Reason| reason.item.clone().unwrap_or_default();
        judgement.reasons.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(told(&ends(Phase::Verify, &broken())), ["verify"]);
    assert_eq!(told(&ends(Phase::History, &Outcome::TimedOut { after_seconds: 60 })), ["history"]);
    let recovery = ends(Phase::Recover, &failed());
    fires(&recovery, FindingCode::RecoveryStepFailed, None);
    let first = recovery.findings.iter().find(|finding| finding.code == FindingCode::RecoveryStepFailed);
    assert_eq!(first.and_then(|finding| finding.item.as_deref()), Some("recover"));
}

#[test]
fn a_phase_whose_step_failed_is_not_told_too() {
    let both = |step: &str, phase| {
        loss(|sample| {
            step_ends(sample, step, &failed());
            phase_ends(sample, phase, &failed());
        })
    };
    let recovery = both("recover/restore", Phase::Recover);
    assert_eq!(recovery.finding_counts[&FindingCode::RecoveryStepFailed], 1);
    let history = both("history/backup-2", Phase::History);
    assert_eq!(reasons(&history), [ReasonCode::HarnessBroken]);
    assert_eq!(history.reasons.len(), 1, "{:#?}", history.reasons);
}

#[test]
fn a_fault_that_took_place_and_whose_step_failed_nevertheless_is_a_broken_harness() {
    let judgement = loss(|sample| step_ends(sample, "fault/inject-0", &failed()));
    doubts(&judgement, ReasonCode::HarnessBroken);
    assert_eq!(judgement.reasons[0].item.as_deref(), Some("fault/inject-0"));
}

#[test]
fn a_fault_that_nobody_injected_is_missed_unless_the_drill_never_came_to_it() {
    let unconfirmed = |judgement: &Judgement| reasons(judgement).contains(&ReasonCode::FaultUnconfirmed);
    let forgotten = loss(|sample| {
        sample.drop_where(|event| {
            matches!(event, Event::FaultInjecting { .. } | Event::FaultConfirmed { .. } | Event::Detected { .. })
        });
    });
    assert!(unconfirmed(&forgotten), "{:#?}", forgotten.reasons);
    let gate = |event: &Event| matches!(event, Event::Gate { .. });
    let interrupted = loss(|sample| leaves(sample, gate, vec![Event::Interrupted { by: "SIGINT".to_owned() }]));
    let stuck = loss(|sample| {
        step_ends(sample, "steady/readback", &broken());
        leaves(sample, gate, Vec::new());
    });
    for judgement in [interrupted, stuck] {
        assert_eq!(judgement.verdict, Verdict::Inconclusive);
        assert!(!unconfirmed(&judgement), "{:#?}", judgement.reasons);
        assert!(!reasons(&judgement).contains(&ReasonCode::GateNotReady), "{:#?}", judgement.reasons);
    }
}

#[test]
fn what_was_to_be_read_back_before_the_fault_is_missed_unless_the_drill_never_came_to_it() {
    let unread = loss(|sample| {
        sample.drop_where(|event| is_readback(event, &[Moment::Steady]));
    });
    let steady =
        |reason: &Reason| reason.code == ReasonCode::ReadbackMissing && reason.item.as_deref() == Some("steady");
    assert!(unread.reasons.iter().any(steady), "{:#?}", unread.reasons);
    let stuck = loss(|sample| {
        step_ends(sample, "history/backup-2", &broken());
        leaves(sample, |event| matches!(event, Event::PhaseStarted { phase: Phase::Steady }), Vec::new());
    });
    assert!(!reasons(&stuck).contains(&ReasonCode::ReadbackMissing), "{:#?}", stuck.reasons);
}

#[test]
fn between_the_gate_and_the_fault_everybody_answers() {
    let gate = |event: &Event| matches!(event, Event::Gate { .. });
    let injecting = |event: &Event| matches!(event, Event::FaultInjecting { .. });
    // Makes acme's last quick probe before the fault bad, which ends so long before it.
    let bad = |before: u64| {
        loss(|sample| {
            let (from, zero) = (time_of(sample, gate), time_of(sample, injecting));
            let last = sample.events.iter_mut().rev().find_map(|(_, event)| match event {
                Event::Probe(probe) if probe.tenant.as_str() == "acme" && probe.ended < zero => Some(probe),
                _ => None,
            });
            let probe = last.expect("a probe");
            assert!(probe.kind == ProbeKind::Light && from <= probe.intended);
            probe.ended.0 = zero.0 - before;
            probe.bad = Some("not the right page".to_owned());
        })
    };
    let early = bad(1);
    assert!(reasons(&early).contains(&ReasonCode::SteadyNotClean), "{:#?}", early.reasons);
    assert!(!reasons(&bad(0)).contains(&ReasonCode::SteadyNotClean), "it may be the fault that was seen");
}
