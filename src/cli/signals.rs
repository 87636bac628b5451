//! What ends a run before its time: SIGINT and SIGTERM (once stops the drill in order, twice ends the program now), and the
//! deadline of the whole run.

use super::exit::Exit;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Ends all drills of one invocation, and knows why: cause and cancellation are one, so that no drill is said to have been
/// ended by what did not end it.
#[derive(Debug, Clone, Default)]
pub struct Interruption {
    token: CancellationToken,
    by: Arc<Mutex<Option<String>>>,
}

impl Interruption {
    /// Cancelled when the drill under way must stop; no further one begins.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// What interrupted the run, if anything did.
    #[must_use]
    pub fn by(&self) -> Option<String> {
        self.by.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Interrupts the run; the first cause stays.
    pub fn interrupt(&self, by: &str) {
        self.by.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| by.to_owned());
        self.token.cancel();
    }

    /// Interrupts the run after this time, counted from now, however many drills it has.
    pub fn after(&self, deadline: Duration) {
        let interruption = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(deadline).await;
            interruption.interrupt(&format!("the run's deadline of {}", humantime::format_duration(deadline)));
        });
    }
}

/// Listens until the program ends: the first signal interrupts the run, the second ends the program.
///
/// # Errors
/// When the signals cannot be listened to.
pub fn listen(interruption: Interruption, tell: impl Fn(&str) + Send + 'static) -> std::io::Result<()> {
    let mut int = signal(SignalKind::interrupt())?;
    let mut term = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        let mut signalled = false;
        loop {
            let name = tokio::select! {
                _ = int.recv() => "SIGINT",
                _ = term.recv() => "SIGTERM",
            };
            if signalled {
                tell("ended at once; `ernstfall sweep` removes what is left");
                end_now();
            }
            signalled = true;
            tell(&format!("{name}: stopping, undoing, tearing down; once more ends at once"));
            interruption.interrupt(name);
        }
    });
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the second signal does not wait for anything")]
fn end_now() -> ! {
    std::process::exit(i32::from(Exit::Interrupted.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_deadline_interrupts_and_the_first_cause_stays() {
        let interruption = Interruption::default();
        let drill = interruption.token();
        interruption.after(Duration::from_millis(20));
        assert_eq!((interruption.by(), drill.is_cancelled()), (None, false));
        drill.cancelled().await;
        interruption.interrupt("SIGINT");
        assert_eq!(interruption.by().as_deref(), Some("the run's deadline of 20ms"));
        assert!(interruption.token().is_cancelled(), "a drill that would begin now must not");
    }

    #[tokio::test]
    async fn a_signal_is_not_blamed_on_a_deadline_that_was_not_reached() {
        let interruption = Interruption::default();
        interruption.after(Duration::from_secs(3600));
        interruption.interrupt("SIGTERM");
        assert_eq!(interruption.by().as_deref(), Some("SIGTERM"));
    }
}
