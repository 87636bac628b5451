//! The recovered system after a restart must be the one before it, item for item, apart from what the prober writes.

use super::bench::Bench;
use super::codes::{FindingCode, ReasonCode};
use super::ledger::Ledger;
use super::model::{Finding, Reason};
use super::readback::{Views, surface_name};
use crate::ids::Tenant;
use crate::journal::{Item, Surface, WriteKind};
use crate::plan::{AccessAction, Check, Moment, Phase, Who};
use crate::timeline::{Answer, Timeline};
use std::collections::{BTreeMap, HashSet};

/// Compares the readbacks `health` and `restart` of all tenants.
pub(super) fn judge(bench: &mut Bench<'_>, timeline: &Timeline<'_>, ledger: &Ledger<'_, '_>, views: &Views<'_>) {
    for tenant in &timeline.plan().tenants {
        let probed: HashSet<&str> = ledger
            .of(tenant)
            .iter()
            .map(|at| ledger.writes[*at].invoked)
            .filter(|invoked| invoked.kind == WriteKind::Probe)
            .map(|invoked| invoked.key.as_str())
            .collect();
        let ignored = Ignored { probed };
        let mut compared = 0;
        for surface in Surface::ALL {
            let before = timeline.items(Moment::Health, tenant, surface);
            let after = timeline.items(Moment::Restart, tenant, surface);
            match (before, after) {
                (Some(before), Some(after)) => {
                    compared += before.len().max(after.len());
                    let (before, after) = apart(before, after);
                    compare(bench, tenant, surface, &ignored.strip(before), &ignored.strip(after));
                }
                (None, None) => {}
                (Some(_), None) | (None, Some(_)) => {
                    let reason = Reason::new(ReasonCode::ReadbackMissing).check(Check::Restart).tenant(tenant);
                    bench.doubt(reason.item(surface_name(surface)));
                }
            }
        }
        bench.looked(Check::Restart, Some(tenant), compared);
        if let Some(view) = views.get(tenant) {
            kept(bench, timeline, ledger, tenant, &view.versions);
        }
    }
}

/// What the recovered system acknowledged to the prober before the restart must be there after it.
fn kept(
    bench: &mut Bench<'_>,
    timeline: &Timeline<'_>,
    ledger: &Ledger<'_, '_>,
    tenant: &Tenant,
    there: &HashSet<usize>,
) {
    let (Some(verify), Some(restart)) = (timeline.phases.get(&Phase::Verify), timeline.phases.get(&Phase::Restart))
    else {
        return;
    };
    for &at in ledger.of(tenant) {
        let write = &ledger.writes[at];
        let settled = write.at >= verify.from && write.ended.is_some_and(|end| end.at < restart.from);
        let counts = write.invoked.kind == WriteKind::Probe && write.answer() == Answer::Acknowledged;
        if settled && counts && !there.contains(&at) {
            let finding = Finding::new(FindingCode::RestartChanged).check(Check::Restart).tenant(tenant);
            bench.find(finding.item(ledger.name(at)).expected("acknowledged before the restart").seen("absent"));
        }
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
                let mut tokens = found.tokens.clone();
                tokens.sort_unstable();
                Some((format!("PDF of {key}"), tokens.join(",")))
            }
        }
    }
}

fn version(sha256: &str, head: bool) -> String {
    if head { format!("{sha256} current") } else { sha256.to_owned() }
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
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) {
    let mut changed = |name: &str, was: Option<&String>, is: Option<&String>| {
        let say = |value: Option<&String>| value.map_or_else(|| "absent".to_owned(), String::clone);
        let finding = Finding::new(FindingCode::RestartChanged).check(Check::Restart).tenant(tenant);
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
