//! What one file says about another must be true: services, volumes, tenants, datacenters, operations, checks.

use super::corruption::{Database, database};
use super::places::Places;
use super::services::Instances;
use super::words::meaning;
use super::{Check, FaultPlan, Operation};
use crate::ids::{Datacenter, Tenant};
use crate::scenario::compose::Scope;
use crate::scenario::{
    CommandEntry, Detection, DriverEntry, FaultKind, Loaded, Placed, ProtectionEntry, Reading, Scenario, Stack, Word,
    suggest,
};
use std::collections::BTreeMap;

/// Names that become parts of file names, host names and reports.
pub fn names(loaded: &Loaded, reading: &mut Reading) {
    for word in [&loaded.scenario.name, &loaded.stack.name, &loaded.runbook.name] {
        let shaped = word.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !shaped || word.as_str().len() > 60 {
            let hint = "at most 60 lower-case letters, digits and hyphens, like `datacenter-loss`";
            reading.advise(word.at, format!("`{}` is no name", word.as_str()), hint);
        }
    }
    let domain = &loaded.stack.domain;
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if !domain.as_str().is_empty() && !domain.as_str().split('.').all(label) {
        reading.advise(domain.at, format!("`{}` is no domain", domain.as_str()), "like wiki.example");
    }
}

/// The checks of a scenario, each once, in their usual order. At least one must look at the data.
pub fn checks(scenario: &Scenario, reading: &mut Reading) -> Vec<Check> {
    let Placed { value: words, at } = &scenario.checks;
    let mut found = Vec::new();
    for word in words {
        let Some(check) = meaning::<Check>(word, "check", reading) else { continue };
        if found.contains(&check) {
            reading.advise(word.at, format!("the check `{}` stands here twice", check.name()), "keep one of them");
        }
        found.push(check);
    }
    let missing = words.iter().any(|word| word.as_str().is_empty());
    if !missing && !found.iter().any(|check| matches!(check, Check::Data | Check::Files)) {
        let hint = "add `data` or `files`: without them a drill would pass that brought nothing back";
        reading.advise(*at, "no check looks at the data", hint);
    }
    Check::ALL.into_iter().filter(|check| found.contains(check)).collect()
}

/// The faults, and the tenants that they hit.
pub fn faults(
    loaded: &Loaded,
    places: &Places,
    instances: &Instances,
    tenants: &[Tenant],
    reading: &mut Reading,
) -> (Vec<FaultPlan>, Vec<Tenant>) {
    let mut faults: Vec<FaultPlan> = Vec::new();
    let mut struck: Vec<Tenant> = Vec::new();
    for fault in &loaded.scenario.faults {
        let plan = match &fault.kind {
            FaultKind::DatacenterLoss { datacenter: word } => {
                let all = places.all.keys();
                let Some(datacenter) = all.clone().find(|one| one.as_str() == word.as_str()) else {
                    unknown(word, "the stack has no datacenter", all.map(Datacenter::as_str), reading);
                    continue;
                };
                if *datacenter != places.primary {
                    let hint = format!("the tenants live in `{}`: its loss can be drilled", places.primary);
                    reading.advise(word.at, format!("the loss of `{datacenter}` hits no tenant"), hint);
                    continue;
                }
                struck.extend(tenants.iter().cloned());
                FaultPlan::DatacenterLoss { datacenter: datacenter.clone() }
            }
            FaultKind::TenantDeleted { tenant: word } => {
                let Some(tenant) = tenant_of(word, tenants, reading) else { continue };
                struck.push(tenant.clone());
                FaultPlan::TenantDeleted { tenant: tenant.clone() }
            }
            FaultKind::DatabaseCorruption { tenant: word } => {
                let Some(tenant) = tenant_of(word, tenants, reading) else { continue };
                struck.push(tenant.clone());
                let Some(database) = database(loaded, fault, tenant, places, instances, reading) else { continue };
                let Database { server, caches } = database;
                FaultPlan::DatabaseCorruption { tenant: tenant.clone(), server, caches }
            }
            FaultKind::RowsOverwritten { tenant: word } => {
                let Some(tenant) = tenant_of(word, tenants, reading) else { continue };
                struck.push(tenant.clone());
                let Some(database) = database(loaded, fault, tenant, places, instances, reading) else { continue };
                FaultPlan::RowsOverwritten { tenant: tenant.clone(), caches: database.caches }
            }
        };
        if faults.contains(&plan) {
            reading.advise(fault.at, "the same fault stands here twice", "keep one of them");
        }
        faults.push(plan);
    }
    let affected = tenants.iter().filter(|tenant| struck.contains(tenant)).cloned().collect();
    (faults, affected)
}

