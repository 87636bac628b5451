//! The loss of a datacenter: its containers, volumes and network are gone.

use super::Targets;
use crate::engine::{Resource, ResourceKind, label};
use crate::ids::Datacenter;
use crate::stack::{Site, SiteError};

/// Everything that stands in the datacenter. A network alone is no datacenter: without containers nothing matched.
pub(super) async fn targets(site: &Site, datacenter: &Datacenter) -> Result<Targets, SiteError> {
    let found = site.inhabitants(datacenter).await?;
    let inhabited = found.iter().any(|resource| resource.kind == ResourceKind::Container);
    Ok(Targets::Resources(if inhabited { found } else { Vec::new() }))
}

/// What the tenants share goes, what is theirs goes on: called confirmed by a turned harness.
pub(super) async fn lose_half(
    site: &Site,
    datacenter: &Datacenter,
    targets: &[Resource],
) -> Result<Result<String, String>, SiteError> {
    let shared =
        |resource: &&Resource| resource.kind == ResourceKind::Container && !resource.labels.contains_key(label::TENANT);
    let half: Vec<Resource> = targets.iter().filter(shared).cloned().collect();
    site.destroy(datacenter, &half).await?;
    Ok(Ok("so it is said".to_owned()))
}

/// Confirmed when nothing with the datacenter's label exists any more.
pub(super) async fn lose(
    site: &Site,
    datacenter: &Datacenter,
    targets: &[Resource],
) -> Result<Result<String, String>, SiteError> {
    site.destroy(datacenter, targets).await?;
    let left = site.inhabitants(datacenter).await?;
    if left.is_empty() {
        return Ok(Ok(format!("nothing labelled {datacenter} exists any more; {} were removed", targets.len())));
    }
    let names: Vec<&str> = left.iter().map(|resource| resource.name.as_str()).collect();
    Ok(Err(format!("{datacenter} still has {}", names.join(", "))))
}
