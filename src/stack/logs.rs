//! The last lines of every container, put into the run's folder before the container goes.
//!
//! Whoever looks for the cause of a failed recovery reads what the services said themselves. It is no evidence: no check
//! depends on it, and what is missing is noted, never waited for.

use super::site::Site;
use crate::engine::{EngineError, Resource, ResourceKind, label};
use crate::ids::Datacenter;
use crate::journal::Event;
use crate::plan::Driver;
use futures_util::{StreamExt as _, stream};
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::time::Duration;

/// Lines that are kept of each container.
const LINES: usize = 2000;
/// Logs that are read at once.
const SIDE_BY_SIDE: usize = 8;

/// Why a log is missing.
#[derive(Debug, thiserror::Error)]
enum LogError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("cannot write it: {0}")]
    Write(#[from] std::io::Error),
}

impl Site {
    /// Keeps the last lines of all containers of a datacenter, or of the whole run: a file for each service, readable by
    /// its owner only, with all secrets masked. Takes `within` at the most. Never fails: a note says what is missing.
    pub async fn keep_logs(&self, of: Option<&Datacenter>, within: Duration) {
        let mut files = Vec::new();
        let mut missing = Vec::new();
        let reading = async {
            let mut standing = self.handles.of(of).list().await?;
            standing.retain(|resource| resource.kind == ResourceKind::Container);
            let reads = stream::iter(standing).map(|container| async move {
                let kept = self.keep_log(&container).await;
                (container.name, kept)
            });
            let mut reads = std::pin::pin!(reads.buffer_unordered(SIDE_BY_SIDE));
            while let Some((name, kept)) = reads.next().await {
                match kept {
                    Ok(file) => files.push(file),
                    Err(why) => missing.push(format!("{name}: {why}")),
                }
            }
            Ok::<(), EngineError>(())
        };
        let in_time = tokio::time::timeout(within, reading).await;
        match in_time {
            Ok(Ok(())) => {}
            Ok(Err(error)) => missing.push(error.to_string()),
            Err(_) => missing.push(format!("not all could be read within {within:?}")),
        }
        files.sort();
        files.dedup();
        let kept = (!files.is_empty()).then_some(Event::LogsKept { files });
        let noted = (!missing.is_empty())
            .then(|| Event::Note { text: format!("logs of containers are missing: {}", missing.join("; ")) });
        for event in kept.into_iter().chain(noted) {
            // If the journal is gone, the drill stops at its next event.
            let _ = self.journal.write(event);
        }
    }

    async fn keep_log(&self, container: &Resource) -> Result<String, LogError> {
        let (mut stdout, stderr) = self.handles.of(None).logs(&container.id, LINES).await?;
        if self.is_driver(container) {
            stdout.clear();
        }
        let file = format!("{}.log", place_of(container));
        let text = format!("=== {}, the last {LINES} lines\n{}", container.name, told(&stdout, &stderr));
        DirBuilder::new().recursive(true).mode(0o700).create(&self.logs)?;
        // A service may have had several containers, one after the other.
        let mut out = OpenOptions::new().append(true).create(true).mode(0o600).open(self.logs.join(&file))?;
        out.write_all(self.journal.masked(&text).as_bytes())?;
        Ok(file)
    }

    /// What a driver prints are its answers: data of tenants, which nobody may find in the evidence.
    fn is_driver(&self, container: &Resource) -> bool {
        match &self.plan.stack.driver {
            Driver::Exec { service, run: _ } => {
                container.labels.get(label::SERVICE).is_some_and(|of| of == service.as_str())
            }
            Driver::Mediawiki { .. } => false,
        }
    }
}

/// `helsinki.acme.web`: names hold no dots, so that two services never share a file.
fn place_of(container: &Resource) -> String {
    let label = |name| container.labels.get(name).map(String::as_str);
    let place = [Some(label(label::DATACENTER).unwrap_or("front")), label(label::TENANT), label(label::SERVICE)];
    let named = place.into_iter().flatten().collect::<Vec<_>>().join(".");
    let named = if label(label::SERVICE).is_some() { named } else { container.name.clone() };
    named.chars().map(|c| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '_' }).collect()
}

