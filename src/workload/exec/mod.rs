//! The driver for everything else: a program from the stack's own image, one JSON object per line.
//!
//! `wire` carries requests to the program and its answers back, `answer` judges them. The protocol is described in
//! `fixtures/stacks/README.md`. The program is inside the front's network and goes through the front door, too.

mod answer;
mod wire;

use super::{
    Account, Body, Driver, DriverError, FullProbe, Look, PageRead, Read, UploadRead, UserRead, Write, is_content,
};
use crate::engine::Attached;
use crate::ids::Tenant;
use crate::journal::{Checksum, Surface, WriteKind, WriteResult};
use crate::plan::AccessAction;
use answer::{Answer, Pages, Uploads, Users, decode};
use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use wire::Wire;

/// For the operations that read everything.
const PATIENCE: Duration = Duration::from_secs(60);

/// Talks to a tenant through the stack's own program. Clones share the program.
#[derive(Debug, Clone)]
pub struct ExecDriver {
    wire: Arc<Wire>,
    timeout: Duration,
}

#[derive(Deserialize)]
struct Text {
    body: String,
}

#[derive(Deserialize)]
struct Content {
    content: String,
}

#[derive(Deserialize)]
struct Hits {
    hits: Vec<String>,
}

#[derive(Deserialize)]
struct Allowed {
    allowed: bool,
}

impl ExecDriver {
    /// Begins to talk to the program; must be called inside a Tokio runtime, which has to outlive the driver.
    /// `timeout` bounds one request and one whole full probe; operations that read everything have more.
    #[must_use]
    pub fn new(attached: Attached, timeout: Duration) -> Self {
        Self { wire: Wire::open(attached.stdin, attached.stdout), timeout }
    }

    /// The same program with another patience: the prober's is shorter than the writers'.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { wire: Arc::clone(&self.wire), timeout }
    }

    async fn ask(&self, op: &str, tenant: &Tenant, by: Option<&Account>, more: Value, patience: Duration) -> Answer {
        let account = by.map(|by| json!({ "name": by.name, "password": by.password.expose() }));
        let mut request = Map::new();
        request.insert("op".to_owned(), op.into());
        request.insert("tenant".to_owned(), tenant.as_str().into());
        request.insert("as".to_owned(), account.into());
        if let Value::Object(more) = more {
            request.extend(more);
        }
        self.wire.ask(request, patience).await
    }

    async fn send(&self, tenant: &Tenant, by: &Account, kind: &str, write: &Write) -> WriteResult {
        let more = json!({ "write": payload(kind, write) });
        self.ask("write", tenant, Some(by), more, self.timeout).await.into_result()
    }

    async fn light_text(&self, tenant: &Tenant, by: &Account, key: &str, fresh: bool) -> Result<String, String> {
        let answer = self.ask("light", tenant, Some(by), json!({ "key": key, "fresh": fresh }), self.timeout).await;
        let text: Text = answer.read(Surface::Pages).map_err(|error| error.to_string())?;
        Ok(text.body)
    }

    /// Everything but the bookkeeping. A file or a search that the application does not have is not looked at.
    async fn look_fully(&self, tenant: &Tenant, probe: &FullProbe, written: &mut Option<WriteResult>) -> Look {
        let by = &probe.account;
        let text = self.light_text(tenant, by, &probe.page.0, probe.fresh).await?;
        is_content(text.as_bytes(), probe.page.1, "page text")?;

        let answer = self.ask("read-upload", tenant, Some(by), json!({ "key": probe.upload.0 }), self.timeout).await;
        match answer.read::<Content>(Surface::Uploads).and_then(|file| decode(&file.content)) {
            Ok(bytes) => is_content(&bytes, probe.upload.1, "file")?,
            Err(DriverError::Unsupported(..)) => {}
            Err(DriverError::Failed(why)) => return Err(format!("file: {why}")),
        }
        match self.search(tenant, by, &probe.word).await {
            Ok(hits) if hits.is_empty() => return Err("search finds nothing".to_owned()),
            Ok(_) | Err(DriverError::Unsupported(..)) => {}
            Err(DriverError::Failed(why)) => return Err(format!("search: {why}")),
        }
        match self.access(tenant, None, AccessAction::Read, &probe.page.0).await {
            Ok(false) => {}
            Ok(true) => return Err("a stranger may read".to_owned()),
            Err(error) => return Err(format!("as a stranger: {error}")),
        }

        let Some(change) = &probe.write else { return Ok(()) };
        *written = Some(WriteResult::Info { why: "timed out".to_owned() });
        let result = self.write(tenant, by, change).await;
        *written = Some(result.clone());
        match result {
            WriteResult::Ok { .. } => {}
            WriteResult::Fail { why } | WriteResult::Info { why } => return Err(format!("write: {why}")),
        }
        let back = self.light_text(tenant, by, &change.key, false).await;
        let back = back.map_err(|why| format!("after the write: {why}"))?;
        match &change.body {
            Body::Text(sent) if *sent == back => Ok(()),
            Body::Text(_)
            | Body::Nothing
            | Body::Content(_)
            | Body::Title(_)
            | Body::Group(_)
            | Body::NewUser { .. } => Err("the write reads back different".to_owned()),
        }
    }
}

