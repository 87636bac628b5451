//! The one object through which `drill` and `fault` touch the stack.

use super::command::CommandError;
use super::names::Names;
use super::printed::PrintedError;
use crate::engine::{Engine, EngineError, Id, Resource, ResourceKind};
use crate::ids::{Datacenter, StepName};
use crate::journal::{Event, Kind, Outcome, WriteError, Writer};
use crate::plan::{COMMANDS_AT_ONCE, NetworkKey, Plan, ServiceKey, ServicePlan};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Engine handles: one for each datacenter, and one for what belongs to none (front, link) and for the run as a whole.
#[derive(Clone)]
pub struct Handles {
    pub run: Arc<dyn Engine>,
    pub datacenters: BTreeMap<Datacenter, Arc<dyn Engine>>,
}

impl Handles {
    /// The handle of a datacenter; the run's own for what belongs to none.
    #[must_use]
    pub fn of(&self, datacenter: Option<&Datacenter>) -> &Arc<dyn Engine> {
        datacenter.and_then(|name| self.datacenters.get(name)).unwrap_or(&self.run)
    }
}

/// What failed while the stack was touched.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Journal(#[from] WriteError),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error("{at}: {source}")]
    Printed { at: ServiceKey, source: PrintedError },
    #[error("{0} is no service of this plan")]
    UnknownService(ServiceKey),
    #[error("{0} is not running")]
    NotRunning(ServiceKey),
    #[error("the secret {0} was not made: the operation `secrets` must write it")]
    NoSecret(PathBuf),
    #[error("the image {0} was not prepared")]
    NoImage(String),
    #[error("nothing was broken off: all commands had ended after {0:?}")]
    NotBrokenOff(Duration),
    #[error("cannot keep or read the checkpoint {path}: {why}")]
    Checkpoint { path: PathBuf, why: std::io::Error },
    #[error("{at}: the folder {folder} is not within one of its volumes")]
    NoVolume { at: ServiceKey, folder: String },
    #[error("{at} stopped with exit code {exit} instead of becoming healthy; its last lines: {tail}")]
    Stopped { at: ServiceKey, exit: i64, tail: String },
}

impl SiteError {
    /// Whether the operator's own command or service failed; everything else is a broken harness or engine.
    #[must_use]
    pub const fn is_the_operators(&self) -> bool {
        match self {
            Self::Command(_) | Self::Printed { .. } | Self::Stopped { .. } | Self::NoVolume { .. } => true,
            Self::Engine(error) => error.is_the_containers(),
            // The plan knows which services run by when: one that was never started is no crash.
            Self::Journal(_)
            | Self::UnknownService(_)
            | Self::NotRunning(_)
            | Self::NoSecret(_)
            | Self::NoImage(_)
            | Self::NotBrokenOff(_)
            | Self::Checkpoint { .. } => false,
        }
    }

    /// How a task ends that failed so.
    pub(super) fn outcome(&self) -> Outcome {
        let why = self.to_string();
        if self.is_the_operators() { Outcome::Failed { why } } else { Outcome::Broken { why } }
    }
}

/// The running stack of one run.
pub struct Site {
    pub(super) plan: Arc<Plan>,
    pub(super) journal: Writer,
    pub(super) names: Names,
    pub(super) handles: Handles,
    pub(super) stack_dir: PathBuf,
    pub(super) secrets: PathBuf,
    /// Where the last lines of containers go.
    pub(super) logs: PathBuf,
    pub(super) state: Mutex<State>,
    /// Engine calls that start containers, at once: more than the cores saturate the engine.
    pub(super) starts: Semaphore,
    /// Held while a volume is created.
    pub(super) volumes: tokio::sync::Mutex<()>,
    /// Commands at once.
    pub(super) commands: Semaphore,
    counter: AtomicU64,
}

#[derive(Default)]
pub(super) struct State {
    pub images: BTreeMap<String, String>,
    pub containers: BTreeMap<ServiceKey, Id>,
    pub networks: BTreeMap<NetworkKey, Id>,
    pub volumes: BTreeSet<String>,
    pub front: Option<SocketAddr>,
}

