//! What a judgement is: values only, serialised as the core of `report.json`. Durations are seconds there, and their names say so.

use super::codes::{FindingCode, ReasonCode, Severity};
use super::seconds;
use crate::clock::{DrillTime, Mono};
use crate::ids::Tenant;
use crate::journal::WriteKind;
use crate::plan::{Check, Objectives};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything that was concluded from one journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    pub verdict: Verdict,
    /// 0 passed, 1 failed, 2 inconclusive.
    pub exit_code: u8,
    /// Why nothing is proved; also filled next to findings.
    pub reasons: Vec<Reason>,
    /// At most [`super::LISTED`] per code and tenant; `finding_counts` is exact.
    pub findings: Vec<Finding>,
    pub finding_counts: BTreeMap<FindingCode, u64>,
    /// The requested checks, in the order of [`Check::ALL`].
    pub checks: Vec<CheckResult>,
    pub tenants: BTreeMap<Tenant, TenantResult>,
    pub objectives: Objectives,
    /// That of the worst affected tenant; `None` when one of them has none.
    pub rto: Option<Rto>,
    /// The largest loss of all tenants; `None` when one of them is unknown.
    #[serde(rename = "rpo_seconds", with = "seconds::option")]
    pub rpo: Option<Duration>,
    pub not_tested: Vec<NotTested>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Passed,
    Failed,
    Inconclusive,
}

impl Verdict {
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Inconclusive => 2,
        }
    }
}

/// One thing that is wrong. The text comes from a catalogue; these are its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Finding {
    pub code: FindingCode,
    pub severity: Severity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Tenant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
}

impl Finding {
    /// With the usual severity of its code.
    #[must_use]
    pub const fn new(code: FindingCode) -> Self {
        Self { code, severity: code.severity(), check: None, tenant: None, item: None, expected: None, seen: None }
    }

    #[must_use]
    pub const fn check(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }

    #[must_use]
    pub fn tenant(mut self, tenant: &Tenant) -> Self {
        self.tenant = Some(tenant.clone());
        self
    }

    #[must_use]
    pub fn item(mut self, item: impl Into<String>) -> Self {
        self.item = Some(item.into());
        self
    }

    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    #[must_use]
    pub fn seen(mut self, seen: impl Into<String>) -> Self {
        self.seen = Some(seen.into());
        self
    }

    #[must_use]
    pub const fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

/// One cause why the drill proves less than it should.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reason {
    pub code: ReasonCode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Tenant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
}

impl Reason {
    #[must_use]
    pub const fn new(code: ReasonCode) -> Self {
        Self { code, check: None, tenant: None, item: None, seen: None }
    }

    #[must_use]
    pub const fn check(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }

    #[must_use]
    pub fn tenant(mut self, tenant: &Tenant) -> Self {
        self.tenant = Some(tenant.clone());
        self
    }

    #[must_use]
    pub fn item(mut self, item: impl Into<String>) -> Self {
        self.item = Some(item.into());
        self
    }

    #[must_use]
    pub fn seen(mut self, seen: impl Into<String>) -> Self {
        self.seen = Some(seen.into());
        self
    }
}

/// The outcome of one requested check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    pub check: Check,
    pub outcome: CheckOutcome,
    /// How many items it looked at, over all tenants and readbacks.
    pub items: u64,
    /// Exact, also when fewer are listed.
    pub findings: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckOutcome {
    Passed,
    Failed,
    /// It could not run, or not on everything.
    Inconclusive,
    /// The stack has no such surface. Never counted as passed.
    NotApplicable,
}

/// What was concluded about one tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantResult {
    pub state: TenantState,
    /// Of affected and recovered tenants only.
    pub rto: Option<Rto>,
    pub rpo: Rpo,
    pub outage: Outage,
    pub parts: Option<Parts>,
    pub probes: ProbeCounts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TenantState {
    /// The fault does not touch it.
    Bystander,
    Recovered,
    NotRecovered,
    /// The journal does not say.
    Unknown,
}

/// Recovery time of one tenant, an interval. Objectives are judged on the upper bounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rto {
    /// From `t0` to the start of the last bad slot.
    #[serde(rename = "machine_lo_seconds", with = "seconds")]
    pub machine_lo: Duration,
    /// From `t0` to the completion of the first good full probe of the final unbroken run.
    #[serde(rename = "machine_hi_seconds", with = "seconds")]
    pub machine_hi: Duration,
    /// What the clock showed until then of a detection that is declared instead: real time, counted nowhere.
    #[serde(rename = "replaced_seconds", default, with = "seconds", skip_serializing_if = "Duration::is_zero")]
    pub replaced: Duration,
    /// Allowances, and the detection if it is declared.
    #[serde(rename = "declared_seconds", with = "seconds")]
    pub declared: Duration,
    /// `machine_lo` and `declared`.
    #[serde(rename = "lo_seconds", with = "seconds")]
    pub lo: Duration,
    /// `machine_hi` and `declared`.
    #[serde(rename = "hi_seconds", with = "seconds")]
    pub hi: Duration,
    pub met: bool,
}

