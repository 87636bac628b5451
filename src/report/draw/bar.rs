//! Bars: a total against its objective, and one bar made of parts.

use super::hatch;
use super::scale::{px, seconds};
use maud::{Markup, html};
use std::time::Duration;

const WIDTH: f64 = 560.0;

/// One part of a bar. `class` names its colour in the style sheet; a declared part is hatched, so that paper shows it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Segment {
    pub class: &'static str,
    pub label: String,
    pub length: Duration,
    pub declared: bool,
}

/// What was needed against what was allowed: the segments on a track as long as the objective, or longer if it was missed.
///
/// `id` must be unique on the page; `mark` is the label of the objective.
pub(in crate::report) fn objective_bar(
    id: &str,
    segments: &[Segment],
    objective: Duration,
    mark: &str,
    title: &str,
) -> Markup {
    let total = segments.iter().map(|segment| seconds(segment.length)).sum::<f64>();
    let goal = seconds(objective);
    let full = total.max(goal).max(1.0);
    let goal_x = (goal / full * WIDTH).clamp(1.0, WIDTH - 1.0);
    // The label is text of the page, not of the drawing, which is stretched: it ends at the mark, or begins there if there is no room.
    let percent = px(goal_x / WIDTH * 100.0);
    let label = if goal_x > WIDTH / 2.0 {
        format!("width:{percent}%;text-align:right")
    } else {
        format!("margin-left:{percent}%")
    };
    html! {
        svg class="bar" viewBox=(format!("0 0 {} 24", px(WIDTH))) preserveAspectRatio="none" role="img" aria-labelledby=(format!("{id}-t {id}-d")) {
            title id=(format!("{id}-t")) { (title) }
            desc id=(format!("{id}-d")) { (segments.iter().map(|s| s.label.as_str()).collect::<Vec<_>>().join("; ")) "; " (mark) }
            (hatch(&format!("{id}-h")))
            rect class="track" x="0" y="5" width=(px(WIDTH)) height="14" {}
            (lay(id, segments, full, 5.0, 14.0))
            line class="stroke-objective" x1=(px(goal_x)) x2=(px(goal_x)) y1="0" y2="24" {}
        }
        p class="goal" style=(label) { (mark) }
    }
}

/// One bar made of parts, as long as all of them together.
pub(in crate::report) fn stacked_bar(id: &str, segments: &[Segment], title: &str) -> Markup {
    let full = segments.iter().map(|segment| seconds(segment.length)).sum::<f64>().max(0.001);
    html! {
        svg class="bar" viewBox=(format!("0 0 {} 24", px(WIDTH))) preserveAspectRatio="none" role="img" aria-labelledby=(format!("{id}-t {id}-d")) {
            title id=(format!("{id}-t")) { (title) }
            desc id=(format!("{id}-d")) { (segments.iter().map(|s| s.label.as_str()).collect::<Vec<_>>().join("; ")) }
            (hatch(&format!("{id}-h")))
            rect class="track" x="0" y="2" width=(px(WIDTH)) height="20" rx="3" {}
            (lay(id, segments, full, 2.0, 20.0))
        }
    }
}

/// Side by side from the left.
fn lay(id: &str, segments: &[Segment], full: f64, y: f64, height: f64) -> Markup {
    html! {
        @for (segment, x, width) in places(segments, full) {
            @let colour = if segment.declared { ("", format!("url(#{id}-h)")) } else { (segment.class, String::new()) };
            rect class=[(!colour.0.is_empty()).then_some(colour.0)] fill=[(!colour.1.is_empty()).then_some(&colour.1)]
                x=(px(x)) y=(px(y)) width=(px(width)) height=(px(height)) { title { (segment.label) } }
        }
    }
}

/// Left edge and width of each segment that lasted; one too short to be seen gets two pixels.
fn places(segments: &[Segment], full: f64) -> Vec<(&Segment, f64, f64)> {
    let mut left = 0.0_f64;
    let mut places = Vec::new();
    for segment in segments.iter().filter(|segment| !segment.length.is_zero()) {
        let width = (seconds(segment.length) / full * WIDTH).max(2.0);
        let start = left.min(WIDTH - 2.0);
        places.push((segment, start, width.min(WIDTH - start)));
        left += width;
    }
    places
}

/// The small square of a legend.
pub(in crate::report) fn swatch(class: &str, declared: bool) -> Markup {
    html! {
        svg viewBox="0 0 12 12" aria-hidden="true" {
            rect class=(if declared { "track" } else { class }) width="12" height="12" rx="2" {}
            @if declared { path class="hatched" d="M0 12 L12 0 M-3 3 L3 -3 M9 15 L15 9 M-3 15 L15 -3 M3 15 L15 3 M-3 9 L9 -3" {} }
        }
    }
}

/// The sign of the moment of recovery, for a legend.
pub(in crate::report) fn diamond() -> Markup {
    html! {
        svg viewBox="0 0 12 12" aria-hidden="true" { path class="fill-good" d="M6 0 L12 6 L6 12 L0 6 Z" {} }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(label: &str, secs: u64, declared: bool) -> Segment {
        Segment { class: "fill-machine", label: label.into(), length: Duration::from_secs(secs), declared }
    }

    #[test]
    fn the_bar_is_measured_against_the_objective() {
        let hour = Duration::from_secs(3600);
        let met = objective_bar("a", &[segment("m", 1800, false)], hour, "of 1 h", "t").into_string();
        assert!(met.contains(r#"width="280""#), "half of 560: {met}");
        assert!(met.contains(r#"x1="559""#), "the objective ends the bar: {met}");
        let missed = objective_bar("a", &[segment("m", 7200, false)], hour, "of 1 h", "t").into_string();
        assert!(missed.contains(r#"x1="280""#), "the objective stands where it was missed: {missed}");
    }

    #[test]
    fn what_was_declared_is_hatched_and_what_was_short_is_seen() {
        let hour = Duration::from_secs(3600 * 4);
        let bar = objective_bar("a", &[segment("m", 2, false), segment("d", 1500, true)], hour, "x", "t").into_string();
        assert!(bar.contains(r#"class="fill-machine" x="0" y="5" width="2""#), "{bar}");
        assert!(bar.contains("url(#a-h)"), "{bar}");
    }
}
