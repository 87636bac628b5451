//! The prober's looks at one tenant, both kinds on one line of time, with the slots that are missing.

use super::recovery::Look;
use crate::clock::Mono;
use crate::ids::Tenant;
use crate::journal::ProbeKind;
use crate::plan::Action;
use crate::timeline::{Slot, Timeline};
use std::time::Duration;

/// Missing slots of one kind and tenant that are looked at one by one; a gap that is longer proves no more.
const MISSING: u64 = 100_000;

/// What a slot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Good,
    Bad,
    /// The prober has nothing about it.
    Missing,
}

/// One slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub kind: ProbeKind,
    pub state: State,
    pub intended: Mono,
    pub started: Mono,
    pub ended: Mono,
    /// Started more than half an interval late.
    pub late: bool,
}

impl Mark {
    pub const fn look(&self) -> Look {
        Look { intended: self.intended, started: self.started, ended: self.ended }
    }
}

/// When the prober ended: its own step, or the end of the journal.
pub(super) fn prober_end(timeline: &Timeline<'_>) -> Mono {
    let end = timeline.plan().steps.iter().find(|step| step.action == Action::ProbeEnd);
    let ended = end.and_then(|step| timeline.step(&step.name)).map(|run| run.span.from);
    ended.unwrap_or(timeline.last)
}

/// All slots of a tenant up to `until`, in order of their intended time. Slots in declared maintenance are left out.
pub(super) fn line(timeline: &Timeline<'_>, tenant: &Tenant, until: Mono) -> Vec<Mark> {
    let Some(probes) = timeline.probes.get(tenant) else { return Vec::new() };
    let probe = &timeline.plan().probe;
    let mut marks = Vec::with_capacity(probes.light.len() + probes.full.len());
    for (kind, interval) in [(ProbeKind::Light, probe.light), (ProbeKind::Full, probe.full)] {
        grid(&mut marks, kind, interval, probe.timeout, probes.of(kind), until);
    }
    marks.retain(|mark| mark.intended <= until && !timeline.in_maintenance(mark.intended, mark.ended));
    marks.sort_by_key(|mark| (mark.intended, mark.ended));
    marks
}

fn grid(
    marks: &mut Vec<Mark>,
    kind: ProbeKind,
    interval: Duration,
    timeout: Duration,
    slots: &[Slot<'_>],
    until: Mono,
) {
    let Some(first) = slots.first() else { return };
    let at = |slot: u64| {
        let steps = slot.saturating_sub(first.slot);
        let by = u64::try_from(interval.as_micros()).unwrap_or(u64::MAX).saturating_mul(steps);
        Mono(first.intended.0.saturating_add(by))
    };
    let mut missing = |from: u64, to: u64, horizon: Mono| {
        for slot in (from..to).take(usize::try_from(MISSING).unwrap_or(usize::MAX)) {
            let intended = at(slot);
            if intended > horizon {
                break;
            }
            let (started, ended) = (intended, intended.plus(timeout));
            marks.push(Mark { kind, state: State::Missing, intended, started, ended, late: false });
        }
    };
    let mut next = first.slot;
    for slot in slots {
        missing(next, slot.slot, Mono(u64::MAX));
        next = slot.slot.saturating_add(1);
    }
    // What was still under way when the prober ended is not missing.
    let horizon = Mono(until.0.saturating_sub(u64::try_from((timeout + interval).as_micros()).unwrap_or(u64::MAX)));
    missing(next, u64::MAX, horizon);
    marks.extend(slots.iter().map(|slot| Mark {
        kind,
        state: if slot.bad.is_some() { State::Bad } else { State::Good },
        intended: slot.intended,
        started: slot.started,
        ended: slot.ended,
        late: slot.started.since(slot.intended) > interval / 2,
    }));
}
