//! A tenant deleted by mistake: the operator's own `delete-tenant` command, used on the wrong tenant.

use super::{Scene, Targets};
use crate::ids::Tenant;
use crate::plan::{Command, Operation};
use crate::stack::{Inventory, Printed as _, SiteError};

/// The stores that hold something of the tenant.
pub(super) async fn targets(scene: &Scene<'_>, tenant: &Tenant) -> Result<Targets, SiteError> {
    let held = inventory(scene, tenant).await?;
    let full = held.into_iter().filter(|(_, items)| *items > 0);
    Ok(Targets::Stores(full.map(|(store, items)| format!("{store}: {items} items")).collect()))
}

/// Confirmed when no store holds anything of the tenant.
pub(super) async fn delete(scene: &Scene<'_>, tenant: &Tenant) -> Result<Result<String, String>, SiteError> {
    scene.site.run(scene.step, &commands(scene, Operation::DeleteTenant, tenant)).await?;
    let held = inventory(scene, tenant).await?;
    let left: Vec<String> =
        held.iter().filter(|(_, items)| *items > 0).map(|(store, items)| format!("{store}: {items} items")).collect();
    if !left.is_empty() {
        return Ok(Err(format!("{tenant} still has {}", left.join(", "))));
    }
    let stores: Vec<&str> = held.iter().map(|(store, _)| store.as_str()).collect();
    Ok(Ok(format!("{tenant} has no items left in {}", stores.join(", "))))
}

async fn inventory(scene: &Scene<'_>, tenant: &Tenant) -> Result<Vec<(String, u64)>, SiteError> {
    let ended = scene.site.run(scene.step, &commands(scene, Operation::Inventory, tenant)).await?;
    ended
        .into_iter()
        .map(|ended| {
            let found = Inventory::from_output(&ended.stdout)
                .map_err(|source| SiteError::Printed { at: ended.at.clone(), source })?;
            Ok((ended.at.to_string(), found.items))
        })
        .collect()
}

fn commands(scene: &Scene<'_>, operation: Operation, tenant: &Tenant) -> Vec<Command> {
    let declared = scene.plan.stack.operations.get(&operation).map_or(&[][..], Vec::as_slice);
    declared.iter().filter(|command| command.tenant.as_ref() == Some(tenant)).cloned().collect()
}
