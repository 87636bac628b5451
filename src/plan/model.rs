//! What a plan is: everything resolved, every default filled in, every target, address and deadline named.
//!
//! A plan is data. It is printed, hashed, put into the journal as the first event, and read back by `verdict` and `report`.
//! Same files, same seed, same bytes: no machine path, no time of day and no random number stands in it.

use super::stack_model::{Generation, ServiceKey, ServicePlan, StackPlan, Tag};
use super::step_model::{Action, Check, Phase, Step};
use crate::clock::DrillTime;
use crate::ids::{Datacenter, Tenant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Version of the plan's own shape.
pub const PLAN_VERSION: u32 = 1;

/// A text in the two languages of the reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    pub en: String,
    pub de: String,
}

/// A resolved drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub version: u32,
    /// Name of the scenario.
    pub name: String,
    pub title: Text,
    pub risks: Vec<String>,
    pub seed: u64,
    pub objectives: Objectives,
    /// The files that the plan was made from, with their hashes.
    pub inputs: Vec<Input>,
    pub stack: StackPlan,
    pub tenants: Vec<Tenant>,
    pub calendar: Calendar,
    pub workload: WorkloadPlan,
    pub probe: ProbePlan,
    pub faults: Vec<FaultPlan>,
    /// Tenants that the faults hit; the others must not notice anything.
    pub affected: Vec<Tenant>,
    pub detection: Detection,
    pub allowances: Vec<Allowance>,
    pub runbook: RunbookPlan,
    /// What the backup policy lets us expect, per tenant.
    pub prediction: BTreeMap<Tenant, Prediction>,
    pub checks: Vec<Check>,
    pub steps: Vec<Step>,
    /// A deliberately wrong drill. Its steps stand among the others; no check looks at this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sabotage: Option<SabotagePlan>,
}

/// A deliberately wrong recovery, and what a drill must find of it: any of these codes, at that tenant if one is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SabotagePlan {
    pub name: String,
    pub title: Text,
    /// What is done wrong, in the words of the plan.
    pub does: String,
    pub victim: Tenant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harness: Option<HarnessSabotage>,
    pub findings: Vec<String>,
    pub reasons: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Tenant>,
    /// Whom it touches besides: nobody but these two may be blamed for what was read back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<Tenant>,
}

/// How the verifier itself is turned: it says that it did what it did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HarnessSabotage {
    /// After the recovery nothing is looked at, and that is called all there is.
    ReadNothing,
    /// The fault is called confirmed and never happens.
    FaultVoid,
    /// The fault is called confirmed and leaves the tenants' services running.
    FaultHalf,
    /// The tenants have not written for hours when the fault comes.
    WorkloadStalled,
}

/// Success criteria, fixed before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objectives {
    #[serde(with = "humantime_serde")]
    pub rto: Duration,
    #[serde(with = "humantime_serde")]
    pub rpo: Duration,
    /// Regression gate on the machine's share of the recovery alone.
    #[serde(default, with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    pub machine: Option<Duration>,
}

/// A file that the plan was made from; `path` is relative to the scenario file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    pub path: PathBuf,
    pub sha256: String,
}

/// The simulated life before the disaster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    pub begins: DrillTime,
    pub disaster: DrillTime,
    /// Generations that are really taken, in order of time.
    pub generations: Vec<Generation>,
    /// How many the policy would have taken in the same span.
    pub scheduled: usize,
    /// What retention must leave in the primary's vault when the disaster strikes.
    pub vault_keeps: Vec<Generation>,
    /// What the mirror must hold when the disaster strikes.
    pub mirror_keeps: Vec<Generation>,
    /// The largest loss that the schedule allows for the runbook's source, whenever the disaster comes.
    pub worst_case_rpo_seconds: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadPlan {
    /// Writes per tenant and generation.
    pub writes: u32,
    /// Pages of the baseline, per tenant.
    pub pages: u32,
    /// Uploads of the baseline, per tenant.
    pub uploads: u32,
    /// Whether each tenant has an upload of 20 MiB besides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub large_upload: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbePlan {
    #[serde(with = "humantime_serde")]
    pub light: Duration,
    #[serde(with = "humantime_serde")]
    pub full: Duration,
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Good full probes in a row that a recovery must sustain.
    pub sustain: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultPlan {
    DatacenterLoss {
        datacenter: Datacenter,
    },
    TenantDeleted {
        tenant: Tenant,
    },
    /// Pages of one tenant's tables are damaged while the server that all tenants share is down.
    DatabaseCorruption {
        tenant: Tenant,
        server: ServiceKey,
        /// Restarted afterwards: what they remember would hide the damage.
        caches: Vec<ServiceKey>,
    },
    /// An `UPDATE` without `WHERE`: texts of one tenant are replaced, and every tool calls the database whole.
    RowsOverwritten {
        tenant: Tenant,
        /// As above.
        caches: Vec<ServiceKey>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detection {
    /// The prober notices: that many bad light probes in a row of one affected tenant.
    Probe {
        bad: u32,
        #[serde(with = "humantime_serde")]
        deadline: Duration,
    },
    /// The stack's own integrity job notices: run at once, and then that often.
    Monitor {
        #[serde(with = "humantime_serde")]
        every: Duration,
        #[serde(with = "humantime_serde")]
        deadline: Duration,
    },
    /// The harness knows at once.
    Oracle,
    /// Declared: counted as if it had passed, and lived through on the drill clock.
    Fixed {
        #[serde(with = "humantime_serde")]
        after: Duration,
    },
}

/// Declared time for what a drill cannot do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    #[serde(rename = "for")]
    pub what: String,
    #[serde(with = "humantime_serde")]
    pub takes: Duration,
}

/// What the runbook promises to bring back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunbookPlan {
    pub name: String,
    pub title: Text,
    /// Datacenter whose vault is restored from.
    pub from: Datacenter,
    pub tag: Tag,
    pub sha256: String,
}

/// The expected recovery point of one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prediction {
    /// The fault does not touch this tenant: every acknowledged write survives.
    Untouched,
    /// This generation is the newest that the fault leaves.
    Generation(Generation),
    /// No backup reaches back far enough.
    Beyond,
}

