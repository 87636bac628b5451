//! `junit.xml`: a suite per scenario; a case per tenant and check, and cases for the drill as a whole.
//!
//! Names of cases are stable and in no language, so that a CI server can compare runs; messages are in the report's language. What
//! is inconclusive is an error and therefore not green; what is not applicable is skipped.

use super::catalogue;
use super::view::View;
use crate::ids::Tenant;
use crate::plan::{Check, FaultPlan};
use crate::verdict::{CheckOutcome, Finding, FindingCode, Reason, TenantResult, TenantState, Verdict};
use quick_junit::{NonSuccessKind, Property, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

/// What a case is about, apart from the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Check(Check),
    Rto,
    Machine,
    Rpo,
    /// Everything else that went wrong on the way.
    Recovery,
}

impl Topic {
    const fn name(self) -> &'static str {
        match self {
            Self::Check(check) => check.name(),
            Self::Rto => "rto",
            Self::Machine => "rto-machine",
            Self::Rpo => "rpo",
            Self::Recovery => "recovery",
        }
    }

    fn of_finding(finding: &Finding) -> Self {
        match (finding.code, finding.check) {
            (FindingCode::RtoMissed, _) => Self::Rto,
            (FindingCode::MachineMissed, _) => Self::Machine,
            (FindingCode::RpoMissed, _) => Self::Rpo,
            (_, Some(check)) => Self::Check(check),
            (_, None) => Self::Recovery,
        }
    }
}

/// The text of `junit.xml`.
///
/// # Errors
/// Only if the XML writer fails, which writes to memory.
pub(super) fn junit(view: &View) -> Result<String, SerializeError> {
    let started = &view.timeline.started;
    let mut suite = TestSuite::new(started.plan.name.as_str());
    suite.set_time(view.took());
    for (name, value) in [
        ("run", started.run.as_str()),
        ("program", &started.program),
        ("plan-sha256", &started.plan_sha256),
        ("journal-head", view.head()),
    ] {
        suite.add_property(Property::new(name, value));
    }
    suite.add_test_cases(drill_cases(view));
    for tenant in &started.plan.tenants {
        suite.add_test_cases(tenant_cases(view, tenant));
    }
    let mut report = Report::new("ernstfall");
    report.set_time(view.took());
    report.add_test_suite(suite);
    report.to_string()
}

fn drill_cases(view: &View) -> Vec<TestCase> {
    let class = &view.timeline.started.plan.name;
    let judgement = view.judgement;
    let mut cases = Vec::new();
    cases.push(case(class, "verdict", verdict_status(view)));
    cases.push(case(class, "conclusive", reasons_status(view, |_| true)));
    cases.push(case(class, "gate", gate_status(view)));
    for (index, fault) in view.timeline.started.plan.faults.iter().enumerate() {
        cases.push(case(class, &format!("fault-confirmed-{index}"), fault_status(view, index, fault)));
    }
    let mut rto = case(class, Topic::Rto.name(), rto_status(view));
    if let Some(measured) = &judgement.rto {
        rto.set_time(measured.machine_hi);
    }
    cases.push(rto);
    if judgement.objectives.machine.is_some() {
        // Without a recovery time there is no machine's share of it either.
        let machine = if judgement.rto.is_some() { status(view, None, Topic::Machine) } else { rto_status(view) };
        cases.push(case(class, Topic::Machine.name(), machine));
    }
    let mut rpo = status(view, None, Topic::Rpo);
    if judgement.rpo.is_none() && matches!(rpo, TestCaseStatus::Success { .. }) {
        rpo = error(catalogue::Label::Unknown.text(view.lang));
    }
    cases.push(case(class, Topic::Rpo.name(), rpo));
    cases.push(case(class, Topic::Recovery.name(), status(view, None, Topic::Recovery)));
    for result in &judgement.checks {
        let mut one = case(class, result.check.name(), check_status(view, None, result.check));
        one.set_assertions(usize::try_from(result.items).unwrap_or(usize::MAX));
        cases.push(one);
    }
    cases
}

