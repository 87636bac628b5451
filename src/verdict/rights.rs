//! Users, their groups and blocks, and protections of pages: what the ledger gave and took, against what was read back.

use super::bench::Bench;
use super::codes::{FindingCode, Severity};
use super::ledger::{Cut, Fate, Ledger};
use super::marks::leaked;
use super::model::Finding;
use super::subject::{Person, Protections, Subject, View};
use super::survivors::{Presence, Switch, User};
use crate::ids::Tenant;
use crate::journal::{Effect, Item, Turned};
use crate::plan::Check;
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;

/// What the ledger says about users beyond the recovery point.
#[derive(Debug, Default)]
pub(super) struct Beyond<'a> {
    /// Creations that cannot or must not be seen.
    creations: HashMap<&'a str, Fate>,
    /// Grants after the recovery point.
    grants: HashSet<(&'a str, &'a str)>,
    /// All groups that the ledger ever names for this tenant; any other group is the system's own business.
    groups: HashSet<&'a str>,
    /// Users that were blocked or let in, and pages that were protected or opened, after the recovery point: whether ever blocked or
    /// protected.
    blocks: HashMap<&'a str, bool>,
    protections: HashMap<&'a str, bool>,
}

impl<'a> Beyond<'a> {
    /// What `tenant` wrote that `cut` does not leave. Linear in the writes.
    pub fn new(ledger: &Ledger<'_, 'a>, tenant: &Tenant, cut: Cut) -> Self {
        let mut beyond = Self::default();
        for &at in ledger.of(tenant) {
            let write = &ledger.writes[at];
            // A version gives nobody a right, and has no group.
            if write.kind.effect() == Effect::Version {
                continue;
            }
            let (invoked, fate) = (write.invoked, cut.fate(write));
            beyond.groups.extend(invoked.group.iter().flat_map(|group| group.split(',')).map(str::trim));
            let too_new = fate == Fate::TooNew;
            match write.kind.effect() {
                Effect::Creation if too_new || fate == Fate::Refused => {
                    beyond.creations.insert(&invoked.key, fate);
                }
                Effect::Turn(Turned::Membership, true) if too_new => {
                    beyond.grants.insert((&invoked.key, invoked.group.as_deref().unwrap_or_default()));
                }
                Effect::Turn(Turned::Block, on) if too_new => *beyond.blocks.entry(&invoked.key).or_default() |= on,
                Effect::Turn(Turned::Protection, on) if too_new => {
                    *beyond.protections.entry(&invoked.key).or_default() |= on;
                }
                Effect::Version | Effect::Removal | Effect::Renaming | Effect::Creation | Effect::Turn(..) => {}
            }
        }
        beyond
    }
}

fn finding(subject: &Subject<'_, '_>, code: FindingCode) -> Finding {
    Finding::new(code).check(Check::Permissions).tenant(subject.tenant)
}

