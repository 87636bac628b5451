//! The loop over the steps: journal before act, deadline and cancellation for each, and what follows from a failure.

use super::act::Drill;
use super::checkpoint::{self, Checkpoint};
use super::ending;
use super::error::StepError;
use super::setup::Setup;
use crate::ids::StepName;
use crate::journal::{Event, Outcome, WriteError};
use crate::plan::{Action, Phase, Step};
use futures_util::FutureExt as _;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

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
    /// What was read back has shown what the drill was to show.
    CutShort(String),
    /// A signal or the run's deadline.
    Interrupted,
    /// The harness, the engine or the stack's operations failed before anything could be judged.
    Broken(String),
}

/// A drill that has ended.
pub struct Ended {
    pub ending: Ending,
    /// Where other drills can go on from, if it was frozen.
    pub checkpoint: Option<Checkpoint>,
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
    let result = AssertUnwindSafe(frozen_or_ended(&mut drill)).catch_unwind().await;
    let (ending, checkpoint) = match result {
        Ok(Ok((ending, checkpoint))) => (Ok(ending), checkpoint),
        Ok(Err(error)) => (Err(error), None),
        Err(panic) => (Ok(Ending::Broken(format!("a bug of ours: {}", message_of(&*panic)))), None),
    };
    let kept = ending.as_ref().is_ok_and(&keep);
    let front = drill.site().front();
    let ending = ending::end(drill, ending, kept).await?;
    Ok(Ended { ending, checkpoint, front })
}

/// All steps; then the checkpoint, where one is wanted and the drill got there.
async fn frozen_or_ended(drill: &mut Drill) -> Result<(Ending, Option<Checkpoint>), WriteError> {
    let ending = steps(drill).await?;
    let Some((after, folder)) = drill.freezes().filter(|_| ending == Ending::Stopped) else {
        return Ok((ending, None));
    };
    let token = drill.token();
    let result = bounded(&token, checkpoint::DEADLINE, drill.freeze(after, &folder)).await;
    match result {
        Ok(checkpoint) => Ok((ending, Some(checkpoint))),
        Err(StepError::Journal(error)) => Err(error),
        Err(StepError::Cancelled) => Ok((Ending::Interrupted, None)),
        Err(error) => Ok((Ending::Broken(format!("cannot freeze the drill: {error}")), None)),
    }
}

/// Ends with the work, the run's token, or the deadline.
async fn bounded<T>(
    token: &CancellationToken,
    deadline: Duration,
    work: impl Future<Output = Result<T, StepError>>,
) -> Result<T, StepError> {
    tokio::select! {
        biased;
        () = token.cancelled() => Err(StepError::Cancelled),
        result = tokio::time::timeout(deadline, work) => result.unwrap_or(Err(StepError::TimedOut(deadline))),
    }
}

async fn steps(drill: &mut Drill) -> Result<Ending, WriteError> {
    drill.begin()?;
    let plan = drill.plan();
    let mut phase: Option<Phase> = None;
    let mut done = 0;
    if let Some(checkpoint) = drill.after() {
        let Some(steps) = checkpoint.steps_of(&plan) else {
            return Ok(Ending::Broken(format!("{} is no past of this plan", checkpoint.parent().step)));
        };
        done = steps;
        phase = plan.steps[..done].last().map(|step| step.phase);
        let outcome = go_on(drill, &checkpoint, phase).await?;
        if !outcome.is_done() {
            drill.phase_ended(phase, outcome.clone())?;
            return Ok(match outcome {
                Outcome::Cancelled => Ending::Interrupted,
                other => Ending::Broken(format!("cannot go on from {}: {other:?}", checkpoint.parent().step)),
            });
        }
    }
    let mut evidence_only = false;
    let mut ending = Ending::Complete;
    for step in &plan.steps[done..] {
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
            Next::Go => {
                if gathers_evidence(step)
                    && let Some(why) = drill.enough()
                {
                    // The rest of the verification is not there to be judged.
                    drill.phase_ended(phase, Outcome::Cancelled)?;
                    return Ok(Ending::CutShort(why));
                }
            }
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

/// Makes the stack of a checkpoint again, as a step of the phase that it was frozen in.
async fn go_on(drill: &mut Drill, checkpoint: &Checkpoint, phase: Option<Phase>) -> Result<Outcome, WriteError> {
    let journal = drill.journal();
    let step = StepName(format!("{}/continue", phase.map_or("prepare", Phase::name)));
    journal.write(Event::StepStarted { step: step.clone() })?;
    let token = drill.token();
    let outcome = match bounded(&token, checkpoint::DEADLINE, drill.thaw(&step, checkpoint)).await {
        Ok(()) => Outcome::Done,
        Err(StepError::Journal(error)) => return Err(error),
        Err(StepError::Cancelled) => Outcome::Cancelled,
        Err(error) => Outcome::Broken { why: error.to_string() },
    };
    journal.write(Event::StepEnded { step, outcome: outcome.clone() })?;
    Ok(outcome)
}

/// One step: journalled before and after, bounded by its deadline and the run's token.
async fn one(drill: &mut Drill, step: &Step) -> Result<Outcome, WriteError> {
    let journal = drill.journal();
    journal.write(Event::StepStarted { step: step.name.clone() })?;
    let token = drill.token();
    let result = bounded(&token, step.deadline, drill.perform(step)).await;
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
        Outcome::Failed { .. } | Outcome::TimedOut { .. } if step.protects() => Next::Go,
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
