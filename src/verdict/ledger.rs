//! The ledger from the verdict's side: who wrote what, and which of it must, may or must not be there after a recovery.

use super::versions::Store;
use crate::ids::Tenant;
use crate::journal::{Checksum, Effect, Stamp, WriteKind};
use crate::plan::{Plan, Prediction};
use crate::timeline::{Answer, Timeline, Write};
use compact_str::CompactString;
use hashbrown::{DefaultHashBuilder, HashMap, HashSet};
use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, Hash};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::OnceLock;

/// Position of a write in [`Timeline::writes`].
pub(super) type At = usize;

/// The writes of one tenant.
#[derive(Default)]
struct Own<'a> {
    writes: Vec<At>,
    names: Names<'a>,
    /// By key and content; made when it is first needed.
    contents: OnceLock<Index>,
}

/// The names of all pages, uploads and users of one tenant, numbered.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    all: Vec<&'a str>,
    /// With the names themselves, short ones in place: they are looked up again and again.
    numbers: HashMap<CompactString, usize>,
}

impl<'a> Names<'a> {
    fn insert(&mut self, name: &'a str) -> usize {
        *self.numbers.entry(name.into()).or_insert_with(|| {
            self.all.push(name);
            self.all.len() - 1
        })
    }

    pub fn number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    pub fn all(&self) -> &[&'a str] {
        &self.all
    }
}

/// Writes by the hash of something about them. What is found is only likely to be meant.
struct Index {
    hasher: DefaultHashBuilder,
    sorted: Vec<(u64, At)>,
}

impl Index {
    fn new<K: Hash>(of: impl Iterator<Item = (K, At)>) -> Self {
        let hasher = DefaultHashBuilder::default();
        let mut sorted: Vec<_> = of.map(|(key, at)| (hasher.hash_one(key), at)).collect();
        sorted.sort_unstable();
        Self { hasher, sorted }
    }

    /// Oldest first.
    fn find<K: Hash>(&self, key: &K) -> impl DoubleEndedIterator<Item = At> {
        let hash = self.hasher.hash_one(key);
        let from = self.sorted.partition_point(|(other, _)| *other < hash);
        let to = self.sorted.partition_point(|(other, _)| *other <= hash);
        self.sorted[from..to].iter().map(|(_, at)| *at)
    }
}

/// Who wrote, and how often at most.
pub(super) struct Writers<'a> {
    pub names: HashSet<(&'a Tenant, &'a str)>,
    /// The highest number of a write.
    pub longest: u64,
}

/// All writes, to be found by tenant, by token, and by content.
pub(super) struct Ledger<'t, 'a> {
    pub writes: &'t [Write<'a>],
    tenants: HashMap<&'a Tenant, Own<'a>>,
    /// The number of each write's key among the names of its tenant.
    keys: Vec<usize>,
    /// Those of a tenant that never wrote.
    none: Names<'a>,
    /// Made when it is first needed: what is where it was written is not looked up.
    tokens: OnceLock<Index>,
    writers: OnceLock<Writers<'a>>,
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
            tenants: HashMap::new(),
            keys: Vec::with_capacity(writes.len()),
            none: Names::default(),
            tokens: OnceLock::new(),
            writers: OnceLock::new(),
            users: HashMap::new(),
            pages: HashMap::new(),
            renames: HashMap::new(),
        };
        for (at, write) in writes.iter().enumerate() {
            let invoked = write.invoked;
            let own = ledger.tenants.entry(&invoked.tenant).or_default();
            own.writes.push(at);
            ledger.keys.push(own.names.insert(&invoked.key));
            match invoked.kind.effect() {
                Effect::Creation => {
                    ledger.users.entry(&invoked.key).or_default().insert(&invoked.tenant);
                }
                Effect::Version if Store::of(invoked.kind) == Some(Store::Pages) => {
                    ledger.pages.entry(&invoked.key).or_default().insert(&invoked.tenant);
                }
                Effect::Renaming => {
                    own.names.insert(invoked.to.as_deref().unwrap_or_default());
                    if let Some(to) = &invoked.to {
                        ledger.pages.entry(to).or_default().insert(&invoked.tenant);
                        ledger.renames.insert((&invoked.tenant, to), at);
                    }
                }
                Effect::Version | Effect::Removal | Effect::Turn(..) => {}
            }
        }
        ledger
    }

    pub fn by_token(&self, token: &str) -> Option<At> {
        let of = |at: At| self.writes[at].invoked.token.as_str();
        let index = self.tokens.get_or_init(|| Index::new((0..self.writes.len()).map(|at| (of(at), at))));
        index.find(&token).rfind(|at| of(*at) == token)
    }

    pub fn writers(&self) -> &Writers<'a> {
        let all = || self.writes.iter().map(|write| write.invoked);
        self.writers.get_or_init(|| Writers {
            names: all().map(|write| (&write.tenant, write.writer.as_str())).collect(),
            longest: all().map(|write| write.seq).max().unwrap_or_default(),
        })
    }

    pub fn of(&self, tenant: &Tenant) -> &[At] {
        self.tenants.get(tenant).map_or(&[], |own| own.writes.as_slice())
    }

    pub fn names(&self, tenant: &Tenant) -> &Names<'a> {
        self.tenants.get(tenant).map_or(&self.none, |own| &own.names)
    }

    /// The number of a write's key among the names of its tenant.
    pub fn key(&self, at: At) -> usize {
        self.keys[at]
    }

    /// Writes of this tenant that put exactly this content under this key, oldest first.
    pub fn by_content(&self, tenant: &Tenant, key: &str, sha256: &Checksum) -> Vec<At> {
        let of = |at: At| {
            let invoked = self.writes[at].invoked;
            Some((invoked.key.as_str(), invoked.sha256.as_ref()?))
        };
        let Some(own) = self.tenants.get(tenant) else { return Vec::new() };
        let contents = || own.writes.iter().filter_map(|at| Some((of(*at)?, *at)));
        let index = own.contents.get_or_init(|| Index::new(contents()));
        index.find(&(key, sha256)).filter(|at| of(*at) == Some((key, sha256))).collect()
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
}

/// The writes whose token was not made with `key`. Much of what a large ledger costs, so all processors take part.
pub(super) fn forged(timeline: &Timeline<'_>, key: &[u8]) -> Vec<At> {
    let stamp = Stamp::new(key, timeline.started.origin());
    let genuine = |write: &Write<'_>| {
        let w = write.invoked;
        w.token == stamp.token(&w.tenant, &w.writer, w.seq, w.kind, &w.key)
    };
    let (genuine, writes) = (&genuine, timeline.writes.as_slice());
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

/// Fewer writes than this are not worth a thread.
const ALONE: usize = 10_000;

/// `edit Page-1 (workload 17)`, `rename Page-1 to Page-2 (workload 18)`.
pub(super) fn name(write: &Write<'_>) -> String {
    let invoked = write.invoked;
    let seq = invoked.seq.to_string();
    let (between, to) = invoked.to.as_deref().map_or(("", ""), |to| (" to ", to));
    [invoked.kind.name(), " ", &invoked.key, between, to, " (", &invoked.writer, " ", &seq, ")"].concat()
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
            |line: u64| write.answer == Answer::Acknowledged && write.ended.is_some_and(|end| end.seq < line);
        if write.answer == Answer::Refused {
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
        if fate == Fate::Required && write.kind == WriteKind::Probe { Fate::Allowed } else { fate }
    }
}
