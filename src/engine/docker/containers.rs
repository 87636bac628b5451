//! Containers: created complete (labels, limits, mounts, networks, port) or not at all.
//!
//! `create` checks everything that the container would touch before it creates anything, and removes the container again
//! when a later part fails, so that a failed start leaves nothing behind.

use super::{DockerEngine, failed, first_name, is, not_running, ports, signed, sorted, told, unsigned};
use crate::engine::{ContainerSpec, ContainerState, EngineError, Id, MountSpec, ResourceKind, Result, label};
use crate::plan::{Health, RestartPolicy};
use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, ContainerStateStatusEnum, EndpointSettings, HealthConfig,
    HealthStatusEnum, HostConfig, HostConfigLogConfig, Mount, MountType, MountVolumeOptions, NetworkingConfig,
    PortBinding, PortMap, RestartPolicy as Policy, RestartPolicyNameEnum,
};
use bollard::query_parameters::{
    CreateContainerOptions, ListVolumesOptions, RemoveContainerOptions, RestartContainerOptions, StopContainerOptions,
    WaitContainerOptions,
};
use futures_util::StreamExt;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::Duration;

/// On the volumes that `create` puts over an image's anonymous ones: the container they go with.
const OF_CONTAINER: &str = "ernstfall.container";
/// Somebody may sit on the chosen port for a moment: how often and how long a start is tried again.
const PORT_TRIES: usize = 10;
const PORT_PAUSE: Duration = Duration::from_millis(300);

impl DockerEngine {
    pub(super) async fn container_create(&self, spec: &ContainerSpec) -> Result<Id> {
        for mount in &spec.mounts {
            match mount {
                MountSpec::Volume { name, .. } => {
                    self.admit("mount", ResourceKind::Volume, name).await?;
                }
                MountSpec::Bind { .. } | MountSpec::Tmpfs { .. } => {}
            }
        }
        for (network, _) in &spec.networks {
            self.admit("join", ResourceKind::Network, network).await?;
        }

        let mut volumes = Vec::new();
        let created = self.create_with(spec, &mut volumes).await;
        if created.is_err() {
            for volume in volumes {
                let removed = self.volume_remove(&volume).await;
                if let Err(error) = removed {
                    tracing::warn!(%error, "left behind by a failed create");
                }
            }
        }
        created
    }

    /// `volumes` receives what was created on the way.
    async fn create_with(&self, spec: &ContainerSpec, volumes: &mut Vec<Id>) -> Result<Id> {
        let mut mounts: Vec<Mount> = spec.mounts.iter().map(|mount| self.mount(spec, mount)).collect();
        for target in self.uncovered_image_volumes(spec).await? {
            let name = format!("{}-image-{}", spec.name, volumes.len());
            let mut labels = self.container_labels(spec);
            labels.insert(OF_CONTAINER.to_owned(), spec.name.clone());
            volumes.push(self.volume_create(&name, labels).await?);
            mounts.push(self.mount(spec, &MountSpec::Volume { name, target, read_only: false }));
        }

        let port = spec.publish.map(|port| Self::port(&spec.name, port)).transpose()?;
        let body = self.body(spec, mounts, port.as_ref().map(|(bindings, _)| bindings));
        let options = CreateContainerOptions { name: Some(spec.name.clone()), ..Default::default() };
        let created = self.docker.create_container(Some(options), body).await;
        let id = Id(created.map_err(failed("create container", &spec.name))?.id);
        if let Some((_, listener)) = port {
            self.ports.hold(&id, listener);
        }

        for (network, aliases) in spec.networks.iter().skip(1) {
            if let Err(error) = self.network_connect(network, &id, aliases).await {
                if let Err(also) = self.container_remove(&id).await {
                    tracing::warn!(error = %also, "left behind by a failed create");
                }
                return Err(error);
            }
        }
        Ok(id)
    }

