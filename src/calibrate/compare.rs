//! Holds the values that the verdict computes from slots against the truth, and all of them against the limits.
//!
//! Three kinds of values: when a tenant had recovered (the interval `lo` to `hi` of its recovery time), and when each of its outages
//! began and ended as the light slots saw it. The interval is where the truth must lie; the estimate is its middle, which is right on
//! average when outages end anywhere between two slots. The middle of `lo` to `hi` would be late by design, because `hi` waits for a
//! *full* slot: the estimate of a recovery is the middle of what the last bad slot and the first good one after it leave, of either kind.
//!
//! An interval ends with an answer, so it is as wide as the grid, and the time of that answer (the system's), and what the prober adds
//! (its own). The limit is on the last one.

use super::cases::{Outage, Role};
use crate::clock::Mono;
use crate::ids::Tenant;
use crate::plan::ProbePlan;
use crate::timeline::Timeline;
use crate::verdict::{Look, Spell, measured};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The mean error of the estimates of one kind may be so large.
pub const BIAS: Duration = Duration::from_millis(25);
/// An interval may be wider than the grid by so much, without the time of the answer that ends it.
pub const BEYOND: Duration = Duration::from_millis(10);

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    Recovery,
    OutageBegan,
    OutageEnded,
}

impl What {
    pub const ALL: [Self; 3] = [Self::Recovery, Self::OutageBegan, Self::OutageEnded];

    /// Distance of the slots that decide.
    #[must_use]
    pub const fn grid(self, probe: &ProbePlan) -> Duration {
        match self {
            Self::Recovery => probe.full,
            Self::OutageBegan | Self::OutageEnded => probe.light,
        }
    }
}

/// One true value and what was measured of it, in microseconds since `t0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    pub case: String,
    pub tenant: Tenant,
    pub what: What,
    /// `None`: something was measured that never was.
    pub truth_micros: Option<u64>,
    /// `None`: nothing was measured.
    pub measured: Option<Interval>,
}

/// Where the truth must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    pub lo_micros: u64,
    pub hi_micros: u64,
    pub estimate_micros: u64,
    /// How long the answer took with which it ends: that of the good slot, and where an outage began that of the bad one.
    pub answer_micros: u64,
}

impl Interval {
    #[must_use]
    pub const fn width(&self) -> u64 {
        self.hi_micros.saturating_sub(self.lo_micros)
    }
}

impl Value {
    #[must_use]
    pub fn is_inside(&self) -> bool {
        let both = self.truth_micros.zip(self.measured);
        both.is_some_and(|(truth, seen)| seen.lo_micros <= truth && truth <= seen.hi_micros)
    }

    /// Of the estimate, in microseconds; positive when it is late.
    #[must_use]
    pub fn error(&self) -> Option<i64> {
        self.truth_micros.zip(self.measured).map(|(truth, seen)| difference(seen.estimate_micros, truth))
    }
}

/// All values of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub what: What,
    pub values: u64,
    pub inside: u64,
    /// Mean error of the estimates.
    pub bias_micros: i64,
    pub widest_micros: u64,
    /// By how much the widest one is wider than the grid, each without its answer.
    pub beyond_micros: i64,
}

/// A limit that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Breach {
    /// Nothing of this kind was compared.
    Nothing {
        what: What,
    },
    /// So many true values lie outside of their interval, were not seen, or never were.
    Outside {
        what: What,
        values: u64,
    },
    Bias {
        what: What,
        micros: i64,
    },
    Width {
        what: What,
        beyond_micros: i64,
    },
}

/// Mean errors of what the reports print: no limit, but to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AsReported {
    /// By how much the upper end of a recovery time, on which the objective is judged, is above the truth.
    pub recovery_above_micros: i64,
    /// By how much the outages of a tenant, which last until the next good slot of both kinds, are longer in sum.
    pub outages_above_micros: i64,
}

/// One tenant, measured and true.
pub struct Compared {
    pub values: Vec<Value>,
    /// The verdict would not have used its slots.
    pub doubtful: bool,
    /// Error of the sum of its outages.
    pub outages_above: Option<i64>,
}

