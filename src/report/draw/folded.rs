//! The whole drill in one drawing: a row per phase. The history and what comes before it are folded, since they would leave no room for
//! the recovery, which is what the reader came for.

use super::scale::px;
use super::{fit, text_width};
use maud::{Markup, html};

const WIDTH: f64 = 960.0;
const LABELS: f64 = 190.0;
const NOTES: f64 = 150.0;
const ROW: f64 = 24.0;

/// One phase, in seconds since the run began.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct PhaseRow {
    pub label: String,
    pub from: f64,
    pub to: f64,
    /// Told behind the bar: how long it took.
    pub note: String,
    /// Belongs to the recovery.
    pub key: bool,
    /// Shown on a shorter scale, with a break in its bar.
    pub folded: bool,
}

/// A scale with folds: each piece has its own share of the width.
struct Folded {
    /// Seconds from, seconds to, pixels from, pixels to; without gaps.
    pieces: Vec<(f64, f64, f64, f64)>,
}

/// A folded phase gets at most this share of the width.
const FOLD: f64 = 0.14;

impl Folded {
    fn new(rows: &[PhaseRow], left: f64, width: f64) -> Self {
        let span = |row: &PhaseRow| (row.to - row.from).max(0.0);
        let total: f64 = rows.iter().map(span).sum::<f64>().max(0.001);
        let folds = |row: &PhaseRow| row.folded && span(row) / total > FOLD;
        let rest: f64 = rows.iter().filter(|row| !folds(row)).map(span).sum::<f64>().max(0.001);
        let folded: f64 = rows.iter().filter(|row| folds(row)).map(|_| FOLD).sum();
        let mut at = left;
        let mut pieces = Vec::new();
        for row in rows {
            let share = if folds(row) { FOLD } else { span(row) / rest * (1.0 - folded) };
            pieces.push((row.from, row.to, at, at + share * width));
            at += share * width;
        }
        Self { pieces }
    }

    fn x(&self, seconds: f64) -> f64 {
        let piece = self.pieces.iter().find(|piece| seconds <= piece.1).or(self.pieces.last());
        let Some(&(from, to, left, right)) = piece else { return 0.0 };
        let share = if to > from { ((seconds - from) / (to - from)).clamp(0.0, 1.0) } else { 1.0 };
        left + share * (right - left)
    }

    fn folds(&self, row: &PhaseRow) -> bool {
        let total: f64 = self.pieces.iter().map(|piece| piece.1 - piece.0).sum::<f64>().max(0.001);
        row.folded && (row.to - row.from) / total > FOLD
    }
}

/// A row per phase, each bar beginning where the one before ended. `fault` = `t0` in seconds, and its label.
pub(in crate::report) fn phases(rows: &[PhaseRow], fault: Option<(f64, &str)>, title: &str, desc: &str) -> Markup {
    let scale = Folded::new(rows, LABELS, WIDTH - LABELS - NOTES);
    let top = 22.0;
    let count = rows.iter().map(|_| ROW).sum::<f64>();
    let height = top + count + 6.0;
    html! {
        svg class="chart" id="drawing-drill" viewBox=(format!("0 0 {} {}", px(WIDTH), px(height))) role="img" aria-labelledby="drill-t drill-d" {
            title id="drill-t" { (title) }
            desc id="drill-d" { (desc) }
            @if let Some((at, label)) = fault {
                @let x = scale.x(at);
                @let end = x + text_width(label) > WIDTH;
                line class="stroke-bad" x1=(px(x)) x2=(px(x)) y1=(px(top - 4.0)) y2=(px(top + count)) {}
                text class="tone-bad" x=(px(x)) y="12" text-anchor=(if end { "end" } else { "middle" }) { (label) }
            }
            @for (row, y) in rows.iter().zip(std::iter::successors(Some(top), |y| Some(y + ROW))) {
                @let (left, right) = (scale.x(row.from), scale.x(row.to).max(scale.x(row.from) + 2.0));
                line class="rule" x1="0" x2=(px(WIDTH)) y1=(px(y + ROW)) y2=(px(y + ROW)) {}
                text x="0" y=(px(y + 16.0)) { (fit(&row.label, LABELS - 10.0)) }
                rect class=(if row.key { "phase-key" } else { "phase" }) x=(px(left)) y=(px(y + 6.0)) width=(px(right - left)) height="12" rx="2" { title { (row.label) ": " (row.note) } }
                @if scale.folds(row) { (zigzag(f64::midpoint(left, right), y)) }
                text class="quiet" x=(px(right + 8.0)) y=(px(y + 16.0)) { (row.note) }
            }
        }
    }
}

/// The break in a folded bar.
fn zigzag(x: f64, y: f64) -> Markup {
    html! {
        @for shift in [-4.0, 3.0] {
            line x1=(px(x + shift - 3.0)) y1=(px(y + 20.0)) x2=(px(x + shift + 3.0)) y2=(px(y + 4.0)) stroke="var(--page)" stroke-width="3" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(from: f64, to: f64, folded: bool) -> PhaseRow {
        PhaseRow { label: "p".into(), from, to, note: String::new(), key: !folded, folded }
    }

    #[test]
    fn a_long_history_leaves_room_for_the_recovery() {
        let rows = [row(0.0, 10.0, true), row(10.0, 910.0, true), row(910.0, 930.0, false)];
        let scale = Folded::new(&rows, 0.0, 100.0);
        assert!(scale.x(930.0) - scale.x(910.0) > 50.0, "the recovery has more than half of the width");
        assert!((scale.x(910.0) - scale.x(10.0) - 14.0).abs() < 0.01);
        assert!((scale.x(930.0) - 100.0).abs() < 0.01, "nothing is left out");
        assert!(scale.folds(&rows[1]) && !scale.folds(&rows[0]));
    }

    #[test]
    fn a_drill_without_phases_is_drawn_too() {
        assert!(phases(&[], Some((3.0, "t0")), "t", "d").into_string().contains("t0"));
    }
}
