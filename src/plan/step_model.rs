//! The steps of a plan: phases, what each step does, and what is checked.

use super::stack_model::{Command, Generation, ServiceKey};
use crate::clock::DrillTime;
use crate::ids::{Datacenter, StepName};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is checked; names as in the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    Data,
    Files,
    Permissions,
    Isolation,
    Search,
    Pdf,
    Retention,
    Mirror,
    Encryption,
    Residency,
    Restart,
    ProtectedAgain,
    OutOfBand,
}

impl Check {
    pub const ALL: [Self; 13] = [
        Self::Data,
        Self::Files,
        Self::Permissions,
        Self::Isolation,
        Self::Search,
        Self::Pdf,
        Self::Retention,
        Self::Mirror,
        Self::Encryption,
        Self::Residency,
        Self::Restart,
        Self::ProtectedAgain,
        Self::OutOfBand,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Files => "files",
            Self::Permissions => "permissions",
            Self::Isolation => "isolation",
            Self::Search => "search",
            Self::Pdf => "pdf",
            Self::Retention => "retention",
            Self::Mirror => "mirror",
            Self::Encryption => "encryption",
            Self::Residency => "residency",
            Self::Restart => "restart",
            Self::ProtectedAgain => "protected-again",
            Self::OutOfBand => "out-of-band",
        }
    }
}

/// The phases of a drill, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Prepare,
    Start,
    Baseline,
    History,
    Steady,
    Fault,
    Detect,
    Decide,
    Recover,
    Verify,
    Restart,
    Soak,
    Teardown,
    Evidence,
}

impl Phase {
    pub const ALL: [Self; 14] = [
        Self::Prepare,
        Self::Start,
        Self::Baseline,
        Self::History,
        Self::Steady,
        Self::Fault,
        Self::Detect,
        Self::Decide,
        Self::Recover,
        Self::Verify,
        Self::Restart,
        Self::Soak,
        Self::Teardown,
        Self::Evidence,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Start => "start",
            Self::Baseline => "baseline",
            Self::History => "history",
            Self::Steady => "steady",
            Self::Fault => "fault",
            Self::Detect => "detect",
            Self::Decide => "decide",
            Self::Recover => "recover",
            Self::Verify => "verify",
            Self::Restart => "restart",
            Self::Soak => "soak",
            Self::Teardown => "teardown",
            Self::Evidence => "evidence",
        }
    }

    /// Whether the recovery is on trial: what its operator's system fails at is a result of the drill. In all other phases
    /// a failure means that the drill could not be carried out.
    #[must_use]
    pub const fn tries_the_recovery(self) -> bool {
        match self {
            Self::Recover | Self::Verify | Self::Restart | Self::Soak => true,
            Self::Prepare
            | Self::Start
            | Self::Baseline
            | Self::History
            | Self::Steady
            | Self::Fault
            | Self::Detect
            | Self::Decide
            | Self::Teardown
            | Self::Evidence => false,
        }
    }
}

/// The part of the RTO that a runbook step counts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Provisioning,
    Fetch,
    Restore,
    Reindex,
    Switch,
    Verification,
}

/// A named step; things can be hooked before and after each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub name: StepName,
    pub phase: Phase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    #[serde(with = "humantime_serde")]
    pub deadline: Duration,
    pub action: Action,
}

impl Step {
    /// Whether the recovered system is protected again by this. What it fails at is for the check to say; the drill goes on.
    #[must_use]
    pub const fn protects(&self) -> bool {
        let backs_up = matches!(
            self.action,
            Action::Backup { .. } | Action::Mirror { .. } | Action::Snapshots { .. } | Action::SideRestore { .. }
        );
        backs_up && matches!(self.phase, Phase::Soak)
    }
}

/// Which readback: one before the fault, three after the recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// Before anything is broken.
    Steady,
    /// When the recovered system is healthy.
    Health,
    /// After the restart of the recovered stack.
    Restart,
    /// At the end of the soak.
    Soak,
}

impl Moment {
    pub const ALL: [Self; 4] = [Self::Steady, Self::Health, Self::Restart, Self::Soak];
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Base image, pulls and builds.
    Images,
    /// Secrets of this run, made by the stack's own command.
    Secrets,
    /// The run's networks and volumes.
    Networks,
    /// Create and start containers and wait until they are healthy.
    Start {
        services: Vec<ServiceKey>,
    },
    /// Restart containers and wait until they are healthy.
    Restart {
        services: Vec<ServiceKey>,
    },
    /// Run commands side by side: an operation or a step of the runbook.
    Run {
        commands: Vec<Command>,
    },
    /// Begin the commands, kill the containers that carry them out `after` some time, and let these come back: the first try of
    /// a step that will be repeated.
    BreakOff {
        commands: Vec<Command>,
        #[serde(with = "humantime_serde")]
        after: Duration,
    },
    /// Do what a right recovery would not do.
    Sabotage {
        commands: Vec<Command>,
    },
    /// Write the baseline corpus through the application driver.
    Baseline,
    /// Move the drill clock to shortly before a generation (or the disaster) and write.
    Write {
        before: DrillTime,
    },
    /// Take one generation, and beside it the fingerprints of what is backed up: nobody writes meanwhile.
    Backup {
        generation: Generation,
        commands: Vec<Command>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fingerprint: Vec<Command>,
    },
    /// Take the fingerprints of all tenants.
    Fingerprint {
        moment: Moment,
        commands: Vec<Command>,
    },
    /// Push the dailies taken so far to the mirror.
    Mirror {
        commands: Vec<Command>,
    },
    /// Apply the retention of one vault.
    Retention {
        vault: Datacenter,
        commands: Vec<Command>,
    },
    /// List what a vault holds and read all of it.
    Snapshots {
        vault: Datacenter,
        commands: Vec<Command>,
    },
    /// Restore one tenant from a vault into a folder on the side, look what lies there, and remove it.
    SideRestore {
        vault: Datacenter,
        restore: Vec<Command>,
        remove: Vec<Command>,
    },
    /// Search the bytes of a vault for what must not be there, try foreign keys.
    Encryption {
        vaults: Vec<Datacenter>,
        commands: Vec<Command>,
    },
    /// Start the prober.
    Probe,
    /// Probes and checks must be green before anything is broken.
    Gate,
    /// Inject a fault and confirm it: index into [`Plan::faults`].
    Fault {
        index: usize,
    },
    Detect,
    Decide,
    /// Until the front door answers right for every affected tenant.
    WaitFront,
    /// Read back everything.
    Readback {
        moment: Moment,
    },
    /// Until every tenant has sustained enough good full probes.
    Sustain,
    /// Leave the recovered system to itself and to its users.
    Soak {
        #[serde(with = "humantime_serde")]
        takes: Duration,
    },
    /// End the prober.
    ProbeEnd,
}
