//! `summary.md`: what a CI server shows on the page of a job. Begins with DRILL, so that nobody takes it for the real thing.

use super::catalogue::{self, Label};
use super::lang::Lang;
use super::view::{View, shares};
use crate::verdict::{TenantResult, Verdict};
use std::time::Duration;

/// Findings that are listed; the rest is counted.
const LISTED: usize = 20;

pub(super) fn summary(view: &View) -> String {
    let (plan, judgement, lang) = (&view.timeline.started.plan, view.judgement, view.lang);
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line(&format!(
        "## {} {} {}: {}",
        sign(judgement.verdict),
        Label::Drill.text(lang),
        catalogue::verdict(judgement.verdict, lang),
        escape(lang.text(&plan.title))
    ));
    line("");
    line(&escape(catalogue::verdict_means(judgement.verdict, lang)));
    line("");
    if let Some(sabotage) = view.sabotage() {
        line(&format!("**{}**", escape(&sabotage)));
        line("");
    }
    line(&format!("- **RTO**: {}", rto(view)));
    line(&format!("- **RPO**: {}", rpo(view)));
    line(&format!(
        "- **{}**: {}, {} {}, {}",
        Label::TestedOn.text(lang),
        catalogue::test_object(plan.stack.test_object, lang),
        plan.tenants.len(),
        Label::TenantsCounted.text(lang),
        lang.bytes(view.bytes())
    ));
    line(&format!("- **{}**: {}, {}", Label::Run.text(lang), view.timeline.started.run, lang.rfc3339(view.began())));
    if let Some(parent) = &view.timeline.started.parent {
        line(&format!("- **{}**: {}", Label::Parent.text(lang), catalogue::parent(parent, lang)));
    }
    let calibration = catalogue::calibration(view.timeline.started.calibration.as_ref(), lang);
    line(&format!("- **{}**: {}", Label::Calibration.text(lang), escape(&calibration)));
    line("");
    line(&row(&[Label::Tenant, Label::Result, Label::RecoveryTime, Label::MachineColumn, Label::Outage, Label::Loss]
        .map(|label| label.text(lang).to_owned())));
    line("|---|---|---:|---:|---:|---:|");
    for (tenant, result) in &judgement.tenants {
        line(&row(&cells(view, tenant.as_str(), result)));
    }
    line("");
    if judgement.findings.is_empty() {
        line(Label::NoFindings.text(lang));
    } else {
        line(&format!("### {}", Label::Findings.text(lang)));
        line("");
        for finding in view.findings().into_iter().take(LISTED) {
            let severity = catalogue::severity(finding.severity, lang);
            line(&format!("- **{severity}**: {}", escape(&catalogue::finding_line(finding, lang))));
        }
        let more = view.hidden() + judgement.findings.len().saturating_sub(LISTED) as u64;
        if more > 0 {
            line(&format!("- + {} {}", lang.count(more), Label::More.text(lang)));
        }
    }
    if !judgement.reasons.is_empty() {
        line("");
        line(&format!("### {}", Label::Reasons.text(lang)));
        line("");
        for group in view.reason_groups() {
            let Some(first) = group.first() else { continue };
            let more = if group.len() > 1 {
                format!(" + {} {}", group.len() - 1, Label::More.text(lang))
            } else {
                String::new()
            };
            line(&format!("- {}{more}", escape(&catalogue::reason_line(first, lang))));
        }
    }
    let logs = view.timeline.logs.len() as u64;
    if judgement.verdict != Verdict::Passed && logs > 0 {
        line("");
        let (label, files) = (Label::Logs.text(lang), Label::Files.text(lang));
        line(&format!("{label}: `logs/` ({} {files})", lang.count(logs)));
    }
    line("");
    line(&format!("{}: `report.html`. {}: `{}`", Label::Report.text(lang), Label::JournalHead.text(lang), view.head()));
    out
}

/// `machine 17.3 s + declared 25 min = 25 min 17 s of 4 h`, as in the headline of every report.
pub(super) fn rto(view: &View) -> String {
    let (judgement, lang) = (view.judgement, view.lang);
    let objective = lang.duration(judgement.objectives.rto);
    let of = lang.pick("of", "von");
    let told = judgement.rto.as_ref().map_or_else(
        || format!("{}, {} {objective}", Label::NoTime.text(lang), Label::Objective.text(lang)),
        |rto| format!("{} = {} {of} {objective}", shares(rto, lang), lang.duration(rto.hi)),
    );
    told + &met(view.rto_met(), lang)
}

/// Measured, predicted and worst case against the objective.
pub(super) fn rpo(view: &View) -> String {
    let (judgement, lang) = (view.judgement, view.lang);
    let unknown = || Label::Unknown.text(lang).to_owned();
    let time = |loss: Option<Duration>| loss.map_or_else(unknown, |loss| lang.duration(loss));
    format!(
        "{} {} {}{} ({} {}, {} {})",
        time(judgement.rpo),
        lang.pick("of", "von"),
        lang.duration(judgement.objectives.rpo),
        met(view.rpo_met(), lang),
        Label::Predicted.text(lang),
        time(view.predicted_loss()),
        Label::WorstCase.text(lang),
        time(view.worst_case()),
    )
}

fn met(met: Option<bool>, lang: Lang) -> String {
    let label = met.map(|met| if met { Label::Met } else { Label::Missed });
    label.map_or_else(String::new, |label| format!(", {}", label.text(lang)))
}

fn cells(view: &View, tenant: &str, result: &TenantResult) -> [String; 6] {
    let lang = view.lang;
    let none = || "–".to_owned();
    let rto = result.rto.as_ref();
    [
        escape(tenant),
        catalogue::tenant_state(result.state, lang).to_owned(),
        rto.map_or_else(none, |rto| lang.duration(rto.hi)),
        rto.map_or_else(none, |rto| format!("{} – {}", lang.duration(rto.machine_lo), lang.duration(rto.machine_hi))),
        view.outage(result),
        result.rpo.loss.map_or_else(|| Label::Unknown.text(lang).to_owned(), |loss| lang.duration(loss)),
    ]
}

fn row(cells: &[String; 6]) -> String {
    format!("| {} |", cells.join(" | "))
}

const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "✅",
        Verdict::Failed => "❌",
        Verdict::Inconclusive => "⚠️",
    }
}

/// Text from outside must not become markup, a link, an image, a mention or a new row.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in catalogue::one_line(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '!' | '|' | '~' | '@' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // `https://` becomes a link by itself unless it is interrupted; a colon before a space is only a colon.
            '/' if out.ends_with(":/") => out.push_str("\\/"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_text() {
        assert_eq!(escape("<script>a|b</script>"), "&lt;script&gt;a\\|b&lt;/script&gt;");
        assert_eq!(escape("![x](https://example.org)\n| new"), "\\!\\[x\\](https:/\\/example.org) \\| new");
        assert_eq!(escape("see: @all"), "see: \\@all");
    }
}
