//! An engine in memory, for tests of order, undo and cancellation.
//!
//! It records every mutating call as a line (`start r1-app`), can be told to fail or to hang at the next call that begins
//! so, and has the same guard as the real one. It runs nothing: commands are answered by a closure of the test.

mod arranged;
mod state;
#[cfg(test)]
mod tests;

use super::guard::{Guard, Lookup, Seen, describe};
use super::{
    Attached, BuildSpec, ContainerSpec, ContainerState, Engine, EngineError, EngineInfo, ExecOutput, ExecSpec, Id,
    MountSpec, Ownership, Resource, ResourceKind, Result, TarStream, Yard, label,
};
use crate::ids::{Datacenter, Tenant};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use state::{FakeContainer, FakeThing, Injected, State};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A handle on an engine in memory; clones share it.
#[derive(Clone)]
pub struct FakeEngine {
    ownership: Ownership,
    guard: Arc<Guard>,
    state: Arc<Mutex<State>>,
}

impl FakeEngine {
    #[must_use]
    pub fn new(ownership: Ownership) -> Self {
        Self { guard: Arc::new(Guard::new(ownership.run.clone())), ownership, state: Arc::default() }
    }

    /// A handle of the same run whose labels name this datacenter (or none).
    #[must_use]
    pub fn for_datacenter(&self, datacenter: Option<Datacenter>) -> Arc<dyn Engine> {
        let ownership = Ownership { datacenter, ..self.ownership.clone() };
        Arc::new(Self { ownership, ..self.clone() })
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the call down, then lets happen what the test has arranged.
    async fn record(&self, action: &'static str, what: &str) -> Result<()> {
        self.held().calls.push(format!("{action} {what}"));
        self.arranged(action, what).await
    }

    async fn arranged(&self, action: &'static str, what: &str) -> Result<()> {
        let injected = self.held().injection(&format!("{action} {what}"));
        match injected {
            None => Ok(()),
            Some(Injected::Fail(why)) => Err(failed(action, what, &why)),
            Some(Injected::Hang) => std::future::pending().await,
        }
    }

    /// Guard, record, and the container's state changed by `change`.
    async fn act<T>(
        &self,
        action: &'static str,
        container: &Id,
        change: impl FnOnce(&mut FakeContainer) -> std::result::Result<T, &'static str>,
    ) -> Result<T> {
        let id = self.guard.admit(self, action, ResourceKind::Container, &container.0).await?;
        let name = self.held().name(&id);
        self.record(action, &name).await?;
        let mut state = self.held();
        let found = state.containers.get_mut(&id).ok_or("it is gone");
        found.and_then(change).map_err(|why| failed(action, &name, why))
    }

    async fn named(&self, action: &'static str, kind: ResourceKind, name: &str) -> Result<Id> {
        self.guard.admit(self, action, kind, name).await
    }

    fn resources(&self, wanted: impl Fn(&BTreeMap<String, String>) -> bool) -> Vec<Resource> {
        let state = self.held();
        let ours = state.things().filter(|(_, _, _, labels)| wanted(labels));
        ours.map(|(kind, id, name, labels)| Resource {
            kind,
            id: id.clone(),
            name: name.to_owned(),
            labels: labels.clone(),
        })
        .collect()
    }
}

fn failed(action: &'static str, what: &str, why: &str) -> EngineError {
    EngineError::Failed { action, what: what.to_owned(), why: why.to_owned() }
}

#[async_trait]
impl Lookup for FakeEngine {
    async fn look(&self, wanted: ResourceKind, wanted_name: &str) -> Result<Option<Seen>> {
        let state = self.held();
        let mut things = state.things();
        let found = things.find(|(kind, id, name, _)| *kind == wanted && (id.0 == wanted_name || *name == wanted_name));
        Ok(found.map(|(_, id, _, labels)| Seen { id: id.clone(), labels: labels.clone() }))
    }
}

#[async_trait]
impl Yard for FakeEngine {
    async fn everything(&self) -> Result<Vec<Resource>> {
        Ok(self.resources(|labels| labels.contains_key(label::RUN)))
    }

    fn on_behalf_of(&self, ownership: Ownership) -> Arc<dyn Engine> {
        let guard = Arc::new(Guard::new(ownership.run.clone()));
        Arc::new(Self { ownership, guard, ..self.clone() })
    }
}

#[async_trait]
impl Engine for FakeEngine {
    fn ownership(&self) -> &Ownership {
        &self.ownership
    }

    async fn info(&self) -> Result<EngineInfo> {
        Ok(EngineInfo {
            version: "20.10.0".to_owned(),
            api: "1.41".to_owned(),
            storage: "memory".to_owned(),
            cgroup: "v2".to_owned(),
            cpus: 4,
            memory: 8 << 30,
            time: crate::clock::wall_now(),
            root: "/".to_owned(),
        })
    }

