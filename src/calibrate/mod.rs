//! Points the real prober at a stub with programmed outages and compares what its slots say with the truth.
//!
//! `cases` says what goes wrong and when, by seed; `stub` plays it over real sockets to the real driver of MediaWiki; `round` runs the
//! prober against it and leaves a legal journal; `compare` takes the values that `verdict` computes from that journal and holds them
//! against the programme and the limits; `record` is what stays on disk and goes into the evidence of every later run.

mod cases;
mod compare;
mod plan;
mod record;
mod round;
mod stub;

pub use cases::Outage;
pub use compare::{BEYOND, BIAS, Breach, Group, Interval, Value, What};
pub use record::{Mistake, Record, load};

use crate::clock::wall_now;
use crate::ids::BadName;
use crate::journal::{CALIBRATION_VERSION, Calibration, ReadError, WriteError, read};
use crate::ledger::NoRandom;
use crate::plan::ProbePlan;
use crate::probe::ProbeError;
use crate::timeline::{Timeline, TimelineError};
use hdrhistogram::CreationError;
use record::{Cost, JournalHead};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Finer than the grids of a drill, so that an outage of 0.2 s meets at least one light slot; the rules are the same.
pub const PROBE: ProbePlan = ProbePlan {
    light: Duration::from_millis(100),
    full: Duration::from_secs(1),
    timeout: Duration::from_secs(3),
    sustain: 5,
};

/// What is asked of a calibration.
#[derive(Debug, Clone)]
pub struct Wish {
    pub seed: u64,
    /// Leave out outages that last longer.
    pub longest: Option<Duration>,
    /// The check of the check: the stub comes back so much later than its programme says.
    pub late_by: Duration,
    pub host: String,
}

/// Why there is no calibration. A prober that measures wrongly is no error: that is a result.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    #[error("no outage is so short")]
    Nothing,
    #[error("cannot open a port on the loopback address: {0}")]
    Stub(std::io::Error),
    #[error("the prober saw no right answer of the stub within {} s", .0.as_secs())]
    Unseen(Duration),
    #[error(transparent)]
    Probe(#[from] ProbeError),
    #[error(transparent)]
    Journal(#[from] WriteError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the journal tells an impossible story: {0}")]
    Timeline(#[from] TimelineError),
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
    #[error(transparent)]
    Name(#[from] BadName),
    #[error("cannot count: {0}")]
    Histogram(#[from] CreationError),
    #[error("cannot print the plan as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot write {path}: {why}")]
    Write { path: PathBuf, why: std::io::Error },
}

/// Plays all cases, compares, and writes `calibration.json` and the journals (in `calibration/`) into `out`. `tell` hears what is played.
///
/// # Errors
/// [`CalibrateError`] when the cases could not be played or nothing could be written.
pub async fn calibrate(out: &Path, wish: &Wish, tell: impl Fn(&str)) -> Result<Record, CalibrateError> {
    let at = wall_now();
    let rounds = cases::rounds(wish.seed, wish.longest)?;
    let (mut values, mut outages_above) = (Vec::new(), Vec::new());
    let (mut cost, mut journals) = (Cost::default(), Vec::new());
    let mut lateness = record::histogram()?;
    for (number, roles) in (1..).zip(&rounds) {
        let names: Vec<_> = roles.iter().map(|role| role.tenant.as_str()).collect();
        tell(&format!("round {number} of {}: {}", rounds.len(), names.join(", ")));
        let file = format!("{}/round-{number}.ndjson", record::FOLDER);
        let path = record::make_room(out, &file)?;
        let played = round::play(roles, &path, wish).await?;
        cost.add(&played.cost);
        let journal = read(&path)?;
        let timeline = Timeline::from(&journal.entries, journal.torn.is_some())?;
        for slot in timeline.probes.values().flat_map(|probes| probes.light.iter().chain(&probes.full)) {
            let late = slot.started.since(slot.intended).as_micros();
            // A slot that is later than the longest is as bad as one that is as late.
            lateness.saturating_record(u64::try_from(late).unwrap_or(u64::MAX));
        }
        for role in roles {
            let truth = played.truth.get(&role.tenant).map_or(&[][..], Vec::as_slice);
            if let Some(compared) = compare::compare(&timeline, role, truth) {
                values.extend(compared.values);
                outages_above.extend(compared.outages_above);
                cost.doubtful += u64::from(compared.doubtful);
            }
        }
        let head = journal.entries.last().map(|entry| entry.hash.clone()).unwrap_or_default();
        journals.push(JournalHead { file, head });
    }
    let (groups, breaches) = compare::judge(&values, PROBE);
    let calibration = Calibration {
        version: CALIBRATION_VERSION,
        at,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        host: wish.host.clone(),
        seed: wish.seed,
        probe: PROBE,
        abridged: wish.longest.is_some(),
        passed: breaches.is_empty(),
        compared: values.len() as u64,
        inside: values.iter().filter(|value| value.is_inside()).count() as u64,
        bias_micros: groups.iter().map(|group| group.bias_micros).max_by_key(|bias| bias.abs()).unwrap_or_default(),
        width_micros: groups.iter().filter(|group| group.what == What::Recovery).map(|group| group.widest_micros).sum(),
        lateness: record::lateness(&lateness),
        cpu_permille: cost.permille(),
    };
    let reported = compare::as_reported(&values, &outages_above);
    let record = Record { calibration, groups, breaches, reported, cost, values, journals };
    record::write(out, &record)?;
    Ok(record)
}
