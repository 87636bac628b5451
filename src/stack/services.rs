//! Containers of the stack: from plan to specification, started side by side in the order of their dependencies.

use super::command;
use super::site::{Site, SiteError};
use crate::engine::{ContainerSpec, ContainerState, Engine, ExecOutput, ExecSpec, Id, MountSpec};
use crate::ids::StepName;
use crate::journal::{Event, Kind, Outcome};
use crate::plan::{Health, MountSource, ServiceKey, ServicePlan, VolumeKey};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::watch;

/// How often a starting container is looked at.
const POLL: Duration = Duration::from_millis(150);
/// Grace of a declared restart.
const RESTART_GRACE: Duration = Duration::from_secs(5);

/// Grace of a stop, where the service has none of its own.
pub(super) const STOP_GRACE: Duration = Duration::from_secs(10);

/// The command of a health check; none where there is nothing to execute.
fn health_test(health: &Health) -> Option<ExecSpec> {
    let (kind, rest) = health.test.split_first()?;
    let command = match kind.as_str() {
        "CMD" => rest.to_vec(),
        "CMD-SHELL" => ["/bin/sh", "-c"].into_iter().map(str::to_owned).chain(rest.first().cloned()).collect(),
        _ => return None,
    };
    Some(ExecSpec { command, deadline: health.timeout, ..ExecSpec::default() })
}

/// Who waits for whom: each starting service tells when it is healthy.
type Ready = BTreeMap<ServiceKey, (watch::Sender<bool>, watch::Receiver<bool>)>;

impl Site {
    /// Creates and starts services side by side, each after those it depends on, and waits until all are healthy.
    ///
    /// # Errors
    /// The first [`SiteError`] in the order of `keys`.
    pub async fn start(&self, step: &StepName, keys: &[ServiceKey]) -> Result<(), SiteError> {
        let ready: Ready = keys.iter().map(|key| (key.clone(), watch::channel(false))).collect();
        let started = join_all(keys.iter().map(|key| self.start_one(step, key, &ready))).await;
        started.into_iter().collect()
    }

    /// Restarts services side by side and waits until all are healthy again.
    ///
    /// # Errors
    /// The first [`SiteError`] in the order of `keys`.
    pub async fn restart(&self, step: &StepName, keys: &[ServiceKey]) -> Result<(), SiteError> {
        let restarted = join_all(keys.iter().map(|key| async {
            let task = self.task_started(step, key, "restart".to_owned())?;
            let done = async {
                let container = self.container(key)?;
                let slot = self.starts.acquire().await;
                self.handles.of(key.datacenter.as_ref()).restart(&container, RESTART_GRACE).await?;
                drop(slot);
                self.until_healthy(key).await
            };
            self.ended(task, done.await)
        }));
        restarted.await.into_iter().collect()
    }

    /// Kills the containers of services that run, as a crash would, and waits until they are back.
    ///
    /// # Errors
    /// The first [`SiteError`] in the order of `keys`.
    pub async fn crash(&self, step: &StepName, keys: &BTreeSet<&ServiceKey>) -> Result<(), SiteError> {
        let running = keys.iter().filter(|key| self.container(key).is_ok());
        let crashed = join_all(running.map(|key| async {
            let task = self.task_started(step, key, "kill".to_owned())?;
            let done = async {
                let container = self.container(key)?;
                self.handles.of(key.datacenter.as_ref()).restart(&container, Duration::ZERO).await?;
                self.until_healthy(key).await
            };
            self.ended(task, done.await)
        }));
        crashed.await.into_iter().collect()
    }

    /// Stops services side by side; each has its grace. They stay as they are until [`Site::resume`].
    ///
    /// # Errors
    /// The first [`SiteError`] in the order of `keys`.
    pub async fn stop(&self, step: &StepName, keys: &[ServiceKey]) -> Result<(), SiteError> {
        let stopped = join_all(keys.iter().map(|key| async {
            let task = self.task_started(step, key, "stop".to_owned())?;
            let done = async {
                let grace = self.service(key)?.stop_grace.unwrap_or(STOP_GRACE);
                Ok(self.handles.of(key.datacenter.as_ref()).stop(&self.container(key)?, grace).await?)
            };
            self.ended(task, done.await)
        }));
        stopped.await.into_iter().collect()
    }

    /// Starts services again that were stopped, and waits until they are healthy.
    ///
    /// # Errors
    /// The first [`SiteError`] in the order of `keys`.
    pub async fn resume(&self, step: &StepName, keys: &[ServiceKey]) -> Result<(), SiteError> {
        let resumed = join_all(keys.iter().map(|key| async {
            let task = self.task_started(step, key, "start again".to_owned())?;
            let done = async {
                self.handles.of(key.datacenter.as_ref()).start(&self.container(key)?).await?;
                self.until_healthy(key).await
            };
            self.ended(task, done.await)
        }));
        resumed.await.into_iter().collect()
    }

