//! The versions that were read back, in order.

use crate::journal::{Checksum, Found, Item};
use std::borrow::Cow;

/// One version, as it was read back.
pub(super) struct Seen<'a> {
    pub key: &'a str,
    pub index: u32,
    pub head: bool,
    pub sha256: &'a Checksum,
    pub found: &'a Found,
}

impl<'a> Seen<'a> {
    /// `None` if this is no version.
    pub fn of(item: &'a Item) -> Option<Self> {
        match item {
            Item::Revision { key, index, head, sha256, found }
            | Item::Upload { key, index, head, sha256, bytes: _, found } => {
                Some(Seen { key, index: *index, head: *head, sha256, found })
            }
            Item::Page { .. }
            | Item::User { .. }
            | Item::Search { .. }
            | Item::Access { .. }
            | Item::ForeignLogin { .. }
            | Item::Pdf { .. } => None,
        }
    }

    const fn place(&self) -> (&'a str, u32) {
        (self.key, self.index)
    }
}

/// The versions by key, oldest first. As a rule they are read back in that order, so this copies and sorts next to nothing.
pub(super) fn in_order<'i, 'a>(items: &'i [&'a Item]) -> Cow<'i, [&'a Item]> {
    let place = |item: &&'a Item| Seen::of(item).map(|version| version.place());
    if items.iter().filter_map(place).is_sorted() {
        return Cow::Borrowed(items);
    }
    let mut items = items.to_vec();
    items.sort_by_key(place);
    Cow::Owned(items)
}
