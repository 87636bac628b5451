//! The gate before the fault: the checks that can run while everything still stands, on the journal so far.

use super::bench::Bench;
use super::ledger::Ledger;
use super::marks::Marks;
use super::model::{Finding, GateResult, Reason};
use super::readback::Readbacks;
use super::{backups, custody};
use crate::ids::Tenant;
use crate::plan::{Check, Moment};
use crate::timeline::{Slot, Timeline};

/// Whether the drill may break something now. The run key is still a secret here, and not needed.
#[must_use]
pub fn gate(timeline: &Timeline<'_>) -> GateResult {
    let plan = timeline.plan();
    let mut bench = Bench::new(&plan.checks);
    let ledger = Ledger::new(timeline);
    let marks = Marks::new(timeline, &ledger, None);
    let mut readbacks = Readbacks { timeline, ledger: &ledger, marks };
    for tenant in &plan.tenants {
        readbacks.judge(&mut bench, Moment::Steady, tenant, None);
    }
    for (check, judge) in [
        (Check::Retention, backups::retention as fn(&mut Bench<'_>, &Timeline<'_>)),
        (Check::Mirror, backups::mirror),
        (Check::Encryption, custody::encryption),
        (Check::Residency, custody::residency),
    ] {
        if bench.wants(check) {
            judge(&mut bench, timeline);
        }
    }
    let mut problems: Vec<String> = plan.tenants.iter().filter_map(|tenant| probed(timeline, tenant)).collect();
    problems.extend(bench.reasons.iter().map(say_reason));
    problems.extend(bench.findings.iter().map(say_finding));
    GateResult { ready: problems.is_empty(), problems }
}

/// The newest looks of both kinds must be good, the full ones as many as a recovery must sustain, or as many as there are.
fn probed(timeline: &Timeline<'_>, tenant: &Tenant) -> Option<String> {
    let Some(probes) = timeline.probes.get(tenant) else {
        return Some(format!("{tenant}: the prober has not looked yet"));
    };
    let sustain = usize::try_from(timeline.plan().probe.sustain.max(1)).unwrap_or(usize::MAX);
    for (kind, slots) in [("light", &probes.light), ("full", &probes.full)] {
        if slots.is_empty() {
            return Some(format!("{tenant}: no {kind} probe yet"));
        }
        let newest: &[Slot<'_>] = &slots[slots.len().saturating_sub(sustain)..];
        if let Some(bad) = newest.iter().find_map(|slot| slot.bad) {
            return Some(format!("{tenant}: {kind} probe: {bad}"));
        }
    }
    None
}

fn say_reason(reason: &Reason) -> String {
    let check = reason.check.map(|check| check.name().to_owned());
    let parts = [reason.tenant.as_ref().map(ToString::to_string), check, reason.item.clone(), reason.seen.clone()];
    say(reason.code.name(), parts)
}

fn say_finding(finding: &Finding) -> String {
    let parts = [
        finding.tenant.as_ref().map(ToString::to_string),
        finding.item.clone(),
        finding.expected.as_ref().map(|expected| format!("expected {expected}")),
        finding.seen.as_ref().map(|seen| format!("seen {seen}")),
    ];
    say(finding.code.name(), parts)
}

fn say(code: &str, parts: [Option<String>; 4]) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{code}: {}", parts.join(", "))
}