    async fn start_one(&self, step: &StepName, key: &ServiceKey, ready: &Ready) -> Result<(), SiteError> {
        let task = self.task_started(step, key, "start".to_owned())?;
        let result = self.create_and_start(key, ready).await;
        if let (Ok(()), Some((tell, _))) = (&result, ready.get(key)) {
            tell.send_replace(true);
        }
        self.ended(task, result)
    }

    async fn create_and_start(&self, key: &ServiceKey, ready: &Ready) -> Result<(), SiteError> {
        let service = self.service(key)?;
        let engine = self.handles.of(key.datacenter.as_ref());
        let known = self.container(key).ok();
        let container = match known {
            // A runbook that is begun again finds what it has started already.
            Some(container) => container,
            None => self.create(service).await?,
        };
        for name in &service.after {
            let of_tenant = ServiceKey { service: name.clone(), ..key.clone() };
            let shared = ServiceKey { tenant: None, ..of_tenant.clone() };
            if let Some((_, told)) = ready.get(&of_tenant).or_else(|| ready.get(&shared)) {
                // A dependency that fails never tells: the step's deadline ends the wait.
                let _ = told.clone().wait_for(|healthy| *healthy).await;
            }
        }
        if !engine.state(&container).await?.running {
            let _slot = self.starts.acquire().await;
            engine.start(&container).await?;
        }
        let state = self.until_healthy(key).await?;
        if let Some(address) = state.published {
            self.state().front = Some(address);
        }
        Ok(())
    }

    async fn create(&self, service: &ServicePlan) -> Result<Id, SiteError> {
        let key = &service.key;
        let mut spec = self.spec(service, false).await?;
        if service.published.is_some() {
            spec.publish = service.published;
        }
        let slot = self.starts.acquire().await;
        let container = self.handles.of(key.datacenter.as_ref()).create(&spec).await?;
        drop(slot);
        self.created(Kind::Container, &spec.name, &container, key.datacenter.clone(), key.tenant.clone())?;
        self.state().containers.insert(key.clone(), container.clone());
        Ok(container)
    }

