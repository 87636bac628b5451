//! Overwritten rows: the stack's own command replaces texts of one tenant in the running database, as an `UPDATE` without
//! `WHERE` does. No tool calls the database damaged; only a count of such texts, before and after, confirms it.

use super::{Scene, Targets};
use crate::ids::Tenant;
use crate::plan::{Operation, ServiceKey};
use crate::stack::{Integrity, SiteError};

/// The texts of the tenant, none of them overwritten yet.
pub(super) async fn targets(scene: &Scene<'_>, tenant: &Tenant) -> Result<Targets, SiteError> {
    let Integrity { checked, damaged, elsewhere } = scene.count(Operation::Overwritten, tenant).await?;
    let right = checked > 0 && damaged + elsewhere == 0;
    Ok(Targets::Stores(right.then(|| format!("{checked} texts of {tenant}, none overwritten")).into_iter().collect()))
}

/// Confirmed when texts of the tenant, and of nobody else, are counted as overwritten.
pub(super) async fn overwrite(
    scene: &Scene<'_>,
    tenant: &Tenant,
    caches: &[ServiceKey],
) -> Result<Result<String, String>, SiteError> {
    scene.site.run(scene.step, &scene.commands(Operation::Overwrite, tenant)).await?;
    let after = scene.count(Operation::Overwritten, tenant).await?;
    scene.site.restart(scene.step, caches).await?;
    Ok(confirmed(tenant, after))
}

fn confirmed(tenant: &Tenant, after: Integrity) -> Result<String, String> {
    let Integrity { checked, damaged, elsewhere } = after;
    if damaged == 0 {
        return Err(format!("of {checked} texts of {tenant} none is overwritten"));
    }
    if elsewhere > 0 {
        return Err(format!("{elsewhere} texts are overwritten that are not {tenant}'s"));
    }
    Ok(format!("{damaged} of {checked} texts of {tenant} are overwritten; before it none was"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::sample::tenant;

    #[test]
    fn only_the_texts_of_that_tenant_confirm_it() {
        let judged =
            |(checked, damaged, elsewhere)| confirmed(&tenant("acme"), Integrity { checked, damaged, elsewhere });
        assert!(judged((40, 40, 0)).expect("confirmed").contains("40 of 40 texts of acme"));
        assert!(judged((40, 0, 0)).expect_err("nothing happened").contains("none is overwritten"));
        assert!(judged((40, 40, 2)).expect_err("others were hit").contains("2 texts are overwritten"));
    }
}
