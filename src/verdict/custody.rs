//! Who can read the data, and where it lies: encryption of the vaults, and residency of everything that was created.

use super::bench::Bench;
use super::codes::{FindingCode, ReasonCode};
use super::model::{Finding, Reason};
use crate::ids::Datacenter;
use crate::plan::{Action, Check, Operation};
use crate::timeline::{KeyTrial, Timeline};
use std::collections::{BTreeMap, BTreeSet};

/// Vaults hold ciphertext only, no key, and no tenant's key opens another's repository.
pub(super) fn encryption(bench: &mut Bench<'_>, timeline: &Timeline<'_>) {
    let plan = timeline.plan();
    let check = Check::Encryption;
    let mut vaults: BTreeSet<&Datacenter> = BTreeSet::from([&plan.stack.primary, &plan.stack.mirror]);
    for step in &plan.steps {
        if let Action::Encryption { vaults: more, .. } = &step.action {
            vaults.extend(more);
        }
    }
    for vault in vaults {
        let mut searches = timeline.searches.iter().filter(|search| search.vault == vault).peekable();
        if searches.peek().is_none() {
            bench.doubt(Reason::new(ReasonCode::CheckIncomplete).check(check).item(format!("search of {vault}")));
        }
        for search in searches {
            bench.looked(check, None, usize::try_from(search.files.min(search.bytes)).unwrap_or(usize::MAX));
            for hit in search.hits {
                let key = hit.what.starts_with("key");
                let code = if key { FindingCode::KeyInVault } else { FindingCode::PlainTextInVault };
                let item = format!("{vault}: {}", hit.path);
                bench.find(Finding::new(code).check(check).item(item).seen(hit.what.as_str()));
            }
        }
    }
    for trial in timeline.key_trials.iter().filter(|trial| trial.opened) {
        let finding = Finding::new(FindingCode::ForeignKeyOpens).check(check).tenant(trial.tenant);
        bench.find(finding.item(format!("repository of {}", trial.tenant)).seen(format!("key of {}", trial.key_of)));
    }
    if can_try_keys(timeline) {
        for tenant in &plan.tenants {
            let tried = |trial: &&KeyTrial<'_>| trial.tenant == tenant && trial.key_of != tenant;
            if !timeline.key_trials.iter().any(|trial| tried(&trial)) {
                let reason = Reason::new(ReasonCode::CheckIncomplete).check(check).tenant(tenant);
                bench.doubt(reason.item("trial of another tenant's key"));
            }
        }
    }
}

/// Whether the stack has a way to try foreign keys.
pub(super) fn can_try_keys(timeline: &Timeline<'_>) -> bool {
    let plan = timeline.plan();
    plan.stack.operations.contains_key(&Operation::KeyTrial) && plan.tenants.len() > 1
}

/// Everything that the drill created, vaults included, lies in an allowed country at a provider with an allowed seat.
pub(super) fn residency(bench: &mut Bench<'_>, timeline: &Timeline<'_>) {
    let stack = &timeline.plan().stack;
    let check = Check::Residency;
    let mut used: BTreeMap<&Datacenter, u64> = BTreeMap::new();
    for resource in &timeline.resources {
        if let Some(at) = resource.datacenter {
            *used.entry(at).or_default() += 1;
        }
    }
    let created: u64 = used.values().sum();
    bench.looked(check, None, usize::try_from(created).unwrap_or(usize::MAX));
    let vaults = timeline.searches.iter().map(|search| search.vault).chain(timeline.listed.keys().copied());
    for vault in vaults.chain([&stack.primary, &stack.mirror]) {
        used.entry(vault).or_default();
    }
    for at in used.keys() {
        let finding = || Finding::new(FindingCode::ResidencyViolated).check(check).item(at.as_str());
        let Some(place) = stack.datacenters.get(*at) else {
            bench.find(finding().seen("unknown datacenter"));
            continue;
        };
        if !stack.residency.countries.contains(&place.country) {
            bench.find(
                finding().expected(stack.residency.countries.join(" ")).seen(format!("country {}", place.country)),
            );
        }
        if !stack.residency.seats.contains(&place.seat) {
            bench.find(finding().expected(stack.residency.seats.join(" ")).seen(format!("seat {}", place.seat)));
        }
    }
}
