//! The line to the program: one task writes, one reads, and a map knows who waits for which answer.
//!
//! When the program ends or says something that is no answer, the line is closed for good: everybody who waits, and
//! everybody who asks later, learns why.

use super::answer::{Answer, Line};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

#[derive(Debug)]
struct State {
    next: u64,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
    /// Why the line is closed.
    closed: Option<String>,
}

#[derive(Debug)]
struct Shared(Mutex<State>);

#[derive(Debug)]
pub(super) struct Wire {
    shared: Arc<Shared>,
    lines: mpsc::UnboundedSender<Vec<u8>>,
    reader: AbortHandle,
}

/// Nobody is left who could ask: the reader must not hold the program's stdout open. The writer ends with its queue.
impl Drop for Wire {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, why: &str) {
        let mut state = self.state();
        state.closed.get_or_insert_with(|| why.to_owned());
        // Dropping a sender tells the one who waits.
        state.waiting.clear();
    }

    /// Hands an answer to the one who waits for it. `Err`: what is wrong with the line.
    fn deliver(&self, line: &[u8]) -> Result<(), String> {
        // The line itself is not told: it may hold what is the tenant's.
        let line: Line =
            serde_json::from_slice(line).map_err(|error| format!("the driver's program answers garbage: {error}"))?;
        let mut state = self.state();
        if line.id == 0 || line.id >= state.next {
            return Err(format!("the driver's program answers request {}, which was never sent", line.id));
        }
        // Nobody waits: the answer came after the patience had ended.
        if let Some(waiting) = state.waiting.remove(&line.id) {
            let _gone_meanwhile = waiting.send(line.answer);
        }
        Ok(())
    }
}

impl Wire {
    pub(super) fn open(
        stdin: impl AsyncWrite + Send + Unpin + 'static,
        stdout: impl AsyncRead + Send + Unpin + 'static,
    ) -> Arc<Self> {
        let shared = Arc::new(Shared(Mutex::new(State { next: 1, waiting: HashMap::new(), closed: None })));
        let (lines, queue) = mpsc::unbounded_channel();
        tokio::spawn(write(stdin, queue, Arc::clone(&shared)));
        let reader = tokio::spawn(read(stdout, Arc::clone(&shared))).abort_handle();
        Arc::new(Self { shared, lines, reader })
    }

    /// Sends a request and waits for its answer. Whatever goes wrong on the way is an `Info`.
    pub(super) async fn ask(&self, mut request: Map<String, Value>, patience: Duration) -> Answer {
        let (answer, waiting) = oneshot::channel();
        let id = {
            let mut state = self.shared.state();
            if let Some(why) = &state.closed {
                return Answer::Info(why.clone());
            }
            let id = state.next;
            state.next += 1;
            state.waiting.insert(id, answer);
            id
        };
        let _forget = Waiting { shared: &self.shared, id };
        request.insert("id".to_owned(), id.into());
        let mut line = Value::Object(request).to_string().into_bytes();
        line.push(b'\n');
        if self.lines.send(line).is_err() {
            self.shared.close("the driver's program takes no more requests");
        }
        match tokio::time::timeout(patience, waiting).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Answer::Info(self.shared.state().closed.clone().unwrap_or_else(|| "no answer".to_owned())),
            Err(_) => Answer::Info("timed out".to_owned()),
        }
    }
}

/// Takes a request off the map when its asker is gone, also when that was cancelled.
struct Waiting<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.shared.state().waiting.remove(&self.id);
    }
}

async fn write(mut stdin: impl AsyncWrite + Unpin, mut queue: mpsc::UnboundedReceiver<Vec<u8>>, shared: Arc<Shared>) {
    while let Some(line) = queue.recv().await {
        let mut sent = stdin.write_all(&line).await;
        if sent.is_ok() && queue.is_empty() {
            sent = stdin.flush().await;
        }
        if let Err(error) = sent {
            return shared.close(&format!("the driver's program takes no more requests: {error}"));
        }
    }
}

async fn read(stdout: impl AsyncRead + Unpin, shared: Arc<Shared>) {
    let mut stdout = BufReader::new(stdout);
    let mut line = Vec::new();
    let why = loop {
        line.clear();
        match stdout.read_until(b'\n', &mut line).await {
            Ok(0) => break "the driver's program has ended".to_owned(),
            Ok(_) if line.trim_ascii().is_empty() => {}
            Ok(_) if !line.ends_with(b"\n") => break "the driver's program ended within an answer".to_owned(),
            Ok(_) => {
                if let Err(why) = shared.deliver(&line) {
                    break why;
                }
            }
            Err(error) => break format!("the driver's program cannot be heard any more: {error}"),
        }
    };
    shared.close(&why);
}
