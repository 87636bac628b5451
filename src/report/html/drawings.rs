//! From the timeline to the two drawings: the whole drill, and the recovery under the magnifying glass.

use crate::clock::Mono;
use crate::ids::Tenant;
use crate::plan::{Part, Phase};
use crate::report::catalogue::{self, Label};
use crate::report::draw::{Block, Lane, Mark, PhaseRow, Run, State, Window, diamond, phases, swatch, window};
use crate::report::view::View;
use crate::timeline::{Slot, Span, StepRun};
use crate::verdict::Rto;
use maud::{Markup, html};

pub(super) fn timeline(view: &View) -> Markup {
    let lang = view.lang;
    html! {
        section id="timeline" aria-labelledby="h-timeline" {
            h2 id="h-timeline" { (Label::Timeline.text(lang)) }
            h3 { (Label::RecoveryWindow.text(lang)) }
            @match recovery(view) {
                Some(recovery) => { (recovery_figure(view, &recovery)) }
                None => { p class="lead" { (lang.pick("Nothing was broken, so there was nothing to recover.", "Nichts wurde gestört, also gab es nichts wiederherzustellen.")) } }
            }
            h3 { (Label::WholeDrill.text(lang)) }
            (drill_figure(view))
        }
    }
}

fn drill_figure(view: &View) -> Markup {
    let (lang, calendar) = (view.lang, &view.timeline.plan().calendar);
    let lived = lang.duration(calendar.disaster.since(calendar.begins));
    let rows: Vec<PhaseRow> =
        view.timeline.phases.iter().map(|(phase, span)| phase_row(view, *phase, span, &lived)).collect();
    let zero = view.timeline.zero.map(|zero| zero.mono.since(view.start()).as_secs_f64());
    let fault = zero.map(|at| (at, Label::FaultAt.text(lang)));
    let desc = rows.iter().map(|row| format!("{}: {}", row.label, row.note)).collect::<Vec<_>>().join("; ");
    html! {
        figure {
            figcaption { (lang.pick(
                "All phases in real time. Those before the fault are folded where they would leave no room; a bar with a break is not to scale.",
                "Alle Phasen in Echtzeit. Die vor der Störung sind gestaucht, wo sie sonst keinen Platz ließen; ein unterbrochener Balken ist nicht maßstäblich.",
            )) }
            div class="wide" tabindex="0" role="region" aria-label=(Label::WholeDrill.text(lang)) {
                (phases(&rows, fault, Label::WholeDrill.text(lang), &desc))
            }
        }
    }
}

fn phase_row(view: &View, phase: Phase, span: &Span, lived: &str) -> PhaseRow {
    let lang = view.lang;
    let end = span.to().unwrap_or(view.timeline.last);
    let took = lang.duration(end.since(span.from));
    let note = match phase {
        Phase::History => format!("{took} {} {lived}", lang.pick("for", "für")),
        Phase::Prepare
        | Phase::Start
        | Phase::Baseline
        | Phase::Steady
        | Phase::Fault
        | Phase::Detect
        | Phase::Decide
        | Phase::Recover
        | Phase::Verify
        | Phase::Restart
        | Phase::Soak
        | Phase::Teardown
        | Phase::Evidence => took,
    };
    PhaseRow {
        label: catalogue::phase(phase, lang).to_owned(),
        from: span.from.since(view.start()).as_secs_f64(),
        to: end.since(view.start()).as_secs_f64(),
        note,
        key: matches!(phase, Phase::Fault | Phase::Detect | Phase::Decide | Phase::Recover),
        folded: phase < Phase::Fault,
    }
}

fn recovery_figure(view: &View, recovery: &Window) -> Markup {
    let lang = view.lang;
    let down = view.judgement.tenants.iter().map(|(tenant, result)| {
        format!("{tenant}: {} {}", Label::Outage.text(lang), lang.duration(result.outage.total))
    });
    let marks = recovery.marks.iter().map(|mark| format!("{} {}", mark.label, lang.seconds(mark.at)));
    let desc = marks.chain(down).collect::<Vec<_>>().join("; ");
    let headings = (Label::Runbook.text(lang), Label::TenantsSeen.text(lang));
    html! {
        figure {
            figcaption { (lang.pick(
                "Real time since the fault. Declared times are added by arithmetic and pass no time here.",
                "Echtzeit seit der Störung. Angesetzte Zeiten werden hinzugerechnet und vergehen hier nicht.",
            )) }
            div class="wide" tabindex="0" role="region" aria-label=(Label::RecoveryWindow.text(lang)) {
                (window(recovery, Label::RecoveryWindow.text(lang), &desc, headings, |at| lang.seconds(at)))
            }
            ul class="legend" {
                li { (swatch("up", false)) (Label::Up.text(lang)) }
                li { (swatch("down", false)) (Label::Down.text(lang)) }
                li { (swatch("fill-declared", false)) (Label::Maintenance.text(lang)) }
                li { (diamond()) (Label::FirstGood.text(lang)) }
                @for part in used_parts(view) { li { (swatch(part_class(part), false)) (catalogue::part(part, lang)) } }
            }
        }
    }
}

/// The parts that the runbook's steps count to, each once, in the order of the runbook.
fn used_parts(view: &View) -> Vec<Part> {
    let mut parts = Vec::new();
    for part in view.timeline.plan().steps.iter().filter_map(|step| step.part) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}

