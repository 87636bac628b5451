//! The rules that single events must keep: what must have begun, what must not have ended, what the plan must know.

use super::error::Impossible;
use super::fold::{Fold, Folded};
use super::model::{Answer, FaultRun, GenerationRun, Probes, Reading, Slot, Span, Write, Zero};
use crate::clock::Mono;
use crate::ids::Tenant;
use crate::journal::{Item, Outcome, Probe, ProbeKind, Surface, WriteInvoked};
use crate::plan::{Generation, Moment, Phase};
use hashbrown::hash_map::Entry;

impl<'a> Fold<'a> {
    pub(super) fn phase_started(&mut self, phase: Phase) -> Folded {
        // The teardown runs whatever was under way.
        let interrupts = matches!(phase, Phase::Teardown | Phase::Evidence);
        let open = self.phase.is_some() && !interrupts;
        let later = self.out.phases.last_key_value().is_some_and(|(last, _)| *last >= phase);
        if open || later {
            return Err(Impossible::PhaseOrder(phase));
        }
        self.phase = Some(phase);
        self.out.phases.insert(phase, Span { from: self.now, end: None });
        Ok(())
    }

    pub(super) fn phase_ended(&mut self, phase: Phase, outcome: &'a Outcome) -> Folded {
        if self.phase == Some(phase) {
            self.phase = None;
        }
        end(self.out.phases.get_mut(&phase), self.now, outcome, || format!("the phase {}", phase.name()))
    }

    pub(super) fn known(&self, tenant: &Tenant) -> Folded {
        if self.out.started.plan.tenants.contains(tenant) {
            Ok(())
        } else {
            Err(Impossible::NoSuchTenant(tenant.clone()))
        }
    }

    pub(super) fn write_invoked(&mut self, invoked: &'a WriteInvoked) -> Folded {
        self.known(&invoked.tenant)?;
        if self.writes.insert(invoked.write, self.out.writes.len()).is_some() {
            return Err(Impossible::StartedTwice(format!("write {}", invoked.write)));
        }
        let (seq, at, kind, answer) = (self.seq, self.now, invoked.kind, Answer::Unknown);
        self.out.writes.push(Write { invoked, seq, at, kind, answer, ended: None });
        Ok(())
    }

    pub(super) fn generation(&mut self, generation: Generation) -> Result<&mut GenerationRun<'a>, Impossible> {
        let at = self.generations.get(&generation);
        let at = *at.ok_or_else(|| Impossible::NeverStarted(format!("the generation {generation}")))?;
        Ok(&mut self.out.generations[at])
    }

    pub(super) fn fault(&mut self, index: usize) -> Result<&mut FaultRun<'a>, Impossible> {
        self.out.faults.get_mut(index).ok_or(Impossible::NoSuchFault(index))
    }

    pub(super) fn injecting(&mut self, index: usize) -> Folded {
        let (seq, mono) = (self.seq, self.now);
        let fault = self.fault(index)?;
        if fault.undo_planned.is_none() {
            return Err(Impossible::NoUndo(index));
        }
        if fault.injecting.replace(mono).is_some() {
            return Err(Impossible::StartedTwice(format!("fault {index}")));
        }
        let drill = self.out.drill_at(mono);
        self.out.zero.get_or_insert(Zero { seq, mono, drill });
        Ok(())
    }

    pub(super) fn injected(&mut self, index: usize) -> Result<&mut FaultRun<'a>, Impossible> {
        let fault = self.fault(index)?;
        match fault.injecting {
            Some(_) => Ok(fault),
            None => Err(Impossible::NeverStarted(format!("fault {index}"))),
        }
    }

    pub(super) fn after_zero(&self, what: &str) -> Folded {
        match self.out.zero {
            Some(_) => Ok(()),
            None => Err(Impossible::NeverStarted(format!("the fault before {what}"))),
        }
    }

    pub(super) fn probe(&mut self, probe: &'a Probe) -> Folded {
        self.known(&probe.tenant)?;
        if probe.ended < probe.started {
            return Err(Impossible::NegativeTime(format!("slot {} of {}", probe.slot, probe.tenant)));
        }
        let slot = Slot {
            slot: probe.slot,
            intended: probe.intended,
            started: probe.started,
            ended: probe.ended,
            bad: probe.bad.as_deref(),
        };
        let probes: &mut Probes<'a> = self.out.probes.entry(&probe.tenant).or_default();
        match probe.kind {
            ProbeKind::Light => probes.light.push(slot),
            ProbeKind::Full => probes.full.push(slot),
        }
        Ok(())
    }

    pub(super) fn seen(&mut self, moment: Moment, tenant: &'a Tenant, item: &'a Item) -> Folded {
        let surface = item.surface();
        match self.pending.entry((moment, tenant, surface)) {
            Entry::Occupied(mut items) => items.get_mut().push(item),
            Entry::Vacant(first) => {
                let readback = self.out.readback(moment, tenant);
                let readback = readback.ok_or_else(|| Impossible::NeverStarted(format!("the readback of {tenant}")))?;
                if readback.surfaces.contains_key(&surface) {
                    return Err(Impossible::EndedTwice(format!("reading {surface:?} of {tenant}")));
                }
                first.insert(vec![item]);
            }
        }
        Ok(())
    }

    pub(super) fn surface(
        &mut self,
        moment: Moment,
        tenant: &'a Tenant,
        surface: Surface,
        reading: Reading<'a>,
    ) -> Folded {
        let readback = self.out.readbacks.get_mut(&moment).and_then(|tenants| tenants.get_mut(tenant));
        let readback = readback.ok_or_else(|| Impossible::NeverStarted(format!("the readback of {tenant}")))?;
        match readback.surfaces.insert(surface, reading) {
            None => Ok(()),
            Some(_) => Err(Impossible::EndedTwice(format!("reading {surface:?} of {tenant}"))),
        }
    }
}

/// Ends a span that is open.
pub(super) fn end<'a>(
    span: Option<&mut Span<'a>>,
    now: Mono,
    outcome: &'a Outcome,
    what: impl Fn() -> String,
) -> Folded {
    match span {
        None => Err(Impossible::NeverStarted(what())),
        Some(Span { end: Some(_), .. }) => Err(Impossible::EndedTwice(what())),
        Some(span) => {
            span.end = Some((now, outcome));
            Ok(())
        }
    }
}