/// Loss of one tenant, on the drill clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rpo {
    /// Generation that the policy promises. `None`: untouched, or no backup reaches back far enough.
    pub predicted: Option<DrillTime>,
    /// Newest suitable snapshot that the repository listed before the fault.
    pub listed: Option<DrillTime>,
    /// What the restore tool says.
    pub claimed: Option<DrillTime>,
    /// Newest recovery point up to which every acknowledged write survived, from what was read.
    pub found: Option<DrillTime>,
    /// From `found` to `t0`; zero if nothing was lost; `None` if unknown.
    #[serde(rename = "loss_seconds", with = "seconds::option")]
    pub loss: Option<Duration>,
    /// What the same disaster could cost just before the next mirror run (or backup).
    #[serde(rename = "worst_case_seconds", with = "seconds")]
    pub worst_case: Duration,
    pub met: bool,
    /// Acknowledged writes that are gone, whether or not the recovery point explains it; exact.
    pub lost: u64,
    #[serde(rename = "oldest_lost_age_seconds", with = "seconds::option")]
    pub oldest_lost_age: Option<Duration>,
    /// All of them, oldest first.
    pub lost_writes: Vec<LostWrite>,
    /// Writes that were on their way when the fault struck and never got a good answer: nobody promised anything, so they are never
    /// lost.
    pub in_flight: u64,
    /// Pages and uploads that were acknowledged after the fault had struck and are gone: beyond what an RPO, which looks back
    /// from the fault, can say.
    pub lost_meanwhile: u64,
    /// Deleted or revoked after the recovery point and therefore back: to be applied again by hand.
    pub came_back: Vec<String>,
}

/// An acknowledged write that is gone, by all that the ledger knows it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostWrite {
    pub drill: DrillTime,
    pub tenant: Tenant,
    pub writer: String,
    /// Counts up per tenant and writer.
    pub seq: u64,
    pub kind: WriteKind,
    /// Page title, file name or user name.
    pub key: String,
    /// What it is called in findings.
    pub item: String,
}

/// When a tenant did not answer right, between `t0` and the end of the prober, without declared maintenance.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Outage {
    #[serde(rename = "total_seconds", with = "seconds")]
    pub total: Duration,
    /// What of it the injection of the fault made, for tenants that it hits and for those that it does not.
    #[serde(rename = "injected_seconds", with = "seconds", default, skip_serializing_if = "Duration::is_zero")]
    pub injected: Duration,
    pub windows: Vec<Window>,
}

/// From the start of the first bad slot to the completion of the next good one of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub from: Mono,
    pub to: Mono,
}

/// Where the time of a recovery went: durations of the runbook's steps up to the recovery of this tenant.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Parts {
    #[serde(rename = "detection_seconds", with = "seconds")]
    pub detection: Duration,
    /// Declared, not measured: the allowances.
    #[serde(rename = "decision_seconds", with = "seconds")]
    pub decision: Duration,
    #[serde(rename = "provisioning_seconds", with = "seconds")]
    pub provisioning: Duration,
    #[serde(rename = "fetch_seconds", with = "seconds")]
    pub fetch: Duration,
    #[serde(rename = "restore_seconds", with = "seconds")]
    pub restore: Duration,
    #[serde(rename = "reindex_seconds", with = "seconds")]
    pub reindex: Duration,
    #[serde(rename = "switch_seconds", with = "seconds")]
    pub switch: Duration,
    #[serde(rename = "verification_seconds", with = "seconds")]
    pub verification: Duration,
    /// The rest of the machine's share.
    #[serde(rename = "other_seconds", with = "seconds")]
    pub other: Duration,
    /// Time of this tenant's own commands in the steps `fetch` and `restore` alone: what a restore tool would report.
    #[serde(rename = "restore_tool_seconds", with = "seconds")]
    pub restore_tool: Duration,
}

/// How much the prober looked at one tenant from `t0` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProbeCounts {
    pub light: u64,
    pub full: u64,
    pub bad: u64,
    pub missing: u64,
    /// Started more than half an interval late.
    pub late: u64,
}

/// What this drill says nothing about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotTested {
    /// The stack has no such surface.
    NotApplicable { check: Check, why: String },
    /// The scenario does not ask for it.
    NotRequested { check: Check },
    /// A part of a check that this stack gives no means for.
    NoMeans { check: Check, why: String },
    /// Files of the vaults whose encryption is taken on trust, because the stack declares so.
    DeclaredPlain { path: String, because: String },
    /// A table, or a column of one, that no fingerprint covers, because the stack declares so.
    DeclaredVolatile { table: String, because: String },
    /// What no drill on this test object shows.
    Limit(Limit),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// People deciding, alarming, finding passwords: declared, not measured.
    People,
    /// The datacenters of the drill stand side by side.
    Distance,
    /// Size and load of production.
    ProductionScale,
    /// Data of the drill was written by the drill.
    ProductionData,
    /// The images and configuration of production.
    ProductionConfiguration,
    /// Procurement and installation of hardware.
    Hardware,
    /// Disk encryption of the hosts.
    DiskEncryption,
    /// Contracts with providers.
    Contracts,
}

impl Limit {
    pub const ALL: [Self; 8] = [
        Self::People,
        Self::Distance,
        Self::ProductionScale,
        Self::ProductionData,
        Self::ProductionConfiguration,
        Self::Hardware,
        Self::DiskEncryption,
        Self::Contracts,
    ];
}

/// What the gate before the fault found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateResult {
    pub ready: bool,
    pub problems: Vec<String>,
}
