//! The first screen: verdict in words, recovery time and loss against their objectives, what it was tested on, which run.

use crate::report::catalogue::{self, Label};
use crate::report::draw::{Segment, objective_bar};
use crate::report::lang::Lang;
use crate::report::view::{View, shares};
use crate::verdict::{Rto, Verdict};
use maud::{Markup, html};
use std::time::Duration;

/// Class names of the style sheet.
pub(super) const fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Inconclusive => "inconclusive",
    }
}

pub(super) fn header(view: &View) -> Markup {
    let (started, lang) = (&view.timeline.started, view.lang);
    html! {
        header class="top" {
            p class="eyebrow" { b { (Label::Drill.text(lang)) } " · " (Label::RecoveryTest.text(lang)) " · " (lang.text(&started.plan.stack.title)) }
            h1 { (lang.text(&started.plan.title)) }
            (banner(view))
            @if let Some(sabotage) = view.sabotage() { p class="sabotaged" id="sabotaged" { (sabotage) } }
            div class="cards" {
                (rto(view))
                (rpo(view))
                (tested_on(view))
                (run(view))
            }
            (contents(lang))
        }
    }
}

fn banner(view: &View) -> Markup {
    let (verdict, lang) = (view.judgement.verdict, view.lang);
    html! {
        div class=(format!("banner {}", verdict_class(verdict))) id="verdict" role="status" {
            (sign(verdict))
            div {
                strong class="word" { span class="eyebrow" style="display:block;color:inherit" { (Label::Verdict.text(lang)) } (capital(catalogue::verdict(verdict, lang))) }
                p { (catalogue::verdict_means(verdict, lang)) }
            }
        }
    }
}

/// A sign beside the word: shape, not colour alone.
fn sign(verdict: Verdict) -> Markup {
    let path = match verdict {
        Verdict::Passed => "M14 25 l7 7 l14 -15",
        Verdict::Failed => "M16 16 l16 16 M32 16 l-16 16",
        Verdict::Inconclusive => "M18 19 a6 6 0 1 1 9 5 q-3 2 -3 5 M24 34 l0 0.5",
    };
    html! {
        svg viewBox="0 0 48 48" aria-hidden="true" {
            circle cx="24" cy="24" r="22" fill="none" stroke="currentColor" stroke-width="3" {}
            path d=(path) fill="none" stroke="currentColor" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round" {}
        }
    }
}

/// Verdicts are lower-case in the catalogue; at the top they begin a line.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn rto(view: &View) -> Markup {
    let (objectives, lang) = (&view.judgement.objectives, view.lang);
    let of = format!("{} {}", Label::Objective.text(lang), lang.duration(objectives.rto));
    html! {
        section class="card" id="rto" aria-labelledby="h-rto" style="margin:0;border:0" {
            h2 id="h-rto" { (Label::Rto.text(lang)) }
            @if let Some(rto) = &view.judgement.rto {
                p class="figure" { (lang.duration(rto.hi)) " " small { (lang.pick("of", "von")) " " (lang.duration(objectives.rto)) } }
                p class="sum" { (shares(rto, lang)) }
                (objective_bar("bar-rto", &rto_segments(rto, lang), objectives.rto, &of, Label::Rto.text(lang)))
            } @else {
                p class="figure" { (Label::NoTime.text(lang)) }
                p class="sum" { (lang.pick("At least one tenant that the fault hit has none.", "Mindestens ein betroffener Mandant hat keine.")) " " (of) }
                (objective_bar("bar-rto", &[], objectives.rto, &of, Label::Rto.text(lang)))
            }
            (hold(view.rto_met(), lang))
        }
    }
}

fn rto_segments(rto: &Rto, lang: Lang) -> Vec<Segment> {
    let segment = |class, label: Label, length, declared| Segment {
        class,
        label: format!("{} {}", label.text(lang), lang.duration(length)),
        length,
        declared,
    };
    vec![
        segment("fill-machine", Label::Machine, rto.machine_hi, false),
        segment("fill-declared", Label::Declared, rto.declared, true),
    ]
}

