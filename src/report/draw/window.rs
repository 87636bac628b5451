//! The recovery under the magnifying glass: from shortly before the fault to the last phase, in real time. Phases, the steps of
//! the runbook, and one lane per tenant with what the light probes saw.

use super::scale::{Scale, px};
use super::{fit, text_width};
use maud::{Markup, html};

const WIDTH: f64 = 960.0;
const LABELS: f64 = 190.0;
const RIGHT: f64 = 20.0;
const ROW: f64 = 22.0;

/// Everything in seconds since `t0`; what came before is negative.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::report) struct Window {
    pub from: f64,
    pub to: f64,
    pub phases: Vec<Block>,
    pub steps: Vec<Block>,
    pub lanes: Vec<Lane>,
    pub marks: Vec<Mark>,
}

/// A phase, or a step of the runbook.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Block {
    pub label: String,
    pub note: String,
    pub class: &'static str,
    pub from: f64,
    pub to: f64,
}

/// One tenant as the users saw it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Lane {
    pub label: String,
    pub runs: Vec<Run>,
    /// From when on everything was right, and stayed so.
    pub good: Option<f64>,
    pub note: String,
}

/// Slots of the same kind in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) struct Run {
    pub from: f64,
    pub to: f64,
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum State {
    Up,
    Down,
    /// Down, but within declared maintenance.
    Maintenance,
}

/// A moment that concerns everything.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Mark {
    pub label: String,
    pub at: f64,
    /// `bad`, `open` or `good`.
    pub tone: &'static str,
}

/// `axis` writes a moment of the axis; `titles` are the headings of steps and lanes.
pub(in crate::report) fn window(
    view: &Window,
    title: &str,
    desc: &str,
    headings: (&str, &str),
    axis: impl Fn(f64) -> String,
) -> Markup {
    let scale = Scale::new(view.from, view.to, LABELS, WIDTH - LABELS - RIGHT);
    let levels = levels(&view.marks, &scale);
    let highest = levels.iter().copied().fold(0.0, f64::max);
    let top = 16.0 + highest * 15.0 + 8.0;
    let strip_end = top + 26.0;
    let steps_top = strip_end + if view.steps.is_empty() { 0.0 } else { 24.0 };
    let steps_end = steps_top + view.steps.iter().map(|_| ROW).sum::<f64>();
    let lanes_top = steps_end + 28.0;
    let lanes_end = lanes_top + view.lanes.iter().map(|_| 30.0).sum::<f64>();
    html! {
        svg class="chart" id="drawing-recovery" viewBox=(format!("0 0 {} {}", px(WIDTH), px(lanes_end + 26.0))) role="img" aria-labelledby="window-t window-d" {
            title id="window-t" { (title) }
            desc id="window-d" { (desc) }
            (grid(&scale, top, lanes_end, axis))
            (strip(view, &scale, top))
            @for (mark, level) in view.marks.iter().zip(&levels) {
                @let x = scale.x(mark.at);
                line class=(format!("stroke-{}", mark.tone)) x1=(px(x)) x2=(px(x)) y1=(px(15.0 + (highest - level) * 15.0)) y2=(px(lanes_end)) {}
            }
            @if !view.steps.is_empty() { text class="quiet" x="0" y=(px(steps_top - 7.0)) { (headings.0) } }
            @for (step, y) in view.steps.iter().zip(rows(steps_top, ROW)) { (step_row(step, &scale, y)) }
            text class="quiet" x="0" y=(px(lanes_top - 7.0)) { (headings.1) }
            @for (lane, y) in view.lanes.iter().zip(rows(lanes_top, 30.0)) { (lane_row(lane, &scale, y)) }
            @for (mark, level) in view.marks.iter().zip(&levels) {
                @let x = scale.x(mark.at);
                text class=(format!("tone-{}", mark.tone)) x=(px(x + 4.0)) y=(px(12.0 + (highest - level) * 15.0)) text-anchor=(anchor(mark, x)) { (mark.label) }
            }
        }
    }
}

fn rows(top: f64, step: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(top), move |y| Some(y + step))
}

fn anchor(mark: &Mark, x: f64) -> &'static str {
    if x + text_width(&mark.label) > WIDTH { "end" } else { "start" }
}

/// A label stands above every mark that begins within its text, since their lines go down from there.
fn levels(marks: &[Mark], scale: &Scale) -> Vec<f64> {
    let mut levels: Vec<f64> = Vec::new();
    for (index, mark) in marks.iter().enumerate().rev() {
        let end = scale.x(mark.at) + text_width(&mark.label) + 14.0;
        let right = marks.iter().skip(index + 1).zip(levels.iter().rev());
        let below = right.filter(|(other, _)| scale.x(other.at) < end).map(|(_, level)| level + 1.0);
        levels.push(below.fold(0.0, f64::max));
    }
    levels.reverse();
    levels
}

