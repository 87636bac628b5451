//! What the drill ran on and how to check this page: sections that come from the plan and the start of the run, not from the judgement.

use crate::journal::RunStarted;
use crate::plan::Plan;
use crate::report::catalogue::{self, Label, glossary};
use crate::report::lang::Lang;
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::time::Duration;

/// Declared times; nothing when none were declared.
pub(super) fn allowances(plan: &Plan, lang: Lang) -> Markup {
    let total: Duration = plan.allowances.iter().map(|allowance| allowance.takes).sum();
    html! {
        @if !plan.allowances.is_empty() {
            section id="allowances" aria-labelledby="h-allowances" {
                h2 id="h-allowances" { (Label::Allowances.text(lang)) }
                p class="lead" { (lang.pick(
                    "Counted in the recovery time, not measured: a drill cannot do these.",
                    "In der Wiederherstellungszeit angerechnet, nicht gemessen: ein Test kann sie nicht ausführen.",
                )) }
                div class="wide" {
                    table {
                        caption class="unseen" { (Label::Allowances.text(lang)) }
                    thead { tr { th scope="col" { (Label::For.text(lang)) } th scope="col" class="number" { (Label::Time.text(lang)) } } }
                        tbody {
                            @for allowance in &plan.allowances {
                                tr { th scope="row" { (allowance.what) } td class="number" { (lang.duration(allowance.takes)) } }
                            }
                            tr { th scope="row" { (Label::Total.text(lang)) } td class="number" { b { (lang.duration(total)) } } }
                        }
                    }
                }
            }
        }
    }
}

/// Versions, datacenters, inputs.
pub(super) fn ran_on(started: &RunStarted, versions: &BTreeMap<&str, &str>, lang: Lang) -> Markup {
    let plan = &started.plan;
    html! {
        section id="ran-on" aria-labelledby="h-ran-on" {
            h2 id="h-ran-on" { (Label::RanOn.text(lang)) }
            p class="lead" { (lang.text(&plan.stack.title)) " – " (catalogue::test_object(plan.stack.test_object, lang)) }
            div class="wide" {
                table {
                    caption class="unseen" { (Label::Datacenter.text(lang)) }
                    thead { tr {
                        th scope="col" { (Label::Datacenter.text(lang)) }
                        th scope="col" { (Label::Country.text(lang)) }
                        th scope="col" { (Label::Provider.text(lang)) }
                    } }
                    tbody {
                        @for (name, datacenter) in &plan.stack.datacenters {
                            tr {
                                th scope="row" { (name) small class="soft" { " " (catalogue::role(datacenter.role, lang)) } }
                                td { (datacenter.country) }
                                td { (datacenter.provider) ", " (datacenter.seat) }
                            }
                        }
                    }
                }
            }
            div class="wide" {
                table {
                    caption class="unseen" { (Label::Component.text(lang)) }
                    thead { tr { th scope="col" { (Label::Component.text(lang)) } th scope="col" { (Label::Version.text(lang)) } } }
                    tbody {
                        tr { th scope="row" { (Label::Program.text(lang)) } td { code { (started.program) } } }
                        @for (name, version) in versions {
                            tr { th scope="row" { (name) } td { code { (version) } } }
                        }
                    }
                }
            }
            div class="wide" {
                table {
                    caption class="unseen" { (Label::File.text(lang)) }
                    thead { tr { th scope="col" { (Label::File.text(lang)) } th scope="col" { (Label::Hash.text(lang)) } } }
                    tbody {
                        @for input in &plan.inputs {
                            tr { th scope="row" { (input.path.display()) } td { code { (input.sha256) } } }
                        }
                    }
                }
            }
        }
    }
}

/// How far the times can be trusted, how this page can be checked, and the glossary.
pub(super) fn integrity(started: &RunStarted, head: &str, lang: Lang) -> Markup {
    html! {
        section id="calibration" aria-labelledby="h-calibration" {
            h2 id="h-calibration" { (Label::Calibration.text(lang)) }
            p class="lead" { (lang.pick(
                "A calibration has the same prober look at outages of known length and compares what is computed from its slots with the truth. The last one before this run:",
                "Eine Kalibrierung beobachtet Ausfälle bekannter Länge mit derselben Messung und vergleicht das Berechnete mit der Wahrheit. Die letzte vor diesem Lauf:",
            )) }
            p { (catalogue::calibration(started.calibration.as_ref(), lang)) }
        }
        section id="integrity" aria-labelledby="h-integrity" {
            h2 id="h-integrity" { (Label::Integrity.text(lang)) }
            p class="lead" { (lang.pick(
                "Every figure on this page is computed from the journal, whose lines form a chain of hashes. The same journal and the same program version give this page again, byte for byte. Note the head elsewhere: it then shows whether anything was changed or cut off.",
                "Jede Angabe dieser Seite wird aus dem Protokoll berechnet, dessen Zeilen eine Kette von Prüfsummen bilden. Dasselbe Protokoll und dieselbe Programmversion ergeben diese Seite erneut, Byte für Byte. Wer den Kopf andernorts notiert, erkennt daran jede Änderung und jedes Kürzen.",
            )) }
            dl class="facts" {
                dt { (Label::JournalHead.text(lang)) } dd { code id="journal-head" { (head) } }
                dt { (Label::PlanHash.text(lang)) } dd { code { (started.plan_sha256) } }
                dt { (Label::Program.text(lang)) } dd { code { (started.program) } }
            }
        }
        section id="glossary" aria-labelledby="h-glossary" {
            h2 id="h-glossary" { (Label::Glossary.text(lang)) }
            dl class="glossary" {
                @for (word, means) in glossary(lang) { dt { (word) } dd { (means) } }
            }
        }
    }
}
