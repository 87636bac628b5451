//! Puts it all together: conduct, readbacks, backups, custody, recovery, loss; then the verdict.

use super::bench::Bench;
use super::claims;
use super::codes::{FindingCode, ReasonCode};
use super::conduct::{self, Conduct, End};
use super::ledger::Ledger;
use super::marks::Marks;
use super::model::{
    CheckOutcome, CheckResult, Finding, Judgement, Limit, NotTested, Outage, ProbeCounts, Reason, TenantResult,
    TenantState, Verdict,
};
use super::readback::{CHECKS, Readbacks, Views};
use super::recovery::{Answering, Watch};
use super::subject::View;
use super::{backups, custody, fingerprints, loss, parts, protection, restart};
use crate::ids::Tenant;
use crate::journal::disclosed;
use crate::plan::{Action, Check, Moment, TestObject, VaultPlain, Volatile};
use crate::timeline::Timeline;

/// Judges a whole run. Pure: the same timeline gives the same judgement.
#[must_use]
pub fn judge(timeline: &Timeline<'_>) -> Judgement {
    let plan = timeline.plan();
    let mut bench = Bench::new(&plan.checks);
    let conduct = conduct::judge(&mut bench, timeline);
    let ledger = Ledger::new(timeline);
    let key = run_key(&mut bench, timeline, &ledger);
    let marks = Marks::new(timeline, &ledger, key.as_deref());
    let mut readbacks = Readbacks { timeline, ledger: &ledger, marks };

    let steady = steady(&mut bench, &mut readbacks, conduct);
    let health = if expects(timeline, conduct, Moment::Health) {
        readbacks.judge(&mut bench, Moment::Health, Some(&steady))
    } else {
        Views::new()
    };
    let tenants = plan.tenants.iter().map(|tenant| {
        let result = tenant_result(&mut bench, timeline, &ledger, conduct, tenant, health.get(tenant));
        (tenant.clone(), result)
    });
    let mut tenants: std::collections::BTreeMap<Tenant, TenantResult> = tenants.collect();

    let mut before = health;
    for pair in restart::PAIRS {
        if expects(timeline, conduct, pair.after) {
            let after = readbacks.judge(&mut bench, pair.after, Some(&steady));
            if bench.wants(Check::Restart) {
                restart::judge(&mut bench, timeline, &ledger, pair, &before, &after);
            }
            before = after;
        }
    }
    stored(&mut bench, timeline);
    if bench.wants(Check::OutOfBand) {
        fingerprints::judge(&mut bench, timeline, conduct.complete());
    }
    if bench.wants(Check::ProtectedAgain) {
        protection::judge(&mut bench, timeline, &ledger);
    }
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

/// The disclosed run key, if it is the right one; and whether the ledger was made with it.
fn run_key(bench: &mut Bench<'_>, timeline: &Timeline<'_>, ledger: &Ledger<'_, '_>) -> Option<Vec<u8>> {
    let Some(text) = timeline.key else {
        bench.doubt(Reason::new(ReasonCode::KeyUndisclosed));
        return None;
    };
    let Some(key) = disclosed(text, &timeline.started.key_sha256) else {
        bench.doubt(Reason::new(ReasonCode::KeyMismatch));
        return None;
    };
    let forged = ledger.forged(timeline, &key);
    if let Some(first) = forged.first() {
        let reason = Reason::new(ReasonCode::LedgerForged).item(ledger.name(*first));
        bench.doubt(reason.seen(forged.len().to_string()));
    }
    Some(key)
}

/// Before the fault everything must be right. What is not says that the gate was wrong, not that the recovery was.
fn steady<'a>(bench: &mut Bench<'_>, readbacks: &mut Readbacks<'_, 'a>, conduct: Conduct) -> Views<'a> {
    let timeline = readbacks.timeline;
    let begun = timeline.readbacks.contains_key(&Moment::Steady);
    if !begun && !conduct.complete() {
        return Views::new();
    }
    let mut before = Bench::new(&timeline.plan().checks);
    let views = readbacks.judge(&mut before, Moment::Steady, None);
    for finding in before.findings {
        let mut reason = Reason::new(ReasonCode::SteadyNotClean);
        (reason.check, reason.tenant) = (finding.check, finding.tenant);
        let item = finding.item.unwrap_or_default();
        bench.doubt(reason.item(format!("{} {item}", finding.code)));
    }
    bench.reasons.extend(before.reasons);
    views
}

