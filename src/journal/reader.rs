//! Reads a journal back. A torn last line means that the run was aborted; a gap, a wrong hash or an impossible version is refused.

use super::event::{EVENT_VERSION, Entry};
use super::writer::{GENESIS, chain_hash};
use std::path::{Path, PathBuf};

/// A journal as it stands on disk.
#[derive(Debug, Clone)]
pub struct Journal {
    pub entries: Vec<Entry>,
    /// Whether the last line was cut off in the middle.
    pub torn: Option<Torn>,
}

/// The beginning of a line that was never finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Torn {
    pub bytes: usize,
}

/// Why a journal is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot read the journal {path}: {why}")]
    Unreadable { path: PathBuf, why: std::io::Error },
    #[error("the journal {path} is empty")]
    Empty { path: PathBuf },
    #[error("line {line} of the journal {path} is no event: {why}")]
    Malformed { path: PathBuf, line: usize, why: serde_json::Error },
    #[error("line {line} of the journal {path} has event version {found}, this program reads {EVENT_VERSION}")]
    Version { path: PathBuf, line: usize, found: u32 },
    #[error(
        "line {line} of the journal {path} has sequence number {found}, expected {expected}: a line is missing or out of order"
    )]
    Gap { path: PathBuf, line: usize, found: u64, expected: u64 },
    #[error("line {line} of the journal {path} does not continue the hash chain: it, or a line before it, was changed")]
    Chain { path: PathBuf, line: usize },
}

/// Reads and verifies the journal at `path`.
///
/// # Errors
/// [`ReadError`] when it cannot be read, is empty, or its chain is broken. A torn last line is no error.
pub fn read(path: &Path) -> Result<Journal, ReadError> {
    let at = || path.to_owned();
    let bytes = std::fs::read(path).map_err(|why| ReadError::Unreadable { path: at(), why })?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let torn = (whole < bytes.len()).then(|| Torn { bytes: bytes.len() - whole });
    let mut entries: Vec<Entry> = Vec::new();
    let mut prev = GENESIS.to_owned();
    for (index, text) in bytes[..whole].split(|byte| *byte == b'\n').enumerate() {
        if text.is_empty() {
            continue;
        }
        let line = index + 1;
        let entry: Entry =
            serde_json::from_slice(text).map_err(|why| ReadError::Malformed { path: at(), line, why })?;
        if entry.v != EVENT_VERSION {
            return Err(ReadError::Version { path: at(), line, found: entry.v });
        }
        let expected = entries.len() as u64;
        if entry.seq != expected {
            return Err(ReadError::Gap { path: at(), line, found: entry.seq, expected });
        }
        let hash = chain_hash(&entry).map_err(|why| ReadError::Malformed { path: at(), line, why })?;
        if entry.prev != prev || entry.hash != hash {
            return Err(ReadError::Chain { path: at(), line });
        }
        prev = hash;
        entries.push(entry);
    }
    if entries.is_empty() {
        return Err(ReadError::Empty { path: at() });
    }
    Ok(Journal { entries, torn })
}
