//! What was lost, by the ledger alone: which acknowledged writes do not show any more, and which recovery point explains that.

use super::LISTED;
use super::bench::Bench;
use super::claims::{claimed, newest_listed};
use super::codes::FindingCode;
use super::ledger::{At, Cut, Fate, Ledger};
use super::model::{Finding, LostWrite, Rpo};
use super::subject::View;
use super::survivors::{Presence, Survivors};
use super::versions::Store;
use crate::clock::DrillTime;
use crate::ids::Tenant;
use crate::journal::{Effect, Surface, Turned, WriteKind};
use crate::plan::{Check, Prediction};
use crate::timeline::{Answer, GenerationRun, Timeline, Write, Zero};
use std::time::Duration;

/// Judges the loss of one tenant. `view` is what was seen at health; without it the loss is unknown.
pub(super) fn judge<'a>(
    bench: &mut Bench<'_>,
    timeline: &Timeline<'a>,
    ledger: &Ledger<'_, 'a>,
    tenant: &'a Tenant,
    view: Option<&View<'a>>,
) -> Rpo {
    let plan = timeline.plan();
    let prediction = plan.prediction.get(tenant).copied().unwrap_or(Prediction::Untouched);
    let predicted = match prediction {
        Prediction::Generation(generation) => Some(generation.time),
        Prediction::Untouched | Prediction::Beyond => None,
    };
    let mut rpo = Rpo {
        predicted,
        listed: newest_listed(timeline, tenant).map(|snapshot| snapshot.time),
        claimed: claimed(timeline, tenant),
        found: None,
        loss: None,
        worst_case: match prediction {
            Prediction::Untouched => Duration::ZERO,
            Prediction::Generation(_) | Prediction::Beyond => Duration::from_secs(plan.calendar.worst_case_rpo_seconds),
        },
        met: false,
        lost: 0,
        oldest_lost_age: None,
        lost_writes: Vec::new(),
        in_flight: timeline.zero.map_or(0, |zero| in_flight(ledger, tenant, zero)),
        lost_meanwhile: 0,
        came_back: Vec::new(),
    };
    let (Some(zero), Some(view)) = (timeline.zero, view) else { return rpo };
    let Some(zero_drill) = zero.drill else { return rpo };
    let read = view.locked.is_some() && view.uploads && view.users.is_some();
    // Pages are the least that must have been read; a stack without uploads or users has none in its ledger either.
    if !read && (view.locked.is_none() || unread(ledger, tenant, view)) {
        return rpo;
    }
    let noticed = timeline.detected.map_or(zero.seq, |noticed| noticed.seq);
    let undone = lost_before(ledger, tenant, view, noticed);
    let lost = match prediction {
        // Who is not hit loses nothing, whenever it was written.
        Prediction::Untouched => undone.clone(),
        Prediction::Generation(_) | Prediction::Beyond => lost_before(ledger, tenant, view, zero.seq),
    };
    let back = undone.iter().filter(|at| takes_away(ledger.writes[**at].kind)).map(|at| ledger.name(*at));
    rpo.came_back = back.collect();
    rpo.came_back.sort_unstable();
    rpo.came_back.truncate(LISTED);
    rpo.lost = lost.len() as u64;
    // Acknowledged after `t0` and not there, though nobody took back what they did.
    rpo.lost_meanwhile = undone.iter().filter(|at| zero.seq < ledger.writes[**at].seq).count() as u64;
    let drill = |at: At| ledger.writes[at].invoked.drill;
    rpo.oldest_lost_age = lost.iter().map(|at| zero_drill.since(drill(*at))).max();
    rpo.lost_writes = lost.iter().map(|at| lost_write(ledger, *at)).collect();

    let points = Points { timeline, ledger, tenant, zero, prediction };
    rpo.found = points.found(&lost, zero_drill);
    rpo.loss = rpo.found.map(|found| zero_drill.since(found));
    rpo.met = rpo.loss.is_some_and(|loss| loss <= plan.objectives.rpo);
    if !rpo.met {
        let finding = Finding::new(FindingCode::RpoMissed).tenant(tenant);
        let seen = rpo.found.map_or_else(|| "no recovery point".to_owned(), |found| found.to_string());
        let objective = humantime::format_duration(plan.objectives.rpo).to_string();
        bench.find(finding.expected(objective).seen(seen));
    }
    points.compare(bench, &lost, view);
    rpo
}

/// Writes that were on their way at `t0` and of which nobody knows what became of them.
fn in_flight(ledger: &Ledger<'_, '_>, tenant: &Tenant, zero: Zero) -> u64 {
    let writes = workload(ledger, tenant).map(|at| &ledger.writes[at]);
    let open = |write: &&Write<'_>| write.seq < zero.seq && write.ended.is_none_or(|end| zero.seq < end.seq);
    writes.filter(open).filter(|write| write.answer == Answer::Unknown).count() as u64
}

