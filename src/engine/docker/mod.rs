//! The real engine: Docker's API over its socket, one file per noun.
//!
//! A [`DockerEngine`] is a cheap clone of one connection with an [`Ownership`]. This file only connects, delegates and
//! translates errors; what each call does stands in the file of its noun. All calls on something that exists pass the
//! guard first.

mod containers;
mod context;
mod exec;
mod images;
mod networks;
mod ports;
mod streams;
mod volumes;

use super::guard::{Guard, Lookup, Seen};
use super::{
    Attached, BuildSpec, ContainerSpec, ContainerState, Engine, EngineError, EngineInfo, ExecOutput, ExecSpec, Id,
    Ownership, Resource, ResourceKind, Result, TarStream, Yard, label,
};
use crate::ids::{Datacenter, Tenant};
use async_trait::async_trait;
use bollard::errors::Error;
use bollard::models::SystemInfoCgroupVersionEnum;
use bollard::query_parameters::{ListContainersOptions, ListNetworksOptions, ListVolumesOptions};
use ports::Ports;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// An engine that does not answer within this time is absent.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);
/// How long a call may take until its answer begins; calls with a time of their own (stop, import) add to it.
const CALL: Duration = Duration::from_secs(60);
/// For calls which answer only when gigabytes have been moved.
const BULK: Duration = Duration::from_secs(3600);

#[expect(clippy::disallowed_types, reason = "this module is the keeper")]
type Client = bollard::Docker;

/// A handle on a Docker engine, for one run and (mostly) one datacenter.
#[derive(Clone)]
pub struct DockerEngine {
    docker: Client,
    ownership: Ownership,
    guard: Arc<Guard>,
    ports: Arc<Ports>,
    /// Held while a container joins or leaves a network: an engine of version 20.10 miscounts the members when two do so at once,
    /// and never removes that network again ("has active endpoints", of which there are none).
    counting: Arc<tokio::sync::Mutex<()>>,
}

impl DockerEngine {
    /// Connects to `DOCKER_HOST` or the default socket and agrees on a version of the API.
    ///
    /// # Errors
    /// [`EngineError::Absent`] when nothing answers within 3 seconds.
    pub async fn connect(ownership: Ownership) -> Result<Self> {
        Self::agree(client(), ownership).await
    }

    /// Connects to an engine at a given address, like `unix:///var/run/docker.sock`.
    ///
    /// # Errors
    /// [`EngineError::Absent`] when nothing answers within 3 seconds.
    pub async fn connect_to(address: &str, ownership: Ownership) -> Result<Self> {
        Self::agree(Client::connect_with_host(address), ownership).await
    }

    async fn agree(client: std::result::Result<Client, Error>, ownership: Ownership) -> Result<Self> {
        let docker = client.map_err(|error| EngineError::Absent(told(&error)))?.with_timeout(CALL);
        let docker = tokio::time::timeout(ANSWERS_WITHIN, docker.negotiate_version())
            .await
            .map_err(|_| EngineError::Absent(format!("no answer within {} s", ANSWERS_WITHIN.as_secs())))?
            .map_err(|error| EngineError::Absent(told(&error)))?;
        let guard = Arc::new(Guard::new(ownership.run.clone()));
        Ok(Self { docker, ownership, guard, ports: Arc::default(), counting: Arc::default() })
    }

    /// A handle of the same run whose labels name this datacenter (or none: front, link).
    #[must_use]
    pub fn for_datacenter(&self, datacenter: Option<Datacenter>) -> Arc<dyn Engine> {
        let ownership = Ownership { datacenter, ..self.ownership.clone() };
        Arc::new(Self { ownership, ..self.clone() })
    }

    /// Labels of what this handle creates.
    fn labels(&self, tenant: Option<&Tenant>) -> HashMap<String, String> {
        self.ownership.labels(tenant, None).into_iter().collect()
    }

    /// A client that waits longer for an answer.
    fn patient(&self, wait: Duration) -> Client {
        self.docker.clone().with_timeout(wait)
    }

    async fn admit(&self, action: &'static str, kind: ResourceKind, name: &str) -> Result<Id> {
        self.guard.admit(self, action, kind, name).await
    }

    async fn admit_container(&self, action: &'static str, container: &Id) -> Result<Id> {
        self.admit(action, ResourceKind::Container, &container.0).await
    }