/// From shortly before the fault to the end of the last phase in which tenants were watched.
fn recovery(view: &View) -> Option<Window> {
    let timeline = view.timeline;
    let watched = timeline.phases.iter().filter(|(phase, _)| **phase < Phase::Teardown);
    let to = watched.map(|(_, span)| span.to().unwrap_or(timeline.last)).max().unwrap_or(timeline.last);
    let to = view.after_zero(to)?;
    let from = -(to * 0.06).clamp(0.2, 5.0);
    let mut window = Window { from, to, ..Window::default() };
    for (phase, span) in timeline.phases.iter().filter(|(phase, _)| (Phase::Fault..Phase::Teardown).contains(*phase)) {
        let key = matches!(phase, Phase::Fault | Phase::Detect | Phase::Decide | Phase::Recover);
        let class = if key { "phase-key" } else { "phase-rest" };
        window.phases.push(block(view, catalogue::phase(*phase, view.lang), class, span)?);
    }
    for step in &timeline.steps {
        if let Some(part) = recovery_part(view, step) {
            let name = step.name.0.rsplit('/').next().unwrap_or(&step.name.0);
            window.steps.push(block(view, name, part_class(part), &step.span)?);
        }
    }
    window.lanes = timeline.plan().tenants.iter().map(|tenant| lane(view, tenant, from)).collect();
    window.marks = marks(view);
    Some(window)
}

/// The part that a step of the recovery counts to; `None` for all other steps.
fn recovery_part(view: &View, step: &StepRun) -> Option<Part> {
    let planned = view.timeline.plan().steps.iter().find(|planned| planned.name == *step.name)?;
    if planned.phase == Phase::Recover { planned.part } else { None }
}

fn block(view: &View, label: &str, class: &'static str, span: &Span) -> Option<Block> {
    let end = span.to().unwrap_or(view.timeline.last);
    Some(Block {
        label: label.to_owned(),
        note: view.lang.duration(end.since(span.from)),
        class,
        from: view.after_zero(span.from)?,
        to: view.after_zero(end)?,
    })
}

fn marks(view: &View) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut add = |label: Label, at: Option<f64>, tone| {
        if let Some(at) = at {
            marks.push(Mark { label: label.text(view.lang).to_owned(), at, tone });
        }
    };
    let confirmed = view.timeline.faults.iter().filter_map(|fault| fault.confirmed).map(|(at, _)| at).max();
    add(Label::FaultAt, Some(0.0), "bad");
    add(Label::FaultConfirmed, confirmed.and_then(|at| view.after_zero(at)), "open");
    add(Label::Detected, view.timeline.detected.and_then(|noticed| view.after_zero(noticed.mono)), "open");
    add(Label::AllRecovered, view.judgement.rto.as_ref().map(shown), "good");
    marks.sort_by(|one, other| one.at.total_cmp(&other.at));
    marks
}

/// From the fault to the recovery as the clock showed it: drawings are in real time.
fn shown(rto: &Rto) -> f64 {
    (rto.machine_hi + rto.replaced).as_secs_f64()
}

fn lane(view: &View, tenant: &Tenant, from: f64) -> Lane {
    let lang = view.lang;
    let result = view.judgement.tenants.get(tenant);
    let light = view.timeline.probes.get(tenant).map_or(&[][..], |probes| probes.light.as_slice());
    let mut runs = looks(view, light, from);
    // Outages as they were judged, full probes included, so that the drawing and the table say the same.
    let outages = result.map_or(&[][..], |result| result.outage.windows.as_slice());
    let outages = outages.iter().filter_map(|window| span(view, window.from, window.to));
    runs.extend(outages.map(|(from, to)| Run { from, to, state: State::Down }));
    let note = result.map_or_else(String::new, |result| match &result.rto {
        Some(rto) => format!("{} {}", Label::Machine.text(lang), lang.duration(rto.machine_hi)),
        None => catalogue::tenant_state(result.state, lang).to_owned(),
    });
    let good = result.and_then(|result| result.rto.as_ref()).map(shown);
    Lane { label: tenant.to_string(), runs, good, note }
}

/// What the light probes saw, slots of the same kind in a row taken together. Bad slots outside of maintenance come from the judgement.
fn looks(view: &View, slots: &[Slot], from: f64) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let grid = view.timeline.plan().probe.light;
    for slot in slots {
        let state = match slot.bad {
            None => State::Up,
            Some(_) if view.timeline.in_maintenance(slot.started, slot.ended) => State::Maintenance,
            Some(_) => continue,
        };
        let Some((began, ended)) = span(view, slot.intended, slot.intended.plus(grid)) else { continue };
        if ended < from {
            continue;
        }
        match runs.last_mut() {
            Some(last) if last.state == state && began - last.to < grid.as_secs_f64() / 2.0 => last.to = ended,
            Some(_) | None => runs.push(Run { from: began, to: ended, state }),
        }
    }
    runs
}

fn span(view: &View, from: Mono, to: Mono) -> Option<(f64, f64)> {
    Some((view.after_zero(from)?, view.after_zero(to)?))
}

const fn part_class(part: Part) -> &'static str {
    match part {
        Part::Provisioning => "fill-provisioning",
        Part::Fetch => "fill-fetch",
        Part::Restore => "fill-restore",
        Part::Reindex => "fill-reindex",
        Part::Switch => "fill-switch",
        Part::Verification => "fill-verification",
    }
}
