//! The last calibration of the prober on this host, as `ernstfall calibrate` left it: part of the evidence of every run after it.
//!
//! Times are whole microseconds: a fraction would not come back from the file as the same number, and the chain of hashes would break.

use crate::plan::ProbePlan;
use serde::{Deserialize, Serialize};

/// Version of the shape of [`Calibration`].
pub const CALIBRATION_VERSION: u32 = 1;

/// What came out of measuring outages whose length was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calibration {
    pub version: u32,
    /// Wall clock, RFC 3339 in UTC.
    pub at: String,
    /// Version of the program.
    pub program: String,
    pub host: String,
    pub seed: u64,
    /// The grids that it was measured with.
    pub probe: ProbePlan,
    /// Some outages were left out.
    pub abridged: bool,
    /// Whether all limits held.
    pub passed: bool,
    /// True values, and how many of them lie inside the interval that was measured for them.
    pub compared: u64,
    pub inside: u64,
    /// Mean error of the estimates, of the kind of value where it is largest.
    pub bias_micros: i64,
    /// The widest interval of a recovery.
    pub width_micros: u64,
    pub lateness: Lateness,
    /// Processor time of the prober's thread per time, in thousandths of one processor; `None` where the system does not tell.
    pub cpu_permille: Option<u64>,
}

/// How late the prober started its slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lateness {
    pub p50_micros: u64,
    pub p99_micros: u64,
    pub max_micros: u64,
}
