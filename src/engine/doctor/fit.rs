//! What a plan needs at its busiest moment, computed from its steps.

use crate::ids::Datacenter;
use crate::plan::{Action, Command, FaultPlan, Plan, ServiceKey, ServicePlan};
use std::collections::{BTreeMap, BTreeSet};

/// The busiest moment of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peak {
    /// Sum of the memory limits of all that runs at once, in bytes.
    pub memory: u64,
    /// How many containers that is.
    pub containers: usize,
    /// Step at which it is reached.
    pub step: String,
    /// Services that run without a limit: the sum says nothing about them.
    pub unlimited: BTreeSet<ServiceKey>,
}

/// Follows the steps: what starts runs until a fault takes its datacenter; one-shots run as long as their step.
#[must_use]
pub fn peak(plan: &Plan) -> Peak {
    let services: BTreeMap<&ServiceKey, &ServicePlan> =
        plan.stack.services.iter().map(|service| (&service.key, service)).collect();
    let mut running: BTreeSet<&ServiceKey> = BTreeSet::new();
    let mut peak = Peak::default();
    for step in &plan.steps {
        let mut jobs: Vec<&ServiceKey> = Vec::new();
        match &step.action {
            Action::Start { services } => running.extend(services),
            Action::Fault { index } => match plan.faults.get(*index) {
                Some(FaultPlan::DatacenterLoss { datacenter }) => running.retain(|key| !is_in(key, datacenter)),
                // While the server is down its place is taken by one-shots, which need less.
                Some(
                    FaultPlan::TenantDeleted { .. }
                    | FaultPlan::DatabaseCorruption { .. }
                    | FaultPlan::RowsOverwritten { .. },
                )
                | None => {}
            },
            Action::Run { commands }
            | Action::BreakOff { commands, .. }
            | Action::Sabotage { commands }
            | Action::Backup { commands, .. }
            | Action::Fingerprint { commands, .. }
            | Action::Mirror { commands }
            | Action::Retention { commands, .. }
            | Action::Snapshots { commands, .. }
            | Action::Encryption { commands, .. } => {
                jobs.extend(commands.iter().filter_map(|command| job(command, &services)));
            }
            Action::SideRestore { restore, remove, .. } => {
                jobs.extend(restore.iter().chain(remove).filter_map(|command| job(command, &services)));
            }
            Action::Images
            | Action::Secrets
            | Action::Networks
            | Action::Restart { .. }
            | Action::Baseline
            | Action::Write { .. }
            | Action::Probe
            | Action::Gate
            | Action::Detect
            | Action::Decide
            | Action::WaitFront
            | Action::Readback { .. }
            | Action::Sustain
            | Action::Soak { .. }
            | Action::ProbeEnd => {}
        }
        let now: Vec<&ServiceKey> = running.iter().copied().chain(jobs).collect();
        let mut memory = 0_u64;
        for key in &now {
            match services.get(key).and_then(|service| service.memory) {
                Some(limit) => memory = memory.saturating_add(limit),
                None => {
                    peak.unlimited.insert((*key).clone());
                }
            }
        }
        if memory > peak.memory {
            peak.memory = memory;
            peak.step = step.name.to_string();
        }
        peak.containers = peak.containers.max(now.len());
    }
    peak
}

fn is_in(key: &ServiceKey, datacenter: &Datacenter) -> bool {
    key.datacenter.as_ref() == Some(datacenter)
}

/// The service that a command starts a container for; `None` when it is an exec.
fn job<'a>(command: &'a Command, services: &BTreeMap<&ServiceKey, &ServicePlan>) -> Option<&'a ServiceKey> {
    services.get(&command.at).is_some_and(|service| service.job).then_some(&command.at)
}