    async fn list(&self) -> Result<Vec<Resource>> {
        let Ownership { run, datacenter, .. } = &self.ownership;
        let is =
            |labels: &BTreeMap<String, String>, name: &str, value: &str| labels.get(name).is_some_and(|v| v == value);
        let here = |labels: &BTreeMap<String, String>| {
            datacenter.as_ref().is_none_or(|datacenter| is(labels, label::DATACENTER, datacenter.as_str()))
        };
        Ok(self.resources(|labels| is(labels, label::RUN, run.as_str()) && here(labels)))
    }

    async fn create_network(&self, name: &str, _internal: bool) -> Result<Id> {
        self.record("create_network", name).await?;
        let labels = self.ownership.labels(None, None);
        let mut state = self.held();
        let id = state.fresh(ResourceKind::Network);
        state.networks.insert(id.clone(), FakeThing { name: name.to_owned(), labels, content: Vec::new() });
        Ok(id)
    }

    async fn connect(&self, network: &str, container: &Id, _aliases: &[String]) -> Result<()> {
        self.named("connect", ResourceKind::Network, network).await?;
        self.act("connect", container, |found| {
            found.networks.push(network.to_owned());
            Ok(())
        })
        .await
    }

    async fn disconnect(&self, network: &str, container: &Id) -> Result<()> {
        self.named("disconnect", ResourceKind::Network, network).await?;
        self.act("disconnect", container, |found| {
            found.networks.retain(|joined| joined != network);
            Ok(())
        })
        .await
    }

    async fn create_volume(&self, name: &str, tenant: Option<&Tenant>) -> Result<Id> {
        self.record("create_volume", name).await?;
        let id = Id(name.to_owned());
        let thing =
            FakeThing { name: name.to_owned(), labels: self.ownership.labels(tenant, None), content: Vec::new() };
        let labels = self.held().volumes.entry(id.clone()).or_insert(thing).labels.clone();
        self.guard.demand("take over", ResourceKind::Volume, name, &labels)?;
        Ok(id)
    }

    async fn read_volume(&self, name: &str) -> Result<TarStream> {
        let id = self.named("read_volume", ResourceKind::Volume, name).await?;
        self.record("read_volume", name).await?;
        let content = self.held().volumes.get(&id).map(|volume| volume.content.clone()).unwrap_or_default();
        Ok(stream::once(async { Ok(Bytes::from(content)) }).boxed())
    }

    async fn write_volume(&self, name: &str, tar: TarStream) -> Result<()> {
        let id = self.named("write_volume", ResourceKind::Volume, name).await?;
        self.record("write_volume", name).await?;
        let pieces: Vec<Bytes> =
            tar.try_collect().await.map_err(|error| failed("write_volume", name, &error.to_string()))?;
        if let Some(volume) = self.held().volumes.get_mut(&id) {
            volume.content = pieces.concat();
        }
        Ok(())
    }

