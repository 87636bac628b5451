//! Users who go on writing while the disaster strikes, so that writes are in flight when it does.
//!
//! One for each tenant, on a page of its own; the next write follows the answer to the one before. Whoever gets no good answer
//! stops, as a user would.

use super::corpus::Known;
use super::{Body, Driver, text};
use crate::ids::Tenant;
use crate::journal::{DrillClock, WriteError, WriteKind, WriteResult};
use crate::ledger::{Intent, Ledger};
use crate::plan::PROBE_PAGES_BEGIN;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Name of the writer in the ledger.
const WRITER: &str = "continuous";
/// From an answer to the next write: nobody's probe may starve for it.
const PAUSE: Duration = Duration::from_millis(50);

/// Dropping it abandons the writes that are on their way, some time soon; [`Continuous::stop`] waits for that.
pub struct Continuous {
    /// What they write stands in the journal; if that cannot be written, the drill stops at its next event.
    users: JoinSet<Result<(), WriteError>>,
    enough: CancellationToken,
}

impl Continuous {
    /// Lets a user of every tenant write; returns when each has an acknowledged write, or none at all.
    pub async fn begin(
        ledger: &Ledger,
        driver: &Arc<dyn Driver>,
        clock: &DrillClock,
        known: &BTreeMap<Tenant, Known>,
    ) -> Self {
        let (mut users, enough) = (JoinSet::new(), CancellationToken::new());
        let mut writing = Vec::new();
        for (tenant, known) in known {
            let (begun, first) = oneshot::channel();
            writing.push(first);
            let user = User {
                ledger: ledger.clone(),
                driver: Arc::clone(driver),
                clock: clock.clone(),
                tenant: tenant.clone(),
                known: known.clone(),
                enough: enough.clone(),
            };
            users.spawn(user.write(begun));
        }
        for first in writing {
            // Whoever could not write has stopped already, and the ledger says so.
            let _ = first.await;
        }
        Self { users, enough }
    }

    /// No further writes; those on their way may still be answered, until [`Continuous::stop`].
    pub fn enough(&self) {
        self.enough.cancel();
    }

    /// Abandons what is on its way: nobody knows what became of it, and the journal hears no more of it.
    pub async fn stop(mut self) {
        self.users.shutdown().await;
    }
}

struct User {
    ledger: Ledger,
    driver: Arc<dyn Driver>,
    clock: DrillClock,
    tenant: Tenant,
    known: Known,
    enough: CancellationToken,
}

impl User {
    /// Creates the page, says so, and edits it until it is enough or something goes wrong.
    async fn write(self, begun: oneshot::Sender<()>) -> Result<(), WriteError> {
        // Such pages are left out of fingerprints: they change after those of the quiet moment were taken.
        let key = format!("{PROBE_PAGES_BEGIN}continuous");
        let (mut kind, mut begun) = (WriteKind::Create, Some(begun));
        while !self.enough.is_cancelled() {
            let intent = Intent { writer: WRITER, drill: self.clock.now(), kind, key: &key };
            // Without links: a wiki keeps them in tables of their own.
            let body = |token: &str| Body::Text(text::page_with("continuous", token));
            let by = &self.known.accounts.editor;
            let written = self.ledger.write(&*self.driver, &self.tenant, by, intent, body).await?;
            if !matches!(written.result, WriteResult::Ok { .. }) {
                break;
            }
            kind = WriteKind::Edit;
            if let Some(begun) = begun.take() {
                // Nobody waits for it when the drill is being cancelled.
                let _ = begun.send(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "continuous_tests.rs"]
mod tests;
