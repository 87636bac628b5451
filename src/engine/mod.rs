//! The only door to containers.
//!
//! [`Engine`] is the trait; `docker` is the real one, `fake` an in-memory one for tests of order, undo and cancellation.
//! An engine handle is obtained per datacenter and knows the run it works for: every mutating call takes an id, and one
//! place (`guard`) refuses what does not carry this run's label.

pub mod docker;
pub mod doctor;
pub mod fake;
mod guard;
pub mod images;
pub mod sweep;

pub use docker::DockerEngine;
pub use fake::FakeEngine;

use crate::ids::{Datacenter, RunId, Service, Tenant};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Labels on everything that Ernstfall creates.
pub mod label {
    pub const RUN: &str = "ernstfall.run";
    pub const DATACENTER: &str = "ernstfall.datacenter";
    pub const TENANT: &str = "ernstfall.tenant";
    pub const SERVICE: &str = "ernstfall.service";
    /// Seconds since 1970 after which `sweep` may remove it, whoever's it is.
    pub const EXPIRES: &str = "ernstfall.expires";
    /// Host name of the harness.
    pub const OWNER: &str = "ernstfall.owner";
    /// On images, instead of the run label: what the image is for.
    pub const IMAGE: &str = "ernstfall.image";
}

/// The run that a handle works for; becomes the labels of all that it creates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership {
    pub run: RunId,
    pub owner: String,
    /// Seconds since 1970.
    pub expires: i64,
    /// `None` for what belongs to no datacenter (front, link).
    pub datacenter: Option<Datacenter>,
}

impl Ownership {
    /// The labels of something that is created for this run.
    #[must_use]
    pub fn labels(&self, tenant: Option<&Tenant>, service: Option<&Service>) -> BTreeMap<String, String> {
        let always = [
            (label::RUN, Some(self.run.to_string())),
            (label::OWNER, Some(self.owner.clone())),
            (label::EXPIRES, Some(self.expires.to_string())),
            (label::DATACENTER, self.datacenter.as_ref().map(ToString::to_string)),
            (label::TENANT, tenant.map(ToString::to_string)),
            (label::SERVICE, service.map(ToString::to_string)),
        ];
        always.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// An id that the engine gave out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub String);

/// What failed, on what.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    #[error("no container engine answers: {0}")]
    Absent(String),
    #[error("refused to {action} {what}: it does not carry the label of this run")]
    NotOurs { action: &'static str, what: String },
    #[error("cannot {action} {what}: {why}")]
    Failed { action: &'static str, what: String, why: String },
    /// A container that has crashed, is paused, or is gone: its operator's matter, the engine is well.
    #[error("cannot {action} {what}, which does not run: {why}")]
    NotRunning { action: &'static str, what: String, why: String },
    #[error("the image {image} is not here and cannot be pulled: {why}")]
    NoImage { image: String, why: String },
    #[error("building the image {image} failed: {why}")]
    Build { image: String, why: String },
}

impl EngineError {
    /// Whether the container failed and not the engine.
    #[must_use]
    pub const fn is_the_containers(&self) -> bool {
        match self {
            Self::NotRunning { .. } => true,
            Self::Absent(_)
            | Self::NotOurs { .. }
            | Self::Failed { .. }
            | Self::NoImage { .. }
            | Self::Build { .. } => false,
        }
    }
}

pub type Result<T> = std::result::Result<T, EngineError>;

/// A container to create. Mount sources are absolute by now.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ContainerSpec {
    pub name: String,
    pub service: Option<Service>,
    pub tenant: Option<Tenant>,
    pub image: String,
    pub entrypoint: Option<Vec<String>>,
    pub command: Option<Vec<String>>,
    pub environment: BTreeMap<String, String>,
    pub mounts: Vec<MountSpec>,
    /// Network names with aliases; the first is joined at creation, the others before the start.
    pub networks: Vec<(String, Vec<String>)>,
    pub health: Option<crate::plan::Health>,
    pub restart: Option<crate::plan::RestartPolicy>,
    pub init: bool,
    pub memory: Option<u64>,
    pub milli_cpus: Option<u64>,
    pub user: Option<String>,
    pub working_dir: Option<String>,
    pub cap_drop: Vec<String>,
    pub stop_grace: Option<Duration>,
    /// Container port to publish on the loopback address, on a free host port chosen once and kept over restarts.
    pub publish: Option<u16>,
    /// Keep stdin open and attachable (the `exec` driver).
    pub stdin: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountSpec {
    Volume { name: String, target: String, read_only: bool },
    Bind { source: PathBuf, target: String, read_only: bool },
    Tmpfs { target: String },
}

impl MountSpec {
    /// Where it appears in the container.
    #[must_use]
    pub fn target(&self) -> &str {
        match self {
            Self::Volume { target, .. } | Self::Bind { target, .. } | Self::Tmpfs { target } => target,
        }
    }
}

/// A command to execute in a running container. It is wrapped in `timeout`, so that it ends in the container too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecSpec {
    pub command: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub stdin: Option<Bytes>,
    pub deadline: Duration,
}

/// What a command left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecOutput {
    /// 124 when the deadline ended it.
    pub exit: i64,
    pub stdout: String,
    pub stderr: String,
    pub timed_out: bool,
}

/// The state of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerState {
    pub running: bool,
    /// `None` without a health check.
    pub healthy: Option<bool>,
    pub exit: Option<i64>,
    pub restarts: u64,
    /// Loopback address of the published port.
    pub published: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    Container,
    Network,
    Volume,
}

impl ResourceKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Network => "network",
            Self::Volume => "volume",
        }
    }
}

