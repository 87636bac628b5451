//! What the fake engine holds, and what a test has arranged.

use crate::engine::{ContainerSpec, ExecOutput, ExecSpec, Id, ResourceKind};
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::io::DuplexStream;

type Labels = BTreeMap<String, String>;
pub(super) type ExecHandler = Arc<dyn Fn(&str, &ExecSpec) -> BoxFuture<'static, ExecOutput> + Send + Sync>;
pub(super) type AttachHandler = Arc<dyn Fn(&str, DuplexStream) + Send + Sync>;

/// One container.
#[derive(Debug, Clone, Default)]
pub(super) struct FakeContainer {
    pub name: String,
    pub labels: Labels,
    pub spec: ContainerSpec,
    /// Names of the networks that it is in.
    pub networks: Vec<String>,
    pub running: bool,
    pub paused: bool,
    pub exit: Option<i64>,
    pub restarts: u64,
    pub port: Option<u16>,
}

impl FakeContainer {
    pub fn start(&mut self) {
        self.running = true;
        self.paused = false;
        self.exit = None;
    }

    /// The exit code of one that has ended before stays.
    pub fn end(&mut self, exit: i64) -> i64 {
        self.running = false;
        *self.exit.get_or_insert(exit)
    }

    pub fn pause(&mut self, paused: bool) -> Result<(), &'static str> {
        if !self.running || self.paused == paused {
            return Err("it is not in the state for this");
        }
        self.paused = paused;
        Ok(())
    }
}

/// One network or volume; a network has no content.
#[derive(Debug, Clone, Default)]
pub(super) struct FakeThing {
    pub name: String,
    pub labels: Labels,
    pub content: Vec<u8>,
}

/// What happens to a call instead of success.
#[derive(Debug, Clone)]
pub(super) enum Injected {
    Fail(String),
    Hang,
}

#[derive(Default)]
pub(super) struct State {
    pub calls: Vec<String>,
    pub containers: BTreeMap<Id, FakeContainer>,
    pub networks: BTreeMap<Id, FakeThing>,
    /// By name, which is their id.
    pub volumes: BTreeMap<Id, FakeThing>,
    /// Name to id.
    pub images: BTreeMap<String, String>,
    /// Beginnings of calls and what happens to the next one.
    pub injected: Vec<(String, Injected)>,
    /// What containers end with, by name.
    pub exits: BTreeMap<String, i64>,
    /// Health by name; healthy if nothing is said.
    pub health: BTreeMap<String, bool>,
    /// stdout and stderr by name; nothing if nothing is said.
    pub logs: BTreeMap<String, (String, String)>,
    pub exec: Option<ExecHandler>,
    pub attach: Option<AttachHandler>,
    numbers: u32,
}

impl State {
    /// Ids count up, so that tests can print them.
    pub fn fresh(&mut self, kind: ResourceKind) -> Id {
        self.numbers += 1;
        Id(format!("{}-{}", kind.name(), self.numbers))
    }

    pub fn fresh_port(&mut self) -> u16 {
        self.numbers += 1;
        20_000 + u16::try_from(self.numbers % 10_000).unwrap_or(0)
    }

    /// The injection for a call, taken off the list.
    pub fn injection(&mut self, call: &str) -> Option<Injected> {
        let meant = |beginning: &str| {
            call.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ':']))
        };
        let position = self.injected.iter().position(|(beginning, _)| meant(beginning))?;
        Some(self.injected.remove(position).1)
    }

    /// Id, name and labels of everything.
    pub fn things(&self) -> impl Iterator<Item = (ResourceKind, &Id, &str, &Labels)> {
        let containers =
            self.containers.iter().map(|(id, thing)| (ResourceKind::Container, id, thing.name.as_str(), &thing.labels));
        let networks =
            self.networks.iter().map(|(id, thing)| (ResourceKind::Network, id, thing.name.as_str(), &thing.labels));
        let volumes =
            self.volumes.iter().map(|(id, thing)| (ResourceKind::Volume, id, thing.name.as_str(), &thing.labels));
        containers.chain(networks).chain(volumes)
    }

    /// The container's name, for messages and the record of calls.
    pub fn name(&self, container: &Id) -> String {
        self.containers.get(container).map_or_else(|| container.0.clone(), |found| found.name.clone())
    }
}
