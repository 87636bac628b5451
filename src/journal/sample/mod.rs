//! Journals of complete, passing drills, made in memory for unit tests. A test changes one thing and looks who notices.
//!
//! `stage` simulates three tenants, their backups and the prober on a fake clock; `drill` plays a whole run on it; `plan` is its plan.

mod backups;
mod dice;
mod drill;
mod plan;
mod stage;

use super::writer::{GENESIS, chain_hash};
use super::{EVENT_VERSION, Entry, Event, Item, Surface};
use crate::clock::{DrillTime, Mono};
use crate::ids::{Datacenter, Tenant};
use crate::plan::{Moment, Plan};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

/// The run key of every sample.
pub const KEY: &[u8] = b"the run key of all the samples..";

/// What happens in a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disaster {
    /// `falkenstein` is gone; everybody comes back from the mirrored daily.
    DatacenterLoss,
    /// `acme` is deleted by mistake and comes back from the local hourly; the two others must not notice.
    TenantDeleted,
}

/// Writes of the workload on top of the usual ones, for each tenant: pages with many revisions, and uploads with several versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bulk {
    /// Before the recovery point of either disaster.
    pub before: u32,
    /// After the last generation: what is not untouched loses them.
    pub after: u32,
}

/// The events of one drill with their times, in order, to be changed by a test.
#[derive(Debug, Clone)]
pub struct Sample {
    pub events: Vec<(Mono, Event)>,
}

impl Sample {
    /// A passing run over the default history.
    pub fn new(disaster: Disaster) -> Self {
        Self::seeded(disaster, 0)
    }

    pub fn datacenter_loss() -> Self {
        Self::new(Disaster::DatacenterLoss)
    }

    pub fn tenant_deleted() -> Self {
        Self::new(Disaster::TenantDeleted)
    }

    /// A passing run in which additional writes of the history depend on `seed`; 0 adds none.
    pub fn seeded(disaster: Disaster, seed: u64) -> Self {
        drill::play(disaster, seed, Bulk::default())
    }

    /// A passing run with many writes.
    pub fn bulky(disaster: Disaster, bulk: Bulk) -> Self {
        drill::play(disaster, 0, bulk)
    }

    /// Removes all events that `which` says.
    pub fn drop_where(&mut self, which: impl Fn(&Event) -> bool) -> &mut Self {
        self.events.retain(|(_, event)| !which(event));
        self
    }

    /// Removes everything from the first event on that `which` says.
    pub fn cut_at(&mut self, which: impl Fn(&Event) -> bool) -> &mut Self {
        let at = self.position(which);
        self.events.truncate(at);
        self
    }

    /// Offers every event to `change`.
    pub fn change(&mut self, mut change: impl FnMut(&mut Event)) -> &mut Self {
        self.events.iter_mut().for_each(|(_, event)| change(event));
        self
    }

    /// Changes the plan in the first event.
    pub fn change_plan(&mut self, change: impl FnOnce(&mut Plan)) -> &mut Self {
        if let Some((_, Event::RunStarted(started))) = self.events.first_mut() {
            change(&mut started.plan);
        }
        self
    }

    /// Puts `event` right before the first one that `which` says, at the same time.
    pub fn insert_before(&mut self, which: impl Fn(&Event) -> bool, event: Event) -> &mut Self {
        let at = self.position(which);
        self.events.insert(at, (self.events[at].0, event));
        self
    }

    /// Puts `event` right after the first one that `which` says, at the same time.
    pub fn insert_after(&mut self, which: impl Fn(&Event) -> bool, event: Event) -> &mut Self {
        let at = self.position(which);
        self.events.insert(at + 1, (self.events[at].0, event));
        self
    }

    /// Replaces every item that was seen in the readbacks `moments` by what `change` makes of it, and corrects the counts.
    pub fn rewrite(&mut self, moments: &[Moment], change: impl Fn(&Tenant, Item) -> Vec<Item>) -> &mut Self {
        let mut counts: BTreeMap<(Moment, Tenant, Surface), u64> = BTreeMap::new();
        let mut events = Vec::with_capacity(self.events.len());
        for (mono, event) in std::mem::take(&mut self.events) {
            match event {
                Event::Seen { moment, tenant, item } if moments.contains(&moment) => {
                    for item in change(&tenant, item) {
                        *counts.entry((moment, tenant.clone(), item.surface())).or_default() += 1;
                        events.push((mono, Event::Seen { moment, tenant: tenant.clone(), item }));
                    }
                }
                Event::SurfaceRead { moment, tenant, surface, .. } if moments.contains(&moment) => {
                    let items = counts.get(&(moment, tenant.clone(), surface)).copied().unwrap_or_default();
                    events.push((mono, Event::SurfaceRead { moment, tenant, surface, items }));
                }
                event => events.push((mono, event)),
            }
        }
        self.events = events;
        self
    }

    /// Index of the first event that `which` says.
    pub fn position(&self, which: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().position(|(_, event)| which(event)).expect("the sample has such an event")
    }

    /// As entries without hashes: all that the timeline needs.
    pub fn entries(&self) -> Vec<Entry> {
        let entry = |(seq, (mono, event)): (usize, &(Mono, Event))| Entry {
            v: EVENT_VERSION,
            seq: seq as u64,
            mono: *mono,
            wall: format!("2026-02-02T10:{:02}:{:02}.000Z", mono.0 / 60_000_000 % 60, mono.0 / 1_000_000 % 60),
            event: event.clone(),
            prev: String::new(),
            hash: String::new(),
        };
        self.events.iter().enumerate().map(entry).collect()
    }

    /// As entries with a hash chain that the reader accepts.
    pub fn sealed(&self) -> Vec<Entry> {
        let mut entries = self.entries();
        let mut prev = GENESIS.to_owned();
        for entry in &mut entries {
            entry.prev = prev;
            entry.hash = chain_hash(entry).expect("an entry is JSON");
            prev = entry.hash.clone();
        }
        entries
    }

    /// Writes the sealed journal to `path`.
    pub fn write_to(&self, path: &Path) {
        let mut file = std::fs::File::create(path).expect("a file");
        for entry in self.sealed() {
            let line = serde_json::to_string(&entry).expect("an entry is JSON");
            writeln!(file, "{line}").expect("a line");
        }
    }
}

/// The entries of a passing `datacenter-loss` with three tenants.
pub fn sample_journal() -> Vec<Entry> {
    Sample::datacenter_loss().sealed()
}

/// A tenant's name.
pub fn tenant(name: &str) -> Tenant {
    Tenant::new(name).expect("a name")
}

/// A datacenter's name.
pub fn datacenter(name: &str) -> Datacenter {
    Datacenter::new(name).expect("a name")
}

/// A drill time like `2026-01-07T13:37:00Z`.
pub fn drill_time(text: &str) -> DrillTime {
    DrillTime::parse(text).expect("a time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_accepts_a_sample() {
        let folder = assert_fs::TempDir::new().expect("a folder");
        let path = folder.path().join("journal.ndjson");
        Sample::datacenter_loss().write_to(&path);
        let journal = crate::journal::read(&path).expect("a journal");
        assert!(journal.torn.is_none());
        assert_eq!(journal.entries, sample_journal());
    }
}
