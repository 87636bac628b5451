//! What a journal says, as values. Times are on the harness's monotonic clock unless they are called drill time.

use crate::clock::{DrillTime, Mono};
use crate::ids::{Datacenter, StepName, Tenant};
use crate::journal::{
    Claim, FingerprintOf, Item, Kind, Outcome, Print, ProbeKind, RunStarted, SideRestored, Snapshot, Surface, VaultHit,
    WriteInvoked, WriteKind, WriteResult,
};
use crate::plan::{Generation, Moment, Phase, Plan, ServiceKey};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Everything that happened in one run.
#[derive(Debug, Clone)]
pub struct Timeline<'a> {
    pub started: &'a RunStarted,
    /// Whether the last line of the journal was cut off.
    pub torn: bool,
    /// Time of the last entry.
    pub last: Mono,
    pub versions: BTreeMap<&'a str, &'a str>,
    pub clock: DrillClock,
    pub phases: BTreeMap<Phase, Span<'a>>,
    /// In the order in which they started.
    pub steps: Vec<StepRun<'a>>,
    pub tasks: Vec<Task<'a>>,
    pub notes: Vec<(Mono, &'a str)>,
    pub zero: Option<Zero>,
    /// One for each fault of the plan.
    pub faults: Vec<FaultRun<'a>>,
    pub detected: Option<Noticed>,
    pub declared: Vec<(&'a str, Duration)>,
    pub gate: Option<GateSaid<'a>>,
    /// The ledger, in the order of invocation.
    pub writes: Vec<Write<'a>>,
    /// In the order in which they were taken.
    pub generations: Vec<GenerationRun<'a>>,
    /// The last list of a vault for a tenant before `t0`.
    pub listed: BTreeMap<&'a Datacenter, BTreeMap<&'a Tenant, Listing<'a>>>,
    pub searches: Vec<VaultSearch<'a>>,
    pub key_trials: Vec<KeyTrial<'a>>,
    /// What the vaults listed after `t0`, the last time.
    pub listed_again: BTreeMap<&'a Datacenter, BTreeMap<&'a Tenant, Listing<'a>>>,
    /// Fingerprints out of band: state, tenant, name of the part.
    pub fingerprints: BTreeMap<FingerprintOf, BTreeMap<&'a Tenant, BTreeMap<&'a str, &'a Print>>>,
    /// Restores on the side, and how many files were left of each when it was removed.
    pub side_restores: Vec<(&'a SideRestored, Option<u64>)>,
    pub claims: BTreeMap<&'a Tenant, Vec<(Mono, &'a Claim)>>,
    pub probes: BTreeMap<&'a Tenant, Probes<'a>>,
    /// Declared maintenance; one that never ended lasts to the end of the journal.
    pub maintenance: Vec<(Mono, Option<Mono>)>,
    pub readbacks: BTreeMap<Moment, BTreeMap<&'a Tenant, Readback<'a>>>,
    pub resources: Vec<Resource<'a>>,
    /// Files with last lines of containers, in the run's folder `logs`.
    pub logs: BTreeSet<&'a str>,
    /// What carried the run's label after the teardown.
    pub leftovers: Option<&'a [String]>,
    pub key: Option<&'a str>,
    pub interrupted: Option<&'a str>,
    pub cut_short: Option<&'a str>,
    pub ended: Option<&'a Outcome>,
}

/// `t0`: the first injection call is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zero {
    pub seq: u64,
    pub mono: Mono,
    /// `None` if the drill clock was never set.
    pub drill: Option<DrillTime>,
}

/// The disaster was noticed; what was on its way until then had been given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noticed {
    pub seq: u64,
    pub mono: Mono,
}

/// The mapping from the monotonic clock to the drill clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrillClock(pub(super) Vec<ClockPoint>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClockPoint {
    pub mono: Mono,
    pub drill: DrillTime,
    pub running: bool,
}

impl DrillClock {
    /// Drill time at `mono`; `None` before the clock was first set.
    #[must_use]
    pub fn drill_at(&self, mono: Mono) -> Option<DrillTime> {
        let after = self.0.partition_point(|point| point.mono <= mono);
        let point = self.0.get(after.checked_sub(1)?)?;
        Some(if point.running { point.drill.plus(mono.since(point.mono)) } else { point.drill })
    }
}

/// Something that began, and perhaps ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<'a> {
    pub from: Mono,
    pub end: Option<(Mono, &'a Outcome)>,
}

impl Span<'_> {
    #[must_use]
    pub fn to(&self) -> Option<Mono> {
        self.end.map(|(mono, _)| mono)
    }

    #[must_use]
    pub fn is_done(&self) -> bool {
        self.end.is_some_and(|(_, outcome)| outcome.is_done())
    }
}

#[derive(Debug, Clone, Copy)]
pub struct StepRun<'a> {
    pub name: &'a StepName,
    pub span: Span<'a>,
}

/// A command, or the start or restart of a service, within a step.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    pub step: &'a StepName,
    pub at: &'a ServiceKey,
    pub what: &'a str,
    pub span: Span<'a>,
    pub exit: Option<i64>,
    pub tail: &'a str,
}

#[derive(Debug, Clone, Default)]
pub struct FaultRun<'a> {
    pub undo_planned: Option<&'a str>,
    pub targets: Option<&'a [String]>,
    pub injecting: Option<Mono>,
    pub confirmed: Option<(Mono, &'a str)>,
    pub unconfirmed: Option<&'a str>,
    pub undone: Option<&'a Outcome>,
}

