//! The operator's commands: an exec in a running container, or a one-shot container for services with `profiles: [job]`.

use super::printed::Printed;
use super::site::{Site, SiteError};
use crate::engine::{ExecOutput, ExecSpec, Id, MountSpec, ResourceKind};
use crate::ids::{Datacenter, StepName, Tenant};
use crate::journal::{Kind, Outcome};
use crate::plan::{Command, NetworkKey, ServiceKey};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::time::Duration;

/// Lines of a command's output that the journal keeps.
const TAIL_LINES: usize = 12;
const TAIL_BYTES: usize = 2000;

/// The operator's command did not do what it should.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommandError {
    #[error("{at}: `{command}` ended with exit code {exit}; its last lines: {tail}")]
    Exit { at: ServiceKey, command: String, exit: i64, tail: String },
    #[error("{at}: `{command}` did not end within {deadline:?} and was stopped; its last lines: {tail}")]
    TimedOut { at: ServiceKey, command: String, deadline: Duration, tail: String },
}

/// A command that ended with 0.
#[derive(Debug, Clone)]
pub struct Ended {
    pub at: ServiceKey,
    pub tenant: Option<Tenant>,
    pub stdout: String,
}

impl Site {
    /// Runs commands side by side; all end before the first error is returned.
    ///
    /// # Errors
    /// The first [`SiteError`] in the order of `commands`.
    pub async fn run(&self, step: &StepName, commands: &[Command]) -> Result<Vec<Ended>, SiteError> {
        self.run_with(step, commands, &BTreeMap::new()).await
    }

    /// Like [`Site::run`], with additional environment variables.
    ///
    /// # Errors
    /// The first [`SiteError`] in the order of `commands`.
    pub async fn run_with(
        &self,
        step: &StepName,
        commands: &[Command],
        environment: &BTreeMap<String, String>,
    ) -> Result<Vec<Ended>, SiteError> {
        join_all(commands.iter().map(|command| self.run_one(step, command, environment))).await.into_iter().collect()
    }

    /// Runs commands side by side and reads what each prints.
    ///
    /// # Errors
    /// The first [`SiteError`] in the order of `commands`.
    pub async fn ask<T: Printed>(&self, step: &StepName, commands: &[Command]) -> Result<Vec<(Ended, T)>, SiteError> {
        let read = |ended: Ended| match T::from_output(&ended.stdout) {
            Ok(said) => Ok((ended, said)),
            Err(source) => Err(SiteError::Printed { at: ended.at, source }),
        };
        self.run(step, commands).await?.into_iter().map(read).collect()
    }

    /// Runs one command, with additional environment variables.
    ///
    /// # Errors
    /// [`SiteError`], of which [`CommandError`] is the operator's own failure.
    pub async fn run_one(
        &self,
        step: &StepName,
        command: &Command,
        environment: &BTreeMap<String, String>,
    ) -> Result<Ended, SiteError> {
        let _slot = self.commands.acquire().await;
        let shown = command.run.join(" ");
        let task = self.task_started(step, &command.at, shown.clone())?;
        let output = if self.service(&command.at)?.job {
            self.one_shot(command, environment, Vec::new()).await
        } else {
            self.exec(command, environment).await
        };
        match output {
            Ok(output) => {
                let tail = tail(&output);
                let error = if output.timed_out {
                    let deadline = command.deadline;
                    Some(CommandError::TimedOut {
                        at: command.at.clone(),
                        command: shown,
                        deadline,
                        tail: tail.clone(),
                    })
                } else if output.exit != 0 {
                    let exit = output.exit;
                    Some(CommandError::Exit { at: command.at.clone(), command: shown, exit, tail: tail.clone() })
                } else {
                    None
                };
                let outcome = match &error {
                    None => Outcome::Done,
                    Some(CommandError::TimedOut { deadline, .. }) => Outcome::timed_out(*deadline),
                    Some(CommandError::Exit { exit, .. }) => Outcome::Failed { why: format!("exit code {exit}") },
                };
                self.task_ended(task, outcome, Some(output.exit), tail)?;
                error.map_or_else(
                    || Ok(Ended { at: command.at.clone(), tenant: command.tenant.clone(), stdout: output.stdout }),
                    |error| Err(error.into()),
                )
            }
            Err(error) => {
                self.task_ended(task, error.outcome(), None, String::new())?;
                Err(error)
            }
        }
    }