fn tenant_cases(view: &View, tenant: &Tenant) -> Vec<TestCase> {
    let class = format!("{}.{tenant}", view.timeline.started.plan.name);
    let mut cases = Vec::new();
    match view.judgement.tenants.get(tenant) {
        None => cases.push(case(&class, Topic::Recovery.name(), error(catalogue::Label::Unknown.text(view.lang)))),
        Some(result) => {
            let recovery = match result.state {
                TenantState::Bystander | TenantState::Recovered => status(view, Some(tenant), Topic::Recovery),
                TenantState::NotRecovered => {
                    failure(view, Some(tenant), Topic::Recovery, catalogue::tenant_state(result.state, view.lang))
                }
                TenantState::Unknown => error(catalogue::tenant_state(result.state, view.lang)),
            };
            let mut recovery = case(&class, Topic::Recovery.name(), recovery);
            if let Some(rto) = &result.rto {
                recovery.set_time(rto.machine_hi);
            }
            cases.push(recovery);
            if result.state != TenantState::Bystander {
                cases.push(case(&class, Topic::Rto.name(), tenant_rto_status(view, tenant, result)));
            }
            let rpo = match (result.rpo.loss, result.rpo.met) {
                (Some(_), true) => status(view, Some(tenant), Topic::Rpo),
                (Some(loss), false) => failure(view, Some(tenant), Topic::Rpo, &view.lang.duration(loss)),
                (None, _) => error(catalogue::Label::Unknown.text(view.lang)),
            };
            cases.push(case(&class, Topic::Rpo.name(), rpo));
        }
    }
    for result in view.judgement.checks.iter().filter(|result| looks_at_tenants(result.check)) {
        cases.push(case(&class, result.check.name(), check_status(view, Some(tenant), result.check)));
    }
    cases
}

fn tenant_rto_status(view: &View, tenant: &Tenant, result: &TenantResult) -> TestCaseStatus {
    let missing = catalogue::Label::NoTime.text(view.lang);
    match (&result.rto, result.state) {
        (Some(rto), _) if rto.met => status(view, Some(tenant), Topic::Rto),
        (Some(rto), _) => failure(view, Some(tenant), Topic::Rto, &view.lang.duration(rto.hi)),
        (None, TenantState::NotRecovered) => failure(view, Some(tenant), Topic::Rto, missing),
        (None, TenantState::Recovered | TenantState::Unknown | TenantState::Bystander) => error(missing),
    }
}

/// Whether a check says anything about a single tenant.
const fn looks_at_tenants(check: Check) -> bool {
    match check {
        Check::Residency => false,
        Check::Data
        | Check::Files
        | Check::Permissions
        | Check::Isolation
        | Check::Search
        | Check::Pdf
        | Check::Retention
        | Check::Mirror
        | Check::Encryption
        | Check::Restart
        | Check::ProtectedAgain
        | Check::OutOfBand => true,
    }
}

fn verdict_status(view: &View) -> TestCaseStatus {
    let text = catalogue::verdict(view.judgement.verdict, view.lang);
    match view.judgement.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed => non_success(NonSuccessKind::Failure, text, &lines(view, |_| true)),
        Verdict::Inconclusive => {
            let reasons: Vec<String> =
                view.judgement.reasons.iter().map(|reason| catalogue::reason_line(reason, view.lang)).collect();
            non_success(NonSuccessKind::Error, text, &reasons.join("\n"))
        }
    }
}

fn gate_status(view: &View) -> TestCaseStatus {
    let label = catalogue::Label::Gate.text(view.lang);
    match &view.timeline.gate {
        Some(gate) if gate.ready => TestCaseStatus::success(),
        Some(gate) => non_success(NonSuccessKind::Error, label, &gate.problems.join("\n")),
        None => error(label),
    }
}

fn fault_status(view: &View, index: usize, fault: &FaultPlan) -> TestCaseStatus {
    let run = view.timeline.faults.get(index);
    if run.is_some_and(|run| run.confirmed.is_some()) {
        return TestCaseStatus::success();
    }
    let why = run.and_then(|run| run.unconfirmed).unwrap_or_default();
    non_success(NonSuccessKind::Error, &catalogue::fault(fault, view.lang), why)
}

