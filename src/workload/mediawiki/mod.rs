//! The driver of MediaWiki 1.39: its HTTP API, as an administrator, a user or a stranger.
//!
//! `session` carries cookies and tokens, `login` renews them, `answer` judges what comes back, `write`, `enumerate`, `files` and `look` are
//! what the harness does with a wiki. A private wiki answers a stranger with HTTP 200 and an error inside: no status is
//! ever taken for a proof.
//!
//! Names come back as MediaWiki keeps them (spaces, a capital first letter, NFC), and texts without white space at their
//! end: whoever compares must write them so.

mod answer;
mod enumerate;
mod files;
#[cfg(test)]
mod live;
mod login;
mod look;
mod session;
#[cfg(test)]
mod stub;
mod write;

use super::{Account, Driver, DriverError, FullProbe, Look, PageRead, Read, UploadRead, UserRead, Write};
use crate::ids::Tenant;
use crate::journal::{Checksum, WriteResult};
use crate::plan::AccessAction;
use crate::workload::Door;
use answer::CallError;
use async_trait::async_trait;
use bytes::Bytes;
use session::Session;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One session per tenant and account, `None` being the stranger.
type Sessions = HashMap<(Tenant, Option<String>), Arc<Session>>;

/// Talks to all tenants' wikis through the front door.
#[derive(Debug)]
pub struct MediaWiki {
    door: Door,
    scheme: &'static str,
    api: String,
    timeout: Duration,
    sessions: Mutex<Sessions>,
}

impl MediaWiki {
    /// `api`: path of `api.php`. `timeout` bounds one request and one whole probe; lists, files of a readback and
    /// PDFs have more.
    #[must_use]
    pub fn new(door: Door, api: String, timeout: Duration) -> Self {
        Self { door, scheme: "https", api, timeout, sessions: Mutex::default() }
    }

    /// The same without TLS: for a stand-in on the loopback address, never for a stack.
    #[must_use]
    pub fn plain(door: Door, api: String, timeout: Duration) -> Self {
        Self { scheme: "http", ..Self::new(door, api, timeout) }
    }

    /// The kept session, or a new one that logs in with its first request.
    fn session(&self, tenant: &Tenant, by: Option<&Account>) -> Result<Arc<Session>, CallError> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(tenant, by);
        if let Some(kept) = sessions.get(&key)
            && kept.is_of(by)
        {
            return Ok(Arc::clone(kept));
        }
        let session = self.opened(tenant, by)?;
        sessions.insert(key, Arc::clone(&session));
        Ok(session)
    }

    /// A session that has just logged in. Until then the others keep the one they have: a login that hangs on a half-open
    /// connection would keep them out when the wiki has long been back.
    async fn fresh(&self, tenant: &Tenant, by: &Account) -> Result<Arc<Session>, CallError> {
        let session = self.opened(tenant, Some(by))?;
        session.logged_in(None).await?;
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(key(tenant, Some(by)), Arc::clone(&session));
        Ok(session)
    }

    fn opened(&self, tenant: &Tenant, by: Option<&Account>) -> Result<Arc<Session>, CallError> {
        let wrong = |error: super::DoorError| CallError::NotSent(error.to_string());
        let base = self.door.url_by(self.scheme, tenant).map_err(wrong)?;
        let client = self.door.client(tenant, self.timeout).map_err(wrong)?;
        Ok(Arc::new(Session::new(client, base, &self.api, by.cloned())?))
    }

    fn reader(&self, tenant: &Tenant, by: &Account) -> Result<Arc<Session>, DriverError> {
        Ok(self.session(tenant, Some(by))?)
    }

    async fn look_fully(&self, tenant: &Tenant, probe: &FullProbe, written: &mut Option<WriteResult>) -> Look {
        let told = |error: CallError| error.to_string();
        let by = &probe.account;
        let session = if probe.fresh { self.fresh(tenant, by).await } else { self.session(tenant, Some(by)) };
        let session = session.map_err(told)?;
        let stranger = self.session(tenant, None).map_err(told)?;
        session.logged_in(None).await.map_err(told)?;
        look::full(&session, &stranger, probe, written).await
    }
}

fn key(tenant: &Tenant, by: Option<&Account>) -> (Tenant, Option<String>) {
    (tenant.clone(), by.map(|account| account.name.clone()))
}

#[async_trait]
impl Driver for MediaWiki {
    async fn write(&self, tenant: &Tenant, by: &Account, write: &Write) -> WriteResult {
        match self.session(tenant, Some(by)) {
            Ok(session) => write::write(&session, write).await,
            Err(error) => error.as_result(),
        }
    }

    async fn pages(&self, tenant: &Tenant, by: &Account) -> Read<Vec<PageRead>> {
        Ok(enumerate::pages(&*self.reader(tenant, by)?).await?)
    }

    async fn uploads(&self, tenant: &Tenant, by: &Account) -> Read<Vec<UploadRead>> {
        Ok(files::uploads(&*self.reader(tenant, by)?).await?)
    }

    async fn users(&self, tenant: &Tenant, by: &Account) -> Read<Vec<UserRead>> {
        Ok(enumerate::users(&*self.reader(tenant, by)?).await?)
    }

    async fn search(&self, tenant: &Tenant, by: &Account, term: &str) -> Read<Vec<String>> {
        Ok(enumerate::search(&*self.reader(tenant, by)?, term).await?)
    }

    /// An account that the wiki does not let in may nothing.
    async fn access(&self, tenant: &Tenant, by: Option<&Account>, action: AccessAction, key: &str) -> Read<bool> {
        let session = self.session(tenant, by)?;
        match look::access(&session, action, key).await {
            Err(error) if error.denied() => Ok(false),
            other => Ok(other?),
        }
    }

    async fn pdf(&self, tenant: &Tenant, by: &Account, key: &str) -> Read<Bytes> {
        Ok(files::pdf(&*self.reader(tenant, by)?, key).await?)
    }

    async fn light(&self, tenant: &Tenant, by: &Account, page: &str, sha256: Checksum) -> Look {
        let session = self.session(tenant, Some(by)).map_err(|error| error.to_string())?;
        let look = tokio::time::timeout(self.timeout, look::light(&session, page, sha256)).await;
        look.unwrap_or_else(|_| Err("timed out".to_owned()))
    }

    async fn full(&self, tenant: &Tenant, probe: &FullProbe) -> (Look, Option<WriteResult>) {
        let mut written = None;
        let look = tokio::time::timeout(self.timeout, self.look_fully(tenant, probe, &mut written)).await;
        let look = look.unwrap_or_else(|_| Err("timed out".to_owned()));
        if written.is_none() && probe.write.is_some() {
            written = Some(WriteResult::Fail { why: "not sent: the probe had failed before".to_owned() });
        }
        (look, written)
    }

    async fn forget(&self) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests;