    /// The stack's own command fills the run's secrets folder, in a container that no network reaches.
    ///
    /// # Errors
    /// [`SiteError`] when the command fails.
    pub async fn make_secrets(&self, step: &StepName, commands: &[Command]) -> Result<(), SiteError> {
        let stack = &self.plan.stack;
        let tenants: Vec<&str> = self.plan.tenants.iter().map(Tenant::as_str).collect();
        let datacenters: Vec<&str> = stack.datacenters.keys().map(Datacenter::as_str).collect();
        let environment = BTreeMap::from([
            ("TENANTS".to_owned(), tenants.join(",")),
            ("DOMAIN".to_owned(), stack.domain.clone()),
            ("PRIMARY".to_owned(), stack.primary.to_string()),
            ("MIRROR".to_owned(), stack.mirror.to_string()),
            ("DATACENTERS".to_owned(), datacenters.join(",")),
            ("OWNER".to_owned(), owner_of(&self.secrets)),
        ]);
        for command in commands {
            let task = self.task_started(step, &command.at, command.run.join(" "))?;
            let mount =
                MountSpec::Bind { source: self.secrets.clone(), target: "/secrets".to_owned(), read_only: false };
            let output = self.one_shot(command, &environment, vec![mount]).await?;
            let outcome = if output.exit == 0 {
                Outcome::Done
            } else {
                Outcome::Failed { why: format!("exit code {}", output.exit) }
            };
            // What it printed stays out of the journal: it handles secrets.
            self.task_ended(task, outcome, Some(output.exit), String::new())?;
            if output.exit != 0 {
                let (at, command) = (command.at.clone(), command.run.join(" "));
                return Err(
                    CommandError::Exit { at, command, exit: output.exit, tail: "(not shown)".to_owned() }.into()
                );
            }
        }
        Ok(())
    }

    async fn exec(&self, command: &Command, environment: &BTreeMap<String, String>) -> Result<ExecOutput, SiteError> {
        let container = self.container(&command.at)?;
        let spec = ExecSpec {
            command: command.run.clone(),
            environment: environment.clone(),
            stdin: None,
            deadline: command.deadline,
        };
        Ok(self.handles.of(command.at.datacenter.as_ref()).exec(&container, &spec).await?)
    }

    /// A container for this command alone. With `mounts` of its own (secrets) it joins no network and mounts nothing else
    /// but the stack's scripts.
    async fn one_shot(
        &self,
        command: &Command,
        environment: &BTreeMap<String, String>,
        mounts: Vec<MountSpec>,
    ) -> Result<ExecOutput, SiteError> {
        let service = self.service(&command.at)?;
        let alone = !mounts.is_empty();
        let mut spec = self.spec(service, alone).await?;
        spec.name = self.names.job(&command.at, self.count());
        spec.entrypoint = Some(command.run.clone());
        spec.command = Some(Vec::new());
        spec.environment.extend(environment.clone());
        spec.mounts.extend(mounts);
        spec.health = None;
        spec.restart = None;
        spec.publish = None;
        spec.stdin = false;
        if alone {
            spec.networks.clear();
        }
        let engine = self.handles.of(command.at.datacenter.as_ref());
        let container = engine.create(&spec).await?;
        self.created(
            Kind::Container,
            &spec.name,
            &container,
            command.at.datacenter.clone(),
            command.at.tenant.clone(),
        )?;
        let output = self.until_ended(command, &container).await;
        engine.remove(ResourceKind::Container, &container).await?;
        let resource = crate::engine::Resource {
            kind: ResourceKind::Container,
            id: container,
            name: spec.name,
            labels: BTreeMap::new(),
        };
        self.removed(&resource, command.at.datacenter.clone())?;
        output
    }

