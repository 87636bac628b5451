//! Replays the writes of one tenant up to a cut: what must be there, what may be, and what was surely taken away.

use super::ledger::{At, Cut, Fate, Ledger, Names};
use crate::ids::Tenant;
use crate::journal::{Effect, Surface, Turned};
use crate::timeline::Write;
use fixedbitset::FixedBitSet;
use hashbrown::{HashMap, HashSet};

/// The state of one tenant at a cut.
#[derive(Debug)]
pub(super) struct Survivors<'l, 'a> {
    pub pages: Lines<'l, 'a>,
    pub uploads: Lines<'l, 'a>,
    pub users: HashMap<&'a str, User<'a>>,
    /// Protections by the page's title.
    pub locked: HashMap<&'a str, Switch>,
}

/// All pages or all uploads, by the numbers of their names.
#[derive(Debug)]
pub(super) struct Lines<'l, 'a> {
    names: &'l Names<'a>,
    lines: Vec<Option<Line>>,
}

/// All versions of one page or upload, oldest first.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub versions: Vec<Version>,
    /// Surely taken away from here, with the deletion or the renaming that did it.
    pub gone: Vec<(At, At)>,
    /// The renaming that surely gave the page this title.
    pub renamed: Option<At>,
    /// Whether a renaming, sure or not, ever brought versions here.
    pub moved: bool,
    /// How many writes may have repeated the text in a version of their own: a wiki notes so that a page was protected or renamed.
    pub repeats: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Version {
    pub at: At,
    pub required: bool,
}

#[derive(Debug)]
pub(super) struct User<'a> {
    pub presence: Presence,
    pub groups: HashMap<&'a str, Switch>,
    pub blocked: Option<Switch>,
}

/// Whether a user exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// Not created by us.
    Given,
    Required(At),
    Allowed,
    Deleted(At),
}

/// Whether something holds that writes turn on and off (a membership, a block, a protection), by the last write about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    On(At),
    Unsure,
    Off(At),
}

impl Switch {
    const fn turned(at: At, on: bool, sure: bool) -> Self {
        match (sure, on) {
            (false, _) => Self::Unsure,
            (true, true) => Self::On(at),
            (true, false) => Self::Off(at),
        }
    }

    /// The write that does not show where it is like `is`.
    pub const fn undone(self, is: bool) -> Option<At> {
        match (self, is) {
            (Self::On(at), false) | (Self::Off(at), true) => Some(at),
            (Self::On(_), true) | (Self::Unsure, _) | (Self::Off(_), false) => None,
        }
    }
}

impl Line {
    /// The write that surely took this version away.
    pub fn taken_by(&self, at: At) -> Option<At> {
        self.gone.iter().find(|(version, _)| *version == at).map(|(_, by)| *by)
    }

    /// Takes all versions away, or perhaps. What was there, and how many writes may have repeated it.
    fn take(&mut self, by: At, sure: bool) -> (Vec<Version>, usize) {
        if sure {
            self.gone.extend(self.versions.iter().map(|version| (version.at, by)));
            self.renamed = None;
            return (std::mem::take(&mut self.versions), std::mem::take(&mut self.repeats));
        }
        self.versions.iter_mut().for_each(|version| version.required = false);
        (self.versions.clone(), self.repeats)
    }

    /// What a renaming brings, and the note of it. What was here before under the same title is not gone any more.
    fn bring(&mut self, (versions, repeats): (Vec<Version>, usize)) {
        if !self.gone.is_empty() {
            let back: HashSet<At> = versions.iter().map(|version| version.at).collect();
            self.gone.retain(|(at, _)| !back.contains(at));
        }
        self.versions.extend(versions);
        self.repeats += repeats + 1;
        self.moved = true;
    }
}

/// The groups of a `create-user`, as the ledger writes them.
fn groups(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|group| !group.is_empty())
}

impl<'l, 'a> Lines<'l, 'a> {
    fn new(names: &'l Names<'a>) -> Self {
        Self { names, lines: names.all().iter().map(|_| None).collect() }
    }

    /// The number of a name, which is below [`Self::count`], and its line.
    pub fn find(&self, name: &str) -> Option<(usize, &Line)> {
        let number = self.names.number(name)?;
        Some((number, self.lines[number].as_ref()?))
    }

    /// `None` if no write up to the cut is about it.
    pub fn get(&self, name: &str) -> Option<&Line> {
        self.find(name).map(|(_, line)| line)
    }

    /// So many names have numbers.
    pub const fn count(&self) -> usize {
        self.lines.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &Line)> {
        let named = self.names.all().iter().zip(&self.lines);
        named.filter_map(|(name, line)| Some((*name, line.as_ref()?)))
    }