impl Detection {
    /// How long nobody notices, if that is declared.
    #[must_use]
    pub const fn declared(&self) -> Option<Duration> {
        match self {
            Self::Fixed { after } => Some(*after),
            Self::Probe { .. } | Self::Monitor { .. } | Self::Oracle => None,
        }
    }

    /// When a disaster is noticed, on the drill clock, as far as that is known before.
    #[must_use]
    pub fn noticed(&self, disaster: DrillTime) -> DrillTime {
        disaster.plus(self.declared().unwrap_or_default())
    }
}

/// Whether these faults leave nothing of a tenant that could be backed up.
#[must_use]
pub fn stop_backups_of(faults: &[FaultPlan], tenant: &Tenant) -> bool {
    faults.iter().any(|fault| fault.hits(tenant) && !fault.gets_into_backups())
}

impl HarnessSabotage {
    /// The first phase that goes another way because of it.
    #[must_use]
    pub const fn acts_from(self) -> Phase {
        match self {
            Self::WorkloadStalled => Phase::History,
            Self::FaultVoid | Self::FaultHalf => Phase::Fault,
            Self::ReadNothing => Phase::Verify,
        }
    }
}

impl FaultPlan {
    /// The kind, as it is typed in scenarios.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::DatacenterLoss { .. } => "datacenter-loss",
            Self::TenantDeleted { .. } => "tenant-deleted",
            Self::DatabaseCorruption { .. } => "database-corruption",
            Self::RowsOverwritten { .. } => "rows-overwritten",
        }
    }

    /// Whether the injection itself takes something away for a while that all tenants share: until its step ends, nobody's outage
    /// is the recovery's doing.
    #[must_use]
    pub fn stops_what_is_shared(&self) -> bool {
        match self {
            Self::DatacenterLoss { .. } | Self::TenantDeleted { .. } => false,
            Self::DatabaseCorruption { .. } => true,
            Self::RowsOverwritten { caches, .. } => caches.iter().any(|cache| cache.tenant.is_none()),
        }
    }

    /// Whether it does something to this tenant's data.
    #[must_use]
    pub fn hits(&self, whom: &Tenant) -> bool {
        match self {
            Self::DatacenterLoss { .. } => true,
            Self::TenantDeleted { tenant }
            | Self::DatabaseCorruption { tenant, .. }
            | Self::RowsOverwritten { tenant, .. } => tenant == whom,
        }
    }

    /// Whether the backups of whom it hits succeed after it, and carry what it did: restored, they bring it back.
    #[must_use]
    pub const fn gets_into_backups(&self) -> bool {
        match self {
            Self::RowsOverwritten { .. } => true,
            Self::DatacenterLoss { .. } | Self::TenantDeleted { .. } | Self::DatabaseCorruption { .. } => false,
        }
    }
}

impl Plan {
    /// The generations that are taken between the fault and its detection, in order.
    pub fn unnoticed(&self) -> impl DoubleEndedIterator<Item = Generation> {
        self.steps.iter().filter(|step| step.phase == Phase::Detect).filter_map(|step| match &step.action {
            Action::Backup { generation, .. } => Some(*generation),
            _ => None,
        })
    }

    /// Whether a drill by this plan is the same as one by `other` until `steps` of them are done.
    #[must_use]
    pub fn same_until(&self, other: &Self, steps: usize) -> bool {
        let past = |plan: &Self| {
            let steps: Vec<Step> = plan.steps.iter().take(steps).cloned().collect();
            Self { steps, sabotage: None, inputs: Vec::new(), ..plan.clone() }
        };
        // One of them may have been made from further files, which say what is wrong later on.
        let within = |one: &Self, all: &Self| one.inputs.iter().all(|input| all.inputs.contains(input));
        let files = within(self, other) || within(other, self);
        let next = self.steps.get(steps).map_or(Phase::Evidence, |step| step.phase);
        let turned = [self, other].into_iter().filter_map(|plan| plan.sabotage.as_ref()?.harness);
        files && turned.into_iter().all(|how| how.acts_from() >= next) && past(self) == past(other)
    }

    /// Services that run in the mirror datacenter before any disaster.
    pub fn standby(&self) -> impl Iterator<Item = &ServicePlan> {
        let started = self.steps.iter().filter(|step| step.phase == Phase::Start).flat_map(|step| match &step.action {
            Action::Start { services } => services.as_slice(),
            _ => &[],
        });
        let keys: Vec<&ServiceKey> =
            started.filter(|key| key.datacenter.as_ref() == Some(&self.stack.mirror)).collect();
        self.stack.services.iter().filter(move |service| keys.contains(&&service.key))
    }
}
