//! One row per tenant: recovery time as an interval, outage, and the three answers to what was lost. Then where the time went.

use crate::clock::DrillTime;
use crate::ids::Tenant;
use crate::report::catalogue::{self, Label};
use crate::report::draw::{Segment, stacked_bar, swatch};
use crate::report::lang::Lang;
use crate::report::view::{View, shares};
use crate::verdict::{Parts, TenantResult, TenantState};
use maud::{Markup, html};
use std::time::Duration;

pub(super) fn tenants(view: &View) -> Markup {
    let lang = view.lang;
    let columns = [
        Label::Result,
        Label::RecoveryTimeColumn,
        Label::MachineBounds,
        Label::Outage,
        Label::LossLedger,
        Label::LossRepository,
        Label::LossPrediction,
    ];
    html! {
        section id="tenants" aria-labelledby="h-tenants" {
            h2 id="h-tenants" { (Label::PerTenant.text(lang)) }
            p class="lead" { (lang.pick(
                "The loss is answered three times, independently: by the ledger of all writes, by the list of the backup repository, and by the backup plan. They must agree. Times are UTC on the drill clock.",
                "Der Verlust wird dreimal unabhängig bestimmt: aus dem Verzeichnis aller Schreibvorgänge, aus der Liste des Sicherungsbestands und aus dem Sicherungsplan. Die drei müssen übereinstimmen. Zeiten in UTC auf der Übungsuhr.",
            )) }
            div class="wide" tabindex="0" role="region" aria-labelledby="h-tenants" {
                table class="wide-table" {
                    caption class="unseen" { (Label::PerTenant.text(lang)) }
                    thead { tr {
                        th scope="col" { (Label::Tenant.text(lang)) }
                        @for column in columns { th scope="col" { (column.text(lang)) } }
                        th scope="col" class="number" { (Label::Items.text(lang)) }
                    } }
                    tbody { @for (tenant, result) in &view.judgement.tenants { (row(view, tenant, result)) } }
                }
            }
            (lost(view))
            (came_back(view))
        }
    }
}

fn row(view: &View, tenant: &Tenant, result: &TenantResult) -> Markup {
    let lang = view.lang;
    let tone = match result.state {
        TenantState::Recovered => "passed",
        TenantState::NotRecovered => "failed",
        TenantState::Unknown => "inconclusive",
        TenantState::Bystander => "neutral",
    };
    html! {
        tr {
            th scope="row" { (tenant) }
            td { span class=(format!("pill {tone}")) { (catalogue::tenant_state(result.state, lang)) } }
            td { @if let Some(rto) = &result.rto { (lang.duration(rto.hi)) } @else { "–" } }
            td { @if let Some(rto) = &result.rto { (lang.duration(rto.machine_lo)) " – " (lang.duration(rto.machine_hi)) } @else { "–" } }
            td { @if result.outage.windows.is_empty() { (Label::Unaffected.text(lang)) } @else { (lang.duration(result.outage.total)) @if result.outage.windows.len() > 1 { small { (result.outage.windows.len()) "×" } } @if !result.outage.injected.is_zero() { small { (lang.duration(result.outage.injected)) " " (Label::ByInjection.text(lang)) } } } }
            td {
                (result.rpo.loss.map_or_else(|| Label::Unknown.text(lang).to_owned(), |loss| lang.duration(loss)))
                @if result.rpo.loss.is_some() || result.rpo.lost > 0 { small { (lang.count(result.rpo.lost)) " " (Label::Lost.text(lang)) } }
                @if result.rpo.lost_meanwhile > 0 { small { (lang.count(result.rpo.lost_meanwhile)) " " (Label::LostMeanwhile.text(lang)) } }
                @if result.rpo.in_flight > 0 { small { (lang.count(result.rpo.in_flight)) " " (Label::InFlight.text(lang)) } }
            }
            td { (point(view, result.rpo.listed, result.state)) }
            td { (point(view, result.rpo.predicted, result.state)) }
            td class="number" { (lang.count(view.items(tenant))) }
        }
    }
}

/// A recovery point: how old it was when the disaster struck, and when it was.
fn point(view: &View, point: Option<DrillTime>, state: TenantState) -> Markup {
    let lang = view.lang;
    html! {
        @match (point, state) {
            (Some(point), _) => { (lang.duration(view.disaster().since(point))) small { (lang.drill_time(point).trim_end_matches(" UTC")) } }
            (None, TenantState::Bystander) => { (Label::NotHit.text(lang)) }
            (None, _) => { (Label::Unknown.text(lang)) }
        }
    }
}

/// So many lost writes of a tenant are shown; `report.json` has them all.
const SHOWN: usize = 20;

