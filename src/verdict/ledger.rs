//! The ledger from the verdict's side: who wrote what, and which of it must, may or must not be there after a recovery.

use super::versions::Store;
use crate::ids::Tenant;
use crate::journal::{Effect, Stamp, WriteKind};
use crate::plan::{Plan, Prediction};
use crate::timeline::{Answer, Timeline, Write};
use std::collections::{BTreeSet, HashMap};
use std::num::NonZero;
use std::panic::resume_unwind;

/// Position of a write in [`Timeline::writes`].
pub(super) type At = usize;

/// All writes, to be found by tenant, by token, and by content.
pub(super) struct Ledger<'t, 'a> {
    pub writes: &'t [Write<'a>],
    tokens: HashMap<&'a str, At>,
    tenants: HashMap<&'a Tenant, Vec<At>>,
    contents: HashMap<(&'a Tenant, &'a str, &'a str), Vec<At>>,
    /// Tenants by the names of users and pages that they created.
    users: HashMap<&'a str, BTreeSet<&'a Tenant>>,
    pages: HashMap<&'a str, BTreeSet<&'a Tenant>>,
    /// The last renaming of a tenant's page to this title.
    renames: HashMap<(&'a Tenant, &'a str), At>,
}

impl<'t, 'a> Ledger<'t, 'a> {
    pub fn new(timeline: &'t Timeline<'a>) -> Self {
        let writes = timeline.writes.as_slice();
        let mut ledger = Self {
            writes,
            tokens: HashMap::with_capacity(writes.len()),
            tenants: HashMap::new(),
            contents: HashMap::with_capacity(writes.len()),
            users: HashMap::new(),
            pages: HashMap::new(),
            renames: HashMap::new(),
        };
        for (at, write) in writes.iter().enumerate() {
            let invoked = write.invoked;
            ledger.tokens.insert(&invoked.token, at);
            ledger.tenants.entry(&invoked.tenant).or_default().push(at);
            match invoked.kind.effect() {
                Effect::Creation => {
                    ledger.users.entry(&invoked.key).or_default().insert(&invoked.tenant);
                }
                Effect::Version if Store::of(invoked.kind) == Some(Store::Pages) => {
                    ledger.pages.entry(&invoked.key).or_default().insert(&invoked.tenant);
                }
                Effect::Renaming => {
                    if let Some(to) = &invoked.to {
                        ledger.pages.entry(to).or_default().insert(&invoked.tenant);
                        ledger.renames.insert((&invoked.tenant, to), at);
                    }
                }
                Effect::Version | Effect::Removal | Effect::Turn(..) => {}
            }
            if let Some(sha256) = &invoked.sha256 {
                ledger.contents.entry((&invoked.tenant, &invoked.key, sha256)).or_default().push(at);
            }
        }
        ledger
    }

    pub fn by_token(&self, token: &str) -> Option<At> {
        self.tokens.get(token).copied()
    }

    pub fn of(&self, tenant: &Tenant) -> &[At] {
        self.tenants.get(tenant).map_or(&[], Vec::as_slice)
    }

    /// Writes of this tenant that put exactly this content under this key, oldest first.
    pub fn by_content<'k>(&'k self, tenant: &'k Tenant, key: &'k str, sha256: &'k str) -> &'k [At]
    where
        'a: 'k,
    {
        let contents: &HashMap<(&'k Tenant, &'k str, &'k str), Vec<At>> = &self.contents;
        contents.get(&(tenant, key, sha256)).map_or(&[], Vec::as_slice)
    }

    /// Tenants that created a user of this name.
    pub fn creators_of(&self, user: &str) -> Vec<&'a Tenant> {
        self.users.get(user).into_iter().flatten().copied().collect()
    }

    /// Whether `tenant` ever created a user of this name.
    pub fn created_user(&self, tenant: &Tenant, user: &str) -> bool {
        self.users.get(user).is_some_and(|tenants| tenants.contains(tenant))
    }

