//! Where the restored data came from, by three answers that do not know of each other: the policy, the repository, the restore tool.

use super::bench::Bench;
use super::codes::{FindingCode, ReasonCode};
use super::model::{Finding, Reason};
use crate::clock::DrillTime;
use crate::ids::{Datacenter, Tenant};
use crate::journal::{Claim, Snapshot};
use crate::plan::{FaultPlan, Generation, Plan, Prediction};
use crate::timeline::Timeline;
use std::cmp::Ordering;

/// Datacenters that the faults destroy.
pub(super) fn lost_datacenters(plan: &Plan) -> Vec<&Datacenter> {
    let lost = plan.faults.iter().filter_map(|fault| match fault {
        FaultPlan::DatacenterLoss { datacenter } => Some(datacenter),
        FaultPlan::TenantDeleted { .. } | FaultPlan::DatabaseCorruption { .. } | FaultPlan::RowsOverwritten { .. } => {
            None
        }
    });
    lost.collect()
}

/// The newest snapshot that the runbook could restore, as its vault listed it before the fault.
pub(super) fn newest_listed<'a>(timeline: &Timeline<'a>, tenant: &Tenant) -> Option<&'a Snapshot> {
    let runbook = &timeline.plan().runbook;
    let listing = timeline.listing(&runbook.from, tenant)?;
    listing
        .snapshots
        .iter()
        .filter(|snapshot| snapshot.tags.contains(&runbook.tag))
        .max_by_key(|snapshot| snapshot.time)
}

/// The last thing that the restore tool claims for a tenant.
pub(super) fn claimed(timeline: &Timeline<'_>, tenant: &Tenant) -> Option<DrillTime> {
    timeline.claims.get(tenant)?.last().map(|(_, claim)| claim.time)
}

/// Judges repository and claims of all tenants that are to come back from a generation.
/// `expected`: whether the recovery got so far that a claim must be there.
pub(super) fn judge(bench: &mut Bench<'_>, timeline: &Timeline<'_>, expected: bool) {
    let Some(zero) = timeline.zero else { return };
    let plan = timeline.plan();
    for tenant in &plan.affected {
        let Some(Prediction::Generation(predicted)) = plan.prediction.get(tenant) else { continue };
        repository(bench, timeline, tenant, *predicted);
        let claims = timeline.claims.get(tenant).into_iter().flatten().filter(|(at, _)| *at >= zero.mono);
        let mut any = false;
        for (_, claim) in claims {
            any = true;
            judge_claim(bench, timeline, tenant, *predicted, claim);
        }
        if !any && expected {
            bench.doubt(Reason::new(ReasonCode::ClaimMissing).tenant(tenant));
        }
    }
}

fn repository(bench: &mut Bench<'_>, timeline: &Timeline<'_>, tenant: &Tenant, predicted: Generation) {
    let from = &timeline.plan().runbook.from;
    if timeline.listing(from, tenant).is_none() {
        let reason = Reason::new(ReasonCode::CheckIncomplete).tenant(tenant);
        bench.doubt(reason.item(format!("list of the vault in {from}")));
        return;
    }
    let Some(newest) = newest_listed(timeline, tenant) else {
        let finding = Finding::new(FindingCode::TooOld).tenant(tenant).item(format!("vault in {from}"));
        bench.find(finding.expected(predicted.to_string()).seen("none"));
        return;
    };
    let code = match newest.time.cmp(&predicted.time) {
        Ordering::Equal => return,
        Ordering::Less => FindingCode::TooOld,
        Ordering::Greater => FindingCode::TooNew,
    };
    let finding = Finding::new(code).tenant(tenant).item(format!("vault in {from}"));
    bench.find(finding.expected(predicted.to_string()).seen(newest.time.to_string()));
}

fn judge_claim(bench: &mut Bench<'_>, timeline: &Timeline<'_>, tenant: &Tenant, predicted: Generation, claim: &Claim) {
    let plan = timeline.plan();
    let wrong = |expected: &str, seen: &str| {
        let finding = Finding::new(FindingCode::ClaimWrong).tenant(tenant).item(format!("snapshot {}", claim.snapshot));
        finding.expected(expected).seen(seen)
    };
    if lost_datacenters(plan).contains(&&claim.vault) {
        bench.find(wrong("a vault that survived", &format!("vault in {}, which is lost", claim.vault)));
    } else if claim.vault != plan.runbook.from {
        bench.find(wrong(&format!("vault in {}", plan.runbook.from), &format!("vault in {}", claim.vault)));
    }
    if let Some(listing) = timeline.listing(&claim.vault, tenant) {
        match listing.snapshots.iter().find(|snapshot| snapshot.id == claim.snapshot) {
            None => bench.find(wrong(&format!("listed by {}", claim.vault), "not in the list")),
            Some(listed) => {
                let facts = [
                    ("time", listed.time.to_string(), claim.time.to_string()),
                    ("tags", format!("{:?}", listed.tags), format!("{:?}", claim.tags)),
                    ("original", format!("{:?}", listed.original), format!("{:?}", claim.original)),
                ];
                for (what, listed, claimed) in facts.iter().filter(|(_, listed, claimed)| listed != claimed) {
                    bench.find(wrong(&format!("{what} {listed}"), &format!("{what} {claimed}")));
                }
            }
        }
    }
    let same = claim.time == predicted.time && claim.tags.contains(&predicted.tag);
    if same {
        return;
    }
    bench.find(wrong(&predicted.to_string(), &format!("{:?} {}", claim.tags, claim.time).to_lowercase()));
    if claim.time < predicted.time {
        let finding = Finding::new(FindingCode::TooOld).tenant(tenant).item(format!("snapshot {}", claim.snapshot));
        bench.find(finding.expected(predicted.to_string()).seen(claim.time.to_string()));
    }
}
