//! Small state machines over journalled slots, for what a drill must decide on the way: detected, the front answers, sustained.
//!
//! Slots are journalled when they end, so they arrive out of order; all three count by slot number, never by arrival. None of them
//! judges the drill: `verdict` does, later, from the journal.

use crate::clock::Mono;
use crate::ids::Tenant;
use crate::journal::{Event, Probe, ProbeKind, Writer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// How far a watch has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// These tenants are still missing.
    Waiting(Vec<Tenant>),
    /// It has happened; the text says what was seen.
    Met(String),
}

impl Progress {
    #[must_use]
    pub const fn is_met(&self) -> bool {
        matches!(self, Self::Met(_))
    }
}

/// A state machine over slots.
pub trait Watch: Send {
    fn see(&mut self, probe: &Probe);
    fn progress(&self) -> Progress;
}

/// Feeds a watch with every slot from now on. Wait with `receiver.wait_for(Progress::is_met)`.
#[must_use]
pub fn attach(journal: &Writer, watch: impl Watch + 'static) -> watch::Receiver<Progress> {
    let (sender, receiver) = watch::channel(watch.progress());
    let watch = Mutex::new(watch);
    journal.listen(move |entry| {
        let Event::Probe(probe) = &entry.event else { return };
        // A listener cannot be taken away; nobody listening is the sign that it is no longer needed.
        if sender.is_closed() {
            return;
        }
        let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
        watch.see(probe);
        let progress = watch.progress();
        sender.send_if_modified(|shown| {
            let changed = *shown != progress;
            *shown = progress;
            changed
        });
    });
    receiver
}

/// Met when some tenant had `bad` bad light slots in a row: what a monitor would have noticed. Stays met.
#[derive(Debug)]
pub struct Detector {
    bad: usize,
    since: Mono,
    /// What was intended before does not count.
    begun: Mono,
    slots: BTreeMap<Tenant, BTreeSet<u64>>,
    met: Option<String>,
}

impl Detector {
    /// Slots that ended before `since` do not count.
    #[must_use]
    pub fn new(affected: &[Tenant], bad: u32, since: Mono) -> Self {
        let slots = affected.iter().map(|tenant| (tenant.clone(), BTreeSet::new())).collect();
        Self { bad: usize::try_from(bad.max(1)).unwrap_or(usize::MAX), since, begun: Mono::default(), slots, met: None }
    }

    /// Slots that began before `since` do not count either, however they ended: something else was going on.
    #[must_use]
    pub fn after(affected: &[Tenant], bad: u32, since: Mono) -> Self {
        Self { begun: since, ..Self::new(affected, bad, since) }
    }
}

impl Watch for Detector {
    fn see(&mut self, probe: &Probe) {
        let (ProbeKind::Light, Some(why)) = (probe.kind, &probe.bad) else { return };
        let Some(slots) = self.slots.get_mut(&probe.tenant) else { return };
        if probe.ended < self.since || probe.intended < self.begun || self.met.is_some() {
            return;
        }
        slots.insert(probe.slot);
        let after = (probe.slot..u64::MAX).take_while(|slot| slots.contains(slot)).count();
        let before = (0..probe.slot).rev().take_while(|slot| slots.contains(slot)).count();
        if before + after >= self.bad {
            self.met = Some(format!("{}: {} bad light probes in a row: {why}", probe.tenant, before + after));
        }
    }

    fn progress(&self) -> Progress {
        self.met.clone().map_or_else(|| Progress::Waiting(self.slots.keys().cloned().collect()), Progress::Met)
    }
}

/// Met when every tenant had a light slot, good or bad, that was intended at or after `since`. Stays met.
#[derive(Debug)]
pub struct LookedWatch {
    since: Mono,
    missing: BTreeSet<Tenant>,
}

impl LookedWatch {
    #[must_use]
    pub fn new(tenants: &[Tenant], since: Mono) -> Self {
        Self { since, missing: tenants.iter().cloned().collect() }
    }
}