    /// The one tenant that has a page of this name, if only one has.
    pub fn owner_of_page(&self, key: &str) -> Option<&'a Tenant> {
        let tenants = self.pages.get(key)?;
        tenants.first().copied().filter(|_| tenants.len() == 1)
    }

    /// The last write that was to give a page of this tenant the title `to`.
    pub fn renaming_to<'k>(&'k self, tenant: &'k Tenant, to: &'k str) -> Option<At>
    where
        'a: 'k,
    {
        let renames: &HashMap<(&'k Tenant, &'k str), At> = &self.renames;
        renames.get(&(tenant, to)).copied()
    }

    /// All titles that the page of this tenant with the title `last` ever had, `last` first.
    pub fn titles_of<'k>(&'k self, tenant: &'k Tenant, last: &'k str) -> impl Iterator<Item = &'k str>
    where
        'a: 'k,
    {
        // Each renaming must be older than the one after it: a page can get an old title back.
        let before = move |(title, until): &(&'k str, At)| {
            let renaming = self.renaming_to(tenant, title).filter(|at| at < until)?;
            Some((self.writes[renaming].invoked.key.as_str(), renaming))
        };
        std::iter::successors(Some((last, At::MAX)), before).map(|(title, _)| title)
    }

    /// What a write is called in findings.
    pub fn name(&self, at: At) -> String {
        name(&self.writes[at])
    }

    /// The writes whose token was not made with `key`. Most of what a large ledger costs, so all processors take part.
    pub fn forged(&self, timeline: &Timeline<'_>, key: &[u8]) -> Vec<At> {
        let stamp = Stamp::new(key, timeline.started.origin());
        let genuine = |write: &Write<'_>| {
            let w = write.invoked;
            w.token == stamp.token(&w.tenant, &w.writer, w.seq, w.kind, &w.key)
        };
        let (genuine, writes) = (&genuine, self.writes);
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let share = writes.len().div_ceil(threads).max(ALONE);
        std::thread::scope(|scope| {
            let begin = |from: usize| {
                let part = from..(from + share).min(writes.len());
                scope.spawn(move || part.filter(|at| !genuine(&writes[*at])).collect::<Vec<At>>())
            };
            let parts: Vec<_> = (0..writes.len()).step_by(share).map(begin).collect();
            let found = parts.into_iter().map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic)));
            found.flatten().collect()
        })
    }
}

/// Fewer writes than this are not worth a thread.
const ALONE: usize = 10_000;

/// `edit Page-1 (workload 17)`, `rename Page-1 to Page-2 (workload 18)`.
pub(super) fn name(write: &Write<'_>) -> String {
    let invoked = write.invoked;
    let to = invoked.to.as_ref().map_or_else(String::new, |to| format!(" to {to}"));
    format!("{} {}{to} ({} {})", invoked.kind.name(), invoked.key, invoked.writer, invoked.seq)
}

/// The line between what must have survived and what cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Everything acknowledged before this entry of the journal.
    Everything { until: u64 },
    /// Exactly what was acknowledged before a generation was taken. Writes pause meanwhile: one that did not is unknown.
    /// What was acknowledged before the disaster was `noticed` cannot be in it either.
    Taken { from: u64, to: u64, zero: u64, noticed: u64 },
    /// No backup reaches back far enough: nothing is promised.
    Nothing,
}

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Required,
    Allowed,
    /// Newer than the recovery point.
    TooNew,
    Refused,
}

impl Cut {
    /// What the plan predicts for a tenant that is read back at entry `readback` of the journal.
    /// `None` if the predicted generation was never taken.
    pub fn predicted(timeline: &Timeline<'_>, tenant: &Tenant, readback: u64) -> Option<Self> {
        let plan: &Plan = timeline.plan();
        let everything = Self::Everything { until: readback };
        let Some(zero) = timeline.zero.filter(|zero| zero.seq < readback) else { return Some(everything) };
        match plan.prediction.get(tenant) {
            None | Some(Prediction::Untouched) => Some(everything),
            Some(Prediction::Beyond) => Some(Self::Nothing),
            Some(Prediction::Generation(generation)) => {
                let run = timeline.generation(*generation)?;
                let noticed = timeline.detected.map_or(zero.seq, |noticed| noticed.seq);
                Some(Self::Taken { from: run.from, to: run.to?, zero: zero.seq, noticed })
            }
        }
    }

    pub fn fate(self, write: &Write<'_>) -> Fate {
        let acknowledged_before =
            |line: u64| write.answer() == Answer::Acknowledged && write.ended.is_some_and(|end| end.seq < line);
        if write.answer() == Answer::Refused {
            return Fate::Refused;
        }
        let fate = match self {
            Self::Everything { until: line } | Self::Taken { from: line, .. } if acknowledged_before(line) => {
                Fate::Required
            }
            // Written between the end of the generation and the fault: a true restore cannot contain it, answered or not.
            Self::Taken { to, zero, .. } if to < write.seq && write.seq < zero => Fate::TooNew,
            Self::Taken { to, noticed, .. } if to < write.seq && acknowledged_before(noticed) => Fate::TooNew,
            Self::Nothing | Self::Everything { .. } | Self::Taken { .. } => Fate::Allowed,
        };
        // Writes of the prober stay outside the count.
        if fate == Fate::Required && write.invoked.kind == WriteKind::Probe { Fate::Allowed } else { fate }
    }
}
