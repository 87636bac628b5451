//! The named steps of a drill, in their order. Every command in them is written out: what the plan shows is what runs.

use super::calendar::Every;
use super::commands::Commands;
use super::history;
use super::protection;
use super::recovery;
use super::{
    Action, Calendar, Check, Command, Detection, FaultPlan, Moment, Operation, Phase, Policy, ProbePlan, ServiceKey,
    Step, Volatile,
};
use crate::clock::DrillTime;
use crate::ids::{Datacenter, StepName};
use crate::scenario::compose::Scope;
use crate::scenario::{Deadlines, Reading, Runbook, Word};
use std::collections::BTreeSet;
use std::time::Duration;

/// Commands of one step that run at once, so that they do not starve each other; the others wait for their turn.
pub const COMMANDS_AT_ONCE: usize = 6;

const SHORT: Duration = Duration::from_secs(30);
/// Grace over the deadline of the slowest command of a step.
const GRACE: Duration = Duration::from_secs(15);

/// All that steps are made from.
pub struct Outline<'o> {
    pub commands: &'o Commands<'o>,
    pub calendar: &'o Calendar,
    pub policy: &'o Policy,
    pub every: Every,
    pub faults: &'o [FaultPlan],
    pub detection: &'o Detection,
    pub probe: &'o ProbePlan,
    pub soak: Duration,
    pub checks: &'o [Check],
    pub volatile: &'o [Volatile],
    pub runbook: &'o Runbook,
    pub standby: &'o [Word],
    pub deadlines: &'o Deadlines,
}

/// Steps in the making.
#[derive(Default)]
pub struct Steps {
    pub steps: Vec<Step>,
    names: BTreeSet<String>,
}

impl Steps {
    /// Adds a step; a name that is taken gets a number.
    pub fn add(&mut self, phase: Phase, name: &str, deadline: Duration, action: Action) {
        let plain = format!("{}/{name}", phase.name());
        let mut name = plain.clone();
        let mut number = 2;
        while !self.names.insert(name.clone()) {
            name = format!("{plain}-{number}");
            number += 1;
        }
        self.steps.push(Step { name: StepName(name), phase, part: None, deadline, action });
    }

    pub fn has(&self, phase: Phase, name: &str) -> bool {
        self.names.contains(&format!("{}/{name}", phase.name()))
    }
}

/// How long commands may take that run side by side: with many tenants they go in waves, each as long as its slowest.
pub fn longest(commands: &[Command]) -> Duration {
    let slowest = commands.iter().map(|command| command.deadline).max().unwrap_or(SHORT);
    let waves = u32::try_from(commands.len().div_ceil(COMMANDS_AT_ONCE).max(1)).unwrap_or(u32::MAX);
    slowest.saturating_mul(waves).saturating_add(GRACE)
}