    async fn until_ended(&self, command: &Command, container: &Id) -> Result<ExecOutput, SiteError> {
        let engine = self.handles.of(command.at.datacenter.as_ref());
        engine.start(container).await?;
        let waited = tokio::time::timeout(command.deadline, engine.wait(container)).await;
        let (stdout, stderr) = engine.logs(container, 100_000).await?;
        Ok(match waited {
            Ok(exit) => ExecOutput { exit: exit?, stdout, stderr, timed_out: false },
            Err(_) => ExecOutput { exit: 124, stdout, stderr, timed_out: true },
        })
    }

    /// Starts the program of the `exec` driver and returns its streams.
    ///
    /// # Errors
    /// [`SiteError`] when the container cannot be started.
    pub async fn start_driver(&self, at: &ServiceKey, run: &[String]) -> Result<crate::engine::Attached, SiteError> {
        let mut spec = self.spec(self.service(at)?, false).await?;
        spec.name = self.names.job(at, self.count());
        spec.entrypoint = Some(run.to_vec());
        spec.command = Some(Vec::new());
        spec.stdin = true;
        spec.restart = None;
        spec.health = None;
        spec.networks.retain(|(name, _)| *name == self.names.network(&NetworkKey::Front));
        let engine = self.handles.of(None);
        let container = engine.create(&spec).await?;
        self.created(Kind::Container, &spec.name, &container, None, None)?;
        let attached = engine.attach(&container).await?;
        engine.start(&container).await?;
        Ok(attached)
    }
}

/// The last lines of both streams, bounded.
pub(super) fn tail(output: &ExecOutput) -> String {
    let lines: Vec<&str> =
        output.stdout.lines().chain(output.stderr.lines()).filter(|line| !line.trim().is_empty()).collect();
    let text = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
    let start = text.len().saturating_sub(TAIL_BYTES);
    let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[start..].to_owned()
}

/// `uid:gid` of the folder, so that what a container's root writes there can be read and removed.
fn owner_of(folder: &std::path::Path) -> String {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(folder).map_or_else(|_| "0:0".to_owned(), |meta| format!("{}:{}", meta.uid(), meta.gid()))
}

#[cfg(test)]
mod tests {
    use super::super::bed::{Bed, key};
    use super::*;
    use crate::engine::{Engine as _, EngineError};
    use crate::journal::Event;

    /// A command of the sample's backup service, and what the journal says about its end.
    async fn ran(bed: &Bed) -> (Result<Ended, SiteError>, Option<Event>) {
        let at = key("helsinki", Some("acme"), "backup");
        let run = vec!["/opt/operator/restore".to_owned()];
        let command = Command { tenant: at.tenant.clone(), at, run, deadline: Duration::from_secs(5) };
        let ended = bed.site.run_one(&StepName("recover/restore".to_owned()), &command, &BTreeMap::new()).await;
        (ended, bed.events().pop())
    }

    #[tokio::test]
    async fn a_container_that_has_crashed_is_the_operators_failure() {
        let bed = Bed::new();
        let container = bed.run("helsinki", Some("acme"), "backup").await;
        assert!(ran(&bed).await.0.is_ok());
        bed.engine.kill(&container).await.expect("killed");
        let (ended, event) = ran(&bed).await;
        let error = ended.expect_err("it does not run");
        assert!(error.is_the_operators(), "{error}");
        assert!(matches!(event, Some(Event::TaskEnded { outcome: Outcome::Failed { .. }, .. })), "{event:?}");
    }

    #[tokio::test]
    async fn an_engine_that_fails_is_not() {
        let bed = Bed::new();
        bed.run("helsinki", Some("acme"), "backup").await;
        bed.engine.fail_next("exec", "connection refused");
        let (ended, event) = ran(&bed).await;
        let error = ended.expect_err("the engine is gone");
        assert!(!error.is_the_operators(), "{error}");
        assert!(matches!(event, Some(Event::TaskEnded { outcome: Outcome::Broken { .. }, .. })), "{event:?}");
        assert!(!SiteError::Engine(EngineError::Absent("no socket".to_owned())).is_the_operators());
    }
}
