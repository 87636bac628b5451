//! What stays of a calibration: `calibration.json` in the folder of the runs, where the next run finds it, and the journals beside it.

use super::CalibrateError;
use super::compare::{AsReported, Breach, Group, Value};
use crate::journal::{CALIBRATION_VERSION, Calibration, Lateness};
use crate::probe;
use hdrhistogram::{CreationError, Histogram};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Name of the record, in the folder of the runs.
const FILE: &str = "calibration.json";
/// Folder of the journals, beside it.
pub const FOLDER: &str = "calibration";

/// A whole calibration; times are whole microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What goes into the journals of later runs; its version is that of the whole record.
    #[serde(flatten)]
    pub calibration: Calibration,
    pub groups: Vec<Group>,
    /// Limits that do not hold.
    pub breaches: Vec<Breach>,
    pub reported: AsReported,
    pub cost: Cost,
    pub values: Vec<Value>,
    pub journals: Vec<JournalHead>,
}

/// What the prober took, over all rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cost {
    pub slots: u64,
    /// Not started, because too many before them had not ended.
    pub skipped: u64,
    /// Tenants in whose deciding slots the prober was late or silent: a drill would be inconclusive.
    pub doubtful: u64,
    pub ran_micros: u64,
    /// `None` where the system does not tell.
    pub cpu_micros: Option<u64>,
}

/// A journal that the values were computed from, and the hash of its last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHead {
    pub file: String,
    pub head: String,
}

/// Why the last calibration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {path}: {why}")]
pub struct Mistake {
    path: PathBuf,
    why: String,
}

impl Cost {
    pub fn add(&mut self, cost: &probe::Cost) {
        let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.slots += cost.slots;
        self.skipped += cost.skipped;
        // One round that does not tell leaves the sum unknown.
        let before = if self.ran_micros == 0 { Some(0) } else { self.cpu_micros };
        self.cpu_micros = before.zip(cost.cpu).map(|(sum, cpu)| sum + micros(cpu));
        self.ran_micros += micros(cost.ran);
    }

    /// Processor time per time, in thousandths of one processor.
    #[must_use]
    pub fn permille(&self) -> Option<u64> {
        (self.cpu_micros? * 1000).checked_div(self.ran_micros)
    }
}

/// For microseconds up to a minute, to three digits.
pub fn histogram() -> Result<Histogram<u64>, CreationError> {
    Histogram::new_with_max(60_000_000, 3)
}

pub fn lateness(slots: &Histogram<u64>) -> Lateness {
    Lateness {
        p50_micros: slots.value_at_quantile(0.5),
        p99_micros: slots.value_at_quantile(0.99),
        max_micros: slots.max(),
    }
}

/// Makes room for a journal; that of the calibration before is removed, and nothing else.
pub fn make_room(out: &Path, file: &str) -> Result<PathBuf, CalibrateError> {
    let path = out.join(file);
    let made = fs::create_dir_all(out.join(FOLDER)).and_then(|()| match fs::remove_file(&path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        Ok(()) | Err(_) => Ok(()),
    });
    made.map(|()| path.clone()).map_err(|why| CalibrateError::Write { path, why })
}

/// Writes the record beside its place and moves it there: a run never finds half of one.
pub fn write(out: &Path, record: &Record) -> Result<(), CalibrateError> {
    let (path, half) = (out.join(FILE), out.join(format!(".{FILE}.half")));
    let text = serde_json::to_string_pretty(record).map_err(io::Error::from);
    let written = text.and_then(|text| fs::write(&half, text + "\n")).and_then(|()| fs::rename(&half, &path));
    written.map_err(|why| CalibrateError::Write { path, why })
}