    /// Asks the health check itself until it says yes. The engine's own rhythm is slow, because every one of its looks costs
    /// the system under test a process; whoever waits for a start cannot wait for that.
    async fn until_healthy(&self, key: &ServiceKey) -> Result<ContainerState, SiteError> {
        let container = self.container(key)?;
        let engine = self.handles.of(key.datacenter.as_ref());
        let test = self.service(key)?.health.as_ref().and_then(health_test);
        loop {
            let state = engine.state(&container).await?;
            if state.running && self.is_healthy(engine.as_ref(), &container, &state, test.as_ref()).await? {
                return Ok(state);
            }
            if let (false, Some(exit), 5..) = (state.running, state.exit, state.restarts) {
                let (stdout, stderr) = engine.logs(&container, 10).await?;
                let tail = command::tail(&ExecOutput { stdout, stderr, ..ExecOutput::default() });
                return Err(SiteError::Stopped { at: key.clone(), exit, tail });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn is_healthy(
        &self,
        engine: &dyn Engine,
        container: &Id,
        state: &ContainerState,
        test: Option<&ExecSpec>,
    ) -> Result<bool, SiteError> {
        let (Some(false), Some(test)) = (state.healthy, test) else { return Ok(state.healthy.unwrap_or(true)) };
        let slot = self.commands.acquire().await;
        let asked = engine.exec(container, test).await;
        drop(slot);
        match asked {
            Ok(output) => Ok(output.exit == 0),
            // It has ended in between, or is being started again by the engine.
            Err(error) if error.is_the_containers() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn ended<T>(&self, task: u64, result: Result<T, SiteError>) -> Result<(), SiteError> {
        let outcome = result.as_ref().map_or_else(SiteError::outcome, |_| Outcome::Done);
        self.task_ended(task, outcome, None, String::new())?;
        result.map(|_| ())
    }

    /// Notes the last lines of every service that is not healthy: what the operator would look at first.
    pub async fn note_unhealthy(&self) {
        let containers = self.state().containers.clone();
        for (key, container) in containers {
            let engine = self.handles.of(key.datacenter.as_ref());
            let Ok(state) = engine.state(&container).await else { continue };
            if state.running && state.healthy.unwrap_or(true) {
                continue;
            }
            if let Ok((stdout, stderr)) = engine.logs(&container, 10).await {
                let tail = command::tail(&ExecOutput { stdout, stderr, ..ExecOutput::default() });
                // A note is for people; if the journal is gone, the drill stops at its next event.
                let _ =
                    self.journal.write(Event::Note { text: format!("{key} is not healthy; its last lines: {tail}") });
            }
        }
    }

    /// The specification of a service. `bare` leaves out volumes and secrets: for the one-shot that makes the secrets.
    pub(super) async fn spec(&self, service: &ServicePlan, bare: bool) -> Result<ContainerSpec, SiteError> {
        let mut mounts = Vec::new();
        for mount in &service.mounts {
            let (target, read_only) = (mount.target.clone(), mount.read_only);
            match &mount.source {
                MountSource::Volume(_) | MountSource::Secrets(_) if bare => {}
                MountSource::Volume(key) => {
                    let name = self.volume(key).await?;
                    mounts.push(MountSpec::Volume { name, target, read_only });
                }
                MountSource::Stack(path) => {
                    mounts.push(MountSpec::Bind { source: self.stack_dir.join(path), target, read_only });
                }
                MountSource::Secrets(path) => {
                    let source = self.secrets.join(path);
                    if !source.exists() {
                        return Err(SiteError::NoSecret(path.clone()));
                    }
                    mounts.push(MountSpec::Bind { source, target, read_only: true });
                }
                MountSource::Tmpfs => mounts.push(MountSpec::Tmpfs { target }),
            }
        }
        let image = self.state().images.get(&service.image).cloned();
        let networks = service
            .networks
            .iter()
            .map(|joined| (self.names.network(&joined.network), joined.aliases.clone()))
            .collect();
        Ok(ContainerSpec {
            name: self.names.container(&service.key),
            service: Some(service.key.service.clone()),
            tenant: service.key.tenant.clone(),
            image: image.ok_or_else(|| SiteError::NoImage(service.image.clone()))?,
            entrypoint: service.entrypoint.clone(),
            command: service.command.clone(),
            environment: service.environment.clone(),
            mounts,
            networks,
            health: service.health.clone(),
            restart: Some(service.restart),
            init: service.init,
            memory: service.memory,
            milli_cpus: service.milli_cpus,
            user: service.user.clone(),
            working_dir: service.working_dir.clone(),
            cap_drop: service.cap_drop.clone(),
            stop_grace: service.stop_grace,
            publish: None,
            stdin: false,
        })
    }

    /// The volume's name; it is created when it is first needed.
    pub(super) async fn volume(&self, key: &VolumeKey) -> Result<String, SiteError> {
        let name = self.names.volume(key);
        // Two services of one tenant may need it at the same moment: the second waits until it is there.
        let _alone = self.volumes.lock().await;
        if self.state().volumes.insert(name.clone()) {
            let engine = self.handles.of(key.datacenter.as_ref());
            let id = engine.create_volume(&name, key.tenant.as_ref()).await?;
            self.created(Kind::Volume, &name, &id, key.datacenter.clone(), key.tenant.clone())?;
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::bed::{Bed, key};
    use super::super::{Monitored, Printed as _};
    use super::*;
    use crate::plan::Command;

    #[tokio::test]
    async fn what_is_stopped_runs_again_when_it_is_resumed() {
        let bed = Bed::new();
        let container = bed.run("helsinki", Some("acme"), "backup").await;
        let (keys, step) = ([key("helsinki", Some("acme"), "backup")], StepName("fault/corruption".to_owned()));
        let engine = bed.site.handles().of(keys[0].datacenter.as_ref());
        bed.site.stop(&step, &keys).await.expect("stopped");
        assert!(!engine.state(&container).await.expect("a state").running);
        bed.site.resume(&step, &keys).await.expect("started again");
        assert!(engine.state(&container).await.expect("a state").running);
        let tasks = bed.events().into_iter().filter_map(|event| match event {
            Event::TaskStarted { what, .. } => Some(what),
            _ => None,
        });
        assert_eq!(tasks.collect::<Vec<_>>(), ["stop", "start again"]);
    }

    #[tokio::test]
    async fn a_job_is_believed_by_what_it_prints() {
        let bed = Bed::new();
        bed.run("helsinki", Some("acme"), "backup").await;
        let at = key("helsinki", Some("acme"), "backup");
        let (run, deadline) = (vec!["/monitor".to_owned()], Duration::from_secs(5));
        let commands = [Command { tenant: at.tenant.clone(), at, run, deadline }];
        let step = StepName("detect/notice".to_owned());
        bed.engine.on_exec(|_, _| ExecOutput {
            stdout: "{\"checked\": 6, \"damaged\": 1}\n".to_owned(),
            ..ExecOutput::default()
        });
        let looks = bed.site.ask::<Monitored>(&step, &commands).await.expect("an answer");
        assert_eq!(looks[0].1, Monitored { checked: 6, damaged: 1 });
        bed.engine.on_exec(|_, _| ExecOutput { stdout: "all is well\n".to_owned(), ..ExecOutput::default() });
        let error = bed.site.ask::<Monitored>(&step, &commands).await.expect_err("no numbers");
        assert!(error.is_the_operators() && error.to_string().contains(Monitored::EXPECTED), "{error}");
    }
}
