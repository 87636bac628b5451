//! Out of band: what every table, the schema and every folder of a tenant hold after the recovery must be what they held when
//! the restored generation was taken, or, of a tenant that the fault does not touch, right before the fault or its detection.

use super::bench::Bench;
use super::codes::{FindingCode, ReasonCode};
use super::model::{Finding, Reason};
use super::readback::moment_name;
use crate::ids::Tenant;
use crate::journal::{FingerprintOf, Print};
use crate::plan::{Check, Moment, Prediction};
use crate::timeline::Timeline;
use std::collections::{BTreeMap, BTreeSet};

const CHECK: Check = Check::OutOfBand;

/// The parts of one fingerprint by name.
type Parts<'a> = BTreeMap<&'a str, &'a Print>;

/// Judges all tenants. `complete`: whether the drill got so far that every fingerprint must be there.
pub(super) fn judge(bench: &mut Bench<'_>, timeline: &Timeline<'_>, complete: bool) {
    for tenant in &timeline.plan().tenants {
        let reference = match timeline.plan().prediction.get(tenant) {
            Some(Prediction::Generation(generation)) => FingerprintOf::Generation(*generation),
            None | Some(Prediction::Untouched) => {
                // Who is not hit writes on until somebody notices, and is looked at again with each backup.
                let last = timeline.plan().unnoticed().next_back();
                last.map_or(FingerprintOf::Moment(Moment::Steady), FingerprintOf::Generation)
            }
            Some(Prediction::Beyond) => {
                bench.doubt(missing(tenant, "a generation to compare with"));
                continue;
            }
        };
        let mut before = parts(timeline, reference, tenant);
        if before.is_none() && complete {
            bench.doubt(missing(tenant, "fingerprint before the fault"));
        }
        for moment in [Moment::Health, Moment::Restart, Moment::Soak] {
            let after = parts(timeline, FingerprintOf::Moment(moment), tenant);
            match (before, after) {
                (Some(was), Some(is)) => compare(bench, tenant, moment, was, is),
                (_, None) if complete => {
                    bench.doubt(missing(tenant, &format!("fingerprint at {}", moment_name(moment))));
                }
                (None, Some(_)) | (_, None) => {}
            }
            // What has changed once is told once.
            before = after.or(before);
        }
    }
}

fn parts<'t, 'a>(timeline: &'t Timeline<'a>, of: FingerprintOf, tenant: &Tenant) -> Option<&'t Parts<'a>> {
    timeline.fingerprints.get(&of)?.get(tenant)
}

fn missing(tenant: &Tenant, what: &str) -> Reason {
    Reason::new(ReasonCode::CheckIncomplete).check(CHECK).tenant(tenant).item(what)
}

fn compare(bench: &mut Bench<'_>, tenant: &Tenant, moment: Moment, was: &Parts<'_>, is: &Parts<'_>) {
    // Empty tables and folders prove as little as none.
    let items: u64 = was.values().chain(is.values()).map(|print| print.items).sum();
    let names: BTreeSet<&str> = was.keys().chain(is.keys()).copied().collect();
    bench.looked(CHECK, Some(tenant), if items == 0 { 0 } else { names.len() });
    for name in names {
        let (was, is) = (was.get(name), is.get(name));
        if was != is {
            let finding = Finding::new(FindingCode::FingerprintDiffers).check(CHECK).tenant(tenant);
            let item = format!("{name}, at {}", moment_name(moment));
            bench.find(finding.item(item).expected(say(was)).seen(say(is)));
        }
    }
}

/// `12 items, 3f9a...`
fn say(print: Option<&&Print>) -> String {
    print.map_or_else(
        || "absent".to_owned(),
        |Print { items, digest }| {
            let short: String = digest.chars().take(12).collect();
            format!("{items} items, {short}")
        },
    )
}
