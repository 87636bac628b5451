//! A tenant deleted by mistake: the operator's own `delete-tenant` command, used on the wrong tenant.

use super::{Scene, Targets};
use crate::ids::Tenant;
use crate::plan::Operation;
use crate::stack::{Inventory, SiteError};

/// The stores that hold something of the tenant.
pub(super) async fn targets(scene: &Scene<'_>, tenant: &Tenant) -> Result<Targets, SiteError> {
    let held = inventory(scene, tenant).await?;
    let full = held.into_iter().filter(|(_, items)| *items > 0);
    Ok(Targets::Stores(full.map(|(store, items)| format!("{store}: {items} items")).collect()))
}

/// Confirmed when no store holds anything of the tenant.
pub(super) async fn delete(scene: &Scene<'_>, tenant: &Tenant) -> Result<Result<String, String>, SiteError> {
    scene.site.run(scene.step, &scene.commands(Operation::DeleteTenant, tenant)).await?;
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
    let found = scene.site.ask::<Inventory>(scene.step, &scene.commands(Operation::Inventory, tenant)).await?;
    Ok(found.into_iter().map(|(ended, found)| (ended.at.to_string(), found.items)).collect())
}
