//! What the operator's commands print: the last line of stdout is one JSON object.

use crate::clock::DrillTime;
use crate::ids::Datacenter;
use crate::journal::{Claim, Print, Snapshot};
use crate::plan::Tag;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Why the last line of a command is not what the stack's contract says.
#[derive(Debug, Clone, thiserror::Error)]
#[error("its last line must be a JSON object with {expected}, but {why}: {line:?}")]
pub struct PrintedError {
    expected: &'static str,
    why: String,
    line: String,
}

/// A type that a command prints.
pub trait Printed: Sized + for<'de> Deserialize<'de> {
    /// The keys, for the error message.
    const EXPECTED: &'static str;

    /// Reads the last line that is not blank.
    ///
    /// # Errors
    /// [`PrintedError`] when there is none, or it has another shape.
    fn from_output(stdout: &str) -> Result<Self, PrintedError> {
        let line = last_line(stdout);
        serde_json::from_str(line).map_err(|error| PrintedError {
            expected: Self::EXPECTED,
            why: error.to_string(),
            line: line.chars().take(200).collect(),
        })
    }
}

fn last_line(stdout: &str) -> &str {
    stdout.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("")
}

/// `backup`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Taken {
    pub snapshot: String,
    pub bytes: u64,
}

impl Printed for Taken {
    const EXPECTED: &'static str = "snapshot and bytes";
}

/// `snapshots`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Listed {
    snapshots: Vec<ResticSnapshot>,
    pub readable: bool,
}

impl Printed for Listed {
    const EXPECTED: &'static str = "snapshots (as restic lists them) and readable";
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ResticSnapshot {
    id: String,
    time: String,
    tree: String,
    #[serde(default)]
    tags: Vec<String>,
    original: Option<String>,
}

impl Listed {
    /// # Errors
    /// A text when a time or a tag is not what backups of this policy have.
    pub fn snapshots(&self) -> Result<Vec<Snapshot>, String> {
        self.snapshots
            .iter()
            .map(|snapshot| {
                Ok(Snapshot {
                    id: snapshot.id.clone(),
                    time: DrillTime::parse(&snapshot.time).map_err(|error| error.to_string())?,
                    tree: snapshot.tree.clone(),
                    tags: tags(&snapshot.tags)?,
                    original: snapshot.original.clone(),
                })
            })
            .collect()
    }
}

/// `inventory`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Inventory {
    pub items: u64,
}

impl Printed for Inventory {
    const EXPECTED: &'static str = "items";
}

/// `integrity`: what the checksum tool counted, with the server down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Integrity {
    /// Pages that were looked at.
    pub checked: u64,
    /// Damaged pages of the tenant.
    pub damaged: u64,
    /// Damaged pages that are not the tenant's.
    pub elsewhere: u64,
}

impl Printed for Integrity {
    const EXPECTED: &'static str = "checked, damaged and elsewhere";
}

/// `monitor`: what an integrity job found of one tenant, with the server running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Monitored {
    pub checked: u64,
    pub damaged: u64,
}

impl Printed for Monitored {
    const EXPECTED: &'static str = "checked and damaged";
}

/// `key-trial`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct KeyTrial {
    pub opened: bool,
}

impl Printed for KeyTrial {
    const EXPECTED: &'static str = "opened";
}

/// `fingerprint`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Fingerprint {
    pub parts: BTreeMap<String, Print>,
}

impl Printed for Fingerprint {
    const EXPECTED: &'static str = "parts, each with items and digest";
}

/// `side-restore`, beside its claim: where it has put what it restored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OnTheSide {
    pub folder: String,
}

impl Printed for OnTheSide {
    const EXPECTED: &'static str = "a claim and folder";
}

/// A restore step of a runbook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Restored {
    snapshot: String,
    time: String,
    tags: Vec<String>,
    vault: Datacenter,
    original: Option<String>,
}

impl Printed for Restored {
    const EXPECTED: &'static str = "snapshot, time, tags, vault and original";
}

/// The claim in a restore step's output, if its last line is one.
///
/// # Errors
/// [`PrintedError`] when the line names a snapshot but has not the shape of a claim.
pub fn claim(stdout: &str) -> Result<Option<Claim>, PrintedError> {
    let line = last_line(stdout);
    let names_snapshot =
        serde_json::from_str::<serde_json::Value>(line).is_ok_and(|json| json.get("snapshot").is_some());
    if !names_snapshot {
        return Ok(None);
    }
    let restored = Restored::from_output(stdout)?;
    let shape = |why: String| PrintedError { expected: Restored::EXPECTED, why, line: line.to_owned() };
    Ok(Some(Claim {
        time: DrillTime::parse(&restored.time).map_err(|error| shape(error.to_string()))?,
        tags: tags(&restored.tags).map_err(shape)?,
        snapshot: restored.snapshot,
        vault: restored.vault,
        original: restored.original,
    }))
}

fn tags(texts: &[String]) -> Result<Vec<Tag>, String> {
    texts
        .iter()
        .map(|text| match text.as_str() {
            "hourly" => Ok(Tag::Hourly),
            "daily" => Ok(Tag::Daily),
            other => Err(format!("{other:?} is neither hourly nor daily")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts() {
        let taken = Taken::from_output("dumping\n{\"snapshot\": \"ab\", \"bytes\": 7}\n\n").unwrap();
        assert_eq!(taken, Taken { snapshot: "ab".to_owned(), bytes: 7 });
        let error = Taken::from_output("{\"snapshot\": \"ab\"}").unwrap_err().to_string();
        assert!(error.contains("snapshot and bytes") && error.contains("missing field"), "{error}");
        assert!(Inventory::from_output("").is_err());
    }

    #[test]
    fn a_step_that_fetches_claims_a_snapshot() {
        assert_eq!(claim("done\n").unwrap(), None);
        let line =
            r#"{"snapshot":"a","time":"2026-01-12T00:05:00Z","tags":["daily"],"vault":"helsinki","original":null}"#;
        let found = claim(line).unwrap().unwrap();
        assert_eq!((found.vault.as_str(), found.tags), ("helsinki", vec![Tag::Daily]));
        assert!(claim(r#"{"snapshot":"a"}"#).is_err());
        assert!(claim(&line.replace("daily", "weekly")).is_err());
    }
}
