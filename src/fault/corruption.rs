//! Damaged database pages: the server that all tenants share is stopped, the stack's own command flips bytes in the tables of
//! one tenant, and the server comes back. Only the numbers of the checksum tool confirm it, never that a command ended well.

use super::{Scene, Targets};
use crate::ids::Tenant;
use crate::plan::{Operation, ServiceKey};
use crate::stack::{Integrity, Monitored, SiteError};

/// What of the tenant the stack's own monitor looks at and finds whole, while everything still runs.
pub(super) async fn targets(scene: &Scene<'_>, tenant: &Tenant) -> Result<Targets, SiteError> {
    let commands = scene.commands(Operation::Monitor, tenant);
    let looks = scene.site.ask::<Monitored>(scene.step, &commands).await?;
    let whole = looks.into_iter().filter(|(_, seen)| seen.checked > 0 && seen.damaged == 0);
    let name = |(at, Monitored { checked, .. })| format!("{at}: {checked} parts of {tenant}'s data, all whole");
    Ok(Targets::Stores(whole.map(|(ended, seen)| name((ended.at, seen))).collect()))
}

/// Confirmed when the checksum tool counts damaged pages of the tenant, of nobody else, and none before.
pub(super) async fn damage(
    scene: &Scene<'_>,
    tenant: &Tenant,
    server: &ServiceKey,
    caches: &[ServiceKey],
) -> Result<Result<String, String>, SiteError> {
    let servers = std::slice::from_ref(server);
    scene.site.stop(scene.step, servers).await?;
    let counted = at_rest(scene, tenant).await;
    // The other tenants wait for it: the server comes back whatever became of the damage.
    let resumed = scene.site.resume(scene.step, servers).await;
    let (before, after) = counted?;
    resumed?;
    scene.site.restart(scene.step, caches).await?;
    Ok(confirmed(tenant, before, after))
}

/// What the checksum tool counts before and after the damage.
async fn at_rest(scene: &Scene<'_>, tenant: &Tenant) -> Result<(Integrity, Integrity), SiteError> {
    let before = scene.count(Operation::Integrity, tenant).await?;
    scene.site.run(scene.step, &scene.commands(Operation::Corrupt, tenant)).await?;
    Ok((before, scene.count(Operation::Integrity, tenant).await?))
}

fn confirmed(tenant: &Tenant, before: Integrity, after: Integrity) -> Result<String, String> {
    let Integrity { checked, damaged, elsewhere } = after;
    if before.checked == 0 || checked == 0 {
        return Err("the checksum tool looked at no page".to_owned());
    }
    let earlier = before.damaged + before.elsewhere;
    if earlier > 0 {
        return Err(format!("{earlier} pages were damaged before anything was done"));
    }
    if damaged == 0 {
        return Err(format!("the checksum tool counts no damaged page of {tenant}"));
    }
    if elsewhere > 0 {
        return Err(format!("{elsewhere} pages are damaged that are not {tenant}'s"));
    }
    Ok(format!("of {checked} pages, the checksum tool counts {damaged} of {tenant} as damaged; before it counted none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::sample::tenant;

    fn judged(before: (u64, u64, u64), after: (u64, u64, u64)) -> Result<String, String> {
        let of = |(checked, damaged, elsewhere)| Integrity { checked, damaged, elsewhere };
        confirmed(&tenant("acme"), of(before), of(after))
    }

    #[test]
    fn only_numbers_confirm_the_damage() {
        let told = judged((90, 0, 0), (90, 7, 0)).expect("confirmed");
        assert!(told.contains("of 90 pages") && told.contains("7 of acme"), "{told}");
        for (before, after, why) in [
            ((90, 0, 0), (90, 0, 0), "no damaged page of acme"),
            ((0, 0, 0), (90, 7, 0), "looked at no page"),
            ((90, 0, 0), (0, 0, 0), "looked at no page"),
            ((90, 1, 0), (90, 8, 0), "1 pages were damaged before"),
            ((90, 0, 2), (90, 7, 2), "2 pages were damaged before"),
            ((90, 0, 0), (90, 7, 3), "3 pages are damaged that are not acme's"),
        ] {
            let told = judged(before, after).expect_err(why);
            assert!(told.contains(why), "{told}");
        }
    }
}
