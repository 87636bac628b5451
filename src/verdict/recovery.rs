//! Recovery time and outages, from the prober's slots alone (definition: the run of good slots that stays unbroken until `verify` ends).

use super::bench::Bench;
use super::codes::{FindingCode, ReasonCode};
use super::injection::Injections;
use super::model::{Finding, Outage, ProbeCounts, Reason, Rto, Window};
use super::slots::{Mark, State, line, prober_end};
use crate::clock::Mono;
use crate::ids::Tenant;
use crate::journal::{Outcome, ProbeKind};
use crate::plan::{Phase, Plan};
use crate::timeline::Timeline;
use std::time::Duration;

/// What the prober says about one tenant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answering {
    /// Again, from some time between `lo` and the end of this good full slot on.
    Again { lo: Mono, good: Look },
    /// It was never seen to be gone.
    Always,
    /// Not, or not for long enough.
    No { good_fulls: u32 },
    /// The verification did not end, or nobody looked.
    Unknown,
}

/// Bad slots of one kind that follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    /// Intended start of the good slot before; `None`: there is none since `t0`.
    pub good_before: Option<Mono>,
    /// The first bad one.
    pub first_bad: Look,
    /// Intended start of the last bad one.
    pub last_bad: Mono,
    /// The good one after; `None`: it stayed bad.
    pub good_after: Option<Look>,
}

/// The times of one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub intended: Mono,
    pub started: Mono,
    pub ended: Mono,
}

/// The slots of one tenant around the fault.
pub(super) struct Watch<'t, 'a> {
    timeline: &'t Timeline<'a>,
    tenant: &'t Tenant,
    zero: Mono,
    /// End of the phase `verify`, if the drill itself did not break there.
    verified: Option<Mono>,
    ended: Mono,
    marks: Vec<Mark>,
    injections: Injections,
}

impl<'t, 'a> Watch<'t, 'a> {
    /// `None` without a fault.
    pub fn new(timeline: &'t Timeline<'a>, tenant: &'t Tenant) -> Option<Self> {
        let zero = timeline.zero?.mono;
        let ended = prober_end(timeline);
        let verified = timeline.phases.get(&Phase::Verify).and_then(|span| span.end);
        let verified = verified.filter(|(_, outcome)| match outcome {
            Outcome::Done | Outcome::Failed { .. } | Outcome::TimedOut { .. } => true,
            Outcome::Cancelled | Outcome::Broken { .. } => false,
        });
        let mut marks = line(timeline, tenant, ended);
        marks.retain(|mark| mark.ended >= zero);
        Some(Self {
            timeline,
            tenant,
            zero,
            verified: verified.map(|(at, _)| at),
            ended,
            marks,
            injections: Injections::of(timeline),
        })
    }

    pub fn counts(&self) -> ProbeCounts {
        let mut counts = ProbeCounts::default();
        for mark in &self.marks {
            match (mark.state, mark.kind) {
                (State::Missing, _) => counts.missing += 1,
                (State::Good | State::Bad, ProbeKind::Light) => counts.light += 1,
                (State::Good | State::Bad, ProbeKind::Full) => counts.full += 1,
            }
            counts.bad += u64::from(mark.state == State::Bad);
            counts.late += u64::from(mark.late);
        }
        counts
    }

    /// Slots between `t0` and the end of the verification.
    fn judged(&self) -> impl Iterator<Item = &Mark> {
        let until = self.verified.unwrap_or(self.ended);
        self.marks.iter().filter(move |mark| mark.intended <= until)
    }

    /// Whether the prober looked at all, from before the fault on.
    fn looked(&self, bench: &mut Bench<'_>) -> bool {
        let probes = self.timeline.probes.get(self.tenant);
        let from_the_start =
            |kind| probes.and_then(|probes| probes.of(kind).first()).is_some_and(|first| first.intended <= self.zero);
        let looked = from_the_start(ProbeKind::Light) && from_the_start(ProbeKind::Full);
        if !looked {
            bench.doubt(Reason::new(ReasonCode::ProberSilent).tenant(self.tenant));
        }
        looked
    }

    /// When an affected tenant answered right again.
    pub fn answering(&self, bench: &mut Bench<'_>) -> Answering {
        if !self.looked(bench) {
            return Answering::Unknown;
        }
        if !self.noticed() {
            bench.doubt(Reason::new(ReasonCode::FaultUnnoticed).tenant(self.tenant));
            return Answering::Always;
        }
        let Some(verified) = self.verified else { return Answering::Unknown };
        // Missing slots count as bad: nobody knows better. Where they decide, the drill proves nothing.
        let Some(last_bad) = self.judged().filter(|mark| mark.state != State::Good).max_by_key(|mark| mark.intended)
        else {
            return Answering::Unknown;
        };
        let good = self
            .judged()
            .filter(|mark| mark.kind == ProbeKind::Full && mark.intended > last_bad.intended && mark.ended <= verified);
        let good: Vec<&Mark> = good.collect();
        let sustain = self.timeline.plan().probe.sustain.max(1);
        let good_fulls = u32::try_from(good.len()).unwrap_or(u32::MAX);
        self.doubt_the_prober(bench, last_bad, good.first().copied());
        match good.first() {
            Some(first) if good_fulls >= sustain => Answering::Again { lo: last_bad.intended, good: first.look() },
            Some(_) | None => Answering::No { good_fulls },
        }
    }

