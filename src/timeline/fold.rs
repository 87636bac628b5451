//! One linear pass over the entries with a decision about every event.

use super::error::{Impossible, TimelineError};
use super::model::{
    ClockPoint, DrillClock, FaultRun, GateSaid, GenerationRun, KeyTrial, Listing, Noticed, Readback, Reading, Resource,
    Span, StepRun, Task, Timeline, VaultSearch, WriteEnd,
};
use super::rules::end;
use crate::clock::Mono;
use crate::ids::Tenant;
use crate::journal::{Entry, Event, Item, Kind, RunStarted, Surface};
use crate::plan::{Generation, Moment, Phase};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(super) type Folded = Result<(), Impossible>;

impl<'a> Timeline<'a> {
    /// Folds `entries`; `torn` says whether the last line of the journal was cut off.
    ///
    /// # Errors
    /// [`TimelineError`] when no drill can have written these events in this order.
    pub fn from(entries: &'a [Entry], torn: bool) -> Result<Self, TimelineError> {
        let (first, rest) = entries.split_first().ok_or(TimelineError { seq: 0, why: Impossible::NotBegun })?;
        let Event::RunStarted(started) = &first.event else {
            return Err(TimelineError { seq: first.seq, why: Impossible::NotBegun });
        };
        let mut fold = Fold::new(started, torn, first.mono);
        for entry in rest {
            fold.step(entry).map_err(|why| TimelineError { seq: entry.seq, why })?;
        }
        Ok(fold.finish())
    }
}