fn tenant_of<'t>(word: &Word, tenants: &'t [Tenant], reading: &mut Reading) -> Option<&'t Tenant> {
    let found = tenants.iter().find(|one| one.as_str() == word.as_str());
    if found.is_none() {
        unknown(word, "the scenario has no tenant", tenants.iter().map(Tenant::as_str), reading);
    }
    found
}

fn unknown<'k>(word: &Word, what: &str, known: impl Iterator<Item = &'k str>, reading: &mut Reading) {
    if !word.as_str().is_empty() {
        reading.advise(word.at, format!("{what} `{}`", word.as_str()), suggest(word.as_str(), known));
    }
}

/// The front, the driver, and the protection of every volume and secret.
pub fn stack(stack: &Stack, instances: &Instances, reading: &mut Reading) {
    if let Some((service, known)) = instances.find(&stack.front.service, reading) {
        let at = stack.front.service.at;
        if known.scope != Scope::Front || known.job {
            let hint = "it must stand in a Compose file under `front`, and be no job";
            reading.advise(at, format!("`{service}` is no service of the front"), hint);
        } else if instances.services.values().any(|one| one.key.service == service && one.published.is_none()) {
            let hint = format!("add `ports: [\"127.0.0.1::{}\"]` to it", stack.front.port);
            reading.advise(at, format!("`{service}` does not publish the front's port"), hint);
        }
    }
    if let DriverEntry::Exec { service: word, .. } = &stack.driver
        && let Some((service, known)) = instances.find(word, reading)
        && !(known.scope == Scope::Front && known.job)
    {
        let hint = "it stands in a front file with `profiles: [job]`, in the network `front`";
        reading.advise(word.at, format!("`{service}` cannot be the driver"), hint);
    }
    protected("volume", "volumes", &stack.volumes, &instances.volumes, reading);
    protected("secret", "secrets", &stack.secrets, &instances.secrets, reading);
}

fn protected(what: &str, key: &str, list: &[ProtectionEntry], declared: &[Word], reading: &mut Reading) {
    for word in declared {
        if !list.iter().any(|entry| entry.name.as_str() == word.as_str()) {
            let hint = format!("say under `protection.{key}` in stack.yaml: backed-up, rebuildable or escrow");
            reading.advise(word.at, format!("nothing says how the {what} `{}` comes back", word.as_str()), hint);
        }
    }
    for entry in list {
        if !declared.iter().any(|word| word.as_str() == entry.name.as_str()) {
            let hint = suggest(entry.name.as_str(), declared.iter().map(Word::as_str));
            let message = format!("no Compose file has a {what} `{}`", entry.name.as_str());
            reading.advise(entry.name.at, message, hint);
        }
    }
}

/// The operations that this drill cannot do without.
pub fn operations(
    loaded: &Loaded,
    declared: &BTreeMap<Operation, &[CommandEntry]>,
    checks: &[Check],
    faults: &[FaultPlan],
    instances: &Instances,
    reading: &mut Reading,
) {
    let (mut deleted, mut damaged, mut overwritten) = (false, false, false);
    for fault in faults {
        match fault {
            FaultPlan::TenantDeleted { .. } => deleted = true,
            FaultPlan::DatabaseCorruption { .. } => damaged = true,
            FaultPlan::RowsOverwritten { .. } => overwritten = true,
            FaultPlan::DatacenterLoss { .. } => {}
        }
    }
    let watched = matches!(loaded.scenario.detection, Detection::Monitor { .. });
    let encryption = checks.contains(&Check::Encryption);
    let protected = checks.contains(&Check::ProtectedAgain);
    let needed = [
        (Operation::Secrets, "secrets", !instances.secrets.is_empty()),
        (Operation::Backup, "backup", true),
        (Operation::Mirror, "mirror", true),
        (Operation::Retention, "retention", true),
        (Operation::Snapshots, "snapshots", true),
        (Operation::DeleteTenant, "delete-tenant", deleted),
        (Operation::Inventory, "inventory", deleted),
        (Operation::KeyTrial, "key-trial", encryption),
        (Operation::SideRestore, "side-restore", protected),
        (Operation::SideRemove, "side-remove", protected),
        (Operation::Fingerprint, "fingerprint", checks.contains(&Check::OutOfBand)),
        (Operation::Corrupt, "corrupt", damaged),
        (Operation::Integrity, "integrity", damaged),
        (Operation::Overwrite, "overwrite", overwritten),
        (Operation::Overwritten, "overwritten", overwritten),
        (Operation::Monitor, "monitor", damaged || watched),
    ];
    for (operation, name, is_needed) in needed {
        if is_needed && !declared.contains_key(&operation) {
            let hint = format!("add `{name}: [{{ service: ..., run: [...] }}]`");
            let message = format!("this drill needs the stack's operation `{name}`");
            reading.advise(loaded.stack.operations.at, message, hint);
        }
    }
}
