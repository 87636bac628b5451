//! What all reports look at: the journal's entries, the timeline, the judgement, the language; and the figures that several of
//! them need, computed once and in one way, so that no two artefacts of a run disagree.

use super::catalogue::Label;
use super::lang::Lang;
use crate::clock::{DrillTime, Mono};
use crate::ids::{Datacenter, Tenant};
use crate::journal::{Entry, Outcome};
use crate::plan::{Generation, Prediction};
use crate::timeline::{Reading, Task, Timeline};
use crate::verdict::{Finding, FindingCode, Judgement, Parts, Reason, Rto, TenantResult};
use std::collections::BTreeMap;
use std::time::Duration;

/// One run, ready to be told.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    entries: &'a [Entry],
    pub timeline: &'a Timeline<'a>,
    pub judgement: &'a Judgement,
    pub lang: Lang,
}

/// Whether a vault held a generation of one tenant before the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Yes,
    No,
    /// The vault was never listed for this tenant.
    Unknown,
}

/// Tasks that failed, of which the last lines are shown.
const TAILS: usize = 5;

impl<'a> View<'a> {
    pub(super) const fn new(
        entries: &'a [Entry],
        timeline: &'a Timeline<'a>,
        judgement: &'a Judgement,
        lang: Lang,
    ) -> Self {
        Self { entries, timeline, judgement, lang }
    }

    /// That this drill was made wrong on purpose, and how: nobody may take it for a failed recovery.
    pub(super) fn sabotage(&self) -> Option<String> {
        let sabotage = self.timeline.plan().sabotage.as_ref()?;
        let told = Label::Sabotaged.text(self.lang);
        Some(format!("{told}: {} ({}, {})", self.lang.text(&sabotage.title), sabotage.name, sabotage.does))
    }

