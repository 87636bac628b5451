//! The result of an exploration: a row for each drill, a table, a file.

use crate::cli::exit::Exit;
use crate::plan::{Break, Plan, TimeOfDay};
use crate::verdict::{Judgement, Verdict};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Version of the shape of [`Series`].
const SERIES_VERSION: u32 = 1;

/// What is special about one drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Variant {
    /// The scenario as it is.
    Untouched,
    Broken(Break),
    /// The disaster comes at this time of day.
    Moment(TimeOfDay),
}

/// The result as a file: `explore-<id>.json` beside the runs.
#[derive(Debug, Serialize)]
pub(super) struct Series {
    version: u32,
    scenario: String,
    stack: String,
    pub rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    #[serde(skip)]
    pub variant: Variant,
    what: String,
    verdict: Verdict,
    /// Codes of findings and reasons, with tenants.
    codes: BTreeSet<String>,
    /// The machine's share of the slowest tenant's recovery, if all recovered.
    machine_seconds: Option<f64>,
    run: PathBuf,
}

impl Row {
    pub fn of(variant: Variant, judgement: &Judgement, run: &Path) -> Self {
        let told = |code: &str, tenant: Option<&crate::ids::Tenant>| {
            tenant.map_or_else(|| code.to_owned(), |tenant| format!("{code} {tenant}"))
        };
        let findings = judgement.findings.iter().map(|finding| told(finding.code.name(), finding.tenant.as_ref()));
        let reasons = judgement.reasons.iter().map(|reason| told(reason.code.name(), reason.tenant.as_ref()));
        let shares = judgement.tenants.values().filter_map(|tenant| tenant.rto.as_ref().map(|rto| rto.machine_hi));
        Self {
            what: match &variant {
                Variant::Untouched => "not broken off".to_owned(),
                Variant::Broken(at) => at.told(),
                Variant::Moment(at) => format!("disaster at {at}"),
            },
            variant,
            verdict: judgement.verdict,
            codes: findings.chain(reasons).collect(),
            machine_seconds: shares.max().map(|share| share.as_secs_f64()),
            run: run.to_owned(),
        }
    }

    /// `passed   broken off after recover/load   24.1 s`
    pub fn line(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "FAILED",
            Verdict::Inconclusive => "INCONCLUSIVE",
        };
        let took = self.machine_seconds.map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.1} s"));
        let mut line = format!("{verdict:<13} {:<64} {took:>8}", self.what);
        if self.verdict != Verdict::Passed {
            let codes: Vec<&str> = self.codes.iter().map(String::as_str).collect();
            line.push_str("  ");
            line.push_str(&codes.join(", "));
        }
        line
    }
}

impl Series {
    pub fn of(plan: &Plan) -> Self {
        let (scenario, stack) = (plan.name.clone(), plan.stack.name.clone());
        Self { version: SERIES_VERSION, scenario, stack, rows: Vec::new() }
    }

    pub fn table(&self) -> String {
        let mut lines: Vec<String> = self.rows.iter().map(Row::line).collect();
        let passed = self.rows.iter().filter(|row| row.verdict == Verdict::Passed).count();
        lines.push(format!("\n{} on {}: {passed} of {} drills passed", self.scenario, self.stack, self.rows.len()));
        lines.join("\n")
    }

    /// Of those that failed, the one that is broken off first: the fewest steps to look at.
    pub fn shortest_failure(&self) -> Option<&Row> {
        self.rows.iter().find(|row| row.verdict == Verdict::Failed && row.variant != Variant::Untouched)
    }

    /// Nothing explored proves nothing.
    pub fn exit(&self) -> Exit {
        let any = |verdict| self.rows.iter().any(|row| row.verdict == verdict);
        if any(Verdict::Failed) {
            Exit::Failed
        } else if any(Verdict::Inconclusive) || self.rows.is_empty() {
            Exit::Inconclusive
        } else {
            Exit::Passed
        }
    }
}