fn rpo(view: &View) -> Markup {
    let (judgement, lang) = (view.judgement, view.lang);
    let objective = judgement.objectives.rpo;
    let of = format!("{} {}", Label::Objective.text(lang), lang.duration(objective));
    let worst = view.worst_case().unwrap_or_default();
    let predicted = view.predicted_loss();
    let measured = judgement.rpo;
    html! {
        section class="card" id="rpo" aria-labelledby="h-rpo" style="margin:0;border:0" {
            h2 id="h-rpo" { (Label::Rpo.text(lang)) }
            p class="figure" {
                (measured.map_or_else(|| Label::Unknown.text(lang).to_owned(), |loss| lang.duration(loss)))
                " " small { (lang.pick("of", "von")) " " (lang.duration(objective)) }
            }
            p class="sum" {
                (Label::Predicted.text(lang)) " " (predicted.map_or_else(|| Label::Unknown.text(lang).to_owned(), |loss| lang.duration(loss)))
                " · " (Label::WorstCase.text(lang)) " " (lang.duration(worst))
            }
            (objective_bar("bar-rpo", &rpo_segments(measured, worst, lang), objective, &of, Label::Rpo.text(lang)))
            (hold(view.rpo_met(), lang))
        }
    }
}

/// What was lost, and what the same disaster at a worse moment would add.
fn rpo_segments(measured: Option<Duration>, worst: Duration, lang: Lang) -> Vec<Segment> {
    let lost = measured.unwrap_or_default();
    let rest = worst.saturating_sub(lost);
    vec![
        Segment {
            class: "fill-measured",
            label: format!("{} {}", Label::Measured.text(lang), lang.duration(lost)),
            length: lost,
            declared: false,
        },
        Segment {
            class: "fill-declared",
            label: format!("{} {}", Label::WorstCase.text(lang), lang.duration(worst)),
            length: rest,
            declared: true,
        },
    ]
}

/// Nothing when nobody knows: the figure above says so.
fn hold(met: Option<bool>, lang: Lang) -> Markup {
    let told = met.map(|met| if met { ("passed", "✓", Label::Met) } else { ("failed", "✕", Label::Missed) });
    html! {
        @if let Some((class, sign, label)) = told {
            span class="hold" { span class=(format!("pill {class}")) { span aria-hidden="true" { (sign) } (label.text(lang)) } }
        }
    }
}

fn tested_on(view: &View) -> Markup {
    let (plan, lang) = (&view.timeline.started.plan, view.lang);
    html! {
        section class="card" id="tested-on" aria-labelledby="h-tested-on" style="margin:0;border:0" {
            h2 id="h-tested-on" { (Label::TestedOn.text(lang)) }
            p class="figure" style="font-size:1.25rem" { (capital(catalogue::test_object(plan.stack.test_object, lang))) }
            dl class="facts" style="margin-top:.7rem" {
                dt { (Label::Fault.text(lang)) } dd { (plan.faults.iter().map(|fault| catalogue::fault(fault, lang)).collect::<Vec<_>>().join(", ")) }
                dt { (Label::Restored.text(lang)) } dd { (catalogue::tag(plan.runbook.tag, lang)) ", " (plan.runbook.from) }
                dt { (Label::Tenants.text(lang)) } dd { (plan.tenants.len()) " (" (plan.tenants.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")) ")" }
                dt { (Label::Bytes.text(lang)) } dd { (lang.bytes(view.bytes())) }
            }
        }
    }
}

fn run(view: &View) -> Markup {
    let (started, lang) = (&view.timeline.started, view.lang);
    html! {
        section class="card" id="run" aria-labelledby="h-run" style="margin:0;border:0" {
            h2 id="h-run" { (Label::TheRun.text(lang)) }
            p class="figure mono" style="font-size:1.25rem" { (started.run) }
            dl class="facts" style="margin-top:.7rem" {
                @if let Some(parent) = &started.parent { dt { (Label::Parent.text(lang)) } dd { (catalogue::parent(parent, lang)) } }
                dt { (Label::Began.text(lang)) } dd { (lang.rfc3339(view.began())) }
                dt { (Label::Took.text(lang)) } dd { (lang.duration(view.took())) }
                dt { (Label::Host.text(lang)) } dd { (started.host) " (" (started.trigger) ")" }
                @if let Some(commit) = &started.commit { dt { (Label::Commit.text(lang)) } dd { code { (commit) } } }
                @if !started.plan.risks.is_empty() { dt { (Label::Risks.text(lang)) } dd { (started.plan.risks.join(", ")) } }
            }
        }
    }
}

fn contents(lang: Lang) -> Markup {
    let links = [
        ("findings", Label::Findings),
        ("tenants", Label::PerTenant),
        ("timeline", Label::Timeline),
        ("parts", Label::Parts),
        ("checks", Label::Checks),
        ("backups", Label::Slots),
        ("not-tested", Label::NotTested),
        ("ran-on", Label::RanOn),
        ("integrity", Label::Integrity),
    ];
    html! {
        nav class="toc" aria-label=(lang.pick("Contents", "Inhalt")) {
            @for (id, label) in links { a href=(format!("#{id}")) { (label.text(lang)) } }
        }
    }
}