/// The writes of a tenant without the prober's.
fn workload(ledger: &Ledger<'_, '_>, tenant: &Tenant) -> impl Iterator<Item = At> {
    let own = |at: &At| ledger.writes[*at].kind != WriteKind::Probe;
    ledger.of(tenant).iter().copied().filter(own)
}

fn lost_write(ledger: &Ledger<'_, '_>, at: At) -> LostWrite {
    let invoked = ledger.writes[at].invoked;
    LostWrite {
        drill: invoked.drill,
        tenant: invoked.tenant.clone(),
        writer: invoked.writer.to_string(),
        seq: invoked.seq,
        kind: invoked.kind,
        key: invoked.key.to_string(),
        item: ledger.name(at),
    }
}

/// Whether the ledger has writes on a surface that was not read.
fn unread(ledger: &Ledger<'_, '_>, tenant: &Tenant, view: &View<'_>) -> bool {
    ledger.of(tenant).iter().any(|at| match ledger.writes[*at].kind.surface() {
        Surface::Uploads => !view.uploads,
        Surface::Users => view.users.is_none(),
        Surface::Pages | Surface::Search | Surface::Access | Surface::ForeignLogin | Surface::Pdf => false,
    })
}

/// Acknowledged writes before this entry of the journal that would show if nothing had happened, and do not: with names that come
/// back, too. In order.
fn lost_before(ledger: &Ledger<'_, '_>, tenant: &Tenant, view: &View<'_>, until: u64) -> Vec<At> {
    let mut lost = not_shown(ledger, tenant, view, until);
    lost.sort_unstable();
    lost.dedup();
    lost
}

/// The same, some of them twice.
fn not_shown(ledger: &Ledger<'_, '_>, tenant: &Tenant, view: &View<'_>, until: u64) -> Vec<At> {
    // The ideal: every acknowledged write up to then. What a later write superseded is not in it.
    let ideal = Survivors::replay(ledger, tenant, Cut::Everything { until });
    let mut lost = Vec::new();
    for line in ideal.pages.values().chain(ideal.uploads.values()) {
        let versions = line.versions.iter().filter(|version| version.required);
        lost.extend(versions.map(|version| version.at).filter(|at| !view.versions.contains(*at)));
        let deleted = line.gone.iter().filter(|(_, by)| ledger.writes[*by].kind != WriteKind::Rename);
        lost.extend(deleted.filter(|(at, _)| view.versions.contains(*at)).map(|(_, by)| *by));
    }
    if let Some(pages) = &view.locked {
        let renamed = ideal.pages.iter().filter_map(|(title, line)| Some((title, line.renamed?)));
        lost.extend(renamed.filter(|(title, _)| pages.get(title).is_none()).map(|(_, by)| by));
        for (title, protection) in &ideal.locked {
            // A renaming that is undone does not undo what came before it.
            let locked = ledger.titles_of(tenant, title).find_map(|title| pages.get(title));
            lost.extend(protection.undone(locked.unwrap_or_default()));
        }
    }
    let Some(users) = &view.users else { return lost };
    for (name, user) in &ideal.users {
        let seen = users.get(name);
        match user.presence {
            Presence::Deleted(by) => {
                lost.extend(seen.map(|_| by));
                continue;
            }
            Presence::Required(at) if seen.is_none() => {
                lost.push(at);
            }
            Presence::Given | Presence::Required(_) | Presence::Allowed => {}
        }
        for (group, membership) in &user.groups {
            let is = seen.is_some_and(|person| person.is_in(group));
            // Groups given at creation share the write of the creation, which is counted above.
            let own = |at: &At| ledger.writes[*at].kind != WriteKind::CreateUser;
            lost.extend(membership.undone(is).filter(own));
        }
        lost.extend(user.blocked.and_then(|block| block.undone(seen.is_some_and(|person| person.blocked))));
    }
    lost
}

/// Whether something comes back when a write of this kind is undone.
const fn takes_away(kind: WriteKind) -> bool {
    match kind.effect() {
        Effect::Removal | Effect::Turn(Turned::Membership, false) | Effect::Turn(Turned::Block, true) => true,
        Effect::Version
        | Effect::Renaming
        | Effect::Creation
        | Effect::Turn(Turned::Membership, true)
        | Effect::Turn(Turned::Block, false)
        | Effect::Turn(Turned::Protection, _) => false,
    }
}

/// The recovery points that explain what is lost.
struct Points<'p, 't, 'a> {
    timeline: &'p Timeline<'a>,
    ledger: &'p Ledger<'t, 'a>,
    tenant: &'p Tenant,
    zero: Zero,
    prediction: Prediction,
}

