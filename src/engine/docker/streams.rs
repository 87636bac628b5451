//! Standard streams and logs of containers.
//!
//! Without a terminal the engine sends both output streams through one connection, in frames; here they are taken apart.

use super::{DockerEngine, failed};
use crate::engine::{Attached, Id, Result};
use bollard::container::LogOutput;
use bollard::query_parameters::{AttachContainerOptions, LogsOptions};
use futures_util::{StreamExt, TryStreamExt};
use tokio_util::io::StreamReader;

/// What is kept of a log: its last lines, but never more than this per stream.
const LOG_LIMIT: usize = 1 << 20;

impl DockerEngine {
    /// stdin and stdout; stderr stays in the container's log, where [`Self::container_logs`] finds it.
    pub(super) async fn container_attach(&self, container: &Id) -> Result<Attached> {
        let id = self.admit_container("attach to", container).await?;
        let options = AttachContainerOptions { stream: true, stdin: true, stdout: true, ..Default::default() };
        let attached = self.docker.attach_container(&id.0, Some(options)).await;
        let attached = attached.map_err(failed("attach to container", &id.0))?;
        let stdout = attached.output.map_err(std::io::Error::other).try_filter_map(async |piece| {
            Ok(match piece {
                LogOutput::StdOut { message } | LogOutput::Console { message } => Some(message),
                LogOutput::StdErr { .. } | LogOutput::StdIn { .. } => None,
            })
        });
        Ok(Attached { stdin: attached.input, stdout: Box::pin(StreamReader::new(Box::pin(stdout))) })
    }

    pub(super) async fn container_logs(&self, container: &Id, lines: usize) -> Result<(String, String)> {
        let id = self.admit_container("read the log of", container).await?;
        let options = LogsOptions { stdout: true, stderr: true, tail: lines.to_string(), ..Default::default() };
        let mut log = Box::pin(self.docker.logs(&id.0, Some(options)));
        let (mut stdout, mut stderr) = (Kept::default(), Kept::default());
        while let Some(piece) = log.next().await {
            match piece.map_err(failed("read the log of container", &id.0))? {
                LogOutput::StdOut { message } | LogOutput::Console { message } => stdout.take(&message),
                LogOutput::StdErr { message } => stderr.take(&message),
                LogOutput::StdIn { .. } => {}
            }
        }
        Ok((stdout.text(), stderr.text()))
    }
}

/// The end of one stream.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    cut: bool,
}

impl Kept {
    /// Appends and drops the oldest bytes beyond the limit.
    fn take(&mut self, more: &[u8]) {
        self.bytes.extend_from_slice(more);
        let excess = self.bytes.len().saturating_sub(LOG_LIMIT);
        self.bytes.drain(..excess);
        self.cut |= excess > 0;
    }

    /// Whole lines: half a secret could not be recognised and masked.
    fn text(&self) -> String {
        let rest = || self.bytes.iter().position(|byte| *byte == b'\n').map_or(&[][..], |end| &self.bytes[end + 1..]);
        String::from_utf8_lossy(if self.cut { rest() } else { &self.bytes }).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_keeps_its_end_in_whole_lines() {
        let mut kept = Kept::default();
        kept.take(b"first\n");
        assert_eq!(kept.text(), "first\n");
        kept.take(&vec![b'x'; LOG_LIMIT - 5]);
        kept.take(b"x\nlast\n");
        assert_eq!(kept.text(), "last\n");
    }
}
