//! The checks with how much each looked at, and the backups that were found, slot by slot.

use crate::ids::{Datacenter, Tenant};
use crate::plan::Generation;
use crate::report::catalogue::{self, Label};
use crate::report::view::{Held, View};
use crate::verdict::CheckOutcome;
use maud::{Markup, html};

/// Class and sign of an outcome.
const fn tone(outcome: CheckOutcome) -> (&'static str, &'static str) {
    match outcome {
        CheckOutcome::Passed => ("passed", "✓"),
        CheckOutcome::Failed => ("failed", "✕"),
        CheckOutcome::Inconclusive => ("inconclusive", "?"),
        CheckOutcome::NotApplicable => ("neutral", "–"),
    }
}

pub(super) fn checks(view: &View) -> Markup {
    let lang = view.lang;
    html! {
        section id="checks" aria-labelledby="h-checks" {
            h2 id="h-checks" { (Label::Checks.text(lang)) }
            p class="lead" { (lang.pick(
                "A check that looked at nothing is never passed.",
                "Eine Prüfung, die nichts betrachtet hat, gilt nie als bestanden.",
            )) }
            div class="wide" tabindex="0" role="region" aria-labelledby="h-checks" {
                table class="stacked" {
                    caption class="unseen" { (Label::Checks.text(lang)) }
                    thead { tr {
                        th scope="col" { (Label::Check.text(lang)) }
                        th scope="col" { (Label::Result.text(lang)) }
                        th scope="col" class="number" { (Label::Items.text(lang)) }
                        th scope="col" class="number" { (Label::Findings.text(lang)) }
                    } }
                    tbody {
                        @for result in &view.judgement.checks {
                            @let (class, sign) = tone(result.outcome);
                            tr {
                                th scope="row" { (catalogue::check(result.check, lang)) small class="soft" style="display:block;font-weight:400" { (catalogue::check_means(result.check, lang)) } }
                                td { span class=(format!("pill {class}")) { span aria-hidden="true" { (sign) } (catalogue::outcome(result.outcome, lang)) } }
                                td class="number" data-label=(Label::Items.text(lang)) { (lang.count(result.items)) }
                                td class="number" data-label=(Label::Findings.text(lang)) { (lang.count(result.findings)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The promised generations in both vaults, per tenant, each with whether it was there.
pub(super) fn backups(view: &View) -> Markup {
    let (plan, lang) = (&view.timeline.started.plan, view.lang);
    let vaults = [(&plan.stack.primary, &plan.calendar.vault_keeps), (&plan.stack.mirror, &plan.calendar.mirror_keeps)];
    html! {
        section id="backups" aria-labelledby="h-backups" {
            h2 id="h-backups" { (Label::Slots.text(lang)) }
            p class="lead" { (lang.pick(
                "Each promised slot, as the vaults listed it before the fault: for how many tenants a backup of that time was there.",
                "Jeder zugesagte Zeitpunkt, wie ihn die Tresore vor der Störung auflisteten: für wie viele Mandanten eine Sicherung dieses Zeitpunkts da war.",
            )) }
            @for (vault, promised) in vaults {
                h3 { (Label::Vault.text(lang)) " " (vault) " (" (catalogue::role(role(view, vault), lang)) ")" }
                @if promised.is_empty() { p class="soft" { (Label::None.text(lang)) } }
                ul class="slots" { @for generation in promised { (slot(view, vault, generation)) } }
            }
        }
    }
}

fn role(view: &View, vault: &Datacenter) -> crate::plan::Role {
    let known = view.timeline.started.plan.stack.datacenters.get(vault);
    known.map_or(crate::plan::Role::Spare, |datacenter| datacenter.role)
}

fn slot(view: &View, vault: &Datacenter, generation: &Generation) -> Markup {
    let lang = view.lang;
    let tenants: Vec<&Tenant> = view.timeline.started.plan.tenants.iter().collect();
    let held: Vec<Held> = tenants.iter().map(|tenant| view.holds(vault, tenant, generation)).collect();
    let there = held.iter().filter(|held| **held == Held::Yes).count();
    let (class, sign, label) = if held.contains(&Held::No) {
        ("failed", "✕", Label::Missing)
    } else if held.contains(&Held::Unknown) {
        ("inconclusive", "?", Label::Unlisted)
    } else {
        ("passed", "✓", Label::Present)
    };
    html! {
        li class=(class) {
            b { span aria-hidden="true" { (sign) " " } (there) "/" (tenants.len()) " " (label.text(lang)) }
            span { (lang.drill_time(generation.time)) }
            span class="soft" { (catalogue::tag(generation.tag, lang)) }
        }
    }
}