    /// Hash of the journal's last line.
    pub(super) fn head(&self) -> &'a str {
        self.entries.last().map_or("", |entry| entry.hash.as_str())
    }

    pub(super) fn entries(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Wall clock at the start, as the journal has it.
    pub(super) fn began(&self) -> &'a str {
        self.entries.first().map_or("", |entry| entry.wall.as_str())
    }

    /// On the monotonic clock.
    pub(super) fn start(&self) -> Mono {
        self.entries.first().map_or(Mono(0), |entry| entry.mono)
    }

    pub(super) fn took(&self) -> Duration {
        self.timeline.last.since(self.start())
    }

    /// Sum of all snapshots taken before the fault, as the operator's tool reported them.
    pub(super) fn bytes(&self) -> u64 {
        let before = |seq: u64| self.timeline.zero.is_none_or(|zero| seq < zero.seq);
        self.timeline.generations.iter().filter(|run| before(run.from)).map(|generation| generation.bytes).sum()
    }

    pub(super) fn versions(&self) -> &'a BTreeMap<&'a str, &'a str> {
        &self.timeline.versions
    }

    /// When the disaster struck, on the drill clock; as planned if it never did.
    pub(super) fn disaster(&self) -> DrillTime {
        self.timeline.zero.and_then(|zero| zero.drill).unwrap_or(self.timeline.plan().calendar.disaster)
    }

    /// The loss that the backup plan lets us expect, of the worst affected tenant; `None` when no backup reaches back far enough.
    pub(super) fn predicted_loss(&self) -> Option<Duration> {
        let plan = self.timeline.plan();
        let losses = plan.affected.iter().map(|tenant| match plan.prediction.get(tenant)? {
            Prediction::Untouched => Some(Duration::ZERO),
            Prediction::Generation(generation) => Some(self.disaster().since(generation.time)),
            Prediction::Beyond => None,
        });
        losses.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// What the same disaster could cost at the worst moment of the schedule; `None` without tenants.
    pub(super) fn worst_case(&self) -> Option<Duration> {
        self.judgement.tenants.values().map(|tenant| tenant.rpo.worst_case).max()
    }

    /// The tenant that decides the recovery time of the drill; `None` when one of them has none.
    pub(super) fn slowest(&self) -> Option<(&'a Tenant, &'a Rto, &'a Parts)> {
        let _decided = self.judgement.rto?;
        let measured = self.judgement.tenants.iter();
        let measured =
            measured.filter_map(|(tenant, result)| Some((tenant, result.rto.as_ref()?, result.parts.as_ref()?)));
        measured.max_by(|one, other| one.1.hi.cmp(&other.1.hi).then_with(|| other.0.cmp(one.0)))
    }

    pub(super) fn holds(&self, vault: &Datacenter, tenant: &Tenant, generation: &Generation) -> Held {
        let Some(listing) = self.timeline.listed.get(vault).and_then(|of| of.get(tenant)) else { return Held::Unknown };
        let there = |tags: &[_], time| time == generation.time && tags.contains(&generation.tag);
        if listing.snapshots.iter().any(|snapshot| there(&snapshot.tags, snapshot.time)) { Held::Yes } else { Held::No }
    }

    /// How long the tenant did not answer right, and what of that the injection of the fault made.
    pub fn outage(&self, result: &TenantResult) -> String {
        let total = self.lang.duration(result.outage.total);
        if result.outage.injected.is_zero() {
            return total;
        }
        let injected = self.lang.duration(result.outage.injected);
        format!("{total} ({injected} {})", Label::ByInjection.text(self.lang))
    }

    /// Everything that was read back of one tenant, at all moments and on all surfaces.
    pub(super) fn items(&self, tenant: &Tenant) -> u64 {
        let own = self.timeline.readbacks.values().filter_map(|of| of.get(tenant));
        let readings = own.flat_map(|readback| readback.surfaces.values());
        readings
            .map(|reading| match reading {
                Reading::Items { items, .. } => items.len() as u64,
                Reading::Failed(_) | Reading::Absent(_) => 0,
            })
            .sum()
    }

    /// The last tasks that failed, in the order in which they ended.
    pub(super) fn failed_tasks(&self) -> Vec<&'a Task<'a>> {
        let failed = |task: &&Task| {
            task.span.end.is_some_and(|(_, outcome)| match outcome {
                Outcome::Done => false,
                Outcome::Failed { .. } | Outcome::TimedOut { .. } | Outcome::Cancelled | Outcome::Broken { .. } => true,
            })
        };
        let mut tasks: Vec<_> = self.timeline.tasks.iter().filter(failed).collect();
        tasks.sort_by_key(|task| task.span.to());
        tasks.split_off(tasks.len().saturating_sub(TAILS))
    }

    /// Worst first; within a severity as they were found.
    pub(super) fn findings(&self) -> Vec<&'a Finding> {
        let mut sorted: Vec<&Finding> = self.judgement.findings.iter().collect();
        sorted.sort_by_key(|finding| finding.severity);
        sorted
    }

    /// The findings with the same code and severity together, worst first.
    pub(super) fn finding_groups(&self) -> Vec<Vec<&'a Finding>> {
        grouped(self.findings(), |finding| (finding.severity, finding.code))
    }

    /// The reasons with the same code together, in the order in which they were found.
    pub(super) fn reason_groups(&self) -> Vec<Vec<&'a Reason>> {
        grouped(self.judgement.reasons.iter().collect(), |reason| reason.code)
    }

    /// Whether the objective was met; `None` when nobody knows.
    pub(super) fn rto_met(&self) -> Option<bool> {
        let counted = |code| self.judgement.finding_counts.get(&code).is_some_and(|count| *count > 0);
        let missed = counted(FindingCode::RtoMissed) || counted(FindingCode::NotRecovered);
        if missed { Some(false) } else { self.judgement.rto.map(|rto| rto.met) }
    }

    /// As [`View::rto_met`].
    pub(super) fn rpo_met(&self) -> Option<bool> {
        let missed = self.judgement.finding_counts.get(&FindingCode::RpoMissed).is_some_and(|count| *count > 0);
        let met = || self.judgement.tenants.values().all(|tenant| tenant.rpo.met);
        if missed { Some(false) } else { self.judgement.rpo.map(|_| met()) }
    }

    /// Findings that were counted and not listed.
    pub(super) fn hidden(&self) -> u64 {
        let all: u64 = self.judgement.finding_counts.values().sum();
        all.saturating_sub(self.judgement.findings.len() as u64)
    }

    /// Seconds from `t0` to `at`, negative before it; `None` when nothing was injected.
    pub(super) fn after_zero(&self, at: Mono) -> Option<f64> {
        let zero = self.timeline.zero?.mono;
        Some(at.since(zero).as_secs_f64() - zero.since(at).as_secs_f64())
    }
}

/// Puts together what has the same key; groups stand where their first member stood.
fn grouped<T: Copy, K: PartialEq>(items: Vec<T>, key: impl Fn(T) -> K) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    for item in items {
        let same = |group: &&mut Vec<T>| group.first().is_some_and(|first| key(*first) == key(item));
        match groups.iter_mut().find(same) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    groups
}

/// `machine 17.3 s + declared 25 min`.
pub(super) fn shares(rto: &Rto, lang: Lang) -> String {
    let (machine, declared) = (Label::Machine.text(lang), Label::Declared.text(lang));
    format!("{machine} {} + {declared} {}", lang.duration(rto.machine_hi), lang.duration(rto.declared))
}
