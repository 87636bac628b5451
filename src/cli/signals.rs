//! SIGINT and SIGTERM: once stops the drill in order, twice ends the program now.

use super::exit::Exit;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What interrupted the run, if anything did.
#[derive(Debug, Clone, Default)]
pub struct Interruption(Arc<Mutex<Option<String>>>);

impl Interruption {
    #[must_use]
    pub fn by(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, by: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| by.to_owned());
    }
}

/// Listens until the program ends: the first signal cancels `token`, the second ends the program.
///
/// # Errors
/// When the signals cannot be listened to.
pub fn listen(
    token: CancellationToken,
    interruption: Interruption,
    tell: impl Fn(&str) + Send + 'static,
) -> std::io::Result<()> {
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
            interruption.set(name);
            tell(&format!("{name}: stopping, undoing, tearing down; once more ends at once"));
            token.cancel();
        }
    });
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the second signal does not wait for anything")]
fn end_now() -> ! {
    std::process::exit(i32::from(Exit::Interrupted.code()))
}
