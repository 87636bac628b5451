//! The end of every drill: undo last in, first out, tear down, close the journal. Runs outside the run's cancellation.

use super::act::Drill;
use super::run::Ending;
use crate::fault;
use crate::journal::{Event, Outcome, WriteError};
use crate::plan::Phase;
use std::time::Duration;

/// Who interrupts does not wait: all of undo, teardown and evidence must fit into 7 s.
const INTERRUPTED: Duration = Duration::from_millis(5500);
/// What reading the logs of all containers may take of the time for the teardown.
const LOGS: Duration = Duration::from_secs(10);
const LOGS_INTERRUPTED: Duration = Duration::from_secs(1);

/// Ends the drill; the first journal error is returned after everything was tried.
pub(super) async fn end(
    mut drill: Drill,
    ending: Result<Ending, WriteError>,
    kept: bool,
) -> Result<Ending, WriteError> {
    let interrupted = matches!(ending, Ok(Ending::Interrupted));
    let (limit, logs) = if interrupted { (INTERRUPTED, LOGS_INTERRUPTED) } else { (drill.teardown_limit(), LOGS) };
    let told = match &ending {
        Ok(Ending::Interrupted) => drill.journal().write(Event::Interrupted { by: drill.interrupted_by() }).map(|_| ()),
        Ok(Ending::Stopped) => {
            let by = drill.freezes().map_or_else(|| "--until".to_owned(), |(step, _)| format!("frozen after {step}"));
            drill.journal().write(Event::Interrupted { by }).map(|_| ())
        }
        Ok(Ending::CutShort(why)) => drill.journal().write(Event::CutShort { why: why.clone() }).map(|_| ()),
        Ok(Ending::Complete | Ending::RecoveryFailed | Ending::Unconfirmed(_) | Ending::Broken(_)) | Err(_) => Ok(()),
    };
    drill.stop_writing().await;
    if interrupted {
        // Slots under way may wait for a dead system; nobody needs them any more.
        let _ = tokio::time::timeout(Duration::from_millis(300), drill.stop_prober()).await;
    } else {
        drill.stop_prober().await;
    }
    let undone = undo(&drill);
    let torn_down = if kept {
        drill.site().keep_logs(None, logs).await;
        Ok(())
    } else {
        tear_down(&drill, limit, logs).await
    };
    let ending = ending?;
    told?;
    undone?;
    torn_down?;
    let journal = drill.journal();
    journal.write(Event::KeyDisclosed { key: drill.key().disclose() })?;
    let outcome = match &ending {
        Ending::Complete | Ending::CutShort(_) => Outcome::Done,
        Ending::RecoveryFailed => Outcome::Failed { why: "the recovery failed".to_owned() },
        Ending::Unconfirmed(why) => Outcome::Failed { why: why.clone() },
        Ending::Stopped | Ending::Interrupted => Outcome::Cancelled,
        Ending::Broken(why) => Outcome::Broken { why: why.clone() },
    };
    journal.write(Event::RunEnded { outcome })?;
    Ok(ending)
}

fn undo(drill: &Drill) -> Result<(), WriteError> {
    let plan = drill.plan();
    for index in drill.injected().iter().rev() {
        fault::undo(&drill.journal(), &plan, *index)?;
    }
    Ok(())
}

/// The stack goes even if the journal cannot be written any more.
async fn tear_down(drill: &Drill, limit: Duration, logs: Duration) -> Result<(), WriteError> {
    let journal = drill.journal();
    let begun = journal.write(Event::PhaseStarted { phase: Phase::Teardown });
    let work = async {
        drill.site().keep_logs(None, logs).await;
        drill.site().teardown().await
    };
    let outcome = match tokio::time::timeout(limit, work).await {
        Ok(Ok(())) => Outcome::Done,
        Ok(Err(error)) => Outcome::Broken { why: error.to_string() },
        Err(_) => Outcome::timed_out(limit),
    };
    begun?;
    journal.write(Event::PhaseEnded { phase: Phase::Teardown, outcome }).map(|_| ())
}
