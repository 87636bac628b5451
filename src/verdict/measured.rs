//! What the prober's slots alone say about one tenant, by the very rules that drills are judged by: for the calibration, which
//! knows the truth.

use super::bench::Bench;
use super::codes::ReasonCode;
use super::model::Outage;
use super::recovery::{Answering, Look, Spell, Watch};
use crate::clock::Mono;
use crate::ids::Tenant;
use crate::journal::ProbeKind;
use crate::timeline::Timeline;

/// From the slots of one tenant; times are on the monotonic clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// `lo` of its recovery, and the good full slot whose end is `hi`; `None` when the slots show none.
    pub recovered: Option<(Mono, Look)>,
    /// The outages that the light slots saw.
    pub spells: Vec<Spell>,
    /// All outages as the reports have them, from the slots of both kinds.
    pub outage: Outage,
    /// Whether the prober was late or silent where it decides: a drill would be inconclusive.
    pub doubtful: bool,
}

/// `None` without a fault.
#[must_use]
pub fn measured(timeline: &Timeline<'_>, tenant: &Tenant) -> Option<Measured> {
    let watch = Watch::new(timeline, tenant)?;
    let mut bench = Bench::new(&[]);
    let recovered = match watch.answering(&mut bench) {
        Answering::Again { lo, good } => Some((lo, good)),
        Answering::Always | Answering::No { good_fulls: _ } | Answering::Unknown => None,
    };
    let prober = [ReasonCode::ProberLate, ReasonCode::ProberGap, ReasonCode::ProberSilent];
    let doubtful = bench.reasons.iter().any(|reason| prober.contains(&reason.code));
    Some(Measured { recovered, spells: watch.spells(ProbeKind::Light), outage: watch.outage(), doubtful })
}
