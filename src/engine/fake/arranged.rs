//! What a test says to the fake engine: what is there, what goes wrong, who answers. And what it asks afterwards.

use super::FakeEngine;
use super::state::{FakeContainer, FakeThing, Injected};
use crate::engine::{ExecOutput, ExecSpec, Id, ResourceKind};
use futures_util::FutureExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::io::DuplexStream;

impl FakeEngine {
    /// All mutating calls so far, each as `verb name ...`, those that failed included.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.held().calls.clone()
    }

    /// The next call that begins so (`start`, or `start r1-app`) fails.
    pub fn fail_next(&self, call: &str, why: &str) {
        self.held().injected.push((call.to_owned(), Injected::Fail(why.to_owned())));
    }

    /// The next call that begins so never returns: to be cancelled.
    pub fn hang_next(&self, call: &str) {
        self.held().injected.push((call.to_owned(), Injected::Hang));
    }

    /// Answers commands: container name and command to output. Without it every command succeeds silently.
    pub fn on_exec(&self, answer: impl Fn(&str, &ExecSpec) -> ExecOutput + Send + Sync + 'static) {
        self.held().exec = Some(Arc::new(move |name, spec| futures_util::future::ready(answer(name, spec)).boxed()));
    }

    /// Plays the program of an attached container: container name and the program's end of its streams.
    pub fn on_attach(&self, program: impl Fn(&str, DuplexStream) + Send + Sync + 'static) {
        self.held().attach = Some(Arc::new(program));
    }

    /// The exit code that a container of this name will have; 0 without.
    pub fn set_exit(&self, name: &str, exit: i64) {
        self.held().exits.insert(name.to_owned(), exit);
    }

    /// The health of containers of this name that have a check; healthy without.
    pub fn set_health(&self, name: &str, healthy: bool) {
        self.held().health.insert(name.to_owned(), healthy);
    }

    /// What containers of this name have written.
    pub fn set_logs(&self, name: &str, stdout: &str, stderr: &str) {
        self.held().logs.insert(name.to_owned(), (stdout.to_owned(), stderr.to_owned()));
    }

    /// An image that is there already.
    pub fn put_image(&self, name: &str, id: &str) {
        self.held().images.insert(name.to_owned(), id.to_owned());
    }

    /// Something that somebody else made, with whatever labels.
    pub fn plant(&self, kind: ResourceKind, name: &str, labels: BTreeMap<String, String>) -> Id {
        let mut state = self.held();
        let thing = FakeThing { name: name.to_owned(), labels, content: Vec::new() };
        let id = match kind {
            ResourceKind::Container | ResourceKind::Network => state.fresh(kind),
            ResourceKind::Volume => Id(name.to_owned()),
        };
        match kind {
            ResourceKind::Container => {
                let container =
                    FakeContainer { name: thing.name, labels: thing.labels, running: true, ..Default::default() };
                state.containers.insert(id.clone(), container);
            }
            ResourceKind::Network => {
                state.networks.insert(id.clone(), thing);
            }
            ResourceKind::Volume => {
                state.volumes.insert(id.clone(), thing);
            }
        }
        id
    }
}