    /// Everything that carries all of these labels (`key` or `key=value`).
    async fn labelled(&self, wanted: Vec<String>) -> Result<Vec<Resource>> {
        let filters = Some(HashMap::from([("label".to_owned(), wanted)]));
        let mut all = Vec::new();

        let containers = ListContainersOptions { all: true, filters: filters.clone(), ..Default::default() };
        let listed = self.docker.list_containers(Some(containers)).await.map_err(failed("list", "containers"))?;
        all.extend(listed.into_iter().map(|container| Resource {
            kind: ResourceKind::Container,
            id: Id(container.id.unwrap_or_default()),
            name: first_name(container.names),
            labels: sorted(container.labels),
        }));

        let networks = ListNetworksOptions { filters: filters.clone() };
        let listed = self.docker.list_networks(Some(networks)).await.map_err(failed("list", "networks"))?;
        all.extend(listed.into_iter().map(|network| Resource {
            kind: ResourceKind::Network,
            id: Id(network.id.unwrap_or_default()),
            name: network.name.unwrap_or_default(),
            labels: sorted(network.labels),
        }));

        let volumes = ListVolumesOptions { filters };
        let listed = self.docker.list_volumes(Some(volumes)).await.map_err(failed("list", "volumes"))?;
        all.extend(listed.volumes.unwrap_or_default().into_iter().map(|volume| Resource {
            kind: ResourceKind::Volume,
            id: Id(volume.name.clone()),
            name: volume.name,
            labels: volume.labels.into_iter().collect(),
        }));
        all.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        Ok(all)
    }
}

/// The socket that `DOCKER_HOST` names, the system's, or that of an engine without root.
fn client() -> std::result::Result<Client, Error> {
    match Client::connect_with_defaults() {
        Err(Error::SocketNotFoundError(path)) if std::env::var_os("DOCKER_HOST").is_none() => {
            let rootless = std::env::var("XDG_RUNTIME_DIR").map(|folder| format!("{folder}/docker.sock"));
            rootless
                .ok()
                .and_then(|socket| {
                    Client::connect_with_unix(&socket, CALL.as_secs(), bollard::API_DEFAULT_VERSION).ok()
                })
                .ok_or(Error::SocketNotFoundError(path))
        }
        answer => answer,
    }
}

#[async_trait]
impl Lookup for DockerEngine {
    async fn look(&self, kind: ResourceKind, name: &str) -> Result<Option<Seen>> {
        let what = || super::guard::describe(kind, name);
        let seen = match kind {
            ResourceKind::Container => self.docker.inspect_container(name, None).await.map(|container| Seen {
                id: Id(container.id.unwrap_or_default()),
                labels: sorted(container.config.and_then(|config| config.labels)),
            }),
            ResourceKind::Network => self
                .docker
                .inspect_network(name, None)
                .await
                .map(|network| Seen { id: Id(network.id.unwrap_or_default()), labels: sorted(network.labels) }),
            ResourceKind::Volume => self
                .docker
                .inspect_volume(name)
                .await
                .map(|volume| Seen { id: Id(volume.name), labels: volume.labels.into_iter().collect() }),
        };
        match seen {
            Ok(seen) => Ok(Some(seen)),
            Err(error) if is(&error, 404) => Ok(None),
            Err(error) => Err(failed("look at", what())(error)),
        }
    }
}

#[async_trait]
impl Yard for DockerEngine {
    async fn everything(&self) -> Result<Vec<Resource>> {
        self.labelled(vec![label::RUN.to_owned()]).await
    }

    fn on_behalf_of(&self, ownership: Ownership) -> Arc<dyn Engine> {
        let guard = Arc::new(Guard::new(ownership.run.clone()));
        Arc::new(Self { ownership, guard, ..self.clone() })
    }
}

#[async_trait]
impl Engine for DockerEngine {
    fn ownership(&self) -> &Ownership {
        &self.ownership
    }

    async fn info(&self) -> Result<EngineInfo> {
        let version = self.docker.version().await.map_err(failed("ask", "the engine's version"))?;
        let info = self.docker.info().await.map_err(failed("ask", "the engine's state"))?;
        let cgroup = match info.cgroup_version {
            Some(SystemInfoCgroupVersionEnum::_2) => "v2",
            Some(SystemInfoCgroupVersionEnum::_1) => "v1",
            Some(SystemInfoCgroupVersionEnum::EMPTY) | None => "unknown",
        };
        Ok(EngineInfo {
            version: version.version.unwrap_or_default(),
            api: version.api_version.unwrap_or_default(),
            storage: info.driver.unwrap_or_default(),
            cgroup: cgroup.to_owned(),
            cpus: unsigned(info.ncpu),
            memory: unsigned(info.mem_total),
            time: info.system_time.unwrap_or_default(),
            root: info.docker_root_dir.unwrap_or_default(),
        })
    }

    async fn list(&self) -> Result<Vec<Resource>> {
        let mut wanted = vec![format!("{}={}", label::RUN, self.ownership.run)];
        if let Some(datacenter) = &self.ownership.datacenter {
            wanted.push(format!("{}={datacenter}", label::DATACENTER));
        }
        self.labelled(wanted).await
    }

    async fn create_network(&self, name: &str, internal: bool) -> Result<Id> {
        self.network_create(name, internal).await
    }

    async fn connect(&self, network: &str, container: &Id, aliases: &[String]) -> Result<()> {
        self.network_connect(network, container, aliases).await
    }

    async fn disconnect(&self, network: &str, container: &Id) -> Result<()> {
        self.network_disconnect(network, container).await
    }