/// Whether a readback must be judged: it began, or the drill should have got there.
fn expects(timeline: &Timeline<'_>, conduct: Conduct, moment: Moment) -> bool {
    let planned = timeline.plan().steps.iter().any(|step| step.action == Action::Readback { moment });
    let begun = timeline.readbacks.contains_key(&moment);
    // Nothing is recovered unless somebody looked, and no restart is survived unless it lasts: these are wanted, planned or not.
    let wanted = match moment {
        Moment::Health => true,
        Moment::Soak => timeline.readbacks.contains_key(&Moment::Restart),
        Moment::Steady | Moment::Restart => planned,
    };
    begun || (conduct.complete() && (planned || wanted))
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

fn tenant_result<'a>(
    bench: &mut Bench<'_>,
    timeline: &Timeline<'a>,
    ledger: &Ledger<'_, 'a>,
    conduct: Conduct,
    tenant: &'a Tenant,
    health: Option<&View<'a>>,
) -> TenantResult {
    let affected = timeline.plan().affected.contains(tenant);
    // Before the loss is judged, what it finds is no news about the readback.
    let wrong = bench.blames(tenant, &CHECKS);
    let vague = health.is_none() || bench.doubts_about(tenant, &CHECKS);
    let mut result = TenantResult {
        state: if affected { TenantState::Unknown } else { TenantState::Bystander },
        rto: None,
        rpo: loss::judge(bench, timeline, ledger, tenant, health),
        outage: Outage::default(),
        parts: None,
        probes: ProbeCounts::default(),
    };
    if conduct.complete() && result.rpo.loss.is_none() {
        bench.doubt(Reason::new(ReasonCode::RpoUnknown).tenant(tenant));
    }
    let Some(watch) = Watch::new(timeline, tenant) else { return result };
    result.outage = watch.outage();
    result.probes = watch.counts();
    if !affected {
        if conduct.complete() {
            watch.stable(bench);
        }
        watch.bystander(bench);
        return result;
    }
    let not_recovered = |bench: &mut Bench<'_>, seen: &str| {
        bench.find(Finding::new(FindingCode::NotRecovered).tenant(tenant).seen(seen));
        TenantState::NotRecovered
    };
    let answering = watch.answering(bench);
    // What never came back cannot break again.
    if conduct.complete() && !matches!(answering, Answering::No { .. }) {
        watch.stable(bench);
    }
    result.state = match answering {
        Answering::Again { .. } | Answering::No { .. } | Answering::Always if wrong => {
            not_recovered(bench, "the verification failed")
        }
        Answering::Unknown if wrong => not_recovered(bench, "the verification failed"),
        Answering::No { good_fulls } => {
            let seen = format!("{good_fulls} of {} good full probes", timeline.plan().probe.sustain);
            not_recovered(bench, &seen)
        }
        Answering::Again { .. } | Answering::Always | Answering::Unknown if conduct.recovery_failed => {
            not_recovered(bench, "the recovery failed")
        }
        Answering::Always | Answering::Unknown => TenantState::Unknown,
        Answering::Again { .. } if vague => TenantState::Unknown,
        Answering::Again { lo, good } => {
            result.rto = Some(watch.rto(bench, lo, good.ended));
            result.parts = timeline.zero.map(|zero| parts::of(timeline, tenant, zero.mono, good.ended));
            TenantState::Recovered
        }
    };
    result
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
