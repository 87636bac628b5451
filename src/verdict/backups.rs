//! Retention and mirror, slot by slot: a tool that counts "4 + 7" says nothing about which hours and days those are.

use super::bench::Bench;
use super::codes::{FindingCode, ReasonCode};
use super::model::{Finding, Reason};
use crate::ids::{Datacenter, Tenant};
use crate::journal::Snapshot;
use crate::plan::{Check, Generation};
use crate::timeline::Timeline;

/// Codes of one of the two checks.
struct Codes {
    check: Check,
    missing: FindingCode,
    superfluous: FindingCode,
    unreadable: FindingCode,
}

/// The vault of the primary must hold exactly what the policy keeps, and what it holds must be what was taken.
pub(super) fn retention(bench: &mut Bench<'_>, timeline: &Timeline<'_>) {
    let codes = Codes {
        check: Check::Retention,
        missing: FindingCode::RetentionMissing,
        superfluous: FindingCode::RetentionSuperfluous,
        unreadable: FindingCode::RetentionUnreadable,
    };
    let plan = timeline.plan();
    for tenant in &plan.tenants {
        slots(
            bench,
            timeline,
            &plan.stack.primary,
            tenant,
            &plan.calendar.vault_keeps,
            &codes,
            |bench, slot, snapshot| {
                let taken = taken(timeline, slot, tenant);
                if taken.is_some_and(|taken| taken != snapshot.id) {
                    let finding = Finding::new(FindingCode::RetentionMissing).check(Check::Retention).tenant(tenant);
                    let finding = finding.item(slot.to_string()).expected(taken.unwrap_or_default());
                    bench.find(finding.seen(snapshot.id.as_str()));
                }
            },
        );
    }
}

/// The mirror must hold exactly what the policy mirrors, and each of it must be a true copy.
pub(super) fn mirror(bench: &mut Bench<'_>, timeline: &Timeline<'_>) {
    let codes = Codes {
        check: Check::Mirror,
        missing: FindingCode::MirrorMissing,
        superfluous: FindingCode::MirrorSuperfluous,
        unreadable: FindingCode::MirrorUnreadable,
    };
    let plan = timeline.plan();
    for tenant in &plan.tenants {
        let vault = timeline.listing(&plan.stack.primary, tenant).map_or(&[][..], |listing| listing.snapshots);
        slots(bench, timeline, &plan.stack.mirror, tenant, &plan.calendar.mirror_keeps, &codes, |bench, slot, copy| {
            let mut differs = |what: &str, expected: &str, seen: &str| {
                let finding = Finding::new(FindingCode::MirrorDiffers).check(Check::Mirror).tenant(tenant);
                bench.find(finding.item(format!("{slot} {what}")).expected(expected).seen(seen));
            };
            let origin = copy.original.as_deref().unwrap_or_default();
            if let Some(taken) = taken(timeline, slot, tenant).filter(|taken| *taken != origin) {
                differs("original", taken, origin);
            }
            // Retention may have taken the original; what is still there must be the same tree.
            if let Some(original) = vault.iter().find(|snapshot| snapshot.id == origin) {
                if original.tree != copy.tree {
                    differs("tree", &original.tree, &copy.tree);
                }
                if original.time != copy.time {
                    differs("time", &original.time.to_string(), &copy.time.to_string());
                }
            }
        });
    }
}

fn taken<'t>(timeline: &'t Timeline<'_>, slot: Generation, tenant: &Tenant) -> Option<&'t str> {
    timeline.generation(slot)?.snapshots.get(tenant).copied()
}

fn fills(snapshot: &Snapshot, slot: Generation) -> bool {
    snapshot.time == slot.time && snapshot.tags.contains(&slot.tag)
}

/// Each slot exactly once, nothing else, and all of it readable.
fn slots(
    bench: &mut Bench<'_>,
    timeline: &Timeline<'_>,
    vault: &Datacenter,
    tenant: &Tenant,
    keeps: &[Generation],
    codes: &Codes,
    mut look: impl FnMut(&mut Bench<'_>, Generation, &Snapshot),
) {
    let Some(listing) = timeline.listing(vault, tenant) else {
        let reason = Reason::new(ReasonCode::CheckIncomplete).check(codes.check).tenant(tenant);
        bench.doubt(reason.item(format!("list of the vault in {vault}")));
        return;
    };
    let finding = |code| Finding::new(code).check(codes.check).tenant(tenant);
    bench.looked(codes.check, Some(tenant), listing.snapshots.len());
    if !listing.readable {
        bench.find(finding(codes.unreadable).item(format!("vault in {vault}")));
    }
    for slot in keeps {
        let mut filling = listing.snapshots.iter().filter(|snapshot| fills(snapshot, *slot));
        match filling.next() {
            None => bench.find(finding(codes.missing).item(slot.to_string())),
            Some(snapshot) => look(bench, *slot, snapshot),
        }
        for twice in filling {
            bench.find(finding(codes.superfluous).item(slot.to_string()).seen(twice.id.as_str()));
        }
    }
    for snapshot in listing.snapshots.iter().filter(|snapshot| !keeps.iter().any(|slot| fills(snapshot, *slot))) {
        let tags: Vec<String> = snapshot.tags.iter().map(ToString::to_string).collect();
        let item = format!("{} {}", tags.join("+"), snapshot.time);
        bench.find(finding(codes.superfluous).item(item).seen(snapshot.id.as_str()));
    }
}
