//! Whether the drill itself went as it must: a failed recovery is a result, a broken drill proves nothing.

use super::bench::Bench;
use super::claims::lost_datacenters;
use super::codes::{FindingCode, ReasonCode};
use super::model::{Finding, Reason};
use crate::journal::{Outcome, WriteKind};
use crate::plan::{Action, Phase, Step};
use crate::timeline::{Answer, Timeline};
use std::collections::HashSet;

/// How a drill came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// By itself.
    Reached,
    /// On purpose, once something was read back: what should have come after it is not missed.
    CutShort,
    /// Before its time: nothing is proved, neither way.
    Aborted,
}

/// What became of the drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conduct {
    pub end: End,
    /// The recovery itself failed: what should have come after it is not missed.
    pub recovery_failed: bool,
    /// The drill never got to the recovery, or not through it, for reasons of its own.
    pub broken: bool,
}

impl Conduct {
    /// Whether the drill should have got to its end.
    pub const fn complete(self) -> bool {
        matches!(self.end, End::Reached) && !self.recovery_failed && !self.broken
    }
}

/// Judges the conduct of the drill.
pub(super) fn judge(bench: &mut Bench<'_>, timeline: &Timeline<'_>) -> Conduct {
    let aborted = aborted(bench, timeline);
    if let Some(why) = timeline.cut_short {
        bench.doubt(Reason::new(ReasonCode::CutShort).seen(why));
    }
    let end = match timeline.cut_short {
        _ if aborted => End::Aborted,
        Some(_) => End::CutShort,
        None => End::Reached,
    };
    let mut conduct = Conduct { end, recovery_failed: false, broken: false };
    steps(bench, timeline, &mut conduct);
    gate(bench, timeline, &mut conduct);
    faults(bench, timeline, conduct);
    residue(bench, timeline);
    workload(bench, timeline);
    teardown(bench, timeline);
    conduct
}

fn aborted(bench: &mut Bench<'_>, timeline: &Timeline<'_>) -> bool {
    let mut aborted = false;
    let mut abort = |bench: &mut Bench<'_>, seen: &str| {
        aborted = true;
        bench.doubt(Reason::new(ReasonCode::Aborted).seen(seen));
    };
    if timeline.torn {
        bench.doubt(Reason::new(ReasonCode::JournalTorn));
        abort(bench, "the journal is torn");
    }
    if let Some(by) = timeline.interrupted {
        abort(bench, by);
    }
    match timeline.ended {
        None => abort(bench, "the journal has no end"),
        Some(Outcome::Cancelled) => abort(bench, "cancelled"),
        Some(Outcome::Broken { why }) => bench.doubt(Reason::new(ReasonCode::HarnessBroken).seen(why)),
        Some(Outcome::Done | Outcome::Failed { .. } | Outcome::TimedOut { .. }) => {}
    }
    aborted
}

/// Every planned step must have been done; whose fault it is if not depends on the phase.
fn steps(bench: &mut Bench<'_>, timeline: &Timeline<'_>, conduct: &mut Conduct) {
    let mut missing = Vec::new();
    let unconfirmed = timeline.faults.iter().any(|fault| fault.unconfirmed.is_some());
    for step in &timeline.plan().steps {
        let Some(outcome) = timeline.step(&step.name).and_then(|run| run.span.end) else {
            missing.push(&step.name);
            continue;
        };
        let broken = |bench: &mut Bench<'_>, why: &str| {
            bench.doubt(Reason::new(ReasonCode::HarnessBroken).item(step.name.0.as_str()).seen(why));
        };
        let why = match outcome.1 {
            Outcome::Done | Outcome::Cancelled => continue,
            Outcome::Broken { why } => {
                conduct.broken = true;
                broken(bench, why);
                continue;
            }
            Outcome::Failed { why } => why.clone(),
            Outcome::TimedOut { after_seconds } => format!("timed out after {after_seconds} s"),
        };
        // That the system is not protected again is no failed recovery: the check tells.
        if step.protects() {
            continue;
        }
        if step.phase.tries_the_recovery() {
            conduct.recovery_failed = true;
            let finding = Finding::new(FindingCode::RecoveryStepFailed).item(step.name.0.as_str());
            bench.find(finding.seen(why));
            continue;
        }
        conduct.broken = true;
        // Of a fault that did not happen `faults` tells, and nothing else is broken.
        if step.phase != Phase::Fault || !unconfirmed {
            broken(bench, &why);
        }
    }
    phases(bench, timeline, conduct);
    // After an abort or a failed recovery, steps are missing by right.
    if conduct.complete() {
        for name in missing {
            conduct.broken = true;
            bench.doubt(Reason::new(ReasonCode::StepMissing).item(name.0.as_str()));
        }
    }
}