    /// Volumes that the image declares and the container does not mount: as anonymous ones they would carry no label.
    async fn uncovered_image_volumes(&self, spec: &ContainerSpec) -> Result<Vec<String>> {
        let image = self.docker.inspect_image(&spec.image).await.map_err(|error| {
            if is(&error, 404) {
                EngineError::NoImage { image: spec.image.clone(), why: told(&error) }
            } else {
                failed("look at image", &spec.image)(error)
            }
        })?;
        let declared = image.config.and_then(|config| config.volumes).unwrap_or_default();
        let mounted = |target: &String| spec.mounts.iter().any(|mount| mount.target() == target.trim_end_matches('/'));
        Ok(declared.into_iter().filter(|target| !mounted(target)).collect())
    }

    fn port(name: &str, port: u16) -> Result<(PortMap, TcpListener)> {
        let (host, listener) = ports::choose().map_err(|error| EngineError::Failed {
            action: "find a free port for",
            what: name.to_owned(),
            why: error.to_string(),
        })?;
        let binding = PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some(host.to_string()) };
        Ok((HashMap::from([(format!("{port}/tcp"), Some(vec![binding]))]), listener))
    }

    fn container_labels(&self, spec: &ContainerSpec) -> HashMap<String, String> {
        self.ownership.labels(spec.tenant.as_ref(), spec.service.as_ref()).into_iter().collect()
    }

    fn mount(&self, spec: &ContainerSpec, mount: &MountSpec) -> Mount {
        let (typ, source, read_only) = match mount {
            MountSpec::Volume { name, read_only, .. } => (MountType::VOLUME, Some(name.clone()), *read_only),
            MountSpec::Bind { source, read_only, .. } => {
                (MountType::BIND, Some(source.to_string_lossy().into_owned()), *read_only)
            }
            MountSpec::Tmpfs { .. } => (MountType::TMPFS, None, false),
        };
        // Should the volume vanish between the guard's look and the creation, the engine makes a new one: with our labels.
        let volume_options = (typ == MountType::VOLUME)
            .then(|| MountVolumeOptions { labels: Some(self.container_labels(spec)), ..Default::default() });
        Mount {
            target: Some(mount.target().to_owned()),
            source,
            typ: Some(typ),
            read_only: Some(read_only),
            volume_options,
            ..Default::default()
        }
    }

    fn body(&self, spec: &ContainerSpec, mounts: Vec<Mount>, bindings: Option<&PortMap>) -> ContainerCreateBody {
        let network = spec.networks.first();
        let logs = HashMap::from([("max-size".to_owned(), "8m".to_owned()), ("max-file".to_owned(), "2".to_owned())]);
        let host_config = HostConfig {
            memory: spec.memory.map(signed),
            nano_cpus: spec.milli_cpus.map(|cpus| signed(cpus.saturating_mul(1_000_000))),
            init: Some(spec.init),
            mounts: Some(mounts),
            network_mode: Some(network.map_or_else(|| "none".to_owned(), |(name, _)| name.clone())),
            port_bindings: bindings.cloned(),
            restart_policy: spec.restart.map(policy),
            cap_drop: (!spec.cap_drop.is_empty()).then(|| spec.cap_drop.clone()),
            log_config: Some(HostConfigLogConfig { typ: Some("json-file".to_owned()), config: Some(logs) }),
            ..Default::default()
        };
        let networking_config = network.map(|(name, aliases)| NetworkingConfig {
            endpoints_config: Some(HashMap::from([(name.clone(), endpoint(aliases))])),
        });
        ContainerCreateBody {
            image: Some(spec.image.clone()),
            entrypoint: spec.entrypoint.clone(),
            cmd: spec.command.clone(),
            env: Some(variables(&spec.environment)),
            user: spec.user.clone(),
            working_dir: spec.working_dir.clone(),
            labels: Some(self.container_labels(spec)),
            exposed_ports: bindings.map(|bindings| bindings.keys().cloned().collect()),
            healthcheck: spec.health.as_ref().map(health),
            stop_timeout: spec.stop_grace.map(|grace| signed(grace.as_secs())),
            open_stdin: Some(spec.stdin),
            stdin_once: Some(spec.stdin),
            attach_stdin: Some(spec.stdin),
            tty: Some(false),
            host_config: Some(host_config),
            networking_config,
            ..Default::default()
        }
    }

    pub(super) async fn container_start(&self, container: &Id) -> Result<()> {
        let id = self.admit_container("start", container).await?;
        self.start(&id).await.map_err(failed("start container", &id.0))
    }

    async fn start(&self, id: &Id) -> std::result::Result<(), Error> {
        let _counting = self.counting.lock().await;
        self.ports.release(id);
        for _ in 1..PORT_TRIES {
            match self.docker.start_container(&id.0, None).await {
                Err(error) if port_is_taken(&error) => tokio::time::sleep(PORT_PAUSE).await,
                answer => return answer,
            }
        }
        self.docker.start_container(&id.0, None).await
    }

    pub(super) async fn container_stop(&self, container: &Id, grace: Duration) -> Result<()> {
        let id = self.admit_container("stop", container).await?;
        let options = StopContainerOptions { t: Some(seconds(grace)), ..Default::default() };
        let docker = self.patient(grace + super::CALL);
        docker.stop_container(&id.0, Some(options)).await.map_err(failed("stop container", &id.0))
    }

    /// In one call, so that its name is gone for as short as can be: a proxy that hears meanwhile that there is none may hold on to
    /// an address which is another container's by then.
    pub(super) async fn container_restart(&self, container: &Id, grace: Duration) -> Result<()> {
        let id = self.admit_container("restart", container).await?;
        let options = || Some(RestartContainerOptions { t: Some(seconds(grace)), ..Default::default() });
        let docker = self.patient(grace + super::CALL);
        for _ in 1..PORT_TRIES {
            match docker.restart_container(&id.0, options()).await {
                Err(error) if port_is_taken(&error) => tokio::time::sleep(PORT_PAUSE).await,
                answer => return answer.map_err(not_running("restart container", &id.0)),
            }
        }
        docker.restart_container(&id.0, options()).await.map_err(not_running("restart container", &id.0))
    }

    /// The guard has admitted it.
    pub(super) async fn container_remove(&self, id: &Id) -> Result<()> {
        self.ports.release(id);
        let container = match self.docker.inspect_container(&id.0, None).await {
            Ok(container) => container,
            Err(error) if is(&error, 404) => return Ok(()),
            Err(error) => return Err(failed("remove container", &id.0)(error)),
        };
        self.leave_networks(id, &container).await;
        let name = first_name(container.name.map(|name| vec![name]));
        let options = RemoveContainerOptions { v: true, force: true, ..Default::default() };
        match self.docker.remove_container(&id.0, Some(options)).await {
            Ok(()) => {}
            Err(error) if is(&error, 404) => {}
            // Somebody else is removing it at this moment: gone is what counts.
            Err(error) if is(&error, 409) && told(&error).contains("already in progress") => {
                self.until_removed(id).await?;
            }
            Err(error) => return Err(failed("remove container", &id.0)(error)),
        }
        let label = vec![format!("{}={}", label::RUN, self.ownership.run), format!("{OF_CONTAINER}={name}")];
        let options = ListVolumesOptions { filters: Some(HashMap::from([("label".to_owned(), label)])) };
        let listed = self.docker.list_volumes(Some(options)).await.map_err(failed("list", "volumes"))?;
        for volume in listed.volumes.unwrap_or_default() {
            self.volume_remove(&Id(volume.name)).await?;
        }
        Ok(())
    }

    /// Takes a container that runs out of its networks, so that its end, which may come beside that of others, has nothing to count.
    async fn leave_networks(&self, id: &Id, container: &ContainerInspectResponse) {
        let networks = container.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
        let joined = networks.into_iter().flat_map(HashMap::values).filter_map(|endpoint| endpoint.network_id.clone());
        let _counting = self.counting.lock().await;
        for network in joined.filter(|network| !network.is_empty()) {
            if let Err(error) = self.detach(&Id(network), id.clone()).await {
                // It may have ended by itself in the meantime, and its removal takes it out of them, too.
                tracing::debug!(%error, "before removing a container");
            }
        }
    }

    async fn until_removed(&self, id: &Id) -> Result<()> {
        let options = WaitContainerOptions { condition: "removed".to_owned() };
        let mut end = Box::pin(self.docker.wait_container(&id.0, Some(options)));
        match tokio::time::timeout(super::CALL, end.next()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(EngineError::Failed {
                action: "remove container",
                what: id.0.clone(),
                why: "its removal by somebody else does not end".to_owned(),
            }),
        }
    }

    pub(super) async fn container_state(&self, container: &Id) -> Result<ContainerState> {
        let seen = self.docker.inspect_container(&container.0, None).await;
        let seen = seen.map_err(failed("look at container", &container.0))?;
        let labels = sorted(seen.config.as_ref().and_then(|config| config.labels.clone()));
        self.guard.demand("look at", ResourceKind::Container, &container.0, &labels)?;
        Ok(state(&seen))
    }

    pub(super) async fn container_wait(&self, container: &Id) -> Result<i64> {
        let id = self.admit_container("wait for", container).await?;
        let options = WaitContainerOptions { condition: "not-running".to_owned() };
        let mut end = Box::pin(self.docker.wait_container(&id.0, Some(options)));
        match end.next().await {
            Some(Ok(end)) => Ok(end.status_code),
            // The client takes every exit code but 0 for an error.
            Some(Err(Error::DockerContainerWaitError { code, .. })) => Ok(code),
            Some(Err(error)) => Err(failed("wait for container", &id.0)(error)),
            None => Err(EngineError::Failed {
                action: "wait for container",
                what: id.0,
                why: "the engine closed the connection".to_owned(),
            }),
        }
    }
}

