//! Commands in running containers, each with an end.
//!
//! A cancelled exec goes on in the container, so every command is wrapped in `timeout`, which ends it there. A second
//! deadline on this side, a little later, covers an engine that hangs or a container that is paused.

use super::containers::variables;
use super::{DockerEngine, failed, not_running};
use crate::clock::{Clock, SystemClock};
use crate::engine::{EngineError, ExecOutput, ExecSpec, Id, Result};
use bollard::container::LogOutput;
use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use futures_util::StreamExt;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// From the polite signal to the kill.
const KILL_AFTER: Duration = Duration::from_secs(2);
/// What our own deadline grants on top: kill, engine's way, reading the rest.
const MARGIN: Duration = Duration::from_secs(8);
/// More than this on stdout is an error: half an answer must not pass for a whole one.
const STDOUT_LIMIT: usize = 8 << 20;
/// What is kept of stderr: its end.
const STDERR_TAIL: usize = 64 << 10;
/// What `timeout` exits with: after the polite signal, after the kill.
const TIMED_OUT: i64 = 124;
const KILLED: i64 = 137;
/// The exit code may lag behind the end of the output.
const EXIT_TRIES: u32 = 100;
const EXIT_PAUSE: Duration = Duration::from_millis(20);

impl DockerEngine {
    pub(super) async fn container_exec(&self, container: &Id, spec: &ExecSpec) -> Result<ExecOutput> {
        let id = self.admit_container("execute in", container).await?;
        let clock = SystemClock::start();
        let began = clock.mono();
        let allowed = spec.deadline + KILL_AFTER + MARGIN;
        let Ok(output) = tokio::time::timeout(allowed, self.execute(&id, spec)).await else {
            let stderr = "the engine did not report the end of this command".to_owned();
            return Ok(ExecOutput { exit: TIMED_OUT, stdout: String::new(), stderr, timed_out: true });
        };
        let mut output = output?;
        // 137 is also how a command ends whose container is killed: only the time tells them apart.
        let over = clock.mono().since(began) >= spec.deadline;
        if over && (output.exit == TIMED_OUT || output.exit == KILLED) {
            output.timed_out = true;
            output.exit = TIMED_OUT;
        }
        Ok(output)
    }