/// A phase can fail beside its steps: a deadline of its own, or a panic.
fn phases(bench: &mut Bench<'_>, timeline: &Timeline<'_>, conduct: &mut Conduct) {
    for (phase, span) in &timeline.phases {
        let Some((_, outcome)) = span.end else { continue };
        match outcome {
            Outcome::Done | Outcome::Cancelled => {}
            Outcome::Broken { why } => {
                conduct.broken = true;
                bench.doubt(Reason::new(ReasonCode::HarnessBroken).item(phase.name()).seen(why));
            }
            Outcome::Failed { .. } | Outcome::TimedOut { .. } => {
                let recovery = phase.tries_the_recovery();
                if recovery && !conduct.recovery_failed {
                    conduct.recovery_failed = true;
                    bench.find(Finding::new(FindingCode::RecoveryStepFailed).item(phase.name()));
                } else if !recovery && !conduct.broken {
                    conduct.broken = true;
                    bench.doubt(Reason::new(ReasonCode::HarnessBroken).item(phase.name()));
                }
            }
        }
    }
}

fn gate(bench: &mut Bench<'_>, timeline: &Timeline<'_>, conduct: &mut Conduct) {
    match timeline.gate {
        Some(gate) if gate.ready => {
            let Some(zero) = timeline.zero else { return };
            for (tenant, probes) in &timeline.probes {
                let between = |slot: &&crate::timeline::Slot<'_>| gate.at <= slot.intended && slot.ended < zero.mono;
                let bad = probes.light.iter().chain(&probes.full).filter(between).find_map(|slot| slot.bad);
                if let Some(bad) = bad {
                    bench.doubt(Reason::new(ReasonCode::SteadyNotClean).tenant(tenant).item("prober").seen(bad));
                }
            }
        }
        Some(gate) => {
            conduct.broken = true;
            let mut reason = Reason::new(ReasonCode::GateNotReady);
            reason.seen = gate.problems.first().cloned();
            bench.doubt(reason);
        }
        None if timeline.zero.is_some() => bench.doubt(Reason::new(ReasonCode::GateNotReady).seen("never asked")),
        // Without a fault either: the missing steps tell the story.
        None => {}
    }
}

fn faults(bench: &mut Bench<'_>, timeline: &Timeline<'_>, conduct: Conduct) {
    for (index, fault) in timeline.faults.iter().enumerate() {
        let item = format!("fault {index}");
        let due = fault.injecting.is_some()
            || fault.unconfirmed.is_some()
            || (conduct.end != End::Aborted && !conduct.broken);
        let nothing = fault.targets.is_some_and(<[String]>::is_empty);
        if due && (fault.confirmed.is_none() || fault.unconfirmed.is_some() || nothing) {
            let mut reason = Reason::new(ReasonCode::FaultUnconfirmed).item(item.as_str());
            reason.seen = fault.unconfirmed.map(str::to_owned);
            bench.doubt(reason);
        }
        if fault.undo_planned.is_some() && !fault.undone.is_some_and(Outcome::is_done) {
            bench.doubt(Reason::new(ReasonCode::UndoFailed).item(item));
        }
    }
}

/// After the loss of a datacenter nothing of it exists, is made, or is used any more.
fn residue(bench: &mut Bench<'_>, timeline: &Timeline<'_>) {
    let confirmed = timeline.faults.iter().filter_map(|fault| fault.confirmed).map(|(at, _)| at).max();
    let Some(confirmed) = confirmed else { return };
    for lost in lost_datacenters(timeline.plan()) {
        let found = |item: String, seen: &str| Finding::new(FindingCode::FaultResidue).item(item).seen(seen);
        for resource in timeline.resources.iter().filter(|resource| resource.datacenter == Some(lost)) {
            let item = format!("{:?} {}", resource.kind, resource.name).to_lowercase();
            if resource.created > confirmed {
                bench.find(found(item, "created after the fault"));
            } else if resource.removed.is_none_or(|removed| removed > confirmed) {
                bench.find(found(item, "still there after the fault"));
            }
        }
        let used = timeline.tasks.iter().filter(|task| task.at.datacenter.as_ref() == Some(lost));
        for task in used.filter(|task| task.span.from > confirmed) {
            bench.find(found(task.at.to_string(), "used after the fault"));
        }
    }
}

/// Every tenant must have written shortly before the fault; else nothing could be lost, and the RPO means nothing.
fn workload(bench: &mut Bench<'_>, timeline: &Timeline<'_>) {
    let Some(zero) = timeline.zero else { return };
    let before = |step: &&Step| step.phase == Phase::History && matches!(step.action, Action::Write { .. });
    let last = timeline.plan().steps.iter().rfind(before);
    let span = last.and_then(|step| timeline.step(&step.name)).map(|run| run.span);
    let mut wrote = HashSet::new();
    if let Some(span) = span {
        let until = span.to().unwrap_or(zero.mono).min(zero.mono);
        for write in timeline.writes.iter().rev().take_while(|write| write.at >= span.from) {
            let counts = write.kind != WriteKind::Probe && write.answer == Answer::Acknowledged;
            if counts && write.at <= until {
                wrote.insert(&write.invoked.tenant);
            }
        }
    }
    for tenant in timeline.plan().tenants.iter().filter(|tenant| !wrote.contains(tenant)) {
        bench.doubt(Reason::new(ReasonCode::WorkloadStalled).tenant(tenant));
    }
}

fn teardown(bench: &mut Bench<'_>, timeline: &Timeline<'_>) {
    match timeline.leftovers {
        None => bench.doubt(Reason::new(ReasonCode::TeardownUnproven)),
        Some(names) => {
            for name in names {
                bench.find(Finding::new(FindingCode::Leftovers).item(name.as_str()));
            }
        }
    }
}
