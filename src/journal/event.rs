//! What can happen. Every result is computed from these events and from nothing else.

use super::checksum::Checksum;
use super::seen::{FingerprintOf, Item, Print, Probe, SideRestored, Surface};
use super::started::{Parent, RunStarted};
use super::token::Token;
use crate::clock::{DrillTime, Mono};
use crate::ids::{Datacenter, StepName, Tenant};
use crate::plan::{Generation, Moment, Phase, ServiceKey, Tag};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Version of the shape of [`Event`]; every line carries it.
pub const EVENT_VERSION: u32 = 1;

/// One line of `journal.ndjson`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub v: u32,
    pub seq: u64,
    pub mono: Mono,
    /// For display only.
    pub wall: String,
    pub event: Event,
    /// Hash of the line before; 64 zeros for the first.
    pub prev: String,
    /// SHA-256 (hex) over this line without this field.
    pub hash: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    // --- the run as a whole
    RunStarted(Box<RunStarted>),
    /// What stands before this happened in the parent of this run, and was copied from its journal. From here on this run's
    /// own containers, networks and volumes count, made from the checkpoint.
    Continued(Parent),
    /// Versions seen on the way: engine, base image, images by name.
    Versions {
        versions: BTreeMap<String, String>,
    },
    /// The drill clock: from here on it shows `drill`, and runs in real time if `running`.
    ClockSet {
        drill: DrillTime,
        running: bool,
    },
    PhaseStarted {
        phase: Phase,
    },
    PhaseEnded {
        phase: Phase,
        outcome: Outcome,
    },
    StepStarted {
        step: StepName,
    },
    StepEnded {
        step: StepName,
        outcome: Outcome,
    },
    /// A command, or the start or restart of a service, within a step.
    TaskStarted {
        task: u64,
        step: StepName,
        at: ServiceKey,
        what: String,
    },
    TaskEnded {
        task: u64,
        outcome: Outcome,
        exit: Option<i64>,
        tail: String,
    },
    /// Something worth telling that no check depends on.
    Note {
        text: String,
    },
    /// SIGINT, SIGTERM, the run's deadline or `--until` ended the drill.
    Interrupted {
        by: String,
    },
    /// What the drill was to show is shown: it ended in its verification, and nothing later was carried out.
    CutShort {
        why: String,
    },
    /// Discloses the key whose SHA-256 the journal began with, so that tokens can be verified.
    KeyDisclosed {
        key: String,
    },
    RunEnded {
        outcome: Outcome,
    },

    // --- containers, networks, volumes
    Created {
        kind: Kind,
        name: String,
        id: String,
        datacenter: Option<Datacenter>,
        tenant: Option<Tenant>,
    },
    Removed {
        kind: Kind,
        name: String,
        id: String,
        datacenter: Option<Datacenter>,
    },
    /// The last lines of containers, in these files of the run's folder `logs`.
    LogsKept {
        files: Vec<String>,
    },
    /// What carried the run's label when the teardown was done: must be empty.
    Leftovers {
        names: Vec<String>,
    },

    // --- the ledger
    WriteInvoked(WriteInvoked),
    WriteEnded {
        write: u64,
        result: WriteResult,
    },

    // --- backups
    GenerationStarted {
        generation: Generation,
    },
    /// One tenant's snapshot of a generation, as the operator's tool reported it.
    SnapshotTaken {
        generation: Generation,
        tenant: Tenant,
        snapshot: String,
        bytes: u64,
    },
    GenerationEnded {
        generation: Generation,
    },
    /// What a vault lists for one tenant. The latest before the fault counts for retention and mirror.
    SnapshotsListed {
        vault: Datacenter,
        tenant: Tenant,
        snapshots: Vec<Snapshot>,
        readable: bool,
    },
    /// A search through all bytes of a vault.
    VaultSearched {
        vault: Datacenter,
        files: u64,
        bytes: u64,
        hits: Vec<VaultHit>,
    },
    /// Whether the key of another tenant opened this tenant's repository.
    KeyTried {
        tenant: Tenant,
        key_of: Tenant,
        opened: bool,
    },

    // --- the fault
    UndoPlanned {
        fault: usize,
        what: String,
    },
    FaultTargets {
        fault: usize,
        targets: Vec<String>,
    },
    /// `t0`: the first injection call is issued.
    FaultInjecting {
        fault: usize,
    },
    FaultConfirmed {
        fault: usize,
        evidence: String,
    },
    /// Nothing matched, or no effect was seen.
    FaultUnconfirmed {
        fault: usize,
        why: String,
    },
    UndoDone {
        fault: usize,
        outcome: Outcome,
    },

    // --- recovery
    Detected {
        by: String,
    },
    Declared {
        what: String,
        takes_seconds: u64,
    },
    /// The restore tool says what it restored.
    RestoreClaimed {
        tenant: Tenant,
        claim: Claim,
    },
    /// What a tenant's database and files are, out of band, by the names of their parts.
    Fingerprinted {
        of: FingerprintOf,
        tenant: Tenant,
        parts: BTreeMap<String, Print>,
    },
    SideRestored(Box<SideRestored>),
    /// So many files are left of what was restored on the side.
    SideRemoved {
        tenant: Tenant,
        vault: Datacenter,
        files: u64,
    },
    Gate {
        ready: bool,
        problems: Vec<String>,
    },

    // --- observation
    Probe(Probe),
    /// Bad slots from here on are declared maintenance (the restart phase).
    MaintenanceStarted,
    MaintenanceEnded,
    ReadbackStarted {
        moment: Moment,
        tenant: Tenant,
    },
    /// One surface of one tenant, enumerated completely: `items` of [`Event::Seen`] came before.
    SurfaceRead {
        moment: Moment,
        tenant: Tenant,
        surface: Surface,
        items: u64,
    },
    /// The surface could not be enumerated: what depends on it is inconclusive.
    SurfaceFailed {
        moment: Moment,
        tenant: Tenant,
        surface: Surface,
        why: String,
    },
    /// The stack has no such surface: what depends on it is not applicable.
    SurfaceAbsent {
        moment: Moment,
        tenant: Tenant,
        surface: Surface,
        why: String,
    },
    Seen {
        moment: Moment,
        tenant: Tenant,
        item: Item,
    },
}

