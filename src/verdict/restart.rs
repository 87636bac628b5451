//! The recovered system after a restart must be the one before it, and at the end of the soak still the same: item for item,
//! apart from what the prober writes.

use super::bench::Bench;
use super::codes::{FindingCode, ReasonCode};
use super::ledger::Ledger;
use super::model::{Finding, Reason};
use super::readback::{moment_name, surface_name};
use super::subject::View;
use crate::ids::Tenant;
use crate::journal::{Checksum, Item, Surface, Token, WriteKind};
use crate::plan::{AccessAction, Check, Moment, Phase, Who};
use crate::timeline::{Answer, Timeline};
use fixedbitset::FixedBitSet;
use hashbrown::HashSet;
use std::collections::BTreeMap;

/// Two readbacks that must agree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    before: Moment,
    pub after: Moment,
    /// What the system acknowledges from the beginning of this phase on must be there, too.
    since: Phase,
    differs: FindingCode,
}

/// The readbacks after the recovery, each with the one before it.
pub(super) const PAIRS: [Pair; 2] = [
    Pair { before: Moment::Health, after: Moment::Restart, since: Phase::Verify, differs: FindingCode::RestartChanged },
    Pair { before: Moment::Restart, after: Moment::Soak, since: Phase::Restart, differs: FindingCode::SoakChanged },
];

/// Compares two readbacks of a tenant; `before` and `after` are what was seen in them.
pub(super) fn judge(
    bench: &mut Bench<'_>,
    timeline: &Timeline<'_>,
    ledger: &Ledger<'_, '_>,
    pair: Pair,
    tenant: &Tenant,
    before: Option<&View<'_>>,
    after: Option<&View<'_>>,
) {
    let probed: HashSet<&str> = ledger
        .of(tenant)
        .iter()
        .map(|at| &ledger.writes[*at])
        .filter(|write| write.kind == WriteKind::Probe)
        .map(|write| write.invoked.key.as_str())
        .collect();
    let ignored = Ignored { probed };
    let mut compared = 0;
    for surface in Surface::ALL {
        let was = timeline.items(pair.before, tenant, surface);
        let is = timeline.items(pair.after, tenant, surface);
        match (was, is) {
            (Some(was), Some(is)) => {
                compared += was.len().max(is.len());
                let (was, is) = apart(was, is);
                compare(bench, tenant, surface, pair, &ignored.strip(was), &ignored.strip(is));
            }
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => {
                let reason = Reason::new(ReasonCode::ReadbackMissing).check(Check::Restart).tenant(tenant);
                bench.doubt(reason.item(format!("{} {}", moment_name(pair.after), surface_name(surface))));
            }
        }
    }
    bench.looked(Check::Restart, Some(tenant), compared);
    // Pages that could not be read are unknown, not gone.
    let read = timeline.items(pair.after, tenant, Surface::Pages).is_some();
    let Some(there) = after.filter(|_| read) else { return };
    let seen = before.map(|view| &view.versions);
    kept(bench, timeline, ledger, tenant, pair, seen, &there.versions);
}

/// What of the prober's was seen before, and what was acknowledged to it since, must be there.
fn kept(
    bench: &mut Bench<'_>,
    timeline: &Timeline<'_>,
    ledger: &Ledger<'_, '_>,
    tenant: &Tenant,
    pair: Pair,
    seen: Option<&FixedBitSet>,
    there: &FixedBitSet,
) {
    let Some(since) = timeline.phases.get(&pair.since).map(|phase| phase.from) else { return };
    let Some(until) = timeline.readback(pair.after, tenant).map(|readback| readback.at) else { return };
    for &at in ledger.of(tenant) {
        let write = &ledger.writes[at];
        if write.kind != WriteKind::Probe || there.contains(at) {
            continue;
        }
        let settled = write.at >= since && write.ended.is_some_and(|end| end.at < until);
        let expected = if seen.is_some_and(|seen| seen.contains(at)) {
            format!("there at {}", moment_name(pair.before))
        } else if settled && write.answer == Answer::Acknowledged {
            format!("acknowledged before {}", moment_name(pair.after))
        } else {
            continue;
        };
        let finding = Finding::new(pair.differs).check(Check::Restart).tenant(tenant);
        bench.find(finding.item(ledger.name(at)).expected(expected).seen("absent"));
    }
}