/// Judges users and groups.
pub(super) fn users<'a>(bench: &mut Bench<'_>, subject: &Subject<'_, 'a>, items: &[&'a Item], view: &mut View<'a>) {
    let beyond = &subject.beyond;
    let mut seen: BTreeMap<&'a str, Person<'a>> = BTreeMap::new();
    for item in items {
        if let Item::User { name, groups, blocked } = item {
            seen.insert(name, Person { groups, blocked: *blocked });
        }
    }
    for (name, person) in &seen {
        match subject.survivors.users.get(name) {
            Some(user) => known(bench, subject, beyond, name, user, *person),
            None => unknown(bench, subject, beyond, name, *person),
        }
    }
    let before = subject.steady.and_then(|steady| steady.users.as_ref());
    let mut gone: Vec<(&str, &User<'_>)> = subject.survivors.users.iter().map(|(name, user)| (*name, user)).collect();
    gone.sort_unstable_by_key(|(name, _)| *name);
    for (name, user) in gone.into_iter().filter(|(name, _)| !seen.contains_key(name)) {
        if let Presence::Required(at) = user.presence {
            bench.find(finding(subject, FindingCode::Lost).item(subject.ledger.name(at)));
        } else if user.presence == Presence::Given && before.is_some_and(|before| before.contains_key(name)) {
            bench.find(finding(subject, FindingCode::Lost).item(format!("user {name}")));
        }
    }
    // The system's own users, as they were before the fault.
    for name in before.into_iter().flat_map(BTreeMap::keys) {
        // A user of ours that was created after the recovery point is gone by right.
        let ours = subject.survivors.users.contains_key(name) || subject.ledger.created_user(subject.tenant, name);
        if !ours && !seen.contains_key(name) {
            bench.find(finding(subject, FindingCode::Lost).item(format!("user {name}")));
        }
    }
    view.users = Some(seen);
}

/// A user that the ledger knows at the recovery point.
fn known<'a>(
    bench: &mut Bench<'_>,
    subject: &Subject<'_, 'a>,
    beyond: &Beyond<'a>,
    name: &'a str,
    user: &User<'a>,
    person: Person<'a>,
) {
    if let Presence::Deleted(at) = user.presence {
        let back = finding(subject, FindingCode::Resurrected).item(format!("user {name}"));
        bench.find(back.expected(subject.ledger.name(at)));
        return;
    }
    block(bench, subject, beyond, name, person.blocked);
    let before = before(subject, name).map(|before| before.groups);
    for group in person.groups {
        let item = format!("user {name} in group {group}");
        match user.groups.get(group.as_str()) {
            Some(Switch::On(_) | Switch::Unsure) => {}
            Some(Switch::Off(at)) => {
                let back = finding(subject, FindingCode::Resurrected).item(item);
                bench.find(back.expected(subject.ledger.name(*at)));
            }
            None if beyond.grants.contains(&(name, group.as_str())) => {
                bench.find(finding(subject, FindingCode::TooNew).item(item).expected(subject.point()));
            }
            None => {
                // Groups outside the ledger, and those of users outside it, must be as before the fault.
                let foreign = user.presence == Presence::Given || !beyond.groups.contains(group.as_str());
                let same = subject.steady.is_none() || before.is_some_and(|before| before.contains(group));
                if !(foreign && same) {
                    bench.find(finding(subject, FindingCode::PermissionWidened).item(item));
                }
            }
        }
    }
    let mut missing: Vec<_> = user
        .groups
        .iter()
        .filter(|(group, _)| !person.is_in(group))
        .filter_map(|(group, membership)| match membership {
            Switch::On(at) => Some((*group, *at)),
            Switch::Unsure | Switch::Off(_) => None,
        })
        .collect();
    missing.sort_unstable();
    for (group, at) in missing {
        let item = format!("user {name} in group {group}");
        bench.find(finding(subject, FindingCode::RightLost).item(item).expected(subject.ledger.name(at)));
    }
    if user.presence == Presence::Given {
        let untouched = |group: &&String| !user.groups.contains_key(group.as_str()) && !person.is_in(group);
        for group in before.into_iter().flatten().filter(untouched) {
            bench.find(finding(subject, FindingCode::RightLost).item(format!("user {name} in group {group}")));
        }
    }
}

/// A user that the ledger does not know at the recovery point.
fn unknown<'a>(
    bench: &mut Bench<'_>,
    subject: &Subject<'_, 'a>,
    beyond: &Beyond<'a>,
    name: &'a str,
    person: Person<'a>,
) {
    let item = format!("user {name}");
    match beyond.creations.get(name) {
        Some(Fate::Refused) => return bench.find(finding(subject, FindingCode::AbortedVisible).item(item)),
        Some(Fate::TooNew) => {
            return bench.find(finding(subject, FindingCode::TooNew).item(item).expected(subject.point()));
        }
        Some(Fate::Required | Fate::Allowed) | None => {}
    }
    let owners = subject.ledger.creators_of(name);
    if !owners.is_empty() {
        for owner in owners {
            leaked(bench, subject.tenant, owner, &item);
        }
        return;
    }
    if subject.steady.is_none_or(|steady| steady.users.is_none()) {
        return;
    }
    let Some(before) = before(subject, name) else {
        bench.find(finding(subject, FindingCode::Alien).item(item));
        return;
    };
    block(bench, subject, beyond, name, person.blocked);
    for group in person.groups.iter().filter(|group| !before.is_in(group)) {
        bench.find(finding(subject, FindingCode::PermissionWidened).item(format!("{item} in group {group}")));
    }
    for group in before.groups.iter().filter(|group| !person.is_in(group)) {
        bench.find(finding(subject, FindingCode::RightLost).item(format!("{item} in group {group}")));
    }
}