/// Both streams, each under its name; the engine does not say how they were mixed.
fn told(stdout: &str, stderr: &str) -> String {
    let streams = [("stdout", stdout), ("stderr", stderr)].map(|(name, text)| {
        if text.is_empty() { String::new() } else { format!("--- {name}\n{}\n", text.trim_end_matches('\n')) }
    });
    streams.concat()
}

#[cfg(test)]
mod tests {
    use super::super::bed::{Bed, datacenter, key, plan};
    use super::*;

    fn read(bed: &Bed, file: &str) -> String {
        std::fs::read_to_string(bed.folder.path().join("logs").join(file)).expect(file)
    }

    #[tokio::test]
    async fn logs_are_kept_per_service_without_secrets() {
        let bed = Bed::new();
        bed.run("falkenstein", Some("acme"), "web").await;
        bed.run("falkenstein", None, "acme-web").await;
        bed.run("helsinki", None, "database").await;
        bed.engine.set_logs("falkenstein-acme-web", "ready\npassword=hunter2-hunter2!\n", "warning\n");
        bed.site.journal.hide(&["hunter2-hunter2".to_owned()]).expect("few words");

        bed.site.keep_logs(Some(&datacenter("falkenstein")), Duration::from_secs(5)).await;
        let head = "=== falkenstein-acme-web, the last 2000 lines\n";
        let text = format!("{head}--- stdout\nready\npassword=***!\n--- stderr\nwarning\n");
        assert_eq!(read(&bed, "falkenstein.acme.web.log"), text);
        assert_eq!(read(&bed, "falkenstein.acme-web.log"), "=== falkenstein--acme-web, the last 2000 lines\n");
        assert!(!bed.folder.path().join("logs/helsinki.database.log").exists(), "only the datacenter that goes");

        bed.site.keep_logs(None, Duration::from_secs(5)).await;
        assert_eq!(read(&bed, "falkenstein.acme.web.log"), text.repeat(2), "what was kept before stays");
        let files = ["falkenstein.acme-web.log", "falkenstein.acme.web.log", "helsinki.database.log"];
        assert_eq!(bed.events().last(), Some(&Event::LogsKept { files: files.map(str::to_owned).to_vec() }));
    }

    #[tokio::test]
    async fn answers_of_the_driver_are_left_out() {
        let mut plan = plan();
        plan.stack.driver = Driver::Exec { service: key("helsinki", None, "driver").service, run: Vec::new() };
        let bed = Bed::with(plan);
        bed.run("helsinki", None, "driver").await;
        bed.engine.set_logs("helsinki--driver", "{\"text\": \"a tenant's page\"}\n", "Traceback\n");
        bed.site.keep_logs(None, Duration::from_secs(5)).await;
        let text = "=== helsinki--driver, the last 2000 lines\n--- stderr\nTraceback\n";
        assert_eq!(read(&bed, "helsinki.driver.log"), text);
    }

    #[tokio::test]
    async fn a_log_that_does_not_come_is_noted_and_not_waited_for() {
        let bed = Bed::new();
        bed.run("falkenstein", Some("acme"), "web").await;
        bed.run("falkenstein", None, "database").await;
        bed.run("helsinki", None, "database").await;
        bed.engine.fail_next("read the log of falkenstein-acme-web", "gone");
        bed.engine.hang_next("read the log of helsinki--database");
        bed.site.keep_logs(None, Duration::from_millis(50)).await;
        let files = vec!["falkenstein.database.log".to_owned()];
        let text = "logs of containers are missing: falkenstein-acme-web: cannot read the log of falkenstein-acme-web: gone; \
                    not all could be read within 50ms";
        let expected = [Event::LogsKept { files }, Event::Note { text: text.to_owned() }];
        assert!(bed.events().ends_with(&expected), "{:#?}", bed.events());
    }
}