/// How a container hangs in a network.
pub(super) fn endpoint(aliases: &[String]) -> EndpointSettings {
    EndpointSettings { aliases: Some(aliases.to_vec()), ..Default::default() }
}

pub(super) fn variables(environment: &BTreeMap<String, String>) -> Vec<String> {
    environment.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

fn policy(policy: RestartPolicy) -> Policy {
    let name = match policy {
        RestartPolicy::No => RestartPolicyNameEnum::NO,
        RestartPolicy::Always => RestartPolicyNameEnum::ALWAYS,
        RestartPolicy::OnFailure => RestartPolicyNameEnum::ON_FAILURE,
        RestartPolicy::UnlessStopped => RestartPolicyNameEnum::UNLESS_STOPPED,
    };
    Policy { name: Some(name), maximum_retry_count: None }
}

fn health(health: &Health) -> HealthConfig {
    let nanos = |time: Duration| Some(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX));
    HealthConfig {
        test: Some(health.test.clone()),
        interval: nanos(health.interval),
        timeout: nanos(health.timeout),
        retries: Some(i64::from(health.retries)),
        start_period: nanos(health.start_period),
        start_interval: None,
    }
}

fn seconds(grace: Duration) -> i32 {
    i32::try_from(grace.as_secs()).unwrap_or(i32::MAX)
}

