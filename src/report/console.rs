//! The verdict that fits a screen: at most 40 lines, at most 100 columns, words before colours.

use super::catalogue::{self, Label};
use super::summary::{rpo, rto};
use super::view::View;
use crate::verdict::{Finding, Severity, TenantState, Verdict};

/// Lines of each block; what they and the headings leave of the screen is for the findings.
const SCREEN: usize = 40;
const TENANTS: usize = 7;
const FINDINGS: usize = 10;
const REASONS: usize = 3;
const TAIL: usize = 4;
const COLUMNS: usize = 100;

/// Whether escape sequences may be used; plain text otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Never,
    Ansi,
}

/// `place` = where the report lies, as the reader would type it.
pub(super) fn console(view: &View, colour: Colour, place: &str) -> String {
    let (started, judgement, lang) = (&view.timeline.started, view.judgement, view.lang);
    let word = catalogue::verdict(judgement.verdict, lang).to_uppercase();
    let mut out = vec![
        format!(
            "{}  {} – {}",
            paint(&word, tone(judgement.verdict), colour),
            started.plan.name,
            cut(lang.text(&started.plan.title), 60)
        ),
        format!(
            "{} · {} · {} {} · {} · {}",
            Label::Drill.text(lang),
            catalogue::test_object(started.plan.stack.test_object, lang),
            started.plan.tenants.len(),
            Label::TenantsCounted.text(lang),
            lang.bytes(view.bytes()),
            started.run
        ),
    ];
    out.extend(view.sabotage());
    out.extend([String::new(), format!("RTO  {}", rto(view))]);
    out.extend(wrap("RPO  ", &rpo(view)));
    out.push(String::new());
    tenants(view, &mut out);
    out.push(String::new());
    let mut end = Vec::new();
    reasons(view, &mut end);
    tail(view, &mut end);
    end.push(format!("{}: {}", Label::Report.text(lang), place));
    let room = SCREEN - out.len() - end.len();
    findings(view, colour, room, &mut out);
    out.append(&mut end);
    out.iter().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn tenants(view: &View, out: &mut Vec<String>) {
    let lang = view.lang;
    let mut rows = vec![[
        Label::Tenant.text(lang).to_owned(),
        Label::Result.text(lang).to_owned(),
        Label::RecoveryTime.text(lang).to_owned(),
        Label::MachineColumn.text(lang).to_owned(),
        Label::Outage.text(lang).to_owned(),
        Label::Loss.text(lang).to_owned(),
    ]];
    // The worst first: if not all fit, those that are well are left out.
    let mut tenants: Vec<_> = view.judgement.tenants.iter().collect();
    tenants.sort_by_key(|(_, result)| match result.state {
        TenantState::NotRecovered => 0,
        TenantState::Unknown => 1,
        TenantState::Recovered => 2,
        TenantState::Bystander => 3,
    });
    let none = || "–".to_owned();
    for (tenant, result) in tenants.iter().take(TENANTS) {
        let rto = result.rto.as_ref();
        rows.push([
            tenant.to_string(),
            catalogue::tenant_state(result.state, lang).to_owned(),
            rto.map_or_else(none, |rto| lang.duration(rto.hi)),
            rto.map_or_else(none, |rto| {
                format!("{} – {}", lang.duration(rto.machine_lo), lang.duration(rto.machine_hi))
            }),
            view.outage(result),
            result.rpo.loss.map_or_else(|| Label::Unknown.text(lang).to_owned(), |loss| lang.duration(loss)),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push(cut(&cells.join("  "), COLUMNS));
    }
    if tenants.len() > TENANTS {
        out.push(format!("+ {} {}", tenants.len() - TENANTS, Label::More.text(lang)));
    }
}

/// A line for each, and a second one with where and what, while there is room for that.
fn findings(view: &View, colour: Colour, room: usize, out: &mut Vec<String>) {
    let (judgement, lang) = (view.judgement, view.lang);
    if judgement.findings.is_empty() {
        out.push(Label::NoFindings.text(lang).to_owned());
        return;
    }
    let all: u64 = view.hidden() + judgement.findings.len() as u64;
    out.push(format!("{}: {}", Label::Findings.text(lang), lang.count(all)));
    let shown = judgement.findings.len().min(FINDINGS);
    let twice = 2 + 2 * shown <= room;
    for finding in view.findings().into_iter().take(shown) {
        let severity = catalogue::severity(finding.severity, lang);
        let tenant = finding.tenant.as_ref().map_or_else(String::new, |tenant| format!("{tenant}: "));
        let text = cut(&format!("{tenant}{}", catalogue::finding(finding.code, lang)), COLUMNS - 13);
        let code = if finding.severity == Severity::Critical { RED } else { YELLOW };
        out.push(format!(
            "  {}{} {text}",
            paint(severity, code, colour),
            " ".repeat(10 - severity.chars().count().min(10))
        ));
        // The tenant stands in the line above.
        let facts = catalogue::finding_facts(&Finding { tenant: None, ..finding.clone() }, lang);
        if twice && !facts.is_empty() {
            out.push(format!("             {}", cut(&catalogue::joined(&facts), COLUMNS - 13)));
        }
    }
    if all > shown as u64 {
        out.push(format!("  + {} {}", lang.count(all - shown as u64), Label::More.text(lang)));
    }
}

fn reasons(view: &View, out: &mut Vec<String>) {
    let (groups, lang) = (view.reason_groups(), view.lang);
    if groups.is_empty() {
        return;
    }
    out.push(format!("{}: {}", Label::Reasons.text(lang), view.judgement.reasons.len()));
    for group in groups.iter().take(REASONS) {
        let Some(first) = group.first() else { continue };
        let times = if group.len() > 1 { format!("{}× ", group.len()) } else { String::new() };
        let width = COLUMNS - 2 - times.chars().count();
        out.push(format!("  {times}{}", cut(&catalogue::reason_line(first, lang), width)));
    }
    if groups.len() > REASONS {
        out.push(format!("  + {} {}", groups.len() - REASONS, Label::More.text(lang)));
    }
}

/// The last task that failed tells most.
fn tail(view: &View, out: &mut Vec<String>) {
    let Some(task) = view.failed_tasks().pop() else { return };
    out.push(format!("{} – {}:", Label::LastLines.text(view.lang), cut(&catalogue::one_line(task.what), 60)));
    let lines: Vec<&str> = task.tail.lines().filter(|line| !line.trim().is_empty()).collect();
    for line in lines.iter().skip(lines.len().saturating_sub(TAIL)) {
        out.push(format!("  | {}", cut(&catalogue::one_line(line), COLUMNS - 4)));
    }
}

/// Breaks after the first ` (`, so that the bracket stands below.
fn wrap(label: &str, text: &str) -> Vec<String> {
    match text.split_once(" (") {
        Some((head, rest)) => vec![format!("{label}{head}"), format!("     ({rest}")],
        None => vec![format!("{label}{text}")],
    }
}

/// Longer lines would wrap and push the verdict off the screen.
fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(columns.saturating_sub(1)).collect();
    short.push('…');
    short
}

const RED: &str = "31";
const YELLOW: &str = "33";
const GREEN: &str = "32";

const fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => GREEN,
        Verdict::Failed => RED,
        Verdict::Inconclusive => YELLOW,
    }
}

fn paint(text: &str, code: &str, colour: Colour) -> String {
    match colour {
        Colour::Never => text.to_owned(),
        Colour::Ansi => format!("\u{1b}[1;{code}m{text}\u{1b}[0m"),
    }
}
