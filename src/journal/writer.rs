//! The one writer: assigns sequence numbers, chains the hashes, appends, and flushes to disk where a crash must not lose a line.

use super::checksum::checksum;
use super::event::{EVENT_VERSION, Entry, Event};
use crate::clock::{Clock, Mono};
use aho_corasick::{AhoCorasick, BuildError, MatchKind};
use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The journal could not be written: the drill must stop.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot append to the journal {path}: {why}")]
pub struct WriteError {
    path: PathBuf,
    why: String,
}

/// What listens to events as they are written: the live view, the gate, the detector.
type Listener = Box<dyn Fn(&Entry) + Send + Sync>;

/// A handle on the one writer; clones share it.
#[derive(Clone)]
pub struct Writer {
    inner: Arc<Mutex<Inner>>,
    clock: Arc<dyn Clock>,
}

struct Inner {
    file: File,
    path: PathBuf,
    next: u64,
    prev: String,
    failed: Option<WriteError>,
    secrets: Vec<String>,
    hidden: Option<AhoCorasick>,
    listeners: Vec<Listener>,
}

/// Hash of the (absent) line before the first.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Writer {
    /// Creates the journal; it must not exist yet.
    ///
    /// # Errors
    /// [`WriteError`] when the file exists or cannot be created.
    pub fn create(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, WriteError> {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| WriteError { path: path.to_owned(), why: error.to_string() })?;
        let inner = Inner {
            file,
            path: path.to_owned(),
            next: 0,
            prev: GENESIS.to_owned(),
            failed: None,
            secrets: Vec::new(),
            hidden: None,
            listeners: Vec::new(),
        };
        Ok(Self { inner: Arc::new(Mutex::new(inner)), clock })
    }

    /// Calls `listener` for every event from now on, in order, on the writing thread: it must be quick and must not write.
    pub fn listen(&self, listener: impl Fn(&Entry) + Send + Sync + 'static) {
        self.lock().listeners.push(Box::new(listener));
    }

    /// From now on these words too are written as `***`, wherever an event holds them: an operator's command may print what it should not.
    ///
    /// # Errors
    /// [`BuildError`] when there are too many words for one search.
    pub fn hide(&self, words: &[String]) -> Result<(), BuildError> {
        let mut inner = self.lock();
        let all: Vec<String> = inner.secrets.iter().chain(words).cloned().collect();
        // The longest: of two secrets that begin alike, no end of the longer one stays.
        inner.hidden = Some(AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&all)?);
        inner.secrets = all;
        Ok(())
    }

    /// A text as the journal would write it: with the hidden words masked.
    #[must_use]
    pub fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let hidden = self.lock().hidden.clone();
        hidden.map_or(Cow::Borrowed(text), |hidden| masked(&hidden, text))
    }

    /// Appends one event, stamped now.
    ///
    /// # Errors
    /// [`WriteError`] when the line could not be written whole; every later call fails too.
    pub fn write(&self, event: Event) -> Result<Mono, WriteError> {
        let mut inner = self.lock();
        if let Some(failed) = &inner.failed {
            return Err(failed.clone());
        }
        let mono = self.clock.mono();
        inner.write(mono, self.clock.wall(), event).map(|()| mono)
    }

    /// Appends an event that has happened before, in the run that this one continues: with its own times.
    ///
    /// # Errors
    /// [`WriteError`] as in [`Writer::write`].
    pub fn write_past(&self, mono: Mono, wall: String, event: Event) -> Result<(), WriteError> {
        let mut inner = self.lock();
        match &inner.failed {
            Some(failed) => Err(failed.clone()),
            None => inner.write(mono, wall, event),
        }
    }

    /// The clock that stamps the events.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.lock().path.clone()
    }

    /// Hash of the last line.
    #[must_use]
    pub fn head(&self) -> String {
        self.lock().prev.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// After a failure nothing more is written.
    fn write(&mut self, mono: Mono, wall: String, event: Event) -> Result<(), WriteError> {
        let result = self.append(mono, wall, event);
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }

    fn append(&mut self, mono: Mono, wall: String, event: Event) -> Result<(), WriteError> {
        let event = self.without_secrets(event);
        let flush = must_reach_disk(&event);
        let mut entry =
            Entry { v: EVENT_VERSION, seq: self.next, mono, wall, event, prev: self.prev.clone(), hash: String::new() };
        entry.hash = chain_hash(&entry).map_err(|why| self.error(&why))?;
        let mut line = serde_json::to_vec(&entry).map_err(|why| self.error(&why))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(|why| self.error(&why))?;
        if flush {
            self.file.sync_data().map_err(|why| self.error(&why))?;
        }
        self.next += 1;
        self.prev.clone_from(&entry.hash);
        for listener in &self.listeners {
            listener(&entry);
        }
        Ok(())
    }

    fn without_secrets(&self, event: Event) -> Event {
        let Some(hidden) = &self.hidden else { return event };
        let Ok(text) = serde_json::to_string(&event) else { return event };
        match masked(hidden, &text) {
            Cow::Borrowed(_) => event,
            Cow::Owned(masked) => serde_json::from_str(&masked)
                .unwrap_or_else(|_| Event::Note { text: "an event that held a secret was left out".to_owned() }),
        }
    }

    fn error(&self, why: &dyn std::fmt::Display) -> WriteError {
        WriteError { path: self.path.clone(), why: why.to_string() }
    }
}