/// Compares what the slots of one tenant say with what the stub was told.
pub fn compare(timeline: &Timeline<'_>, role: &Role, truth: &[Outage]) -> Option<Compared> {
    let zero = timeline.zero?.mono;
    let seen = measured(timeline, &role.tenant)?;
    let truth = if role.case.is_outage() { truth } else { &[] };
    let value = |what, truth: Option<Mono>, measured| Value {
        case: role.case.name.to_owned(),
        tenant: role.tenant.clone(),
        what,
        truth_micros: truth.map(|at| micros(at.since(zero))),
        measured,
    };
    let interval = |lo: Mono, until: Look, estimate: u64| Interval {
        lo_micros: micros(lo.since(zero)),
        hi_micros: micros(until.ended.since(zero)),
        estimate_micros: estimate.saturating_sub(zero.0),
        answer_micros: micros(until.ended.since(until.started)),
    };
    let recovered = seen.recovered.map(|(lo, good)| {
        let (from, to) = closest((lo, good.ended), seen.spells.last());
        interval(lo, good, middle(from, to))
    });
    let last = truth.last().map(|outage| outage.to);
    let mut values = Vec::new();
    if last.is_some() || recovered.is_some() {
        values.push(value(What::Recovery, last, recovered));
    }
    for (outage, spell) in matched(truth, &seen.spells) {
        // It began after the last good slot was started and before the first bad one had ended; when exactly in that one does not
        // show, so the estimate is the middle of the two starts.
        let began = spell.map(|spell| {
            let lo = spell.good_before.unwrap_or(zero).max(zero);
            interval(lo, spell.first_bad, middle(lo, spell.first_bad.started))
        });
        // It ended after the last bad slot was started and before the next good one had ended.
        let ended = spell.and_then(|spell| {
            let good = spell.good_after?;
            Some(interval(spell.last_bad, good, middle(spell.last_bad, good.ended)))
        });
        values.push(value(What::OutageBegan, outage.map(|outage| outage.from), began));
        values.push(value(What::OutageEnded, outage.map(|outage| outage.to), ended));
    }
    let down: Duration = truth.iter().map(|outage| outage.to.since(outage.from)).sum();
    let outages_above = last.map(|_| difference(micros(seen.outage.total), micros(down)));
    Some(Compared { values, doubtful: seen.doubtful, outages_above })
}

/// What the light slots leave of the interval of a recovery; all of it where they recovered before the full ones.
fn closest((lo, hi): (Mono, Mono), last: Option<&Spell>) -> (Mono, Mono) {
    let light = last.and_then(|spell| Some((spell.last_bad.max(lo), spell.good_after?.ended.min(hi))));
    light.filter(|(lo, hi)| lo <= hi).unwrap_or((lo, hi))
}

const fn middle(lo: Mono, hi: Mono) -> u64 {
    lo.0.midpoint(hi.0)
}

type Pair<'a> = (Option<&'a Outage>, Option<&'a Spell>);

/// Each outage with the first spell that touches it and no other; what is left over stands alone.
fn matched<'a>(truth: &'a [Outage], spells: &'a [Spell]) -> Vec<Pair<'a>> {
    let mut rest: Vec<&Spell> = spells.iter().collect();
    let touches = |outage: &Outage, spell: &Spell| {
        spell.first_bad.intended <= outage.to && spell.good_after.is_none_or(|good| outage.from <= good.ended)
    };
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    for outage in truth {
        let found = rest.iter().position(|spell| touches(outage, spell)).map(|at| rest.remove(at));
        pairs.push((Some(outage), found));
    }
    pairs.extend(rest.into_iter().map(|spell| (None, Some(spell))));
    pairs
}

/// The values by kind, and every limit that does not hold.
#[must_use]
pub fn judge(values: &[Value], probe: ProbePlan) -> (Vec<Group>, Vec<Breach>) {
    let mut breaches = Vec::new();
    let groups = What::ALL.map(|what| {
        let own: Vec<&Value> = values.iter().filter(|value| value.what == what).collect();
        let seen = || own.iter().filter_map(|value| value.measured);
        let grid = micros(what.grid(&probe));
        let errors: Vec<i64> = own.iter().filter_map(|value| value.error()).collect();
        let group = Group {
            what,
            values: own.len() as u64,
            inside: own.iter().filter(|value| value.is_inside()).count() as u64,
            bias_micros: mean(&errors),
            widest_micros: seen().map(|seen| seen.width()).max().unwrap_or_default(),
            beyond_micros: seen()
                .map(|seen| difference(seen.width(), grid + seen.answer_micros))
                .max()
                .unwrap_or_default(),
        };
        if errors.is_empty() {
            breaches.push(Breach::Nothing { what });
        }
        if group.inside < group.values {
            breaches.push(Breach::Outside { what, values: group.values - group.inside });
        }
        if group.bias_micros.unsigned_abs() > micros(BIAS) {
            breaches.push(Breach::Bias { what, micros: group.bias_micros });
        }
        if group.beyond_micros > i64::try_from(micros(BEYOND)).unwrap_or(i64::MAX) {
            breaches.push(Breach::Width { what, beyond_micros: group.beyond_micros });
        }
        group
    });
    (groups.to_vec(), breaches)
}

/// The errors of what stands in the reports.
#[must_use]
pub fn as_reported(values: &[Value], outages_above: &[i64]) -> AsReported {
    let recoveries = values.iter().filter(|value| value.what == What::Recovery);
    let above = |value: &Value| Some(difference(value.measured?.hi_micros, value.truth_micros?));
    let above: Vec<i64> = recoveries.filter_map(above).collect();
    AsReported { recovery_above_micros: mean(&above), outages_above_micros: mean(outages_above) }
}

fn mean(errors: &[i64]) -> i64 {
    let count = i64::try_from(errors.len()).unwrap_or(i64::MAX);
    errors.iter().sum::<i64>().checked_div(count).unwrap_or_default()
}

fn difference(one: u64, other: u64) -> i64 {
    let size = i64::try_from(one.abs_diff(other)).unwrap_or(i64::MAX);
    if one >= other { size } else { -size }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