impl Outline<'_> {
    pub fn steps(&self, reading: &mut Reading) -> Vec<Step> {
        let mut steps = Steps::default();
        let mut running = self.first_services(reading);
        self.prepare(&mut steps, &running, reading);
        history::before(self, &mut steps, reading);
        self.steady(&mut steps, reading);
        self.fault(&mut steps, &mut running);
        self.detect(&mut steps, reading);
        recovery::recover(self, &mut steps, &mut running, reading);
        self.verify(&mut steps, reading);
        self.restart(&mut steps, &running, reading);
        self.soak(&mut steps, &running, reading);
        steps.steps
    }

    pub fn primary(&self) -> &Datacenter {
        &self.commands.places.primary
    }

    /// The datacenter that serves after the recovery.
    pub fn survivor(&self) -> &Datacenter {
        let places = self.commands.places;
        if self.lost(&places.primary) { &places.mirror } else { &places.primary }
    }

    /// Front, the primary's shared services and tenants', and what the mirror has on standby.
    fn first_services(&self, reading: &mut Reading) -> BTreeSet<ServiceKey> {
        let mut standby = BTreeSet::new();
        for word in self.standby {
            let Some((service, known)) = self.commands.instances.find(word, reading) else { continue };
            if known.scope != Scope::Shared || known.job {
                let hint = "only what runs once per datacenter can stand by";
                reading.advise(word.at, format!("`{service}` is no shared service"), hint);
            }
            standby.insert(service);
        }
        let services = self.commands.instances.services.values().filter(|service| !service.job);
        let first = services.filter(|service| match &service.key.datacenter {
            None => true,
            Some(datacenter) if datacenter == self.primary() => true,
            Some(_) => service.key.tenant.is_none() && standby.contains(&service.key.service),
        });
        first.map(|service| service.key.clone()).collect()
    }

    fn prepare(&self, steps: &mut Steps, first: &BTreeSet<ServiceKey>, reading: &mut Reading) {
        let deadlines = self.deadlines;
        let operation =
            |operation, reading: &mut Reading| self.commands.operation(operation, self.primary(), &[], reading);
        let secrets = operation(Operation::Secrets, reading);
        steps.add(Phase::Prepare, "images", deadlines.images, Action::Images);
        steps.add(Phase::Prepare, "networks", 2 * SHORT, Action::Networks);
        steps.add(Phase::Prepare, "secrets", longest(&secrets), Action::Secrets);
        let services = first.iter().cloned().collect();
        steps.add(Phase::Start, "services", deadlines.start, Action::Start { services });
        let commands = operation(Operation::Install, reading);
        if !commands.is_empty() {
            steps.add(Phase::Start, "install", longest(&commands), Action::Run { commands });
        }
        steps.add(Phase::Baseline, "corpus", deadlines.baseline, Action::Baseline);
        self.reindex(steps, Phase::Baseline, reading);
    }

    fn reindex(&self, steps: &mut Steps, phase: Phase, reading: &mut Reading) {
        let commands = self.commands.operation(Operation::Reindex, self.primary(), &[], reading);
        if !commands.is_empty() {
            steps.add(phase, "reindex", longest(&commands), Action::Run { commands });
        }
    }

    fn steady(&self, steps: &mut Steps, reading: &mut Reading) {
        for vault in self.commands.places.used() {
            let more = [("VAULT", vault.as_str())];
            let commands = self.commands.operation(Operation::Snapshots, self.primary(), &more, reading);
            let deadline = longest(&commands);
            let action = Action::Snapshots { vault: vault.clone(), commands };
            steps.add(Phase::Steady, &format!("snapshots-{vault}"), deadline, action);
        }
        let vaults = self.commands.places.used().map(Clone::clone).to_vec();
        self.encryption(steps, Phase::Steady, vaults, self.primary(), reading);
        self.reindex(steps, Phase::Steady, reading);
        let readback = Action::Readback { moment: Moment::Steady };
        steps.add(Phase::Steady, "readback", self.deadlines.readback, readback);
        self.add_fingerprint(steps, (Phase::Steady, Moment::Steady), self.primary(), reading);
        steps.add(Phase::Steady, "probe", 2 * SHORT, Action::Probe);
        steps.add(Phase::Steady, "gate", self.deadlines.gate, Action::Gate);
    }

    fn encryption(
        &self,
        steps: &mut Steps,
        phase: Phase,
        vaults: Vec<Datacenter>,
        at: &Datacenter,
        reading: &mut Reading,
    ) {
        let mut commands = Vec::new();
        for vault in &vaults {
            commands.extend(self.commands.key_trial(vault.as_str(), at, reading));
        }
        let deadline = self.deadlines.encryption.max(longest(&commands));
        steps.add(phase, "encryption", deadline, Action::Encryption { vaults, commands });
    }

    fn fault(&self, steps: &mut Steps, running: &mut BTreeSet<ServiceKey>) {
        for (index, fault) in self.faults.iter().enumerate() {
            if let FaultPlan::DatacenterLoss { datacenter } = fault {
                running.retain(|key| key.datacenter.as_ref() != Some(datacenter));
            }
            steps.add(Phase::Fault, fault.name(), self.deadlines.fault, Action::Fault { index });
        }
    }

    fn detect(&self, steps: &mut Steps, reading: &mut Reading) {
        history::unnoticed(self, steps, reading);
        let detect = match self.detection {
            Detection::Probe { deadline, .. } | Detection::Monitor { deadline, .. } => *deadline,
            Detection::Oracle | Detection::Fixed { .. } => SHORT,
        };
        steps.add(Phase::Detect, "notice", detect, Action::Detect);
        steps.add(Phase::Decide, "declare", SHORT, Action::Decide);
    }

    /// When the disaster is noticed, on the drill clock.
    pub fn noticed(&self) -> DrillTime {
        self.detection.noticed(self.calendar.disaster)
    }

    /// Whether this datacenter is gone after the faults.
    pub fn lost(&self, datacenter: &Datacenter) -> bool {
        self.faults.iter().any(|fault| match fault {
            FaultPlan::DatacenterLoss { datacenter: lost } => lost == datacenter,
            FaultPlan::TenantDeleted { .. }
            | FaultPlan::DatabaseCorruption { .. }
            | FaultPlan::RowsOverwritten { .. } => false,
        })
    }

    fn verify(&self, steps: &mut Steps, reading: &mut Reading) {
        let left: Vec<Datacenter> =
            self.commands.places.used().into_iter().filter(|place| !self.lost(place)).cloned().collect();
        self.add_fingerprint(steps, (Phase::Verify, Moment::Health), self.survivor(), reading);
        let readback = Action::Readback { moment: Moment::Health };
        steps.add(Phase::Verify, "readback", self.deadlines.readback, readback);
        if let Some(at) = left.first().cloned() {
            self.encryption(steps, Phase::Verify, left, &at, reading);
        }
        let sustain = self.deadlines.sustain + self.probe.full * self.probe.sustain;
        steps.add(Phase::Verify, "sustain", sustain, Action::Sustain);
    }

    fn restart(&self, steps: &mut Steps, running: &BTreeSet<ServiceKey>, reading: &mut Reading) {
        let services = running.iter().cloned().collect();
        let readback = Action::Readback { moment: Moment::Restart };
        steps.add(Phase::Restart, "services", self.deadlines.start, Action::Restart { services });
        steps.add(Phase::Restart, "front-answers", self.deadlines.front, Action::WaitFront);
        self.add_fingerprint(steps, (Phase::Restart, Moment::Restart), self.survivor(), reading);
        steps.add(Phase::Restart, "readback", self.deadlines.readback, readback);
        // The prober must have seen it after the declared maintenance, too: every tenant, as a user does.
        steps.add(Phase::Restart, "front-stays", self.deadlines.front, Action::WaitFront);
    }

    /// Users go on, and nothing may change or fail any more. Then the system is protected again, which no measurement sees;
    /// the last readback comes after all of it.
    fn soak(&self, steps: &mut Steps, running: &BTreeSet<ServiceKey>, reading: &mut Reading) {
        let readback = Action::Readback { moment: Moment::Soak };
        steps.add(Phase::Soak, "watch", self.soak + GRACE, Action::Soak { takes: self.soak });
        steps.add(Phase::Soak, "probe-end", SHORT, Action::ProbeEnd);
        if self.checks.contains(&Check::ProtectedAgain) {
            protection::protect(self, steps, running, reading);
        }
        self.add_fingerprint(steps, (Phase::Soak, Moment::Soak), self.survivor(), reading);
        steps.add(Phase::Soak, "readback", self.deadlines.readback, readback);
    }
}

/// A moment as it stands in names of steps: `2026-01-12T13-00`.
pub fn stamp(time: DrillTime) -> String {
    time.to_string().get(..16).unwrap_or_default().replace(':', "-")
}