    async fn remove(&self, kind: ResourceKind, id: &Id) -> Result<()> {
        let Some(id) = self.guard.admit_if_there(self, "remove", kind, &id.0).await? else {
            return Ok(());
        };
        let there = self.resources(|_| true).into_iter().find(|thing| thing.kind == kind && thing.id == id);
        let Some(Resource { name, .. }) = there else {
            return Ok(());
        };
        self.record("remove", &describe(kind, &name)).await?;
        let mut state = self.held();
        match kind {
            ResourceKind::Container => {
                state.containers.remove(&id);
            }
            ResourceKind::Network => {
                for member in state.containers.values_mut().filter(|member| member.networks.contains(&name)) {
                    self.guard.demand("disconnect", ResourceKind::Container, &member.name, &member.labels)?;
                    member.networks.retain(|joined| *joined != name);
                }
                state.networks.remove(&id);
            }
            ResourceKind::Volume => {
                let uses = |mount: &MountSpec| matches!(mount, MountSpec::Volume { name: used, .. } if *used == name);
                if state.containers.values().any(|container| container.spec.mounts.iter().any(uses)) {
                    return Err(failed("remove", &name, "volume is in use"));
                }
                state.volumes.remove(&id);
            }
        }
        Ok(())
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<Id> {
        for mount in &spec.mounts {
            match mount {
                MountSpec::Volume { name, .. } => {
                    self.named("mount", ResourceKind::Volume, name).await?;
                }
                MountSpec::Bind { .. } | MountSpec::Tmpfs { .. } => {}
            }
        }
        for (network, _) in &spec.networks {
            self.named("join", ResourceKind::Network, network).await?;
        }
        self.record("create", &spec.name).await?;
        let mut state = self.held();
        if state.containers.values().any(|container| container.name == spec.name) {
            return Err(failed("create", &spec.name, "the name is in use"));
        }
        let id = state.fresh(ResourceKind::Container);
        let container = FakeContainer {
            name: spec.name.clone(),
            labels: self.ownership.labels(spec.tenant.as_ref(), spec.service.as_ref()),
            networks: spec.networks.iter().map(|(network, _)| network.clone()).collect(),
            port: spec.publish.map(|_| state.fresh_port()),
            spec: spec.clone(),
            ..Default::default()
        };
        state.containers.insert(id.clone(), container);
        Ok(id)
    }

    async fn start(&self, container: &Id) -> Result<()> {
        self.act("start", container, |found| {
            found.start();
            Ok(())
        })
        .await
    }

    async fn restart(&self, container: &Id, _grace: Duration) -> Result<()> {
        self.act("restart", container, |found| {
            found.start();
            Ok(())
        })
        .await
    }

    async fn stop(&self, container: &Id, _grace: Duration) -> Result<()> {
        self.act("stop", container, |found| Ok(found.end(0))).await.map(|_| ())
    }

    async fn kill(&self, container: &Id) -> Result<()> {
        self.act("kill", container, |found| found.running.then(|| found.end(137)).ok_or("it is not running"))
            .await
            .map(|_| ())
    }

    async fn pause(&self, container: &Id) -> Result<()> {
        self.act("pause", container, |found| found.pause(true)).await
    }

    async fn unpause(&self, container: &Id) -> Result<()> {
        self.act("unpause", container, |found| found.pause(false)).await
    }

    async fn state(&self, container: &Id) -> Result<ContainerState> {
        let id = self.named("look at", ResourceKind::Container, &container.0).await?;
        let state = self.held();
        let found = state.containers.get(&id).ok_or_else(|| failed("look at", &id.0, "it is gone"))?;
        let healthy = found.running && !found.paused && state.health.get(&found.name).copied().unwrap_or(true);
        Ok(ContainerState {
            running: found.running,
            healthy: found.spec.health.as_ref().map(|_| healthy),
            exit: found.exit,
            restarts: found.restarts,
            published: found.port.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        })
    }

    async fn wait(&self, container: &Id) -> Result<i64> {
        let id = self.named("wait", ResourceKind::Container, &container.0).await?;
        let name = self.held().name(&id);
        let exit = self.held().exits.get(&name).copied().unwrap_or(0);
        self.act("wait", &id, |found| Ok(found.end(exit))).await
    }

    async fn logs(&self, container: &Id, _lines: usize) -> Result<(String, String)> {
        let id = self.named("read the log of", ResourceKind::Container, &container.0).await?;
        let name = self.held().name(&id);
        self.arranged("read the log of", &name).await?;
        Ok(self.held().logs.get(&name).cloned().unwrap_or_default())
    }

    async fn exec(&self, container: &Id, spec: &ExecSpec) -> Result<ExecOutput> {
        let id = self.named("exec", ResourceKind::Container, &container.0).await?;
        let name = self.held().name(&id);
        self.record("exec", &format!("{name}: {}", spec.command.join(" "))).await?;
        let (running, handler) = {
            let state = self.held();
            (state.containers.get(&id).is_some_and(|found| found.running && !found.paused), state.exec.clone())
        };
        if !running {
            return Err(EngineError::NotRunning { action: "exec", what: name, why: "it has ended".to_owned() });
        }
        match handler {
            Some(answer) => Ok(answer(&name, spec).await),
            None => Ok(ExecOutput::default()),
        }
    }

    async fn attach(&self, container: &Id) -> Result<Attached> {
        let id = self.named("attach", ResourceKind::Container, &container.0).await?;
        let name = self.held().name(&id);
        self.record("attach", &name).await?;
        let Some(program) = self.held().attach.clone() else {
            return Err(failed("attach", &name, "the test has arranged no program"));
        };
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        program(&name, theirs);
        let (stdout, stdin) = tokio::io::split(ours);
        Ok(Attached { stdin: Box::pin(stdin), stdout: Box::pin(stdout) })
    }

    async fn image(&self, name: &str) -> Result<Option<String>> {
        Ok(self.held().images.get(name).cloned())
    }

    async fn pull(&self, name: &str) -> Result<()> {
        self.record("pull", name)
            .await
            .map_err(|error| EngineError::NoImage { image: name.to_owned(), why: error.to_string() })?;
        self.put_image(name, &format!("id of {name}"));
        Ok(())
    }

    async fn import(&self, tag: &str, tar: TarStream) -> Result<()> {
        self.record("import", tag).await?;
        let read = tar.try_for_each(async |_| Ok(())).await;
        read.map_err(|error| failed("import", tag, &error.to_string()))?;
        self.put_image(tag, &format!("id of {tag}"));
        Ok(())
    }

    async fn build(&self, spec: &BuildSpec) -> Result<()> {
        let built = self.record("build", &spec.tag).await;
        built.map_err(|error| EngineError::Build { image: spec.tag.clone(), why: error.to_string() })?;
        self.put_image(&spec.tag, &format!("id of {}", spec.tag));
        Ok(())
    }
}
