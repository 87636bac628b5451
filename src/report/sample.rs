//! Runs to be told in unit tests: a journal from `journal::sample` and a judgement made by hand, so that a test of a report does
//! not depend on how something is judged. Texts in them are as hostile as tenants and logs can be.

use super::lang::Lang;
use super::view::View;
use crate::clock::Mono;
use crate::ids::Tenant;
use crate::journal::sample::{Sample, drill_time, tenant};
use crate::journal::{CALIBRATION_VERSION, Calibration, Entry, Event, Lateness, Outcome};
use crate::plan::{Check, Input, ProbePlan};
use crate::timeline::Timeline;
use crate::verdict::{
    CheckOutcome, CheckResult, Finding, FindingCode, Judgement, Limit, NotTested, Outage, Parts, ProbeCounts, Reason,
    ReasonCode, Rpo, Rto, TenantResult, TenantState, Verdict, Window,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// What no report may let through as markup.
pub(super) const HOSTILE: &str = "</td><script>alert('x')</script>\u{1b}[31m & | `rm` ![i](https://example.org)";

pub(super) struct Case {
    pub entries: Vec<Entry>,
    pub judgement: Judgement,
}

impl Case {
    pub(super) fn tell<T>(&self, lang: Lang, tell: impl FnOnce(&View) -> T) -> T {
        let timeline = Timeline::from(&self.entries, false).expect("a possible journal");
        tell(&View::new(&self.entries, &timeline, &self.judgement, lang))
    }
}

/// A calibration that a run may have found.
pub(super) fn calibrated() -> Calibration {
    Calibration {
        version: CALIBRATION_VERSION,
        at: "2026-02-01T09:00:00.000Z".to_owned(),
        program: "0.1.0".to_owned(),
        host: "host".to_owned(),
        seed: 42,
        probe: ProbePlan {
            light: Duration::from_millis(100),
            full: Duration::from_secs(1),
            timeout: Duration::from_secs(3),
            sustain: 5,
        },
        abridged: false,
        passed: true,
        compared: 94,
        inside: 94,
        bias_micros: -1_830,
        width_micros: 1_004_200,
        lateness: Lateness { p50_micros: 600, p99_micros: 1_200, max_micros: 4_500 },
        cpu_permille: Some(63),
    }
}

/// Everything right: the datacenter is lost, three tenants come back from the mirror.
pub(super) fn passed() -> Case {
    let entries = journal().sealed();
    let judgement = judgement(&entries);
    Case { entries, judgement }
}

/// A restore step failed for `globex`, `acme` lost a page and sees a stranger's, with names that want to be markup.
pub(super) fn failed() -> Case {
    let mut journal = journal();
    let mut spoilt = false;
    journal.change(|event| {
        if let (Event::TaskEnded { outcome, exit, tail, .. }, false) = (event, spoilt) {
            *outcome = Outcome::Failed { why: "exit code 1".to_owned() };
            *exit = Some(1);
            *tail = format!("restoring globex\nERROR 1062 (23000): duplicate entry\n{HOSTILE}");
            spoilt = true;
        }
    });
    let entries = journal.sealed();
    let mut judgement = judgement(&entries);
    judgement.verdict = Verdict::Failed;
    judgement.exit_code = 1;
    judgement.rto = None;
    judgement.rpo = None;
    judgement.findings = vec![
        Finding::new(FindingCode::RecoveryStepFailed).tenant(&tenant("globex")).item("recover/restore"),
        Finding::new(FindingCode::Lost)
            .tenant(&tenant("acme"))
            .check(Check::Data)
            .item(HOSTILE)
            .expected("2026-01-06T00:05:00Z"),
        Finding::new(FindingCode::Leaked)
            .tenant(&tenant("acme"))
            .check(Check::Isolation)
            .item("search")
            .seen("canary of globex"),
        Finding::new(FindingCode::NotRecovered).tenant(&tenant("globex")),
        Finding::new(FindingCode::MirrorSuperfluous).tenant(&tenant("acme-prod")).check(Check::Mirror).item("hourly"),
    ];
    judgement.finding_counts = judgement.findings.iter().map(|finding| (finding.code, 1)).collect();
    judgement.finding_counts.insert(FindingCode::Lost, 3);
    for check in &mut judgement.checks {
        let found = judgement.findings.iter().filter(|finding| finding.check == Some(check.check)).count() as u64;
        check.findings = found + if check.check == Check::Data { 2 } else { 0 };
        if check.findings > 0 {
            check.outcome = CheckOutcome::Failed;
        }
    }
    let globex = judgement.tenants.get_mut(&tenant("globex")).expect("a tenant");
    (globex.state, globex.rto, globex.parts) = (TenantState::NotRecovered, None, None);
    (globex.rpo.loss, globex.rpo.found, globex.rpo.met) = (None, None, false);
    Case { entries, judgement }
}

/// Interrupted in the recovery; a surface could not be listed.
pub(super) fn inconclusive() -> Case {
    let mut journal = journal();
    journal.cut_at(|event| matches!(event, Event::PhaseStarted { phase: crate::plan::Phase::Verify }));
    let entries = journal.sealed();
    let mut judgement = judgement(&entries);
    judgement.verdict = Verdict::Inconclusive;
    judgement.exit_code = 2;
    judgement.rto = None;
    judgement.rpo = None;
    judgement.reasons = vec![
        Reason::new(ReasonCode::Aborted).seen("SIGINT"),
        Reason::new(ReasonCode::SurfaceFailed).check(Check::Data).tenant(&tenant("acme")).item("pages").seen(HOSTILE),
    ];
    for check in &mut judgement.checks {
        (check.outcome, check.items) = (CheckOutcome::Inconclusive, 0);
    }
    for result in judgement.tenants.values_mut() {
        (result.state, result.rto, result.parts) = (TenantState::Unknown, None, None);
        (result.rpo.loss, result.rpo.found) = (None, None);
    }
    Case { entries, judgement }
}

fn journal() -> Sample {
    let mut journal = Sample::datacenter_loss();
    journal.change_plan(|plan| {
        let input = |path: &str, digit: &str| Input { path: path.into(), sha256: digit.repeat(64) };
        plan.inputs = vec![input("datacenter-loss.yaml", "a"), input("../stack/stack.yaml", "b")];
    });
    journal
}

fn judgement(entries: &[Entry]) -> Judgement {
    let timeline = Timeline::from(entries, false).expect("a possible journal");
    let plan = timeline.plan();
    let zero = timeline.zero.expect("a fault").mono;
    let tenants: BTreeMap<Tenant, TenantResult> = plan
        .tenants
        .iter()
        .zip([10_312, 10_562, 10_062])
        .map(|(tenant, millis)| (tenant.clone(), result(zero, Duration::from_millis(millis))))
        .collect();
    let outcome = |check| if check == Check::Pdf { CheckOutcome::NotApplicable } else { CheckOutcome::Passed };
    let checks = plan.checks.iter().zip([412, 96, 60, 233, 21, 0, 54, 27, 12, 2, 824, 310, 48]);
    let worst = tenants.values().max_by_key(|result| result.rto.map(|rto| rto.hi)).expect("tenants");
    Judgement {
        verdict: Verdict::Passed,
        exit_code: 0,
        reasons: Vec::new(),
        findings: Vec::new(),
        finding_counts: BTreeMap::new(),
        checks: checks
            .map(|(check, items)| CheckResult { check: *check, outcome: outcome(*check), items, findings: 0 })
            .collect(),
        objectives: plan.objectives,
        rto: worst.rto,
        rpo: Some(Duration::from_secs(48_720)),
        not_tested: std::iter::once(NotTested::NotApplicable { check: Check::Pdf, why: "no PDF service".to_owned() })
            .chain(Limit::ALL.map(NotTested::Limit))
            .collect(),
        tenants,
    }
}

fn result(zero: Mono, machine_hi: Duration) -> TenantResult {
    let declared = Duration::from_secs(1500);
    let machine_lo = machine_hi.saturating_sub(Duration::from_millis(500));
    let millis = Duration::from_millis;
    let parts = Parts {
        detection: millis(2300),
        decision: declared,
        provisioning: millis(2000),
        fetch: millis(1200),
        restore: millis(1200),
        reindex: millis(1200),
        switch: millis(1200),
        verification: millis(700),
        other: machine_hi.saturating_sub(millis(9800)),
        restore_tool: millis(2400),
    };
    let window = Window { from: zero.plus(millis(183)), to: zero.plus(machine_hi) };
    TenantResult {
        state: TenantState::Recovered,
        rto: Some(Rto {
            machine_lo,
            machine_hi,
            replaced: Duration::ZERO,
            declared,
            lo: machine_lo + declared,
            hi: machine_hi + declared,
            met: true,
        }),
        rpo: Rpo {
            predicted: Some(drill_time("2026-01-07T00:05:00Z")),
            listed: Some(drill_time("2026-01-07T00:05:00Z")),
            claimed: Some(drill_time("2026-01-07T00:05:00Z")),
            found: Some(drill_time("2026-01-07T00:05:00Z")),
            loss: Some(Duration::from_secs(48_720)),
            worst_case: Duration::from_secs(87_300),
            met: true,
            lost: 24,
            oldest_lost_age: Some(Duration::from_secs(48_000)),
            lost_writes: Vec::new(),
            in_flight: 1,
            lost_meanwhile: 2,
            came_back: vec!["user Erased".to_owned()],
        },
        outage: Outage { total: window.to.since(window.from), injected: Duration::ZERO, windows: vec![window] },
        parts: Some(parts),
        probes: ProbeCounts { light: 200, full: 25, bad: 46, missing: 0, late: 0 },
    }
}
