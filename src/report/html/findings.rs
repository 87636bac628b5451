//! What is wrong, worst first; why the drill cannot be judged; what was not tested.

use crate::report::catalogue::{self, Label};
use crate::report::lang::Lang;
use crate::report::view::View;
use crate::verdict::{Finding, Reason, Severity};
use maud::{Markup, html};

/// Findings and reasons; both are shown when both are there.
pub(super) fn findings(view: &View) -> Markup {
    let (judgement, lang) = (view.judgement, view.lang);
    html! {
        section id="findings" aria-labelledby="h-findings" {
            h2 id="h-findings" { (Label::Findings.text(lang)) }
            @if judgement.findings.is_empty() { p class="lead" { (Label::NoFindings.text(lang)) } }
            @else {
                p class="lead" { (counts(view)) }
                ol class="findings" { @for group in view.finding_groups() { (finding_group(&group, lang)) } }
                @let hidden = view.hidden();
                @if hidden > 0 { p class="soft" { "+ " (lang.count(hidden)) " " (Label::More.text(lang)) } }
            }
            @if !judgement.reasons.is_empty() {
                h3 { (Label::Reasons.text(lang)) }
                ol class="findings" { @for group in view.reason_groups() { (reason_group(&group, lang)) } }
            }
            (tails(view))
            (logs(view))
        }
    }
}

const fn tone(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "failed",
        Severity::Major => "inconclusive",
        Severity::Minor => "neutral",
    }
}

fn finding_group(group: &[&Finding], lang: Lang) -> Markup {
    let rows: Vec<_> = group.iter().map(|finding| catalogue::finding_facts(finding, lang)).collect();
    html! {
        @if let Some(first) = group.first() {
            li class=(tone(first.severity)) {
                span class="pill" { (catalogue::severity(first.severity, lang)) }
                (sentence(catalogue::finding(first.code, lang), first.code.name(), &rows, lang))
            }
        }
    }
}

fn reason_group(group: &[&Reason], lang: Lang) -> Markup {
    let rows: Vec<_> = group.iter().map(|reason| catalogue::reason_facts(reason, lang)).collect();
    html! {
        @if let Some(first) = group.first() {
            li class="inconclusive" { (sentence(catalogue::reason(first.code, lang), first.code.name(), &rows, lang)) }
        }
    }
}

/// Label and value, in the order in which they are told.
type Facts = Vec<(&'static str, String)>;

/// So many places are shown at once; further ones open on demand.
const OPEN: usize = 8;

/// The sentence once, then all the places where it is so.
fn sentence(text: &str, code: &str, rows: &[Facts], lang: Lang) -> Markup {
    let (shown, folded) = rows.split_at(rows.len().min(OPEN));
    html! {
        p class="what" {
            (text) "."
            @if rows.len() > 1 { span class="soft" { " " (lang.count(rows.len() as u64)) "×" } }
            " " code class="soft" { (code) }
        }
        ul class="where" { @for row in shown { (facts(row)) } }
        @if !folded.is_empty() {
            details { summary { "+ " (lang.count(folded.len() as u64)) " " (Label::More.text(lang)) } ul class="where" { @for row in folded { (facts(row)) } } }
        }
    }
}

fn facts(facts: &Facts) -> Markup {
    html! {
        @if !facts.is_empty() {
            li { @for (index, (label, value)) in facts.iter().enumerate() { @if index > 0 { " · " } (label) " " b { (value) } } }
        }
    }
}

/// How many of which severity, those included that are not listed one by one.
fn counts(view: &View) -> String {
    let lang = view.lang;
    let of = |severity| {
        let count = view.judgement.findings.iter().filter(|finding| finding.severity == severity).count();
        format!("{} {}", lang.count(count as u64), catalogue::severity(severity, lang))
    };
    [Severity::Critical, Severity::Major, Severity::Minor].map(of).join(" · ")
}

fn tails(view: &View) -> Markup {
    let failed = view.failed_tasks();
    html! {
        @if !failed.is_empty() {
            h3 { (Label::LastLines.text(view.lang)) }
            @for task in failed {
                p class="soft small" style="margin-bottom:0" { code { (task.what) } }
                pre class="tail" { (printable(task.tail)) }
            }
        }
    }
}

/// Where to read on.
fn logs(view: &View) -> Markup {
    let (count, lang) = (view.timeline.logs.len() as u64, view.lang);
    html! {
        @if count > 0 {
            p class="soft small" { (Label::Logs.text(lang)) ": " code { "logs/" } " (" (lang.count(count)) " " (Label::Files.text(lang)) ")" }
        }
    }
}

/// Lines stay lines; what would steer a terminal or turn the reading direction goes.
fn printable(tail: &str) -> String {
    tail.lines().map(catalogue::one_line).collect::<Vec<_>>().join("\n")
}

pub(super) fn not_tested(view: &View) -> Markup {
    let (plan, lang) = (&view.timeline.started.plan, view.lang);
    html! {
        section id="not-tested" aria-labelledby="h-not-tested" {
            h2 id="h-not-tested" { (Label::NotTested.text(lang)) }
            p class="lead" { (catalogue::test_object_limit(plan.stack.test_object, lang)) }
            ul class="listed" {
                @if plan.calendar.scheduled > plan.calendar.generations.len() {
                    li {
                        (lang.count(plan.calendar.generations.len() as u64)) " " (lang.pick("of", "von")) " "
                        (lang.count(plan.calendar.scheduled as u64)) " "
                        (lang.pick("scheduled backups were really taken in the simulated time.", "geplanten Sicherungen wurden in der simulierten Zeit wirklich gezogen."))
                    }
                }
                @for item in &view.judgement.not_tested { li { (catalogue::not_tested(item, lang)) } }
            }
        }
    }
}