fn masked<'t>(hidden: &AhoCorasick, text: &'t str) -> Cow<'t, str> {
    if hidden.is_match(text) {
        Cow::Owned(hidden.replace_all(text, &vec!["***"; hidden.patterns_len()]))
    } else {
        Cow::Borrowed(text)
    }
}

/// A plain write survives a kill; these must survive a crash of the machine too.
const fn must_reach_disk(event: &Event) -> bool {
    matches!(
        event,
        Event::RunStarted(_)
            | Event::PhaseEnded { .. }
            | Event::UndoPlanned { .. }
            | Event::FaultInjecting { .. }
            | Event::FaultConfirmed { .. }
            | Event::UndoDone { .. }
            | Event::Leftovers { .. }
            | Event::RunEnded { .. }
    )
}

/// SHA-256 (hex) over the line with an empty `hash`.
pub(super) fn chain_hash(entry: &Entry) -> Result<String, serde_json::Error> {
    let mut bare = entry.clone();
    bare.hash.clear();
    let bytes = serde_json::to_vec(&bare)?;
    Ok(checksum(&bytes).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::journal::read;

    #[test]
    fn a_secret_never_reaches_the_file_and_the_chain_holds() {
        let folder = assert_fs::TempDir::new().expect("a folder");
        let path = folder.path().join("journal.ndjson");
        let writer = Writer::create(&path, Arc::new(SystemClock::start())).expect("a journal");
        writer.hide(&["hunter2-hunter2".to_owned()]).expect("few words");
        let told = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&told);
        writer.listen(move |entry| *heard.lock().expect("a lock") = format!("{:?}", entry.event));
        let text = "IDENTIFIED BY 'hunter2-hunter2' near line 1".to_owned();
        writer.write(Event::Note { text }).expect("written");
        assert!(!std::fs::read_to_string(&path).expect("a file").contains("hunter2"));
        assert!(told.lock().expect("a lock").contains("IDENTIFIED BY '***' near line 1"));
        assert_eq!(read(&path).expect("a whole chain").entries.len(), 1);
    }

    #[test]
    fn further_words_are_hidden_too_and_of_two_that_begin_alike_no_end_stays() {
        let folder = assert_fs::TempDir::new().expect("a folder");
        let path = folder.path().join("journal.ndjson");
        let writer = Writer::create(&path, Arc::new(SystemClock::start())).expect("a journal");
        assert_eq!(writer.masked("nothing is hidden yet"), "nothing is hidden yet");
        writer.hide(&["hunter2-hunter2".to_owned()]).expect("few words");
        writer.hide(&["hunter2-hunter2-of-globex".to_owned()]).expect("few words");
        assert_eq!(writer.masked("hunter2-hunter2\nhunter2-hunter2-of-globex."), "***\n***.");
    }
}