/// Something that carries our label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub kind: ResourceKind,
    pub id: Id,
    pub name: String,
    pub labels: BTreeMap<String, String>,
}

/// The engine, as `doctor` and the journal name it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EngineInfo {
    pub version: String,
    pub api: String,
    pub storage: String,
    pub cgroup: String,
    pub cpus: u64,
    pub memory: u64,
    /// Wall clock of the engine, RFC 3339: compared with ours.
    pub time: String,
    pub root: String,
}

/// What an image is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildSpec {
    /// Absolute folder.
    pub context: PathBuf,
    /// Relative to the context.
    pub dockerfile: PathBuf,
    pub args: BTreeMap<String, String>,
    /// The tag, which names the content.
    pub tag: String,
}

/// An archive on its way, in pieces.
pub type TarStream = BoxStream<'static, std::result::Result<Bytes, std::io::Error>>;

/// Standard streams of a running container.
pub struct Attached {
    pub stdin: std::pin::Pin<Box<dyn AsyncWrite + Send>>,
    pub stdout: std::pin::Pin<Box<dyn AsyncRead + Send>>,
}

/// The only door to containers. All errors say what was attempted on what.
///
/// Mutating calls on an id or name that does not carry this run's label end in [`EngineError::NotOurs`].
#[async_trait]
pub trait Engine: Send + Sync {
    /// Whose labels this handle sets and demands.
    fn ownership(&self) -> &Ownership;
    async fn info(&self) -> Result<EngineInfo>;

    /// Everything with this run's label; only this handle's datacenter if it has one.
    async fn list(&self) -> Result<Vec<Resource>>;

    /// Creates a network with an explicit free subnet.
    async fn create_network(&self, name: &str, internal: bool) -> Result<Id>;
    async fn connect(&self, network: &str, container: &Id, aliases: &[String]) -> Result<()>;
    async fn disconnect(&self, network: &str, container: &Id) -> Result<()>;
    async fn create_volume(&self, name: &str, tenant: Option<&Tenant>) -> Result<Id>;
    /// All files of a volume as a tar stream (a snapshot of it).
    async fn read_volume(&self, name: &str) -> Result<TarStream>;
    /// Replaces the content of a volume by a tar stream made by [`Engine::read_volume`].
    async fn write_volume(&self, name: &str, tar: TarStream) -> Result<()>;
    /// Removes a container (by force), network or volume. Gone already is success.
    async fn remove(&self, kind: ResourceKind, id: &Id) -> Result<()>;

    async fn create(&self, spec: &ContainerSpec) -> Result<Id>;
    async fn start(&self, container: &Id) -> Result<()>;
    /// Restart with this grace before the kill.
    async fn restart(&self, container: &Id, grace: Duration) -> Result<()>;
    async fn stop(&self, container: &Id, grace: Duration) -> Result<()>;
    async fn kill(&self, container: &Id) -> Result<()>;
    async fn pause(&self, container: &Id) -> Result<()>;
    async fn unpause(&self, container: &Id) -> Result<()>;
    async fn state(&self, container: &Id) -> Result<ContainerState>;
    /// Until the container ends; its exit code.
    async fn wait(&self, container: &Id) -> Result<i64>;
    /// The last `lines` lines of both streams: stdout, stderr.
    async fn logs(&self, container: &Id, lines: usize) -> Result<(String, String)>;
    async fn exec(&self, container: &Id, spec: &ExecSpec) -> Result<ExecOutput>;
    /// Attach to stdin and stdout of a container that was created with `stdin`; call before `start`.
    async fn attach(&self, container: &Id) -> Result<Attached>;

    /// Whether an image is here: its id.
    async fn image(&self, name: &str) -> Result<Option<String>>;
    async fn pull(&self, name: &str) -> Result<()>;
    /// Imports a root filesystem (tar) under `tag`, labelled as an image of ours.
    async fn import(&self, tag: &str, tar: TarStream) -> Result<()>;
    async fn build(&self, spec: &BuildSpec) -> Result<()>;
}

/// An engine that sees the things of all runs: for `sweep` and `doctor`, never for a drill.
#[async_trait]
pub trait Yard: Engine {
    /// Everything that carries the label of any run.
    async fn everything(&self) -> Result<Vec<Resource>>;
    /// A handle that works for another run, with a guard of its own.
    fn on_behalf_of(&self, ownership: Ownership) -> Arc<dyn Engine>;
}
