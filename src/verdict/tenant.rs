//! One tenant, from the readback before the fault to the end of the soak: what was there, what is lost, when it answered again.
//! No tenant depends on another, so all are judged side by side.

use super::bench::Bench;
use super::codes::{FindingCode, ReasonCode};
use super::conduct::Conduct;
use super::ledger::Ledger;
use super::marks::Marks;
use super::model::{Finding, Outage, ProbeCounts, Reason, TenantResult, TenantState};
use super::readback::{CHECKS, Readbacks};
use super::recovery::{Answering, Watch};
use super::subject::View;
use super::{loss, parts, restart};
use crate::ids::Tenant;
use crate::plan::{Action, Check, Moment};
use crate::timeline::Timeline;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;

/// So many tenants are judged at once.
const AT_ONCE: usize = 16;

/// Judges all tenants.
pub(super) fn judge<'a>(
    bench: &mut Bench<'_>,
    timeline: &Timeline<'a>,
    ledger: &Ledger<'_, 'a>,
    marks: &Marks<'_, 'a>,
    conduct: Conduct,
) -> BTreeMap<Tenant, TenantResult> {
    let mut results = BTreeMap::new();
    for tenants in timeline.plan().tenants.chunks(AT_ONCE) {
        let judged: Vec<_> = thread::scope(|scope| {
            let begin = |tenant| {
                let (mut bench, marks) = (bench.fork(), marks.clone());
                scope.spawn(move || {
                    let readbacks = Readbacks { timeline, ledger, marks };
                    let outcome = course(&mut bench, readbacks, conduct, tenant);
                    (bench, outcome)
                })
            };
            let running: Vec<_> = tenants.iter().map(begin).collect();
            running.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        for (tenant, (part, outcome)) in tenants.iter().zip(judged) {
            bench.absorb(part);
            results.insert(tenant.clone(), outcome);
        }
    }
    results
}

/// Judges all that was read back of a tenant, in order.
fn course<'a>(
    bench: &mut Bench<'_>,
    mut readbacks: Readbacks<'_, 'a>,
    conduct: Conduct,
    tenant: &'a Tenant,
) -> TenantResult {
    let (timeline, ledger) = (readbacks.timeline, readbacks.ledger);
    let steady = steady(bench, &mut readbacks, conduct, tenant);
    let mut at = |bench: &mut Bench<'_>, moment| readbacks.judge(bench, moment, tenant, steady.as_ref());
    let mut before = if expects(timeline, conduct, Moment::Health) { at(bench, Moment::Health) } else { None };
    let outcome = outcome(bench, timeline, ledger, conduct, tenant, before.as_ref());
    for pair in restart::PAIRS {
        if expects(timeline, conduct, pair.after) {
            let after = at(bench, pair.after);
            if bench.wants(Check::Restart) {
                restart::judge(bench, timeline, ledger, pair, tenant, before.as_ref(), after.as_ref());
            }
            before = after;
        }
    }
    outcome
}

/// Before the fault everything must be right. What is not says that the gate was wrong, not that the recovery was.
fn steady<'a>(
    bench: &mut Bench<'_>,
    readbacks: &mut Readbacks<'_, 'a>,
    conduct: Conduct,
    tenant: &'a Tenant,
) -> Option<View<'a>> {
    let begun = readbacks.timeline.readbacks.contains_key(&Moment::Steady);
    if !begun && !conduct.complete() {
        return None;
    }
    let mut before = bench.fork();
    let view = readbacks.judge(&mut before, Moment::Steady, tenant, None);
    for finding in before.findings {
        let mut reason = Reason::new(ReasonCode::SteadyNotClean);
        (reason.check, reason.tenant) = (finding.check, finding.tenant);
        let item = finding.item.unwrap_or_default();
        bench.doubt(reason.item(format!("{} {item}", finding.code)));
    }
    bench.reasons.extend(before.reasons);
    view
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

/// What came of it for the tenant: loss, outage, recovery time. `health` is what was seen of it first.
fn outcome<'a>(
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