/// The user as it was before the fault.
fn before<'a>(subject: &Subject<'_, 'a>, name: &str) -> Option<Person<'a>> {
    subject.steady.and_then(|steady| steady.users.as_ref()?.get(name).copied())
}

/// Judges whether a user is shut out. Who was blocked and may edit again has got back what was taken.
fn block<'a>(bench: &mut Bench<'_>, subject: &Subject<'_, 'a>, beyond: &Beyond<'a>, name: &'a str, blocked: bool) {
    let user = subject.survivors.users.get(name);
    let ours = user.is_some_and(|user| user.presence != Presence::Given);
    let before = before(subject, name).map(|before| before.blocked);
    let later = beyond.blocks.get(name).copied();
    let found = |code| finding(subject, code).item(format!("block of user {name}"));
    match (user.and_then(|user| user.blocked), blocked) {
        (Some(Switch::On(at)), false) => {
            bench.find(found(FindingCode::Resurrected).expected(subject.ledger.name(at)).seen("not blocked"));
        }
        (None | Some(Switch::Off(_)), true) if later == Some(true) => {
            bench.find(found(FindingCode::TooNew).expected(subject.point()));
        }
        (Some(Switch::Off(at)), true) => {
            bench.find(found(FindingCode::PermissionMissing).expected(subject.ledger.name(at)).seen("blocked"));
        }
        // Whom no write of ours is about must be as before the fault.
        (None, true) if ours || (before == Some(false) && later.is_none()) => {
            bench.find(found(FindingCode::PermissionMissing).expected("not blocked").seen("blocked"));
        }
        (None, false) if !ours && before == Some(true) && later.is_none() => {
            bench.find(found(FindingCode::PermissionWidened).expected("blocked").seen("not blocked"));
        }
        (Some(Switch::On(_)) | None, true) | (Some(Switch::Off(_)) | None, false) | (Some(Switch::Unsure), _) => {}
    }
}

/// Judges the protections of pages.
pub(super) fn protections<'a>(
    bench: &mut Bench<'_>,
    subject: &Subject<'_, 'a>,
    items: &[&'a Item],
    view: &mut View<'a>,
) {
    let beyond = &subject.beyond;
    let before = subject.steady.and_then(|steady| steady.locked.as_ref());
    let shut: HashSet<&str> = before.into_iter().flat_map(Protections::protected).collect();
    let mut seen = Vec::new();
    for item in items {
        let Item::Page { key, protected } = item else { continue };
        seen.push((key.as_str(), *protected));
        // Looked up only where it counts: nearly all pages are open, and were.
        let ours = || subject.survivors.pages.get(key).is_some();
        let later = || beyond.protections.get(key.as_str()).copied();
        let found = |code| finding(subject, code).item(format!("protection of {key}"));
        match (subject.survivors.locked.get(key.as_str()), *protected) {
            (Some(Switch::On(at)), false) => {
                let open = found(FindingCode::RightLost).severity(Severity::Critical);
                bench.find(open.expected(subject.ledger.name(*at)));
            }
            (None | Some(Switch::Off(_)), true) if later() == Some(true) => {
                bench.find(found(FindingCode::TooNew).expected(subject.point()));
            }
            // Nobody may do more than before, but some may do less.
            (Some(Switch::Off(at)), true) => {
                let back = found(FindingCode::Resurrected).severity(Severity::Major);
                bench.find(back.expected(subject.ledger.name(*at)));
            }
            // What no write of ours is about must be as before the fault.
            (None, true) if ours() || (before.and_then(|all| all.get(key)) == Some(false) && later().is_none()) => {
                bench.find(found(FindingCode::PermissionMissing).expected("open").seen("protected"));
            }
            (None, false) if shut.contains(key.as_str()) && !ours() && later().is_none() => {
                bench.find(found(FindingCode::PermissionWidened).expected("protected").seen("open"));
            }
            (Some(Switch::On(_)) | None, true) | (Some(Switch::Off(_)) | None, false) | (Some(Switch::Unsure), _) => {}
        }
    }
    view.locked = Some(Protections::of(seen));
}