    async fn execute(&self, id: &Id, spec: &ExecSpec) -> Result<ExecOutput> {
        // The command line would show its arguments in the engine's events, so an error names the program only.
        let program = spec.command.first().map_or("", String::as_str);
        let what = || format!("{program} in container {}", id.0);
        let config = ExecConfig {
            cmd: Some(wrapped(spec)),
            env: Some(variables(&spec.environment)),
            attach_stdin: Some(spec.stdin.is_some()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..Default::default()
        };
        let exec = self.docker.create_exec(&id.0, config).await.map_err(not_running("execute", what()))?.id;
        let (mut output, mut input) = match self.docker.start_exec(&exec, None).await {
            Ok(StartExecResults::Attached { output, input }) => (output, input),
            Ok(StartExecResults::Detached) => return Err(broken(what(), "the engine detached it")),
            Err(error) => return Err(not_running("execute", what())(error)),
        };

        // Side by side: a command that answers while it reads would otherwise block, and so would we.
        let stdin = spec.stdin.clone();
        let feed = async move {
            if let Some(stdin) = stdin {
                // A command may end without reading everything: its exit code tells, not this pipe.
                let fed = input.write_all(&stdin).await;
                let closed = input.shutdown().await;
                if let Err(error) = fed.and(closed) {
                    tracing::debug!(%error, "the command did not read all of its input");
                }
            }
            input
        };
        let read = async {
            let mut kept = Kept::default();
            while let Some(piece) = output.next().await {
                kept.take(piece.map_err(failed("read the output of", what()))?);
            }
            Ok::<Kept, EngineError>(kept)
        };
        tokio::pin!(feed, read);
        let mut input = None;
        let kept = loop {
            tokio::select! {
                done = &mut feed, if input.is_none() => input = Some(done),
                kept = &mut read => break kept?,
            }
        };
        drop(input);

        let exit = self.exit(&exec, what()).await?;
        if kept.overflow {
            return Err(broken(what(), "it wrote more than 8 MiB to stdout"));
        }
        Ok(ExecOutput { exit, stdout: kept.stdout(), stderr: kept.stderr(), timed_out: false })
    }

    async fn exit(&self, exec: &str, what: String) -> Result<i64> {
        for _ in 0..EXIT_TRIES {
            let seen = self.docker.inspect_exec(exec).await.map_err(not_running("execute", what.clone()))?;
            match seen.exit_code {
                Some(exit) if seen.running != Some(true) => return Ok(exit),
                Some(_) | None => tokio::time::sleep(EXIT_PAUSE).await,
            }
        }
        Err(broken(what, "its output ended but it did not"))
    }
}

fn broken(what: String, why: &str) -> EngineError {
    EngineError::Failed { action: "execute", what, why: why.to_owned() }
}

/// The command under `timeout`, in whole seconds, rounded up: not every `timeout` knows fractions.
fn wrapped(spec: &ExecSpec) -> Vec<String> {
    let whole = spec.deadline.as_secs() + u64::from(spec.deadline.subsec_nanos() > 0);
    let limit = whole.max(1).to_string();
    let head = ["timeout", "-k", "2", &limit].map(str::to_owned);
    head.into_iter().chain(spec.command.iter().cloned()).collect()
}

/// What is kept of the output.
#[derive(Default)]
struct Kept {
    stdout: Vec<u8>,
    overflow: bool,
    stderr: VecDeque<u8>,
}

impl Kept {
    fn take(&mut self, piece: LogOutput) {
        match piece {
            LogOutput::StdOut { message } | LogOutput::Console { message } => {
                if self.stdout.len() + message.len() > STDOUT_LIMIT {
                    self.overflow = true;
                    self.stdout = Vec::new();
                }
                if !self.overflow {
                    self.stdout.extend_from_slice(&message);
                }
            }
            LogOutput::StdErr { message } => {
                self.stderr.extend(message.iter());
                let excess = self.stderr.len().saturating_sub(STDERR_TAIL);
                self.stderr.drain(..excess);
            }
            LogOutput::StdIn { .. } => {}
        }
    }

    fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    fn stderr(mut self) -> String {
        String::from_utf8_lossy(self.stderr.make_contiguous()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn a_command_is_wrapped_with_whole_seconds() {
        let spec = |deadline| ExecSpec { command: vec!["true".to_owned()], deadline, ..ExecSpec::default() };
        assert_eq!(wrapped(&spec(Duration::from_millis(1500))), ["timeout", "-k", "2", "2", "true"]);
        assert_eq!(wrapped(&spec(Duration::from_secs(60))), ["timeout", "-k", "2", "60", "true"]);
        assert_eq!(wrapped(&spec(Duration::ZERO))[3], "1", "0 would mean no limit at all");
    }

    #[test]
    fn stderr_keeps_its_end_and_stdout_is_whole_or_an_error() {
        let mut kept = Kept::default();
        kept.take(LogOutput::StdErr { message: Bytes::from(vec![b'a'; STDERR_TAIL]) });
        kept.take(LogOutput::StdErr { message: Bytes::from_static(b"end") });
        kept.take(LogOutput::StdOut { message: Bytes::from_static(b"fine") });
        assert!(!kept.overflow);
        assert_eq!(kept.stdout(), "fine");
        kept.take(LogOutput::StdOut { message: Bytes::from(vec![b'x'; STDOUT_LIMIT]) });
        kept.take(LogOutput::StdOut { message: Bytes::from_static(b"more") });
        assert!(kept.overflow && kept.stdout.is_empty(), "nothing is held in memory that will not be used");
        let stderr = kept.stderr();
        assert!(stderr.len() == STDERR_TAIL && stderr.ends_with("aend"));
    }
}