    /// Whether users would have noticed the fault. If its injection takes away for a while what everybody shares, that alone is no
    /// sign: then something must have been wrong between its end and the recovery.
    fn noticed(&self) -> bool {
        let recovering = self.timeline.phases.get(&Phase::Recover).map(|span| span.from);
        let counts = |mark: &Mark| match self.injections.over() {
            None => true,
            Some(over) => mark.intended > over && recovering.is_none_or(|from| mark.intended <= from),
        };
        self.judged().any(|mark| mark.state == State::Bad && counts(mark))
    }

    /// Lateness and gaps of the prober where they decide.
    fn doubt_the_prober(&self, bench: &mut Bench<'_>, last_bad: &Mark, first_good: Option<&Mark>) {
        let until = first_good.map_or(self.ended, |first| first.ended);
        let window = |mark: &&Mark| last_bad.intended <= mark.intended && mark.intended <= until;
        let late = self.judged().filter(window).filter(|mark| mark.late).count();
        if late > 0 {
            let reason = Reason::new(ReasonCode::ProberLate).tenant(self.tenant);
            bench.doubt(reason.seen(late.to_string()));
        }
        let last_seen_bad = self.judged().filter(|mark| mark.state == State::Bad).map(|mark| mark.intended).max();
        let missing = self.judged().filter(|mark| mark.state == State::Missing);
        let missing = missing.filter(|mark| Some(mark.intended) >= last_seen_bad).count();
        if missing > 0 {
            let reason = Reason::new(ReasonCode::ProberGap).tenant(self.tenant);
            bench.doubt(reason.seen(missing.to_string()));
        }
    }

    /// A tenant that the fault does not touch must not notice anything.
    pub fn bystander(&self, bench: &mut Bench<'_>) {
        if !self.looked(bench) {
            return;
        }
        let missing = self.judged().filter(|mark| mark.state == State::Missing).count();
        if missing > 0 {
            bench.doubt(Reason::new(ReasonCode::ProberGap).tenant(self.tenant).seen(missing.to_string()));
        }
        let bad = self.judged().filter(|mark| mark.state == State::Bad && !self.injections.touch(mark));
        let bad: Vec<&Mark> = bad.collect();
        if let Some(until) = bad.iter().map(|mark| mark.intended).max() {
            let windows = self.windows(&outside(&self.injections)).into_iter().filter(|window| window.from <= until);
            let total: Duration = windows.map(|window| window.to.since(window.from)).sum();
            let finding = Finding::new(FindingCode::OutageOfBystander).tenant(self.tenant);
            let seen = format!("{} bad slots, {}", bad.len(), humantime::format_duration(total));
            bench.find(finding.expected("no bad slot").seen(seen));
        }
    }

    /// After the verification it must stay that way, and after the restart it must be that way again: outside of the declared
    /// maintenance no slot may be bad any more.
    pub fn stable(&self, bench: &mut Bench<'_>) {
        let Some(verified) = self.verified else { return };
        let bad = self.marks.iter().filter(|mark| mark.intended > verified && mark.state == State::Bad).count();
        if bad > 0 {
            let finding = Finding::new(FindingCode::Unstable).tenant(self.tenant);
            bench.find(finding.expected("no bad slot").seen(format!("{bad} bad slots after the verification")));
        }
        // A restart after which nobody looked, as a user does, is no restart that was survived.
        let restarts = self.timeline.maintenance.iter().filter(|(from, _)| *from >= verified);
        if let Some(back) = restarts.filter_map(|(_, to)| *to).max() {
            let looked = |mark: &&Mark| mark.kind == ProbeKind::Full && mark.state != State::Missing;
            if !self.marks.iter().filter(looked).any(|mark| mark.intended > back) {
                bench.doubt(Reason::new(ReasonCode::ProberGap).tenant(self.tenant).item("after the restart"));
            }
        }
        if let Some(soak) = self.timeline.phases.get(&Phase::Soak) {
            self.soaked(bench, soak.from);
        }
    }

    /// A soak shows something only if every slot of it was looked at, and somebody used the system in it.
    fn soaked(&self, bench: &mut Bench<'_>, from: Mono) {
        let soak: Vec<&Mark> = self.marks.iter().filter(|mark| mark.intended >= from).collect();
        let missing = soak.iter().filter(|mark| mark.state == State::Missing).count();
        let used = soak.iter().any(|mark| mark.kind == ProbeKind::Full && mark.state != State::Missing);
        if missing > 0 || !used {
            let reason = Reason::new(ReasonCode::ProberGap).tenant(self.tenant).item("in the soak");
            bench.doubt(reason.seen(missing.to_string()));
        }
    }

