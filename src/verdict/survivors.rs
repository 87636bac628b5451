//! Replays the writes of one tenant up to a cut: what must be there, what may be, and what was surely taken away.

use super::ledger::{At, Cut, Fate, Ledger};
use crate::ids::Tenant;
use crate::journal::{Effect, Surface, Turned};
use std::collections::HashMap;

/// The state of one tenant at a cut.
#[derive(Debug, Default)]
pub(super) struct Survivors<'a> {
    pub pages: HashMap<&'a str, Line>,
    pub uploads: HashMap<&'a str, Line>,
    pub users: HashMap<&'a str, User<'a>>,
    /// Protections by the page's title.
    pub locked: HashMap<&'a str, Switch>,
}

/// All versions of one page or upload, oldest first.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub versions: Vec<Version>,
    /// Surely taken away from here, with the deletion or the renaming that did it.
    pub gone: Vec<(At, At)>,
    /// The renaming that surely gave the page this title.
    pub renamed: Option<At>,
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

    /// Takes all versions away, or perhaps. What was there.
    fn take(&mut self, by: At, sure: bool) -> Vec<Version> {
        if sure {
            self.gone.extend(self.versions.iter().map(|version| (version.at, by)));
            self.renamed = None;
            return std::mem::take(&mut self.versions);
        }
        self.versions.iter_mut().for_each(|version| version.required = false);
        self.versions.clone()
    }
}

/// The groups of a `create-user`, as the ledger writes them.
fn groups(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|group| !group.is_empty())
}

impl<'a> Survivors<'a> {
    /// What `cut` leaves of all that `tenant` wrote. Linear in the writes.
    pub fn replay(ledger: &Ledger<'_, 'a>, tenant: &Tenant, cut: Cut) -> Self {
        let mut state = Self::default();
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
        let invoked = ledger.writes[at].invoked;
        let key = invoked.key.as_str();
        let group = invoked.group.as_deref();
        let uploads = invoked.kind.surface() == Surface::Uploads;
        match invoked.kind.effect() {
            Effect::Version => {
                let lines = if uploads { &mut self.uploads } else { &mut self.pages };
                lines.entry(key).or_default().versions.push(Version { at, required: sure });
            }
            Effect::Removal if uploads => {
                self.uploads.get_mut(key).map(|line| line.take(at, sure));
            }
            Effect::Removal => self.delete_page(key, at, sure),
            Effect::Renaming => self.rename(key, invoked.to.as_deref().unwrap_or_default(), at, sure),
            Effect::Creation => {
                let presence = if sure { Presence::Required(at) } else { Presence::Allowed };
                let groups = groups(group).map(|group| (group, Switch::turned(at, true, sure))).collect();
                self.users.insert(key, User { presence, groups, blocked: None });
            }
            Effect::Turn(Turned::Membership, on) => {
                self.user(key).groups.insert(group.unwrap_or_default(), Switch::turned(at, on, sure));
            }
            Effect::Turn(Turned::Block, on) => self.user(key).blocked = Some(Switch::turned(at, on, sure)),
            Effect::Turn(Turned::Protection, on) => {
                self.locked.insert(key, Switch::turned(at, on, sure));
                if let Some(line) = self.pages.get_mut(key) {
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
        let Some(line) = self.pages.get_mut(from) else { return };
        let (moved, repeats) = (line.take(at, sure), line.repeats + 1);
        let line = self.pages.entry(to).or_default();
        line.versions.extend(moved);
        line.repeats += repeats;
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

    /// Takes the page and its protection; where users are deleted by this kind of write, the user of this name.
    fn delete_page(&mut self, key: &'a str, at: At, sure: bool) {
        self.pages.get_mut(key).map(|line| line.take(at, sure));
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
