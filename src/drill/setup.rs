//! What a drill is given.

use super::Checkpoint;
use crate::engine::EngineError;
use crate::ids::{RunId, StepName};
use crate::journal::{RunStarted, Writer};
use crate::ledger::RunKey;
use crate::plan::Plan;
use crate::stack::{Handles, Site, SiteError};
use crate::workload::Driver;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What is kept after the drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Never,
    OnFailure,
    Always,
}

/// Bounds of a run beside its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Stop after this step.
    pub until: Option<StepName>,
    /// When it is reached, freeze the stack into this folder, which does not exist yet.
    pub freeze: Option<PathBuf>,
    /// Time for undo and teardown.
    pub teardown: Duration,
}

/// What the gate decided from the journal so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateAnswer {
    pub ready: bool,
    pub problems: Vec<String>,
}

/// When a drill has shown what it was to show; asked once everything was read back after its recovery.
#[derive(Clone)]
pub struct Enough {
    /// Judges the journal so far.
    pub is: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Why the drill ends then, for the journal.
    pub why: String,
}

/// How the drill reaches what it cannot make itself: images and the application.
#[async_trait]
pub trait Connect: Send + Sync {
    /// Makes every image of the plan available: image key to the name to run, and versions for the journal.
    async fn images(&self, plan: &Plan) -> Result<(BTreeMap<String, String>, BTreeMap<String, String>), EngineError>;
    /// The application driver, once the front is published; it gives up a request after `timeout`.
    async fn driver(&self, plan: &Plan, site: &Site, timeout: Duration) -> Result<Arc<dyn Driver>, SiteError>;
}

/// Everything that a drill needs.
pub struct Setup {
    pub plan: Arc<Plan>,
    pub run: RunId,
    /// Where the drill goes on from; `None`: it begins at its first step.
    pub after: Option<Arc<Checkpoint>>,
    /// The first event of the journal.
    pub started: RunStarted,
    pub journal: Writer,
    pub key: RunKey,
    pub handles: Handles,
    /// Absolute folder of the stack.
    pub stack_dir: PathBuf,
    /// Absolute folder for the run's secrets.
    pub secrets: PathBuf,
    /// Folder for the last lines of containers, beside the journal.
    pub logs: PathBuf,
    pub connect: Arc<dyn Connect>,
    /// Judges the journal so far.
    pub gate: Arc<dyn Fn() -> GateAnswer + Send + Sync>,
    /// `None`: it goes on to its end.
    pub enough: Option<Enough>,
    pub limits: Limits,
    /// Says who cancelled the token.
    pub interrupted_by: Arc<dyn Fn() -> String + Send + Sync>,
    /// Cancelled by a signal or the run's deadline.
    pub token: CancellationToken,
}
