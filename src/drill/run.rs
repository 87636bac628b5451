//! The loop over the steps: journal before act, deadline and cancellation for each, and what follows from a failure.

use super::act::Drill;
use super::ending;
use super::error::StepError;
use super::setup::Setup;
use crate::journal::{Event, Outcome, WriteError};
use crate::plan::{Action, Phase, Step};
use futures_util::FutureExt as _;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;

/// How a drill ended; its results stand in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// All steps were carried out.
    Complete,
    /// The recovery failed, which is a result.
    RecoveryFailed,
    /// The fault matched nothing or showed no effect: there was nothing to recover from.
    Unconfirmed(String),
    /// `--until` was reached.
    Stopped,
    /// A signal or the run's deadline.
    Interrupted,
    /// The harness, the engine or the stack's operations failed before anything could be judged.
    Broken(String),
}

/// A drill that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub ending: Ending,
    /// Where the front door was published.
    pub front: Option<SocketAddr>,
}

/// What is done after a step.
enum Next {
    Go,
    /// Only what gathers evidence is still worth doing.
    EvidenceOnly,
    End(Ending),
}

/// Carries out the plan, then undoes, then tears down unless `keep` says otherwise, then closes the journal.
///
/// # Errors
/// [`WriteError`] when the journal could not be written; teardown has run all the same.
pub async fn carry_out(setup: Setup, keep: impl Fn(&Ending) -> bool + Send) -> Result<Ended, WriteError> {
    let mut drill = Drill::new(setup);
    // A panic in a step is a bug of ours; what was started must go all the same.
    let result = AssertUnwindSafe(steps(&mut drill)).catch_unwind().await;
    let ending = match result {
        Ok(Ok(ending)) => Ok(ending),
        Ok(Err(error)) => Err(error),
        Err(panic) => Ok(Ending::Broken(format!("a bug of ours: {}", message_of(&*panic)))),
    };
    let kept = ending.as_ref().is_ok_and(&keep);
    let front = drill.site().front();
    let ending = ending::end(drill, ending, kept).await?;
    Ok(Ended { ending, front })
}

async fn steps(drill: &mut Drill) -> Result<Ending, WriteError> {
    drill.begin()?;
    let plan = drill.plan();
    let mut phase: Option<Phase> = None;
    let mut evidence_only = false;
    let mut ending = Ending::Complete;
    for step in &plan.steps {
        if evidence_only && !gathers_evidence(step) {
            continue;
        }
        if phase != Some(step.phase) {
            drill.phase_ended(phase, Outcome::Done)?;
            drill.phase_started(step.phase)?;
            phase = Some(step.phase);
        }
        let outcome = one(drill, step).await?;
        match next(drill, step, &outcome) {
            Next::Go => {}
            Next::EvidenceOnly => {
                evidence_only = true;
                ending = Ending::RecoveryFailed;
                drill.phase_ended(phase.take(), outcome)?;
            }
            Next::End(end) => {
                drill.phase_ended(phase, outcome)?;
                return Ok(if evidence_only && end != Ending::Interrupted { ending } else { end });
            }
        }
    }
    drill.phase_ended(phase, Outcome::Done)?;
    Ok(ending)
}

/// One step: journalled before and after, bounded by its deadline and the run's token.
async fn one(drill: &mut Drill, step: &Step) -> Result<Outcome, WriteError> {
    let journal = drill.journal();
    journal.write(Event::StepStarted { step: step.name.clone() })?;
    let token = drill.token();
    let result = tokio::select! {
        biased;
        () = token.cancelled() => Err(StepError::Cancelled),
        result = tokio::time::timeout(step.deadline, drill.perform(step)) => {
            result.unwrap_or(Err(StepError::TimedOut(step.deadline)))
        }
    };
    if let Err(StepError::Journal(error)) = result {
        return Err(error);
    }
    let outcome = match result {
        Ok(()) => Outcome::Done,
        Err(StepError::Cancelled) => Outcome::Cancelled,
        Err(error @ StepError::TimedOut(_)) if matches!(step.action, Action::Sabotage { .. }) => {
            Outcome::Broken { why: error.to_string() }
        }
        Err(StepError::TimedOut(deadline)) => Outcome::timed_out(deadline),
        Err(error) if step.phase.tries_the_recovery() && error.is_the_operators() => {
            Outcome::Failed { why: error.to_string() }
        }
        Err(error) if error.is_no_disaster() => Outcome::Failed { why: error.to_string() },
        Err(error) => Outcome::Broken { why: error.to_string() },
    };
    if !outcome.is_done() && outcome != Outcome::Cancelled {
        drill.note_unhealthy().await;
    }
    journal.write(Event::StepEnded { step: step.name.clone(), outcome: outcome.clone() })?;
    Ok(outcome)
}

fn next(drill: &Drill, step: &Step, outcome: &Outcome) -> Next {
    match outcome {
        Outcome::Done if drill.ends_after(step) => Next::End(Ending::Stopped),
        Outcome::Done => Next::Go,
        Outcome::Cancelled => Next::End(Ending::Interrupted),
        Outcome::Failed { .. } | Outcome::TimedOut { .. } if step.phase == Phase::Recover => Next::EvidenceOnly,
        Outcome::Failed { .. } | Outcome::TimedOut { .. } if step.phase.tries_the_recovery() => {
            Next::End(Ending::RecoveryFailed)
        }
        Outcome::Failed { why } if step.phase == Phase::Fault => Next::End(Ending::Unconfirmed(why.clone())),
        Outcome::TimedOut { after_seconds } => {
            Next::End(Ending::Broken(format!("{} did not end within {after_seconds} s", step.name)))
        }
        Outcome::Failed { why } | Outcome::Broken { why } => Next::End(Ending::Broken(format!("{}: {why}", step.name))),
    }
}

/// After a failed recovery everything is still read back: the findings name what is wrong.
fn gathers_evidence(step: &Step) -> bool {
    step.phase == Phase::Verify && matches!(step.action, Action::Readback { .. })
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}