impl Watch for LookedWatch {
    fn see(&mut self, probe: &Probe) {
        if probe.kind == ProbeKind::Light && probe.intended >= self.since {
            self.missing.remove(&probe.tenant);
        }
    }

    fn progress(&self) -> Progress {
        if self.missing.is_empty() {
            Progress::Met("every tenant was looked at".to_owned())
        } else {
            Progress::Waiting(self.missing.iter().cloned().collect())
        }
    }
}

/// Met when every affected tenant had a good full slot that was started at or after `since`. Stays met.
#[derive(Debug)]
pub struct FrontWatch {
    since: Mono,
    missing: BTreeSet<Tenant>,
}

impl FrontWatch {
    #[must_use]
    pub fn new(affected: &[Tenant], since: Mono) -> Self {
        Self { since, missing: affected.iter().cloned().collect() }
    }
}

impl Watch for FrontWatch {
    fn see(&mut self, probe: &Probe) {
        if probe.kind == ProbeKind::Full && probe.bad.is_none() && probe.started >= self.since {
            self.missing.remove(&probe.tenant);
        }
    }

    fn progress(&self) -> Progress {
        if self.missing.is_empty() {
            Progress::Met("every affected tenant had a good full probe".to_owned())
        } else {
            Progress::Waiting(self.missing.iter().cloned().collect())
        }
    }
}

/// Met while every tenant's newest slots are good: at least `sustain` full ones, without a bad or a missing one of either kind
/// in between. A slot that ends bad takes it back.
#[derive(Debug)]
pub struct SustainWatch {
    sustain: usize,
    since: Mono,
    tenants: BTreeMap<Tenant, Streak>,
}

/// Good slots of one tenant since its last bad one: number and intended time.
#[derive(Debug, Default)]
struct Streak {
    bad: Mono,
    light: BTreeMap<u64, Mono>,
    full: BTreeMap<u64, Mono>,
}

impl SustainWatch {
    /// Slots intended before `since` do not count.
    #[must_use]
    pub fn new(tenants: &[Tenant], sustain: u32, since: Mono) -> Self {
        let tenants = tenants.iter().map(|tenant| (tenant.clone(), Streak::default())).collect();
        Self { sustain: usize::try_from(sustain).unwrap_or(usize::MAX), since, tenants }
    }
}

impl Streak {
    fn see(&mut self, probe: &Probe) {
        let good = match probe.kind {
            ProbeKind::Light => &mut self.light,
            ProbeKind::Full => &mut self.full,
        };
        match probe.bad {
            None if probe.intended > self.bad || self.bad == Mono::default() => {
                good.insert(probe.slot, probe.intended);
            }
            None => {}
            Some(_) => {
                self.bad = self.bad.max(probe.intended);
                let bad = self.bad;
                self.light.retain(|_, intended| *intended > bad);
                self.full.retain(|_, intended| *intended > bad);
            }
        }
    }

    fn holds(&self, sustain: usize) -> bool {
        self.full.len() >= sustain && whole(&self.full) && whole(&self.light)
    }
}

/// No slot is missing between the first and the last: one that is outstanding may still end bad.
fn whole(slots: &BTreeMap<u64, Mono>) -> bool {
    let ends = slots.first_key_value().zip(slots.last_key_value());
    ends.is_none_or(|((first, _), (last, _))| last - first + 1 == slots.len() as u64)
}

impl Watch for SustainWatch {
    fn see(&mut self, probe: &Probe) {
        if probe.intended >= self.since
            && let Some(streak) = self.tenants.get_mut(&probe.tenant)
        {
            streak.see(probe);
        }
    }

    fn progress(&self) -> Progress {
        let missing = self.tenants.iter().filter(|(_, streak)| !streak.holds(self.sustain));
        let missing: Vec<_> = missing.map(|(tenant, _)| tenant.clone()).collect();
        if missing.is_empty() {
            Progress::Met(format!("every tenant sustained {} good full probes", self.sustain))
        } else {
            Progress::Waiting(missing)
        }
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