/// The member `write` of a request.
fn payload(kind: &str, write: &Write) -> Value {
    let mut payload = json!({ "kind": kind, "key": write.key, "token": write.token });
    match &write.body {
        Body::Nothing => {}
        Body::Text(text) => payload["body"] = text.as_str().into(),
        Body::Content(content) => payload["content"] = BASE64.encode(content).into(),
        Body::Title(to) => payload["to"] = to.as_str().into(),
        Body::Group(group) => payload["group"] = group.as_str().into(),
        Body::NewUser { password, groups } => {
            payload["password"] = password.expose().as_str().into();
            payload["groups"] = groups.as_slice().into();
        }
    }
    payload
}

const fn action_name(action: AccessAction) -> &'static str {
    match action {
        AccessAction::Read => "read",
        AccessAction::Edit => "edit",
        AccessAction::EditProtected => "edit-protected",
    }
}

#[async_trait]
impl Driver for ExecDriver {
    async fn write(&self, tenant: &Tenant, by: &Account, write: &Write) -> WriteResult {
        if write.kind != WriteKind::Probe {
            return self.send(tenant, by, write.kind.name(), write).await;
        }
        // The protocol has no write that takes both: the probe page is there but for the first time.
        match self.send(tenant, by, "edit", write).await {
            WriteResult::Fail { .. } => self.send(tenant, by, "create", write).await,
            result @ (WriteResult::Ok { .. } | WriteResult::Info { .. }) => result,
        }
    }

    async fn pages(&self, tenant: &Tenant, by: &Account) -> Read<Vec<PageRead>> {
        let answer = self.ask("read-pages", tenant, Some(by), Value::Null, PATIENCE.max(self.timeout)).await;
        Ok(answer.read::<Pages>(Surface::Pages)?.into())
    }

    async fn uploads(&self, tenant: &Tenant, by: &Account) -> Read<Vec<UploadRead>> {
        let answer = self.ask("read-uploads", tenant, Some(by), Value::Null, PATIENCE.max(self.timeout)).await;
        answer.read::<Uploads>(Surface::Uploads)?.try_into()
    }

    async fn users(&self, tenant: &Tenant, by: &Account) -> Read<Vec<UserRead>> {
        let answer = self.ask("read-users", tenant, Some(by), Value::Null, PATIENCE.max(self.timeout)).await;
        Ok(answer.read::<Users>(Surface::Users)?.into())
    }

    async fn search(&self, tenant: &Tenant, by: &Account, term: &str) -> Read<Vec<String>> {
        let answer = self.ask("search", tenant, Some(by), json!({ "term": term }), self.timeout).await;
        Ok(answer.read::<Hits>(Surface::Search)?.hits)
    }

    async fn access(&self, tenant: &Tenant, by: Option<&Account>, action: AccessAction, key: &str) -> Read<bool> {
        let more = json!({ "action": action_name(action), "key": key });
        let answer = self.ask("access", tenant, by, more, self.timeout).await;
        Ok(answer.read::<Allowed>(Surface::Access)?.allowed)
    }

    async fn pdf(&self, tenant: &Tenant, by: &Account, key: &str) -> Read<Bytes> {
        let answer = self.ask("pdf", tenant, Some(by), json!({ "key": key }), PATIENCE.max(self.timeout)).await;
        decode(&answer.read::<Content>(Surface::Pdf)?.content)
    }

    async fn light(&self, tenant: &Tenant, by: &Account, page: &str, sha256: Checksum) -> Look {
        is_content(self.light_text(tenant, by, page, false).await?.as_bytes(), sha256, "page text")
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

    /// The program keeps its own sessions, and `fresh` in a probe tells it to open a new one.
    async fn forget(&self) {}
}

#[cfg(test)]
mod tests;
