//! The application driver: how the harness writes, reads back and enumerates a tenant's data, always through the front door.

use crate::ids::Tenant;
use crate::journal::{Checksum, Surface, Token, WriteKind, WriteResult, checksum};
use crate::plan::AccessAction;
use crate::secret::Secret;
use async_trait::async_trait;
use bytes::Bytes;

/// Somebody who can log in to one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub password: Secret<String>,
}

/// One write, as it is sent. What it carries is already in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    pub kind: WriteKind,
    /// Page title, file name or user name.
    pub key: String,
    pub body: Body,
    /// Placed in the edit summary, where there is one.
    pub token: Token,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Nothing,
    Text(String),
    Content(Bytes),
    /// The new title of a page.
    Title(String),
    Group(String),
    NewUser {
        password: Secret<String>,
        groups: Vec<String>,
    },
}

/// A page with all its revisions, oldest first, bodies in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRead {
    pub key: String,
    pub revisions: Vec<String>,
    pub protected: bool,
}

/// An upload with all its versions, oldest first, in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRead {
    pub key: String,
    pub versions: Vec<Bytes>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRead {
    pub name: String,
    pub groups: Vec<String>,
    pub blocked: bool,
}

/// Why nothing was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DriverError {
    /// The stack has no such surface: not applicable.
    #[error("this stack has no {0:?}: {1}")]
    Unsupported(Surface, String),
    /// The application did not answer, or not right.
    #[error("{0}")]
    Failed(String),
}

pub type Read<T> = Result<T, DriverError>;

/// One look through the front door; `Err` says what was wrong.
pub type Look = Result<(), String>;

/// Whether `content` has this SHA-256; `what` names it in the answer.
pub(super) fn is_content(content: &[u8], sha256: Checksum, what: &str) -> Look {
    if checksum(content) == sha256 { Ok(()) } else { Err(format!("{what} differs")) }
}

/// What a full probe does, apart from the write, whose token the prober puts into the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullProbe {
    pub account: Account,
    /// A page of the baseline and the SHA-256 of its current text.
    pub page: (String, Checksum),
    /// An upload of the baseline and the SHA-256 of its content.
    pub upload: (String, Checksum),
    /// A word that the search must find on at least one page.
    pub word: String,
    /// Edit of the probe page: key and new text, read back by content.
    pub write: Option<Write>,
    /// Log in afresh instead of using the kept session.
    pub fresh: bool,
}

/// How the harness talks to the application of all tenants. Implementations keep sessions and are shared by many tasks.
#[async_trait]
pub trait Driver: Send + Sync {
    /// One write. `Fail` only if it was provably not applied; timeouts, lost connections and 5xx are `Info`.
    async fn write(&self, tenant: &Tenant, by: &Account, write: &Write) -> WriteResult;

    /// Enumerations, complete, as that tenant's administrator.
    async fn pages(&self, tenant: &Tenant, by: &Account) -> Read<Vec<PageRead>>;
    async fn uploads(&self, tenant: &Tenant, by: &Account) -> Read<Vec<UploadRead>>;
    async fn users(&self, tenant: &Tenant, by: &Account) -> Read<Vec<UserRead>>;
    /// Keys of the pages that a search for `term` finds.
    async fn search(&self, tenant: &Tenant, by: &Account, term: &str) -> Read<Vec<String>>;
    /// Whether `by` (`None`: a stranger) may do this to the page `key`; tried for real, with a change that says so.
    async fn access(&self, tenant: &Tenant, by: Option<&Account>, action: AccessAction, key: &str) -> Read<bool>;
    /// The page as PDF, raw.
    async fn pdf(&self, tenant: &Tenant, by: &Account, key: &str) -> Read<Bytes>;

    /// Light probe: the known page has this SHA-256, with a kept session.
    async fn light(&self, tenant: &Tenant, by: &Account, page: &str, sha256: Checksum) -> Look;
    /// Full probe: log in, read, write and read back, fetch a file by hash, search, and be refused as a stranger.
    async fn full(&self, tenant: &Tenant, probe: &FullProbe) -> (Look, Option<WriteResult>);

    /// Forget all sessions (a recovered system knows none of them).
    async fn forget(&self);
}