/// The acknowledged writes that are gone.
fn lost(view: &View) -> Markup {
    let lang = view.lang;
    let lossy = || view.judgement.tenants.iter().filter(|(_, result)| !result.rpo.lost_writes.is_empty());
    html! {
        @if lossy().next().is_some() {
            h3 { (lang.pick("Lost writes", "Verlorene Schreibvorgänge")) }
            p class="soft" { (lang.pick(
                "Acknowledged before the disaster and gone after it, the oldest first. report.json lists all of them.",
                "Vor dem Ausfall bestätigt und danach nicht mehr da, die ältesten zuerst. In report.json stehen alle.",
            )) }
            @for (tenant, result) in lossy() {
                details {
                    summary { b { (tenant) } ": " (lang.count(result.rpo.lost)) " " (Label::Lost.text(lang)) }
                    ul class="listed" {
                        @for write in result.rpo.lost_writes.iter().take(SHOWN) {
                            li { (catalogue::one_line(&write.item)) " " small { (lang.drill_time(write.drill)) } }
                        }
                        @let more = result.rpo.lost_writes.len().saturating_sub(SHOWN);
                        @if more > 0 { li { "+ " (lang.count(more as u64)) } }
                    }
                }
            }
        }
    }
}

/// What a restored backup brings back: to be applied again by hand.
fn came_back(view: &View) -> Markup {
    let lang = view.lang;
    let any = view.judgement.tenants.values().any(|result| !result.rpo.came_back.is_empty());
    html! {
        @if any {
            h3 { (lang.pick("Came back with the backup", "Mit der Sicherung zurückgekehrt")) }
            p class="soft" { (lang.pick(
                "Deleted or revoked after the backup, and therefore back. It must be deleted or revoked again.",
                "Nach der Sicherung gelöscht oder entzogen und deshalb wieder da. Es muss erneut gelöscht oder entzogen werden.",
            )) }
            ul class="listed" {
                @for (tenant, result) in &view.judgement.tenants {
                    @for item in &result.rpo.came_back { li { b { (tenant) } ": " (item) } }
                }
            }
        }
    }
}

/// The parts of the machine's share of the slowest tenant, then all of them in a table.
pub(super) fn parts(view: &View) -> Markup {
    let lang = view.lang;
    let slowest = view.slowest();
    html! {
        section id="parts" aria-labelledby="h-parts" {
            h2 id="h-parts" { (Label::Parts.text(lang)) }
            @match slowest {
                None => { p class="lead" { (Label::NoTime.text(lang)) } }
                Some((tenant, rto, parts)) => {
                    p class="lead" { (lang.pick("Slowest tenant", "Langsamster Mandant")) " " b { (tenant) } ": " (shares(rto, lang)) " = " (lang.duration(rto.hi)) "." }
                    @let segments = segments(parts, lang);
                    figure {
                        figcaption { (lang.pick("The machine's share, measured", "Der Anteil der Maschine, gemessen")) ": " (lang.duration(rto.machine_hi)) }
                        (stacked_bar("bar-parts", &segments, Label::Parts.text(lang)))
                        ul class="legend" {
                            @for segment in segments.iter().filter(|segment| !segment.length.is_zero()) {
                                li { (swatch(segment.class, segment.declared)) span { (segment.label) " " b { (lang.duration(segment.length)) } } }
                            }
                            li { (swatch("", true)) span { (lang.pick("on top, declared", "zusätzlich angesetzt")) " " b { (lang.duration(rto.declared)) } } }
                        }
                    }
                    p class="soft small" style="margin-top:1rem" {
                        (lang.pick("The restore tool alone took", "Das Einspielwerkzeug allein brauchte")) " " b { (lang.duration(parts.restore_tool)) } ". "
                        (lang.pick("That is not the recovery time.", "Das ist nicht die Wiederherstellungszeit."))
                    }
                }
            }
        }
    }
}

fn segments(parts: &Parts, lang: Lang) -> Vec<Segment> {
    use crate::plan::Part;
    let of = |class, label: &str, length: Duration| Segment { class, label: label.to_owned(), length, declared: false };
    let part = |class, part, length| of(class, catalogue::part(part, lang), length);
    vec![
        of("fill-detection", Label::Detection.text(lang), parts.detection),
        part("fill-provisioning", Part::Provisioning, parts.provisioning),
        part("fill-fetch", Part::Fetch, parts.fetch),
        part("fill-restore", Part::Restore, parts.restore),
        part("fill-reindex", Part::Reindex, parts.reindex),
        part("fill-switch", Part::Switch, parts.switch),
        part("fill-verification", Part::Verification, parts.verification),
        of("fill-idle", Label::Waiting.text(lang), parts.other),
    ]
}
