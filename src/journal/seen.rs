//! What was seen: slots of the prober, and the items of a readback.

use super::checksum::Checksum;
use super::event::Claim;
use super::token::Token;
use crate::clock::Mono;
use crate::ids::{Datacenter, Tenant};
use crate::plan::{AccessAction, Generation, Moment, Who};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// One timed look at one tenant through the front door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    pub tenant: Tenant,
    pub kind: ProbeKind,
    /// Slot on the fixed grid of this kind, from 0.
    pub slot: u64,
    pub intended: Mono,
    pub started: Mono,
    pub ended: Mono,
    /// What was wrong; `None` is a good slot.
    pub bad: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeKind {
    Light,
    Full,
}

/// Where a tenant's data can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Surface {
    Pages,
    Uploads,
    Users,
    Search,
    Access,
    /// The tenant's door, tried with the accounts of all other tenants.
    ForeignLogin,
    Pdf,
}

impl Surface {
    pub const ALL: [Self; 7] =
        [Self::Pages, Self::Uploads, Self::Users, Self::Search, Self::Access, Self::ForeignLogin, Self::Pdf];
}

/// One thing that was seen in a readback. `tokens` and `canaries` are found by us in the raw bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Item {
    /// One revision of a page; `index` counts from the oldest.
    Revision {
        key: CompactString,
        index: u32,
        head: bool,
        sha256: Checksum,
        found: Found,
    },
    Page {
        key: CompactString,
        protected: bool,
    },
    /// One version of an upload; `index` counts from the oldest.
    Upload {
        key: CompactString,
        index: u32,
        head: bool,
        sha256: Checksum,
        bytes: u64,
        found: Found,
    },
    User {
        name: String,
        groups: Vec<String>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        blocked: bool,
    },
    /// `of` = whose word was searched: this tenant's canary, another's, or `None` for the decoy.
    Search {
        of: Option<Tenant>,
        hits: Vec<String>,
    },
    Access {
        who: Who,
        action: AccessAction,
        key: CompactString,
        allowed: bool,
    },
    /// Whether an account of the tenant `of` could read the page `key` at this tenant's door.
    ForeignLogin {
        of: Tenant,
        account: String,
        key: CompactString,
        allowed: bool,
    },
    /// A page as PDF: the text in it.
    Pdf {
        key: CompactString,
        bytes: u64,
        found: Found,
    },
}

/// Which state a fingerprint is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FingerprintOf {
    /// The one that this generation holds: writes pause while it is taken.
    Generation(Generation),
    Moment(Moment),
}

/// One part of a fingerprint: a table, the schema, a folder of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    /// Rows, objects or files.
    pub items: u64,
    pub digest: String,
}

/// What one tenant is when it is restored on the side, beside its own data: found by us in the bytes that lie there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideRestored {
    pub tenant: Tenant,
    /// Whose vault it was to come from.
    pub vault: Datacenter,
    pub claim: Claim,
    pub files: u64,
    pub bytes: u64,
    pub found: Found,
    /// SHA-256 (hex) of each file, each once.
    pub contents: Vec<Checksum>,
}

/// Marks found in raw bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Found {
    #[serde(default, skip_serializing_if = "SmallVec::is_empty")]
    pub tokens: SmallVec<[Token; 1]>,
    /// Tenants whose canary was found.
    #[serde(default, skip_serializing_if = "SmallVec::is_empty")]
    pub canaries: SmallVec<[Tenant; 1]>,
}

impl Item {
    /// The surface on which it is seen.
    #[must_use]
    pub const fn surface(&self) -> Surface {
        match self {
            Self::Revision { .. } | Self::Page { .. } => Surface::Pages,
            Self::Upload { .. } => Surface::Uploads,
            Self::User { .. } => Surface::Users,
            Self::Search { .. } => Surface::Search,
            Self::Access { .. } => Surface::Access,
            Self::ForeignLogin { .. } => Surface::ForeignLogin,
            Self::Pdf { .. } => Surface::Pdf,
        }
    }
}