fn grid(scale: &Scale, top: f64, bottom: f64, axis: impl Fn(f64) -> String) -> Markup {
    html! {
        @for tick in scale.ticks(12) {
            @let x = scale.x(tick);
            line class="rule" x1=(px(x)) x2=(px(x)) y1=(px(top)) y2=(px(bottom)) {}
            text class="quiet" x=(px(x)) y=(px(bottom + 17.0)) text-anchor="middle" { (axis(tick)) }
        }
        line class="axis" x1=(px(LABELS)) x2=(px(WIDTH - RIGHT)) y1=(px(bottom)) y2=(px(bottom)) {}
    }
}

fn strip(view: &Window, scale: &Scale, y: f64) -> Markup {
    html! {
        @for block in &view.phases {
            @let width = scale.span(block.from, block.to, 1.0);
            rect class=(block.class) x=(px(scale.x(block.from))) y=(px(y)) width=(px((width - 1.0).max(1.0))) height="20" rx="2" { title { (block.label) ": " (block.note) } }
            @if width > text_width(&block.label) + 10.0 {
                text x=(px(scale.x(block.from) + 6.0)) y=(px(y + 14.0)) class="on" { (block.label) }
            }
        }
    }
}

fn step_row(step: &Block, scale: &Scale, y: f64) -> Markup {
    let (left, width) = (scale.x(step.from), scale.span(step.from, step.to, 2.0));
    let outside = left + width + 8.0;
    let fits = outside + text_width(&step.note) < WIDTH;
    html! {
        line class="rule" x1="0" x2=(px(WIDTH - RIGHT)) y1=(px(y + ROW)) y2=(px(y + ROW)) {}
        text x="10" y=(px(y + 15.0)) { (fit(&step.label, LABELS - 20.0)) }
        rect class=(step.class) x=(px(left)) y=(px(y + 5.0)) width=(px(width)) height="12" rx="2" { title { (step.label) ": " (step.note) } }
        text class="quiet" x=(px(if fits { outside } else { left - 8.0 })) y=(px(y + 15.0)) text-anchor=(if fits { "start" } else { "end" }) { (step.note) }
    }
}

fn lane_row(lane: &Lane, scale: &Scale, y: f64) -> Markup {
    html! {
        line class="rule" x1="0" x2=(px(WIDTH - RIGHT)) y1=(px(y + 30.0)) y2=(px(y + 30.0)) {}
        text x="10" y=(px(y + 14.0)) { (fit(&lane.label, LABELS - 20.0)) }
        text class="quiet" x="10" y=(px(y + 26.0)) font-size="10" { (fit(&lane.note, LABELS)) }
        @for run in &lane.runs {
            // Up is a thin line, down a full block: the difference must not hang on the colour.
            @let (class, dy, height) = match run.state {
                State::Up => ("up", 13.0, 4.0),
                State::Down => ("down", 6.0, 18.0),
                State::Maintenance => ("fill-declared", 6.0, 18.0),
            };
            rect class=(class) x=(px(scale.x(run.from))) y=(px(y + dy)) width=(px(scale.span(run.from, run.to, 1.5))) height=(px(height)) {}
        }
        @if let Some(good) = lane.good {
            @let x = scale.x(good);
            path class="fill-good" d=(format!("M{} {} l6 7 l-6 7 l-6 -7 Z", px(x), px(y + 8.0))) stroke="var(--page)" stroke-width="1.5" { title { (lane.note) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(label: &str, at: f64) -> Mark {
        Mark { label: label.into(), at, tone: "bad" }
    }

    #[test]
    fn labels_that_would_overlap_stand_above_each_other() {
        let scale = Scale::new(0.0, 100.0, 0.0, 1000.0);
        assert_eq!(
            levels(&[mark("fault", 0.0), mark("noticed", 1.0), mark("recovered", 50.0)], &scale),
            [1.0, 0.0, 0.0]
        );
    }

    #[test]
    fn outages_are_drawn_where_they_were() {
        let lane = Lane {
            label: "acme".into(),
            runs: vec![Run { from: 0.0, to: 10.0, state: State::Down }, Run { from: 10.0, to: 20.0, state: State::Up }],
            good: Some(10.0),
            note: "10 s".into(),
        };
        let view = Window { from: 0.0, to: 20.0, lanes: vec![lane], ..Window::default() };
        let drawn = window(&view, "t", "d", ("steps", "tenants"), |at| format!("{at} s")).into_string();
        assert!(drawn.contains(r#"class="down" x="190" "#) && drawn.contains(r#"width="375" height="18""#), "{drawn}");
        assert!(drawn.contains(r#"class="up" x="565""#), "{drawn}");
        assert!(drawn.contains("M565 "), "{drawn}");
    }
}
