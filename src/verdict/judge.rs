//! Puts it all together: conduct, tenants, backups, custody; then the verdict.

use super::bench::Bench;
use super::claims;
use super::codes::{FindingCode, ReasonCode};
use super::conduct::{self, Conduct, End};
use super::ledger::{self, Ledger};
use super::marks::Marks;
use super::model::{
    CheckOutcome, CheckResult, Finding, Judgement, Limit, NotTested, Reason, TenantResult, TenantState, Verdict,
};
use super::{backups, custody, fingerprints, protection, tenant};
use crate::ids::Tenant;
use crate::journal::disclosed;
use crate::plan::{Check, TestObject, VaultPlain, Volatile};
use crate::timeline::Timeline;
use std::panic::resume_unwind;
use std::thread;

/// Judges a whole run. Pure: the same timeline gives the same judgement.
#[must_use]
pub fn judge(timeline: &Timeline<'_>) -> Judgement {
    let plan = timeline.plan();
    let mut bench = Bench::new(&plan.checks);
    let conduct = conduct::judge(&mut bench, timeline);
    let key = run_key(&mut bench, timeline);
    // Both look at every write, and neither needs the other.
    let (ledger, forged) = thread::scope(|scope| {
        let forged = scope.spawn(|| key.as_deref().map_or_else(Vec::new, |key| ledger::forged(timeline, key)));
        (Ledger::new(timeline), forged.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    if let Some(first) = forged.first() {
        let reason = Reason::new(ReasonCode::LedgerForged).item(ledger.name(*first));
        bench.doubt(reason.seen(forged.len().to_string()));
    }
    let marks = Marks::new(timeline, &ledger, key.as_deref());
    // Compares what was restored on the side with what was read back of the tenants, not with what the checks say of it.
    let mut aside = bench.fork();
    let (mut tenants, aside) = thread::scope(|scope| {
        let protected = scope.spawn(|| {
            if aside.wants(Check::ProtectedAgain) {
                protection::judge(&mut aside, timeline, &ledger);
            }
            aside
        });
        let tenants = tenant::judge(&mut bench, timeline, &ledger, &marks, conduct);
        (tenants, protected.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    stored(&mut bench, timeline);
    if bench.wants(Check::OutOfBand) {
        fingerprints::judge(&mut bench, timeline, conduct.complete());
    }
    bench.absorb(aside);
    claims::judge(&mut bench, timeline, conduct.complete());
    for (tenant, result) in &mut tenants {
        take_back(&bench, tenant, result);
    }
    conclude(bench, timeline, conduct, tenants)
}

/// What was wrong after the verification takes the number back: a recovery that did not last has no recovery time.
fn take_back(bench: &Bench<'_>, tenant: &Tenant, result: &mut TenantResult) {
    let spoils = |finding: &Finding| {
        let own = finding.tenant.as_ref() == Some(tenant);
        let backups = [Check::Retention, Check::Mirror, Check::Encryption, Check::ProtectedAgain];
        let about_backups = finding.check.is_some_and(|check| backups.contains(&check));
        let objective =
            matches!(finding.code, FindingCode::RtoMissed | FindingCode::MachineMissed | FindingCode::RpoMissed);
        own && !about_backups && !objective
    };
    if result.state == TenantState::Recovered && bench.findings.iter().any(spoils) {
        result.state = TenantState::NotRecovered;
        result.rto = None;
        result.parts = None;
    }
}

/// The disclosed run key, if it is the right one.
fn run_key(bench: &mut Bench<'_>, timeline: &Timeline<'_>) -> Option<Vec<u8>> {
    let Some(text) = timeline.key else {
        bench.doubt(Reason::new(ReasonCode::KeyUndisclosed));
        return None;
    };
    let key = disclosed(text, &timeline.started.key_sha256);
    if key.is_none() {
        bench.doubt(Reason::new(ReasonCode::KeyMismatch));
    }
    key
}

fn stored(bench: &mut Bench<'_>, timeline: &Timeline<'_>) {
    for (check, judge) in [
        (Check::Retention, backups::retention as fn(&mut Bench<'_>, &Timeline<'_>)),
        (Check::Mirror, backups::mirror),
        (Check::Encryption, custody::encryption),
        (Check::Residency, custody::residency),
    ] {
        if bench.wants(check) {
            judge(bench, timeline);
        }
    }
}

fn conclude(
    mut bench: Bench<'_>,
    timeline: &Timeline<'_>,
    conduct: Conduct,
    tenants: std::collections::BTreeMap<Tenant, TenantResult>,
) -> Judgement {
    let plan = timeline.plan();
    let mut checks = Vec::new();
    let mut not_tested = Vec::new();
    for check in Check::ALL {
        if !bench.wants(check) {
            not_tested.push(NotTested::NotRequested { check });
            continue;
        }
        let (items, findings) = (bench.items(check), bench.of_check(check));
        let absent = bench.why_absent(check).map(str::to_owned);
        let outcome = match &absent {
            _ if findings > 0 => CheckOutcome::Failed,
            Some(why) if items == 0 => {
                not_tested.push(NotTested::NotApplicable { check, why: why.clone() });
                CheckOutcome::NotApplicable
            }
            Some(_) | None if items == 0 || bench.doubts(check) => CheckOutcome::Inconclusive,
            Some(why) => {
                not_tested.push(NotTested::NoMeans { check, why: why.clone() });
                CheckOutcome::Passed
            }
            None => CheckOutcome::Passed,
        };
        if outcome == CheckOutcome::Inconclusive && !bench.doubts(check) && conduct.complete() {
            bench.doubt(Reason::new(ReasonCode::ZeroItems).check(check));
        }
        checks.push(CheckResult { check, outcome, items, findings });
    }
    // A drill in which no check looked at anything that was recovered proves nothing.
    let looked = |result: &CheckResult| {
        matches!(result.check, Check::Data | Check::Files)
            && matches!(result.outcome, CheckOutcome::Passed | CheckOutcome::Failed)
    };
    if !checks.iter().any(looked) && conduct.complete() {
        bench.doubt(Reason::new(ReasonCode::ZeroItems));
    }
    if bench.wants(Check::Encryption) && !custody::can_try_keys(timeline) {
        let why = "the stack declares no key-trial for two tenants".to_owned();
        not_tested.push(NotTested::NoMeans { check: Check::Encryption, why });
    }
    if bench.wants(Check::Encryption) {
        let declared = plan.stack.vault_plain.iter().cloned();
        not_tested.extend(declared.map(|VaultPlain { path, because }| NotTested::DeclaredPlain { path, because }));
    }
    if bench.wants(Check::OutOfBand) {
        let declared = plan.stack.volatile.iter().cloned();
        not_tested.extend(declared.map(|Volatile { table, because }| NotTested::DeclaredVolatile { table, because }));
    }
    not_tested.extend(limits(plan.stack.test_object).map(NotTested::Limit));

    let verdict = if conduct.end == End::Aborted {
        Verdict::Inconclusive
    } else if !bench.counts.is_empty() {
        Verdict::Failed
    } else if bench.reasons.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Inconclusive
    };
    bench.findings.sort_by_key(|finding| finding.severity);
    let affected = || plan.affected.iter().filter_map(|tenant| tenants.get(tenant));
    let rto = if !plan.affected.is_empty() && affected().all(|tenant| tenant.rto.is_some()) {
        affected().filter_map(|tenant| tenant.rto).max_by_key(|rto| rto.hi)
    } else {
        None
    };
    let rpo = tenants.values().map(|tenant| tenant.rpo.loss).collect::<Option<Vec<_>>>();
    Judgement {
        verdict,
        exit_code: verdict.exit_code(),
        reasons: bench.reasons.into_iter().collect(),
        findings: bench.findings,
        finding_counts: bench.counts,
        checks,
        objectives: plan.objectives,
        rto,
        rpo: rpo.and_then(|losses| losses.into_iter().max()),
        tenants,
        not_tested,
    }
}

/// What no drill on such a test object shows.
fn limits(object: TestObject) -> impl Iterator<Item = Limit> {
    Limit::ALL.into_iter().filter(move |limit| match limit {
        Limit::People | Limit::Distance | Limit::Hardware | Limit::DiskEncryption | Limit::Contracts => true,
        Limit::ProductionScale => object != TestObject::RealBackups,
        Limit::ProductionData | Limit::ProductionConfiguration => object == TestObject::Model,
    })
}