    pub fn outage(&self) -> Outage {
        let sum = |windows: &[Window]| windows.iter().map(|window| window.to.since(window.from)).sum::<Duration>();
        let windows = self.windows(&all);
        let total = sum(&windows);
        let injected = total.saturating_sub(sum(&self.windows(&outside(&self.injections))));
        Outage { total, injected, windows }
    }

    /// From the first bad slot that counts to the completion of the next good one, for each kind; overlapping windows are one.
    fn windows(&self, counts: &dyn Fn(&Mark) -> bool) -> Vec<Window> {
        let mut windows = Vec::new();
        for kind in [ProbeKind::Light, ProbeKind::Full] {
            windows.extend(self.spells_of(kind, counts).into_iter().map(|spell| {
                let from = spell.first_bad.intended.max(self.zero);
                Window { from, to: spell.good_after.map_or_else(|| self.ended.max(from), |good| good.ended) }
            }));
        }
        windows.sort_by_key(|window| (window.from, window.to));
        let mut joined: Vec<Window> = Vec::with_capacity(windows.len());
        for window in windows {
            match joined.last_mut() {
                Some(last) if window.from <= last.to => last.to = last.to.max(window.to),
                Some(_) | None => joined.push(window),
            }
        }
        joined
    }

    /// The bad slots of one kind, those without a good one in between together. Missing ones end nothing.
    pub fn spells(&self, kind: ProbeKind) -> Vec<Spell> {
        self.spells_of(kind, &all)
    }

    fn spells_of(&self, kind: ProbeKind, counts: &dyn Fn(&Mark) -> bool) -> Vec<Spell> {
        let (mut spells, mut open, mut good_before) = (Vec::new(), None::<Spell>, None);
        for mark in self.marks.iter().filter(|mark| mark.kind == kind) {
            match mark.state {
                State::Bad if !counts(mark) => {}
                State::Bad => {
                    let begun =
                        Spell { good_before, first_bad: mark.look(), last_bad: mark.intended, good_after: None };
                    open = Some(Spell { last_bad: mark.intended, ..open.unwrap_or(begun) });
                }
                State::Good => {
                    spells.extend(open.take().map(|spell| Spell { good_after: Some(mark.look()), ..spell }));
                    good_before = Some(mark.intended);
                }
                State::Missing => {}
            }
        }
        spells.extend(open);
        spells
    }

    /// The interval from `t0`, with what is declared, against the objectives.
    pub fn rto(&self, bench: &mut Bench<'_>, lo: Mono, hi: Mono) -> Rto {
        let plan = self.timeline.plan();
        let declared = declared(plan);
        let machine = |at: Mono| at.since(self.zero).saturating_sub(replaced(self.timeline, at));
        let (machine_lo, machine_hi, replaced) = (machine(lo), machine(hi), replaced(self.timeline, hi));
        let met = machine_hi + declared <= plan.objectives.rto;
        let say = |time: Duration| humantime::format_duration(time).to_string();
        if !met {
            let finding = Finding::new(FindingCode::RtoMissed).tenant(self.tenant);
            bench.find(finding.expected(say(plan.objectives.rto)).seen(say(machine_hi + declared)));
        }
        if let Some(limit) = plan.objectives.machine.filter(|limit| machine_hi > *limit) {
            let finding = Finding::new(FindingCode::MachineMissed).tenant(self.tenant);
            bench.find(finding.expected(say(limit)).seen(say(machine_hi)));
        }
        Rto { machine_lo, machine_hi, replaced, declared, lo: machine_lo + declared, hi: machine_hi + declared, met }
    }
}

/// All bad slots.
const fn all(_: &Mark) -> bool {
    true
}

/// The bad slots that no injection is to blame for.
fn outside(injections: &Injections) -> impl Fn(&Mark) -> bool {
    move |mark| !injections.touch(mark)
}

/// Declared time: the allowances, and the detection if the drill does not measure it.
pub(super) fn declared(plan: &Plan) -> Duration {
    let detection = plan.detection.declared().unwrap_or_default();
    plan.allowances.iter().map(|allowance| allowance.takes).sum::<Duration>() + detection
}

/// What the clock showed, up to `until`, of a detection whose time is declared instead: the one counts, not both.
pub(super) fn replaced(timeline: &Timeline<'_>, until: Mono) -> Duration {
    let span = timeline.phases.get(&Phase::Detect).filter(|_| timeline.plan().detection.declared().is_some());
    span.map_or(Duration::ZERO, |span| span.to().unwrap_or(until).min(until).since(span.from))
}