/// The last calibration in the folder of the runs; `None` if there never was one.
///
/// # Errors
/// [`Mistake`] when there is one that cannot be read, or of another version.
pub fn load(out: &Path) -> Result<Option<Calibration>, Mistake> {
    let path = out.join(FILE);
    let text = match fs::read_to_string(&path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|why| why.to_string()),
    };
    let record = text.and_then(|text| serde_json::from_str::<Record>(&text).map_err(|why| why.to_string()));
    let version = |record: Record| match record.calibration.version {
        CALIBRATION_VERSION => Ok(Some(record.calibration)),
        other => Err(format!("it has version {other}, not {CALIBRATION_VERSION}")),
    };
    record.and_then(version).map_err(|why| Mistake { path, why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::PROBE;
    use assert_fs::TempDir;
    use std::time::Duration;

    fn record() -> Record {
        let calibration = Calibration {
            version: CALIBRATION_VERSION,
            at: "2026-02-01T09:00:00.000Z".to_owned(),
            program: "0.1.0".to_owned(),
            host: "host".to_owned(),
            seed: 42,
            probe: PROBE,
            abridged: false,
            passed: true,
            compared: 0,
            inside: 0,
            bias_micros: -3,
            width_micros: 0,
            lateness: Lateness::default(),
            cpu_permille: None,
        };
        let (reported, cost) = (AsReported::default(), Cost::default());
        let (groups, breaches, values, journals) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Record { calibration, groups, breaches, reported, cost, values, journals }
    }

    #[test]
    fn a_run_finds_the_last_calibration() {
        let out = TempDir::new().expect("a folder");
        assert_eq!(load(out.path()).expect("none is no mistake"), None);
        write(out.path(), &record()).expect("written");
        let newer = Record { calibration: Calibration { seed: 43, ..record().calibration }, ..record() };
        write(out.path(), &newer).expect("written");
        assert_eq!(load(out.path()).expect("a record"), Some(newer.calibration));
        assert_eq!(fs::read_dir(out.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn what_is_no_calibration_is_not_taken_for_one() {
        let out = TempDir::new().expect("a folder");
        let other = Record { calibration: Calibration { version: 99, ..record().calibration }, ..record() };
        write(out.path(), &other).expect("written");
        assert!(load(out.path()).expect_err("another version").to_string().contains("version 99"));
        fs::write(out.path().join(FILE), "{}").expect("a file");
        assert!(load(out.path()).is_err());
    }

    #[test]
    fn room_is_made_without_touching_anything_else() {
        let out = TempDir::new().expect("a folder");
        let file = format!("{FOLDER}/round-1.ndjson");
        let path = make_room(out.path(), &file).expect("room");
        fs::write(&path, "old").expect("a file");
        fs::write(out.path().join(FOLDER).join("notes.txt"), "mine").expect("a file");
        assert!(!make_room(out.path(), &file).expect("room").exists());
        assert_eq!(fs::read_dir(out.path().join(FOLDER)).expect("a folder").count(), 1);
    }

    #[test]
    fn lateness_is_counted_to_the_microsecond_and_beyond_a_slot() {
        let mut slots = histogram().expect("a histogram");
        (1..=100).for_each(|late| slots.saturating_record(late * 1000));
        let told = lateness(&slots);
        let near = |told: u64, micros: u64| told.abs_diff(micros) <= micros / 1000 + 1;
        assert!(near(told.p50_micros, 50_000) && near(told.p99_micros, 99_000), "{told:?}");
        assert!(near(told.max_micros, 100_000), "{told:?}");
    }

    #[test]
    fn costs_add_up_and_unknown_stays_unknown() {
        let one = |cpu| probe::Cost { cpu, ran: Duration::from_secs(10), slots: 5, ..probe::Cost::default() };
        let mut cost = Cost::default();
        cost.add(&one(Some(Duration::from_millis(500))));
        cost.add(&one(Some(Duration::from_millis(700))));
        assert_eq!((cost.slots, cost.permille()), (10, Some(60)));
        cost.add(&one(None));
        assert_eq!(cost.permille(), None);
    }
}