    async fn create_volume(&self, name: &str, tenant: Option<&Tenant>) -> Result<Id> {
        self.volume_create(name, self.labels(tenant)).await
    }

    async fn read_volume(&self, name: &str) -> Result<TarStream> {
        self.volume_read(name).await
    }

    async fn write_volume(&self, name: &str, tar: TarStream) -> Result<()> {
        self.volume_write(name, tar).await
    }

    async fn remove(&self, kind: ResourceKind, id: &Id) -> Result<()> {
        let Some(id) = self.guard.admit_if_there(self, "remove", kind, &id.0).await? else {
            return Ok(());
        };
        match kind {
            ResourceKind::Container => self.container_remove(&id).await,
            ResourceKind::Network => self.network_remove(&id).await,
            ResourceKind::Volume => self.volume_remove(&id).await,
        }
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<Id> {
        self.container_create(spec).await
    }

    async fn start(&self, container: &Id) -> Result<()> {
        self.container_start(container).await
    }

    async fn restart(&self, container: &Id, grace: Duration) -> Result<()> {
        self.container_restart(container, grace).await
    }

    async fn stop(&self, container: &Id, grace: Duration) -> Result<()> {
        self.container_stop(container, grace).await
    }

    async fn kill(&self, container: &Id) -> Result<()> {
        let id = self.admit_container("kill", container).await?;
        self.docker.kill_container(&id.0, None).await.map_err(failed("kill", &id.0))
    }

    async fn pause(&self, container: &Id) -> Result<()> {
        let id = self.admit_container("pause", container).await?;
        self.docker.pause_container(&id.0).await.map_err(failed("pause", &id.0))
    }

    async fn unpause(&self, container: &Id) -> Result<()> {
        let id = self.admit_container("unpause", container).await?;
        self.docker.unpause_container(&id.0).await.map_err(failed("unpause", &id.0))
    }

    async fn state(&self, container: &Id) -> Result<ContainerState> {
        self.container_state(container).await
    }

    async fn wait(&self, container: &Id) -> Result<i64> {
        self.container_wait(container).await
    }

    async fn logs(&self, container: &Id, lines: usize) -> Result<(String, String)> {
        self.container_logs(container, lines).await
    }

    async fn exec(&self, container: &Id, spec: &ExecSpec) -> Result<ExecOutput> {
        self.container_exec(container, spec).await
    }

    async fn attach(&self, container: &Id) -> Result<Attached> {
        self.container_attach(container).await
    }

    async fn image(&self, name: &str) -> Result<Option<String>> {
        self.image_id(name).await
    }

    async fn pull(&self, name: &str) -> Result<()> {
        self.image_pull(name).await
    }

    async fn import(&self, tag: &str, tar: TarStream) -> Result<()> {
        self.image_import(tag, tar).await
    }

    async fn build(&self, spec: &BuildSpec) -> Result<()> {
        self.image_build(spec).await
    }
}

/// Says what was attempted on what. A refused connection means that the engine is gone.
fn failed(action: &'static str, what: impl Into<String>) -> impl FnOnce(Error) -> EngineError {
    let what = what.into();
    move |error| match &error {
        Error::SocketNotFoundError(_) => EngineError::Absent(told(&error)),
        Error::HyperLegacyError { err } if err.is_connect() => EngineError::Absent(told(&error)),
        _ => EngineError::Failed { action, what, why: told(&error) },
    }
}

/// Like [`failed`], for calls that need a container which runs: the engine refuses others with these two answers.
fn not_running(action: &'static str, what: impl Into<String>) -> impl FnOnce(Error) -> EngineError {
    let what = what.into();
    move |error| {
        if is(&error, 404) || is(&error, 409) {
            EngineError::NotRunning { action, what, why: told(&error) }
        } else {
            failed(action, what)(error)
        }
    }
}

/// The engine's own words, without the client's frame around them.
fn told(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        Error::DockerStreamError { error } => error.trim().to_owned(),
        Error::RequestTimeoutError => "the engine did not answer in time".to_owned(),
        Error::SocketNotFoundError(path) => format!("there is no socket {path}"),
        Error::HyperLegacyError { err } => {
            let cause = std::error::Error::source(err).map(ToString::to_string).unwrap_or_default();
            format!("{err}: {cause}")
        }
        _ => error.to_string(),
    }
}

fn is(error: &Error, status: u16) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code, .. } if *status_code == status)
}

fn sorted(labels: Option<HashMap<String, String>>) -> BTreeMap<String, String> {
    labels.unwrap_or_default().into_iter().collect()
}

/// Docker writes names with a leading slash.
fn first_name(names: Option<Vec<String>>) -> String {
    let name = names.unwrap_or_default().into_iter().next().unwrap_or_default();
    name.trim_start_matches('/').to_owned()
}

/// The API's counts are signed.
fn unsigned(count: Option<i64>) -> u64 {
    count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

/// The API's numbers are signed; what does not fit is more than any engine has.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