/// How something ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Done,
    /// A recovery that failed is a result: `why` is what the operator would have seen.
    Failed {
        why: String,
    },
    TimedOut {
        after_seconds: u64,
    },
    Cancelled,
    /// Our own fault: inconclusive.
    Broken {
        why: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Container,
    Network,
    Volume,
}

/// Written before the request leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteInvoked {
    pub write: u64,
    pub drill: DrillTime,
    pub tenant: Tenant,
    pub writer: CompactString,
    /// Counts up per tenant and writer.
    pub seq: u64,
    pub kind: WriteKind,
    /// Page title, file name or user name.
    pub key: CompactString,
    pub token: Token,
    /// SHA-256 (hex) of the body or content; `None` where nothing has a body.
    pub sha256: Option<Checksum>,
    /// Group of a user's right; groups of a new user, separated by commas.
    pub group: Option<String>,
    /// New title of a page that is renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteKind {
    Create,
    Edit,
    Upload,
    /// Of a page; where an application deletes users, of a user.
    Delete,
    DeleteUpload,
    /// Of a page, with all its revisions; nothing stays under the old title.
    Rename,
    CreateUser,
    Grant,
    Revoke,
    /// Of a user, who may then read at most.
    Block,
    Unblock,
    Protect,
    Unprotect,
    /// An edit by the prober: outside the RPO count.
    Probe,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteResult {
    /// A complete answer whose id or revision was parsed and matches.
    Ok { revision: String },
    /// Provably not applied.
    Fail { why: String },
    /// Unknown: never counted as loss.
    Info { why: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub id: String,
    pub time: DrillTime,
    pub tree: String,
    pub tags: Vec<Tag>,
    /// In a mirror: the id in the primary's vault.
    pub original: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultHit {
    pub path: String,
    /// What was found: `canary of acme`, `key of acme`; never the text itself.
    pub what: String,
}

/// What the operator's restore tool says that it restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub snapshot: String,
    pub time: DrillTime,
    pub tags: Vec<Tag>,
    pub vault: Datacenter,
    pub original: Option<String>,
}

impl Outcome {
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    #[must_use]
    pub const fn timed_out(after: Duration) -> Self {
        Self::TimedOut { after_seconds: after.as_secs() }
    }
}