    /// Those whose number is not among these.
    pub fn others(&self, seen: &FixedBitSet) -> impl Iterator<Item = (&'a str, &Line)> {
        let names = self.names.all();
        let others = self.lines.iter().enumerate().filter(|(number, _)| !seen.contains(*number));
        others.filter_map(|(number, line)| Some((names[number], line.as_ref()?)))
    }

    pub fn values(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().flatten()
    }

    fn known(&mut self, number: usize) -> Option<&mut Line> {
        self.lines[number].as_mut()
    }

    fn at(&mut self, number: usize) -> &mut Line {
        self.lines[number].get_or_insert_default()
    }
}

impl<'l, 'a> Survivors<'l, 'a> {
    /// What `cut` leaves of all that `tenant` wrote. Linear in the writes.
    pub fn replay(ledger: &'l Ledger<'_, 'a>, tenant: &Tenant, cut: Cut) -> Self {
        let lines = || Lines::new(ledger.names(tenant));
        let (pages, uploads) = (lines(), lines());
        let mut state = Self { pages, uploads, users: HashMap::new(), locked: HashMap::new() };
        for &at in ledger.of(tenant) {
            match cut.fate(&ledger.writes[at]) {
                Fate::Required => state.apply(ledger, at, true),
                Fate::Allowed => state.apply(ledger, at, false),
                Fate::TooNew | Fate::Refused => {}
            }
        }
        state
    }

    fn apply(&mut self, ledger: &Ledger<'_, 'a>, at: At, sure: bool) {
        let Write { invoked, kind, .. } = ledger.writes[at];
        let number = ledger.key(at);
        let uploads = kind.surface() == Surface::Uploads;
        let lines = if uploads { &mut self.uploads } else { &mut self.pages };
        // Most writes are versions, of which nothing but the number of their name is needed.
        let (key, group) = (|| invoked.key.as_str(), || invoked.group.as_deref());
        match kind.effect() {
            Effect::Version => lines.at(number).versions.push(Version { at, required: sure }),
            Effect::Removal => {
                lines.known(number).map(|line| line.take(at, sure));
                if !uploads {
                    self.delete_lock_and_user(key(), at, sure);
                }
            }
            Effect::Renaming => self.rename(key(), invoked.to.as_deref().unwrap_or_default(), at, sure),
            Effect::Creation => {
                let presence = if sure { Presence::Required(at) } else { Presence::Allowed };
                let groups = groups(group()).map(|group| (group, Switch::turned(at, true, sure))).collect();
                self.users.insert(key(), User { presence, groups, blocked: None });
            }
            Effect::Turn(Turned::Membership, on) => {
                self.user(key()).groups.insert(group().unwrap_or_default(), Switch::turned(at, on, sure));
            }
            Effect::Turn(Turned::Block, on) => self.user(key()).blocked = Some(Switch::turned(at, on, sure)),
            Effect::Turn(Turned::Protection, on) => {
                self.locked.insert(key(), Switch::turned(at, on, sure));
                if let Some(line) = self.pages.known(number) {
                    line.repeats += 1;
                }
            }
        }
    }

    /// A user, who is not one of ours if the ledger has no creation.
    fn user(&mut self, name: &'a str) -> &mut User<'a> {
        let given = || User { presence: Presence::Given, groups: HashMap::new(), blocked: None };
        self.users.entry(name).or_insert_with(given)
    }

    /// A page moves with all its versions and its protection. If that is not sure, it may be here or there.
    fn rename(&mut self, from: &'a str, to: &'a str, at: At, sure: bool) {
        let [Some(number), Some(new)] = [from, to].map(|name| self.pages.names.number(name)) else { return };
        let Some(line) = self.pages.known(number) else { return };
        let moved = line.take(at, sure);
        let line = self.pages.at(new);
        line.bring(moved);
        line.renamed = sure.then_some(at);
        let locked = if sure {
            self.locked.remove(from)
        } else {
            self.locked.get_mut(from).map(|locked| {
                *locked = Switch::Unsure;
                Switch::Unsure
            })
        };
        if let Some(locked) = locked {
            self.locked.insert(to, locked);
        }
    }

    /// Takes the protection of the page; where users are deleted by this kind of write, the user of this name.
    fn delete_lock_and_user(&mut self, key: &'a str, at: At, sure: bool) {
        if let Some(user) = self.users.get_mut(key) {
            user.presence = if sure { Presence::Deleted(at) } else { Presence::Allowed };
            if !sure {
                user.groups.values_mut().chain(&mut user.blocked).for_each(|switch| *switch = Switch::Unsure);
            }
        }
        if sure {
            self.locked.remove(key);
        } else if let Some(locked) = self.locked.get_mut(key) {
            *locked = Switch::Unsure;
        }
    }
}