/// The timeline so far, and what is open in it.
pub(super) struct Fold<'a> {
    pub(super) out: Timeline<'a>,
    pub(super) seq: u64,
    pub(super) now: Mono,
    pub(super) phase: Option<Phase>,
    pub(super) steps: HashMap<&'a str, usize>,
    pub(super) tasks: HashMap<u64, usize>,
    pub(super) writes: HashMap<u64, usize>,
    pub(super) generations: HashMap<Generation, usize>,
    pub(super) standing: HashMap<(Kind, &'a str), usize>,
    /// Items of surfaces whose enumeration has not ended.
    pub(super) pending: HashMap<(Moment, &'a Tenant, Surface), Vec<&'a Item>>,
}

impl<'a> Fold<'a> {
    fn new(started: &'a RunStarted, torn: bool, began: Mono) -> Self {
        let out = Timeline {
            started,
            torn,
            last: began,
            versions: BTreeMap::new(),
            clock: DrillClock::default(),
            phases: BTreeMap::new(),
            steps: Vec::new(),
            tasks: Vec::new(),
            notes: Vec::new(),
            zero: None,
            faults: vec![FaultRun::default(); started.plan.faults.len()],
            detected: None,
            declared: Vec::new(),
            gate: None,
            writes: Vec::new(),
            generations: Vec::new(),
            listed: BTreeMap::new(),
            listed_again: BTreeMap::new(),
            side_restores: Vec::new(),
            fingerprints: BTreeMap::new(),
            searches: Vec::new(),
            key_trials: Vec::new(),
            claims: BTreeMap::new(),
            probes: BTreeMap::new(),
            maintenance: Vec::new(),
            readbacks: BTreeMap::new(),
            resources: Vec::new(),
            logs: BTreeSet::new(),
            leftovers: None,
            key: None,
            interrupted: None,
            cut_short: None,
            ended: None,
        };
        Self {
            out,
            seq: 0,
            now: began,
            phase: None,
            steps: HashMap::new(),
            tasks: HashMap::new(),
            writes: HashMap::new(),
            generations: HashMap::new(),
            standing: HashMap::new(),
            pending: HashMap::new(),
        }
    }

    fn finish(mut self) -> Timeline<'a> {
        for probes in self.out.probes.values_mut() {
            probes.light.sort_by_key(|slot| slot.slot);
            probes.full.sort_by_key(|slot| slot.slot);
        }
        self.out
    }

    fn step(&mut self, entry: &'a Entry) -> Folded {
        if entry.mono < self.now {
            return Err(Impossible::Backwards);
        }
        (self.seq, self.now, self.out.last) = (entry.seq, entry.mono, entry.mono);
        // The key is disclosed when all is over, perhaps as the very last word.
        if self.out.ended.is_some() && !matches!(entry.event, Event::KeyDisclosed { .. }) {
            return Err(Impossible::AfterTheEnd);
        }
        self.event(&entry.event)
    }

    #[expect(clippy::too_many_lines, reason = "one arm for every event, so that a new one does not compile unnoticed")]
    fn event(&mut self, event: &'a Event) -> Folded {
        let now = self.now;
        match event {
            Event::RunStarted(_) => return Err(Impossible::BegunTwice),
            Event::Continued(_) => {
                // What the parent had made is not there any more.
                for at in std::mem::take(&mut self.standing).into_values() {
                    self.out.resources[at].removed = Some(now);
                }
            }
            Event::Versions { versions } => {
                self.out.versions.extend(versions.iter().map(|(name, version)| (name.as_str(), version.as_str())));
            }
            Event::ClockSet { drill, running } => {
                self.out.clock.0.push(ClockPoint { mono: now, drill: *drill, running: *running });
            }
            Event::PhaseStarted { phase } => self.phase_started(*phase)?,
            Event::PhaseEnded { phase, outcome } => self.phase_ended(*phase, outcome)?,
            Event::StepStarted { step } => {
                let at = self.out.steps.len();
                if self.steps.insert(&step.0, at).is_some() {
                    return Err(Impossible::StartedTwice(format!("the step {step}")));
                }
                self.out.steps.push(StepRun { name: step, span: Span { from: now, end: None } });
            }
            Event::StepEnded { step, outcome } => {
                let at = self.steps.get(step.0.as_str()).copied();
                end(at.map(|at| &mut self.out.steps[at].span), now, outcome, || format!("the step {step}"))?;
            }
            Event::TaskStarted { task, step, at, what } => {
                if self.tasks.insert(*task, self.out.tasks.len()).is_some() {
                    return Err(Impossible::StartedTwice(format!("task {task}")));
                }
                let span = Span { from: now, end: None };
                self.out.tasks.push(Task { step, at, what, span, exit: None, tail: "" });
            }
            Event::TaskEnded { task, outcome, exit, tail } => {
                let mut run = self.tasks.get(task).map(|at| &mut self.out.tasks[*at]);
                if let Some(run) = &mut run {
                    (run.exit, run.tail) = (*exit, tail);
                }
                end(run.map(|run| &mut run.span), now, outcome, || format!("task {task}"))?;
            }
            Event::Note { text } => self.out.notes.push((now, text)),
            Event::Interrupted { by } => self.out.interrupted = Some(by),
            Event::CutShort { why } => self.out.cut_short = Some(why),
            Event::KeyDisclosed { key } => self.out.key = Some(key),
            Event::RunEnded { outcome } => self.out.ended = Some(outcome),

            Event::Created { kind, name, id, datacenter, tenant } => {
                self.standing.insert((*kind, id), self.out.resources.len());
                let (datacenter, tenant) = (datacenter.as_ref(), tenant.as_ref());
                self.out.resources.push(Resource {
                    kind: *kind,
                    name,
                    id,
                    datacenter,
                    tenant,
                    created: now,
                    removed: None,
                });
            }
            Event::Removed { kind, id, .. } => {
                // Gone already is success, so a second removal says nothing new.
                if let Some(at) = self.standing.remove(&(*kind, id.as_str())) {
                    self.out.resources[at].removed = Some(now);
                }
            }
            Event::LogsKept { files } => self.out.logs.extend(files.iter().map(String::as_str)),
            Event::Leftovers { names } => self.out.leftovers = Some(names),

            Event::WriteInvoked(invoked) => self.write_invoked(invoked)?,
            Event::WriteEnded { write, result } => {
                let at = *self.writes.get(write).ok_or_else(|| Impossible::NeverStarted(format!("write {write}")))?;
                let run = &mut self.out.writes[at];
                if run.ended.is_some() {
                    return Err(Impossible::EndedTwice(format!("write {write}")));
                }
                (run.answer, run.ended) = (result.into(), Some(WriteEnd { seq: self.seq, at: now, result }));
            }

            Event::GenerationStarted { generation } => {
                if self.generations.insert(*generation, self.out.generations.len()).is_some() {
                    return Err(Impossible::StartedTwice(format!("the generation {generation}")));
                }
                let (snapshots, from) = (BTreeMap::new(), self.seq);
                self.out.generations.push(GenerationRun {
                    generation: *generation,
                    from,
                    to: None,
                    snapshots,
                    bytes: 0,
                });
            }
            Event::SnapshotTaken { generation, tenant, snapshot, bytes } => {
                self.known(tenant)?;
                let run = self.generation(*generation)?;
                run.bytes += bytes;
                if run.snapshots.insert(tenant, snapshot).is_some() {
                    return Err(Impossible::EndedTwice(format!("the snapshot of {tenant} in {generation}")));
                }
            }
            Event::GenerationEnded { generation } => {
                let seq = self.seq;
                if self.generation(*generation)?.to.replace(seq).is_some() {
                    return Err(Impossible::EndedTwice(format!("the generation {generation}")));
                }
            }
            Event::SnapshotsListed { vault, tenant, snapshots, readable } => {
                self.known(tenant)?;
                let before = self.out.zero.is_none();
                let listed = if before { &mut self.out.listed } else { &mut self.out.listed_again };
                listed.entry(vault).or_default().insert(tenant, Listing { snapshots, readable: *readable });
            }
            Event::VaultSearched { vault, files, bytes, hits } => {
                self.out.searches.push(VaultSearch { at: now, vault, files: *files, bytes: *bytes, hits });
            }
            Event::KeyTried { tenant, key_of, opened } => {
                self.known(tenant)?;
                self.known(key_of)?;
                self.out.key_trials.push(KeyTrial { at: now, tenant, key_of, opened: *opened });
            }

            Event::UndoPlanned { fault, what } => self.fault(*fault)?.undo_planned = Some(what),
            Event::FaultTargets { fault, targets } => self.fault(*fault)?.targets = Some(targets),
            Event::FaultInjecting { fault } => self.injecting(*fault)?,
            Event::FaultConfirmed { fault, evidence } => {
                self.injected(*fault)?.confirmed = Some((now, evidence));
            }
            Event::FaultUnconfirmed { fault, why } => self.fault(*fault)?.unconfirmed = Some(why),
            Event::UndoDone { fault, outcome } => {
                let run = self.fault(*fault)?;
                if run.undo_planned.is_none() {
                    return Err(Impossible::NoUndo(*fault));
                }
                run.undone = Some(outcome);
            }

            Event::Detected { by: _ } => {
                self.after_zero("the detection")?;
                self.out.detected.get_or_insert(Noticed { seq: self.seq, mono: now });
            }
            Event::Declared { what, takes_seconds } => {
                self.out.declared.push((what, Duration::from_secs(*takes_seconds)));
            }
            Event::RestoreClaimed { tenant, claim } => {
                self.known(tenant)?;
                self.out.claims.entry(tenant).or_default().push((now, claim));
            }
            Event::Fingerprinted { of, tenant, parts } => {
                self.known(tenant)?;
                // A tenant may have several: of its database, of its files.
                let known = self.out.fingerprints.entry(*of).or_default().entry(tenant).or_default();
                for (name, print) in parts {
                    if known.insert(name, print).is_some() {
                        return Err(Impossible::EndedTwice(format!("the fingerprint of {tenant}: {name}")));
                    }
                }
            }
            Event::SideRestored(seen) => {
                self.known(&seen.tenant)?;
                self.out.side_restores.push((seen, None));
            }
            Event::SideRemoved { tenant, vault, files } => {
                let mut made = self.out.side_restores.iter_mut().rev();
                let made = made.find(|(seen, _)| seen.tenant == *tenant && seen.vault == *vault);
                made.ok_or_else(|| Impossible::NeverStarted(format!("the restore of {tenant} on the side")))?.1 =
                    Some(*files);
            }
            Event::Gate { ready, problems } => {
                self.out.gate = Some(GateSaid { at: now, ready: *ready, problems });
            }

            Event::Probe(probe) => self.probe(probe)?,
            Event::MaintenanceStarted => {
                if self.out.maintenance.last().is_some_and(|(_, ended)| ended.is_none()) {
                    return Err(Impossible::StartedTwice("the maintenance".to_owned()));
                }
                self.out.maintenance.push((now, None));
            }
            Event::MaintenanceEnded => {
                let open = self.out.maintenance.last_mut().filter(|(_, ended)| ended.is_none());
                open.ok_or_else(|| Impossible::NeverStarted("the maintenance".to_owned()))?.1 = Some(now);
            }
            Event::ReadbackStarted { moment, tenant } => {
                self.known(tenant)?;
                let readback = Readback { at: now, seq: self.seq, surfaces: BTreeMap::new() };
                if self.out.readbacks.entry(*moment).or_default().insert(tenant, readback).is_some() {
                    return Err(Impossible::StartedTwice(format!("the readback of {tenant}")));
                }
            }
            Event::SurfaceRead { moment, tenant, surface, items: said } => {
                let items = self.pending.remove(&(*moment, tenant, *surface)).unwrap_or_default();
                self.surface(*moment, tenant, *surface, Reading::Items { items, said: *said })?;
            }
            Event::SurfaceFailed { moment, tenant, surface, why } => {
                self.pending.remove(&(*moment, tenant, *surface));
                self.surface(*moment, tenant, *surface, Reading::Failed(why))?;
            }
            Event::SurfaceAbsent { moment, tenant, surface, why } => {
                self.pending.remove(&(*moment, tenant, *surface));
                self.surface(*moment, tenant, *surface, Reading::Absent(why))?;
            }
            Event::Seen { moment, tenant, item } => self.seen(*moment, tenant, item)?,
        }
        Ok(())
    }
}