fn rto_status(view: &View) -> TestCaseStatus {
    let missing = catalogue::Label::NoTime.text(view.lang);
    match &view.judgement.rto {
        Some(rto) if rto.met => status(view, None, Topic::Rto),
        Some(rto) => failure(view, None, Topic::Rto, &view.lang.duration(rto.hi)),
        None if view.judgement.tenants.values().any(|tenant| tenant.state == TenantState::NotRecovered) => {
            failure(view, None, Topic::Rto, missing)
        }
        None => error(missing),
    }
}

/// Of a check, for the drill (`tenant` = `None`) or one tenant.
fn check_status(view: &View, tenant: Option<&Tenant>, check: Check) -> TestCaseStatus {
    let Some(result) = view.judgement.checks.iter().find(|result| result.check == check) else {
        return error(check.name());
    };
    let label = catalogue::outcome(result.outcome, view.lang);
    if result.outcome == CheckOutcome::NotApplicable {
        let mut skipped = TestCaseStatus::skipped();
        skipped.set_message(label);
        return skipped;
    }
    let own = status(view, tenant, Topic::Check(check));
    if !matches!(own, TestCaseStatus::Success { .. }) {
        return own;
    }
    let placed = |finding: &&Finding| finding.check == Some(check) && finding.tenant.is_some();
    let placed = view.judgement.findings.iter().filter(placed).count() as u64;
    match (result.outcome, tenant) {
        (CheckOutcome::Passed | CheckOutcome::NotApplicable, _) => own,
        (CheckOutcome::Failed, None) => failure(view, None, Topic::Check(check), label),
        // All that was found is listed with its tenant, and none of it is here: this tenant is right.
        (CheckOutcome::Failed, Some(_)) if placed >= result.findings => own,
        (CheckOutcome::Failed, Some(_)) | (CheckOutcome::Inconclusive, None) => error(label),
        // Inconclusive because of other tenants only, if the reasons say so; of all, if they do not name one.
        (CheckOutcome::Inconclusive, Some(_)) => {
            let mut reasons = view.judgement.reasons.iter().filter(|reason| reason.check == Some(check)).peekable();
            if reasons.peek().is_some() && reasons.all(|reason| reason.tenant.is_some()) { own } else { error(label) }
        }
    }
}

/// From the findings and reasons that belong to a case; for the drill as a whole those of all tenants.
fn status(view: &View, tenant: Option<&Tenant>, topic: Topic) -> TestCaseStatus {
    let here = |place: Option<&Tenant>| tenant.is_none() || place == tenant;
    let found = |finding: &&Finding| Topic::of_finding(finding) == topic && here(finding.tenant.as_ref());
    if view.judgement.findings.iter().any(|finding| found(&finding)) {
        return failure(view, tenant, topic, "");
    }
    reasons_status(view, |reason| here(reason.tenant.as_ref()) && reason.check.map(Topic::Check) == Some(topic))
}

/// An error if there is a reason of that kind.
fn reasons_status(view: &View, open: impl Fn(&Reason) -> bool) -> TestCaseStatus {
    let reasons = view.judgement.reasons.iter().filter(|reason| open(reason));
    let lines: Vec<String> = reasons.map(|reason| catalogue::reason_line(reason, view.lang)).collect();
    match lines.first() {
        None => TestCaseStatus::success(),
        Some(first) => non_success(NonSuccessKind::Error, first, &lines.join("\n")),
    }
}

fn failure(view: &View, tenant: Option<&Tenant>, topic: Topic, otherwise: &str) -> TestCaseStatus {
    let here = |finding: &Finding| {
        Topic::of_finding(finding) == topic && (tenant.is_none() || finding.tenant.as_ref() == tenant)
    };
    let text = lines(view, here);
    let first = text.lines().next().filter(|line| !line.is_empty()).unwrap_or(otherwise).to_owned();
    non_success(NonSuccessKind::Failure, &first, &text)
}

fn lines(view: &View, wanted: impl Fn(&Finding) -> bool) -> String {
    let wanted = view.judgement.findings.iter().filter(|finding| wanted(finding));
    wanted.map(|finding| catalogue::finding_line(finding, view.lang)).collect::<Vec<_>>().join("\n")
}

fn error(message: &str) -> TestCaseStatus {
    non_success(NonSuccessKind::Error, message, "")
}

fn non_success(kind: NonSuccessKind, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    if !text.is_empty() {
        status.set_description(text);
    }
    status
}

fn case(class: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}
