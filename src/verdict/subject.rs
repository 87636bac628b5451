//! One tenant at one readback: what is known about it before looking, and what was seen.

use super::ledger::{At, Cut, Ledger};
use super::rights::Beyond;
use super::survivors::{Lines, Survivors};
use super::versions::Store;
use crate::ids::Tenant;
use crate::journal::Checksum;
use crate::plan::Prediction;
use crate::timeline::Timeline;
use fixedbitset::FixedBitSet;
use std::collections::BTreeMap;

/// What is looked at, with everything that is needed to judge it.
pub(super) struct Subject<'t, 'a> {
    pub ledger: &'t Ledger<'t, 'a>,
    pub tenant: &'a Tenant,
    pub cut: Cut,
    pub survivors: Survivors<'t, 'a>,
    pub beyond: Beyond<'a>,
    /// What was there before the fault; `None` when this is before the fault.
    pub steady: Option<&'t View<'a>>,
    point: String,
}

/// What was seen of one tenant in one readback.
#[derive(Debug, Default)]
pub(super) struct View<'a> {
    /// Writes whose version was there.
    pub versions: FixedBitSet,
    /// Writes whose version must be there, by the cut of that readback, and was not.
    pub absent: Vec<At>,
    /// Contents of keys that the ledger does not know.
    pub unwritten: BTreeMap<(Store, &'a str), Vec<&'a Checksum>>,
    /// `None` if the surface was not read.
    pub users: Option<BTreeMap<&'a str, Person<'a>>>,
    pub locked: Option<Protections<'a>>,
    pub uploads: bool,
}

/// All pages, and whether they are protected.
#[derive(Debug, Default)]
pub(super) struct Protections<'a>(Vec<(&'a str, bool)>);

/// A user, as read back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person<'a> {
    pub groups: &'a [String],
    pub blocked: bool,
}

impl View<'_> {
    /// Nothing was seen yet of any of so many writes.
    pub fn of(writes: usize) -> Self {
        Self { versions: FixedBitSet::with_capacity(writes), ..Self::default() }
    }
}

impl<'a> Protections<'a> {
    /// Pages are read back in some such order already, so this sorts next to nothing. Of two with one title the last one counts.
    pub fn of(mut pages: Vec<(&'a str, bool)>) -> Self {
        pages.sort_by_key(|(title, _)| *title);
        Self(pages)
    }

    /// The titles of those that are protected.
    pub fn protected(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(|(_, protected)| *protected).map(|(title, _)| *title)
    }

    /// `None` if there is no such page.
    pub fn get(&self, title: &str) -> Option<bool> {
        let after = self.0.partition_point(|(other, _)| *other <= title);
        let (other, protected) = self.0.get(after.checked_sub(1)?)?;
        (*other == title).then_some(*protected)
    }
}

impl Person<'_> {
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|own| own == group)
    }
}

impl<'t, 'a> Subject<'t, 'a> {
    pub fn new(
        timeline: &Timeline<'a>,
        ledger: &'t Ledger<'t, 'a>,
        tenant: &'a Tenant,
        cut: Cut,
        steady: Option<&'t View<'a>>,
    ) -> Self {
        let point = match timeline.plan().prediction.get(tenant) {
            Some(Prediction::Generation(generation)) => generation.to_string(),
            None | Some(Prediction::Untouched | Prediction::Beyond) => String::new(),
        };
        let (survivors, beyond) = (Survivors::replay(ledger, tenant, cut), Beyond::new(ledger, tenant, cut));
        Self { ledger, tenant, cut, survivors, beyond, steady, point }
    }

    pub const fn lines(&self, store: Store) -> &Lines<'t, 'a> {
        match store {
            Store::Pages => &self.survivors.pages,
            Store::Uploads => &self.survivors.uploads,
        }
    }

    /// Whether any version of a page or an upload must be there.
    pub fn expects_anything(&self) -> bool {
        let lines = self.survivors.pages.values().chain(self.survivors.uploads.values());
        lines.flat_map(|line| &line.versions).any(|version| version.required)
    }

    /// The predicted recovery point, for findings.
    pub fn point(&self) -> &str {
        &self.point
    }

    /// Keys of the system's own before the fault, that must be the same again.
    pub fn unwritten(&self, store: Store) -> impl Iterator<Item = (&&'a str, &Vec<&'a Checksum>)> {
        let all = self.steady.into_iter().flat_map(|steady| &steady.unwritten);
        all.filter(move |((of, _), _)| *of == store).map(|((_, key), contents)| (key, contents))
    }

    /// Whether this key was the system's own before the fault.
    pub fn had(&self, store: Store, key: &'a str) -> bool {
        self.steady.is_some_and(|steady| steady.unwritten.contains_key(&(store, key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_two_pages_with_one_title_counts() {
        let pages = Protections::of(vec![("b", true), ("a", false), ("c", false), ("a", true), ("b", false)]);
        let all = ["", "a", "aa", "b", "c", "d"].map(|title| pages.get(title));
        assert_eq!(all, [None, Some(true), None, Some(false), Some(false), None]);
        assert_eq!(Protections::default().get("a"), None);
    }
}