/// What may change between two readbacks.
struct Ignored<'a> {
    /// Pages that the prober edits.
    probed: HashSet<&'a str>,
}

impl Ignored<'_> {
    /// Names and values of everything that must stay.
    fn strip(&self, items: &[&Item]) -> BTreeMap<String, String> {
        items.iter().filter_map(|item| self.line(item)).collect()
    }

    fn line(&self, item: &Item) -> Option<(String, String)> {
        match item {
            Item::Revision { key, .. } | Item::Page { key, .. } | Item::Pdf { key, .. }
                if self.probed.contains(key.as_str()) =>
            {
                None
            }
            Item::Revision { key, index, head, sha256, found: _ } => {
                Some((format!("page {key} #{index}"), version(sha256, *head)))
            }
            Item::Page { key, protected } => {
                Some((format!("page {key}"), if *protected { "protected" } else { "open" }.to_owned()))
            }
            Item::Upload { key, index, head, sha256, bytes: _, found: _ } => {
                Some((format!("upload {key} #{index}"), version(sha256, *head)))
            }
            Item::User { name, groups, blocked } => {
                let mut groups = groups.clone();
                groups.sort_unstable();
                let blocked = if *blocked { " (blocked)" } else { "" };
                Some((format!("user {name}"), groups.join(",") + blocked))
            }
            Item::Search { of, hits } => {
                let mut hits: Vec<&str> =
                    hits.iter().map(String::as_str).filter(|hit| !self.probed.contains(hit)).collect();
                hits.sort_unstable();
                let of = of.as_ref().map_or("the shared word", Tenant::as_str);
                Some((format!("search for {of}"), hits.join(",")))
            }
            Item::Access { who, action, key, allowed } => {
                Some((trial(*who, *action, key), if *allowed { "allowed" } else { "refused" }.to_owned()))
            }
            Item::ForeignLogin { of, account, key, allowed } => {
                let trial = format!("{account} of {of} reads {key}");
                Some((trial, if *allowed { "allowed" } else { "refused" }.to_owned()))
            }
            Item::Pdf { key, bytes: _, found } => {
                let mut tokens: Vec<&str> = found.tokens.iter().map(Token::as_str).collect();
                tokens.sort_unstable();
                Some((format!("PDF of {key}"), tokens.join(",")))
            }
        }
    }
}

fn version(sha256: &Checksum, head: bool) -> String {
    if head { format!("{sha256} current") } else { sha256.to_string() }
}

fn trial(who: Who, action: AccessAction, key: &str) -> String {
    format!("{who:?} {action:?} {key}").to_lowercase()
}

/// What is left of two lists without their equal beginnings and ends: as a rule, little of very much.
fn apart<'i, 'a>(before: &'i [&'a Item], after: &'i [&'a Item]) -> (&'i [&'a Item], &'i [&'a Item]) {
    let equal = |(one, other): &(&&Item, &&Item)| one == other;
    let begin = before.iter().zip(after).take_while(equal).count();
    let (before, after) = (&before[begin..], &after[begin..]);
    let end = before.iter().rev().zip(after.iter().rev()).take_while(equal).count();
    (&before[..before.len() - end], &after[..after.len() - end])
}

fn compare(
    bench: &mut Bench<'_>,
    tenant: &Tenant,
    surface: Surface,
    pair: Pair,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) {
    let mut changed = |name: &str, was: Option<&String>, is: Option<&String>| {
        let say = |value: Option<&String>| value.map_or_else(|| "absent".to_owned(), String::clone);
        let finding = Finding::new(pair.differs).check(Check::Restart).tenant(tenant);
        bench.find(finding.item(format!("{}: {name}", surface_name(surface))).expected(say(was)).seen(say(is)));
    };
    for (name, was) in before {
        let is = after.get(name);
        if is != Some(was) {
            changed(name, Some(was), is);
        }
    }
    for (name, is) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        changed(name, None, Some(is));
    }
}