impl Site {
    #[must_use]
    pub fn new(
        plan: Arc<Plan>,
        journal: Writer,
        names: Names,
        handles: Handles,
        stack_dir: PathBuf,
        secrets: PathBuf,
        logs: PathBuf,
    ) -> Self {
        Self {
            plan,
            journal,
            names,
            handles,
            stack_dir,
            secrets,
            logs,
            state: Mutex::default(),
            starts: Semaphore::new(4),
            volumes: tokio::sync::Mutex::new(()),
            commands: Semaphore::new(COMMANDS_AT_ONCE),
            counter: AtomicU64::new(0),
        }
    }

    /// The images to run, by key of the plan.
    pub fn use_images(&self, images: BTreeMap<String, String>) {
        self.state().images = images;
    }

    /// Where the front door is published on the loopback address.
    #[must_use]
    pub fn front(&self) -> Option<SocketAddr> {
        self.state().front
    }

    #[must_use]
    pub const fn handles(&self) -> &Handles {
        &self.handles
    }

    #[must_use]
    pub const fn secrets(&self) -> &PathBuf {
        &self.secrets
    }

    /// The run's networks: one for each datacenter that has services, link and front.
    ///
    /// # Errors
    /// [`SiteError`] when the engine or the journal refuses.
    pub async fn create_networks(&self) -> Result<(), SiteError> {
        let keys: BTreeSet<NetworkKey> = self
            .plan
            .stack
            .services
            .iter()
            .flat_map(|service| service.networks.iter().map(|attachment| attachment.network.clone()))
            .collect();
        for key in keys {
            let (datacenter, internal) = match &key {
                NetworkKey::Datacenter(name) => (Some(name), true),
                NetworkKey::Link => (None, true),
                NetworkKey::Front => (None, false),
            };
            let name = self.names.network(&key);
            let id = self.handles.of(datacenter).create_network(&name, internal).await?;
            self.created(Kind::Network, &name, &id, datacenter.cloned(), None)?;
            self.state().networks.insert(key, id);
        }
        Ok(())
    }

    pub(super) fn service(&self, key: &ServiceKey) -> Result<&ServicePlan, SiteError> {
        let found = self.plan.stack.services.iter().find(|service| service.key == *key);
        found.ok_or_else(|| SiteError::UnknownService(key.clone()))
    }

    pub(super) fn container(&self, key: &ServiceKey) -> Result<Id, SiteError> {
        self.state().containers.get(key).cloned().ok_or_else(|| SiteError::NotRunning(key.clone()))
    }

    /// Counts on from the tasks of the run that this one continues.
    pub fn count_from(&self, number: u64) {
        self.counter.fetch_max(number, Ordering::Relaxed);
    }

    /// A number that no other task or job of this run has.
    pub(super) fn count(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// Journals a task before it begins; the number is for [`Site::task_ended`].
    pub(super) fn task_started(&self, step: &StepName, at: &ServiceKey, what: String) -> Result<u64, WriteError> {
        let task = self.count();
        self.journal.write(Event::TaskStarted { task, step: step.clone(), at: at.clone(), what })?;
        Ok(task)
    }

    pub(super) fn task_ended(
        &self,
        task: u64,
        outcome: Outcome,
        exit: Option<i64>,
        tail: String,
    ) -> Result<(), WriteError> {
        self.journal.write(Event::TaskEnded { task, outcome, exit, tail }).map(|_| ())
    }

    pub(super) fn created(
        &self,
        kind: Kind,
        name: &str,
        id: &Id,
        datacenter: Option<Datacenter>,
        tenant: Option<crate::ids::Tenant>,
    ) -> Result<(), WriteError> {
        let event = Event::Created { kind, name: name.to_owned(), id: id.0.clone(), datacenter, tenant };
        self.journal.write(event).map(|_| ())
    }

    pub(super) fn removed(&self, resource: &Resource, datacenter: Option<Datacenter>) -> Result<(), WriteError> {
        let kind = match resource.kind {
            ResourceKind::Container => Kind::Container,
            ResourceKind::Network => Kind::Network,
            ResourceKind::Volume => Kind::Volume,
        };
        let event = Event::Removed { kind, name: resource.name.clone(), id: resource.id.0.clone(), datacenter };
        self.journal.write(event).map(|_| ())
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
