//! One look at one tenant: what is asked, in which time, and what went into the ledger.

use crate::clock::DrillTime;
use crate::ids::Tenant;
use crate::journal::{Checksum, ProbeKind, WriteError, WriteKind, WriteResult};
use crate::ledger::{Intent, Invoked, Ledger};
use crate::workload::corpus::Known;
use crate::workload::{Account, Body, Driver, FullProbe, Look};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// What is probed at one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeTarget {
    pub tenant: Tenant,
    /// Somebody who may read and edit.
    pub account: Account,
    /// A page that is never changed, and the SHA-256 of its text.
    pub page: (String, Checksum),
    /// An upload that is never changed, and the SHA-256 of its content.
    pub upload: (String, Checksum),
    /// A word that the search must find.
    pub word: String,
    /// The page that full probes edit.
    pub probe_page: String,
}

impl ProbeTarget {
    #[must_use]
    pub fn new(tenant: &Tenant, known: &Known) -> Self {
        Self {
            tenant: tenant.clone(),
            account: known.accounts.editor.clone(),
            page: known.page.clone(),
            upload: known.upload.clone(),
            word: known.word.clone(),
            probe_page: known.probe_page.clone(),
        }
    }
}

/// Every so many full probes log in afresh; the others keep their session, which costs less than half.
const FRESH: u64 = 5;

/// Makes one look, in at most `timeout`. `Ok(None)` is good, `Ok(Some)` says what was wrong.
///
/// # Errors
/// [`WriteError`] when the journal cannot be written.
pub(super) async fn look(
    driver: &dyn Driver,
    ledger: &Ledger,
    target: &ProbeTarget,
    kind: ProbeKind,
    slot: u64,
    drill: DrillTime,
    timeout: Duration,
) -> Result<Option<String>, WriteError> {
    match kind {
        ProbeKind::Light => {
            let (page, sha256) = &target.page;
            let answer = bounded(timeout, driver.light(&target.tenant, &target.account, page, *sha256)).await;
            Ok(answer.and_then(|look| look).err())
        }
        ProbeKind::Full => {
            let invoked = invoke(ledger, target, slot, drill)?;
            let probe = FullProbe {
                account: target.account.clone(),
                page: target.page.clone(),
                upload: target.upload.clone(),
                word: target.word.clone(),
                write: Some(invoked.write.clone()),
                fresh: slot.is_multiple_of(FRESH),
            };
            let (look, result) = match bounded(timeout, driver.full(&target.tenant, &probe)).await {
                Ok((look, result)) => (look, result),
                Err(why) => (Err(why.clone()), Some(WriteResult::Info { why })),
            };
            // Whether a write left before the probe gave up is the driver's knowledge; without it, it is unknown.
            let unknown = || WriteResult::Info { why: "the probe ended before its write was answered".to_owned() };
            ledger.end(invoked, result.clone().unwrap_or_else(unknown))?;
            Ok(judge(look, result.as_ref()))
        }
    }
}

/// A probe whose write was not acknowledged is no good probe, whatever the driver says.
fn judge(look: Look, result: Option<&WriteResult>) -> Option<String> {
    let write = match result {
        Some(WriteResult::Ok { revision: _ }) => None,
        Some(WriteResult::Fail { why } | WriteResult::Info { why }) => Some(format!("write: {why}")),
        None => Some("write: not made".to_owned()),
    };
    look.err().or(write)
}

/// Slots overlap when the system is slow: on one page, two probes would be in each other's way and call that an outage.
const PROBE_PAGES: u64 = 8;

fn invoke(ledger: &Ledger, target: &ProbeTarget, slot: u64, drill: DrillTime) -> Result<Invoked, WriteError> {
    let key = format!("{} {}", target.probe_page, slot % PROBE_PAGES);
    let intent = Intent { writer: "probe", drill, kind: WriteKind::Probe, key: &key };
    ledger.invoke(&target.tenant, intent, |token| Body::Text(format!("DRILL ÜBUNG {token}\n\nProbe.")))
}

/// The answer, or why there is none. A driver that panics must not end the prober.
async fn bounded<T>(timeout: Duration, asked: impl Future<Output = T>) -> Result<T, String> {
    match tokio::time::timeout(timeout, AssertUnwindSafe(asked).catch_unwind()).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err("the driver broke".to_owned()),
        Err(_) => Err("timed out".to_owned()),
    }
}