fn port_is_taken(error: &Error) -> bool {
    let message = told(error);
    message.contains("port is already allocated") || message.contains("address already in use")
}

fn state(seen: &ContainerInspectResponse) -> ContainerState {
    let state = seen.state.clone().unwrap_or_default();
    let running = state.running == Some(true) && state.restarting != Some(true);
    let ended = matches!(state.status, Some(ContainerStateStatusEnum::EXITED | ContainerStateStatusEnum::DEAD));
    let healthy = state.health.and_then(|health| health.status).and_then(|status| match status {
        HealthStatusEnum::EMPTY | HealthStatusEnum::NONE => None,
        HealthStatusEnum::HEALTHY => Some(true),
        HealthStatusEnum::STARTING | HealthStatusEnum::UNHEALTHY => Some(false),
    });
    // What was asked for, not what is bound now: the port stays the same while the container is down.
    let published = seen.host_config.as_ref().and_then(|host| host.port_bindings.as_ref()).and_then(address);
    ContainerState {
        running,
        healthy,
        exit: if ended { state.exit_code } else { None },
        restarts: unsigned(seen.restart_count),
        published,
    }
}

fn address(bindings: &PortMap) -> Option<SocketAddr> {
    let binding = bindings.values().flatten().flatten().next()?;
    let host: IpAddr = binding.host_ip.as_ref()?.parse().ok()?;
    let port: u16 = binding.host_port.as_ref()?.parse().ok()?;
    Some(SocketAddr::new(host, port))
}