impl<'a> Points<'_, '_, 'a> {
    fn seq(&self, at: At) -> u64 {
        self.ledger.writes[at].seq
    }

    /// Position in the generations of the newest one that was complete before `seq`.
    fn before(&self, seq: u64) -> Option<usize> {
        self.timeline.generations.iter().rposition(|run| run.to.is_some_and(|to| to < seq))
    }

    fn run(&self, position: usize) -> &GenerationRun<'a> {
        &self.timeline.generations[position]
    }

    fn predicted(&self) -> Option<usize> {
        match self.prediction {
            Prediction::Generation(generation) => {
                self.timeline.generations.iter().position(|run| run.generation == generation)
            }
            Prediction::Untouched | Prediction::Beyond => None,
        }
    }

    /// The newest point up to which everything survived; `lost` in order.
    fn found(&self, lost: &[At], zero: DrillTime) -> Option<DrillTime> {
        let Some(first) = lost.first().map(|at| self.seq(*at)) else {
            // Nothing is lost. If nothing could have been, the promised point is as new as can be shown.
            return Some(zero);
        };
        let newest = self.before(first)?;
        // Between two generations without a write in between the ledger cannot tell: the promised one is meant.
        let position = match self.predicted() {
            Some(predicted) if predicted < newest && !self.written_between(predicted, first) => predicted,
            Some(_) | None => newest,
        };
        Some(self.run(position).generation.time)
    }

    fn written_between(&self, generation: usize, until: u64) -> bool {
        let from = self.run(generation).to.unwrap_or(self.run(generation).from);
        let writes = self.ledger.of(self.tenant).iter().map(|at| &self.ledger.writes[*at]);
        let counts = |kind| kind != WriteKind::Probe;
        writes.filter(|write| from < write.seq).any(|write| write.seq < until && counts(write.kind))
    }

    /// Does the loss look like an older generation, like a torn one, or like two different ones?
    fn compare(&self, bench: &mut Bench<'_>, lost: &[At], view: &View<'_>) {
        let Some(predicted) = self.predicted() else { return };
        // After all generations before it comes the moment of the fault: a store that nobody touched is from then.
        let fault = self.timeline.generations.iter().filter(|run| run.from < self.zero.seq).count();
        let mut spans = Vec::new();
        for store in [Store::Pages, Store::Uploads] {
            let of_store = |at: &At| Store::of(self.ledger.writes[*at].kind) == Some(store);
            // What was deleted after the promised generation is no loss, but its absence tells as much.
            let missing = lost.iter().chain(&view.absent).filter(|at| of_store(at)).min().copied();
            let first = missing.map(|at| self.seq(at));
            let newest_survivor =
                view.versions.ones().filter(|at| of_store(at) && self.counts(*at)).map(|at| self.seq(at)).max();
            let Some(survivor) = newest_survivor else { continue };
            // The points that this store can be from: complete before the first loss, begun after the last survivor.
            let after = |run: &GenerationRun<'_>| survivor < run.from && run.from < self.zero.seq;
            let oldest = self.timeline.generations.iter().position(after).unwrap_or(fault);
            let Some(first) = first else {
                spans.push((oldest, Some(fault)));
                continue;
            };
            let promised = self.run(predicted).from;
            if survivor > first && first < promised {
                let item = missing.map(|at| self.ledger.name(at)).unwrap_or_default();
                bench.find(Finding::new(FindingCode::Hole).check(store.check()).tenant(self.tenant).item(item));
                continue;
            }
            let newest = self.before(first);
            if newest.is_none_or(|newest| newest < predicted) {
                let expected = self.run(predicted).generation.to_string();
                let seen = newest.map_or_else(|| "none".to_owned(), |newest| self.run(newest).generation.to_string());
                let finding = Finding::new(FindingCode::TooOld).check(store.check()).tenant(self.tenant);
                bench.find(finding.expected(expected).seen(seen));
            }
            spans.push((oldest, newest));
        }
        if let [(pages_from, Some(pages_to)), (uploads_from, Some(uploads_to))] = spans[..]
            && (pages_from > uploads_to || uploads_from > pages_to)
        {
            let run = |position: usize| self.timeline.generations.get(position).filter(|_| position < fault);
            let name = |position| {
                run(position).map_or_else(|| "the moment of the fault".to_owned(), |run| run.generation.to_string())
            };
            let finding = Finding::new(FindingCode::Skew).check(Check::Files).tenant(self.tenant);
            bench.find(finding.expected(name(pages_to)).seen(name(uploads_to)));
        }
    }

    /// Only what was acknowledged before the fault, without the prober's, tells how old a store is.
    fn counts(&self, at: At) -> bool {
        Cut::Everything { until: self.zero.seq }.fate(&self.ledger.writes[at]) == Fate::Required
    }
}
