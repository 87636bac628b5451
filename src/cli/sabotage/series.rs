//! The result of a series of wrong and right drills: a row each, a table, a file.

use crate::cli::judging::Judged;
use crate::plan::SabotagePlan;
use crate::verdict::{Catch, Counterproof, ReasonCode, Verdict, counterproof};
use serde::Serialize;
use std::path::PathBuf;

/// Version of the shape of [`Series`].
pub(super) const SERIES_VERSION: u32 = 1;

/// The result as a file: `sabotage-<id>.json` beside the runs.
#[derive(Debug, Serialize)]
pub(super) struct Series {
    pub version: u32,
    pub scenario: String,
    pub stack: String,
    pub blind: bool,
    /// Sabotages of the files that are for other faults.
    pub not_applicable: Vec<String>,
    pub runs: Vec<Row>,
    pub caught: usize,
    pub missed: usize,
    pub misblamed: usize,
    pub false_alarms: usize,
    pub void: usize,
}

/// One drill of the series.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// Name of the sabotage; none for a clean run.
    pub sabotage: Option<String>,
    pub does: Option<String>,
    /// Codes of which one must be raised, with the tenant.
    pub expected: Vec<String>,
    pub result: RowResult,
    pub verdict: Verdict,
    pub hits: Vec<String>,
    pub others: Vec<String>,
    pub run: PathBuf,
    pub seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RowResult {
    Caught,
    Missed,
    /// Noticed, and a tenant blamed whom the sabotage does not touch.
    Misblamed,
    /// A right drill that passed.
    Clean,
    /// A right drill that did not.
    FalseAlarm,
    /// The sabotage did not take place, or the drill was broken off.
    Void,
}

impl RowResult {
    /// A drill that was broken off shows nothing that it had not shown by then.
    const fn unless_broken_off(self, broken_off: bool) -> Self {
        match self {
            Self::Missed | Self::Misblamed | Self::FalseAlarm if broken_off => Self::Void,
            Self::Caught | Self::Missed | Self::Misblamed | Self::Clean | Self::FalseAlarm | Self::Void => self,
        }
    }
}

pub(super) fn row(sabotage: Option<&SabotagePlan>, judged: &Judged, seconds: f64) -> Row {
    let (judgement, run) = (judged.judgement(), judged.folder().to_owned());
    let broken_off = judgement.reasons.iter().any(|reason| reason.code == ReasonCode::Aborted);
    let Some(sabotage) = sabotage else {
        let result = if judgement.verdict == Verdict::Passed { RowResult::Clean } else { RowResult::FalseAlarm };
        let findings = judgement.findings.iter().map(|finding| finding.code.name().to_owned());
        let reasons = judgement.reasons.iter().map(|reason| reason.code.name().to_owned());
        let mut others: Vec<String> = findings.chain(reasons).collect();
        others.dedup();
        let verdict = judgement.verdict;
        return Row {
            sabotage: None,
            does: None,
            expected: Vec::new(),
            result: result.unless_broken_off(broken_off),
            verdict,
            hits: Vec::new(),
            others,
            run,
            seconds,
        };
    };
    let Counterproof { catch, verdict, hits, others } = counterproof(sabotage, judgement, judged.sabotaged());
    Row {
        sabotage: Some(sabotage.name.clone()),
        does: Some(sabotage.does.clone()),
        expected: expected(sabotage),
        result: match catch {
            Catch::Caught => RowResult::Caught,
            Catch::Missed => RowResult::Missed,
            Catch::Misblamed => RowResult::Misblamed,
            Catch::Void => RowResult::Void,
        }
        .unless_broken_off(broken_off),
        verdict,
        hits: hits.into_iter().collect(),
        others: others.into_iter().collect(),
        run,
        seconds,
    }
}

pub(super) fn expected(sabotage: &SabotagePlan) -> Vec<String> {
    let at = sabotage.tenant.as_ref().map(|tenant| format!(" {tenant}")).unwrap_or_default();
    sabotage.findings.iter().chain(&sabotage.reasons).map(|code| format!("{code}{at}")).collect()
}

/// `caught  uploads-missing  expected lost acme  seen lost acme`
pub(super) fn line(row: &Row) -> String {
    let word = match row.result {
        RowResult::Caught => "caught",
        RowResult::Missed => "MISSED",
        RowResult::Misblamed => "MISBLAMED",
        RowResult::Clean => "clean",
        RowResult::FalseAlarm => "FALSE ALARM",
        RowResult::Void => "VOID",
    };
    let name = row.sabotage.as_deref().unwrap_or("(a right recovery)");
    let mut parts = vec![format!("{word:<11}"), format!("{name:<28}")];
    if !row.expected.is_empty() {
        parts.push(format!("expected {}", row.expected.join(" or ")));
    }
    if row.result != RowResult::Clean {
        let mut seen = if row.hits.is_empty() { row.others.clone() } else { row.hits.clone() };
        if row.result == RowResult::Misblamed {
            seen.extend(row.others.iter().cloned());
        }
        parts.push(format!("seen {}", if seen.is_empty() { "nothing".to_owned() } else { seen.join(", ") }));
    }
    parts.join("  ")
}

pub(super) fn table(series: &Series) -> String {
    let mut lines: Vec<String> = series.runs.iter().map(line).collect();
    let clean = series.runs.iter().filter(|row| row.sabotage.is_none()).count();
    let passed = series.runs.iter().filter(|row| row.result == RowResult::Clean).count();
    lines.push(format!(
        "\n{} on {}: {} of {} sabotages caught, {} missed, {} misblamed, {} void; {passed} of {clean} right recoveries passed",
        series.scenario,
        series.stack,
        series.caught,
        series.runs.len() - clean,
        series.missed,
        series.misblamed,
        series.void,
    ));
    if !series.not_applicable.is_empty() {
        lines.push(format!("for other faults: {}", series.not_applicable.join(", ")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The row of a right drill.
    fn right(result: RowResult) -> Row {
        Row {
            sabotage: None,
            does: None,
            expected: Vec::new(),
            result,
            verdict: Verdict::Inconclusive,
            hits: Vec::new(),
            others: vec!["aborted".to_owned()],
            run: PathBuf::new(),
            seconds: 1.0,
        }
    }

    #[test]
    fn what_was_broken_off_is_no_false_alarm_and_no_right_recovery_either() {
        let alarm = RowResult::FalseAlarm;
        assert_eq!(alarm.unless_broken_off(false), RowResult::FalseAlarm);
        assert_eq!(RowResult::Missed.unless_broken_off(true), RowResult::Void);
        assert_eq!(RowResult::Caught.unless_broken_off(true), RowResult::Caught);
        let runs = [alarm.unless_broken_off(true), RowResult::Clean].map(right).into();
        let (scenario, stack) = ("loss".to_owned(), "notes".to_owned());
        let (version, not_applicable) = (SERIES_VERSION, Vec::new());
        let (caught, missed, misblamed, false_alarms, void) = (0, 0, 0, 0, 1);
        let series = Series {
            version,
            scenario,
            stack,
            blind: false,
            not_applicable,
            runs,
            caught,
            missed,
            misblamed,
            false_alarms,
            void,
        };
        let table = table(&series);
        assert!(table.starts_with("VOID         (a right recovery)            seen aborted"), "{table}");
        assert!(table.ends_with("1 void; 1 of 2 right recoveries passed"), "{table}");
    }
}