#[derive(Debug, Clone, Copy)]
pub struct GateSaid<'a> {
    pub at: Mono,
    pub ready: bool,
    pub problems: &'a [String],
}

/// One line of the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Write<'a> {
    pub invoked: &'a WriteInvoked,
    /// Sequence number of the invocation in the journal: orders writes against everything else.
    pub seq: u64,
    pub at: Mono,
    /// That of `invoked`: asked of every write again and again.
    pub kind: WriteKind,
    /// What `ended` says.
    pub answer: Answer,
    pub ended: Option<WriteEnd<'a>>,
}

#[derive(Debug, Clone, Copy)]
pub struct WriteEnd<'a> {
    pub seq: u64,
    pub at: Mono,
    pub result: &'a WriteResult,
}

/// What the harness knows about a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Acknowledged,
    Refused,
    /// Unknown, or never answered.
    Unknown,
}

impl From<&WriteResult> for Answer {
    fn from(result: &WriteResult) -> Self {
        match result {
            WriteResult::Ok { .. } => Self::Acknowledged,
            WriteResult::Fail { .. } => Self::Refused,
            WriteResult::Info { .. } => Self::Unknown,
        }
    }
}

#[derive(Debug, Clone)]
pub struct GenerationRun<'a> {
    pub generation: Generation,
    /// Sequence numbers in the journal.
    pub from: u64,
    pub to: Option<u64>,
    /// Snapshot ids as the operator's tool reported them.
    pub snapshots: BTreeMap<&'a Tenant, &'a str>,
    pub bytes: u64,
}

#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    pub snapshots: &'a [Snapshot],
    pub readable: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct VaultSearch<'a> {
    pub at: Mono,
    pub vault: &'a Datacenter,
    pub files: u64,
    pub bytes: u64,
    pub hits: &'a [VaultHit],
}

#[derive(Debug, Clone, Copy)]
pub struct KeyTrial<'a> {
    pub at: Mono,
    pub tenant: &'a Tenant,
    pub key_of: &'a Tenant,
    pub opened: bool,
}

/// All looks of the prober at one tenant, by slot.
#[derive(Debug, Clone, Default)]
pub struct Probes<'a> {
    pub light: Vec<Slot<'a>>,
    pub full: Vec<Slot<'a>>,
}

impl<'a> Probes<'a> {
    #[must_use]
    pub fn of(&self, kind: ProbeKind) -> &[Slot<'a>] {
        match kind {
            ProbeKind::Light => &self.light,
            ProbeKind::Full => &self.full,
        }
    }
}

/// One look.
#[derive(Debug, Clone, Copy)]
pub struct Slot<'a> {
    pub slot: u64,
    pub intended: Mono,
    pub started: Mono,
    pub ended: Mono,
    pub bad: Option<&'a str>,
}

/// What was read back of one tenant at one moment.
#[derive(Debug, Clone)]
pub struct Readback<'a> {
    pub at: Mono,
    pub seq: u64,
    pub surfaces: BTreeMap<Surface, Reading<'a>>,
}

/// How a surface was read. A surface without an entry was never finished.
#[derive(Debug, Clone)]
pub enum Reading<'a> {
    /// `said` is the number that the enumeration announced.
    Items {
        items: Vec<&'a Item>,
        said: u64,
    },
    Failed(&'a str),
    Absent(&'a str),
}

/// A container, network or volume of the run.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    pub kind: Kind,
    pub name: &'a str,
    pub id: &'a str,
    pub datacenter: Option<&'a Datacenter>,
    pub tenant: Option<&'a Tenant>,
    pub created: Mono,
    pub removed: Option<Mono>,
}

impl<'a> Timeline<'a> {
    #[must_use]
    pub fn plan(&self) -> &'a Plan {
        &self.started.plan
    }

    /// Drill time at `mono`.
    #[must_use]
    pub fn drill_at(&self, mono: Mono) -> Option<DrillTime> {
        self.clock.drill_at(mono)
    }

    #[must_use]
    pub fn step(&self, name: &StepName) -> Option<&StepRun<'a>> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The items of a surface that was read completely.
    #[must_use]
    pub fn items(&self, moment: Moment, tenant: &Tenant, surface: Surface) -> Option<&[&'a Item]> {
        match self.reading(moment, tenant, surface)? {
            Reading::Items { items, .. } => Some(items),
            Reading::Failed(_) | Reading::Absent(_) => None,
        }
    }

    #[must_use]
    pub fn reading(&self, moment: Moment, tenant: &Tenant, surface: Surface) -> Option<&Reading<'a>> {
        self.readback(moment, tenant)?.surfaces.get(&surface)
    }

    #[must_use]
    pub fn readback(&self, moment: Moment, tenant: &Tenant) -> Option<&Readback<'a>> {
        self.readbacks.get(&moment)?.get(tenant)
    }

    /// What `vault` last listed for `tenant` before `t0`.
    #[must_use]
    pub fn listing(&self, vault: &Datacenter, tenant: &Tenant) -> Option<&Listing<'a>> {
        self.listed.get(vault)?.get(tenant)
    }

    /// The run of a planned generation, if it was taken.
    #[must_use]
    pub fn generation(&self, generation: Generation) -> Option<&GenerationRun<'a>> {
        self.generations.iter().find(|run| run.generation == generation)
    }

    /// Whether `[from, to]` touches declared maintenance.
    #[must_use]
    pub fn in_maintenance(&self, from: Mono, to: Mono) -> bool {
        self.maintenance.iter().any(|(began, ended)| *began <= to && ended.is_none_or(|ended| from <= ended))
    }
}
