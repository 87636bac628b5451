//! From time to pixels: a linear scale with round ticks, and how coordinates are written.

use std::time::Duration;

/// A linear scale from seconds to horizontal pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// Seconds at `left`.
    from: f64,
    /// Seconds at `left + width`; always later than `from`.
    to: f64,
    left: f64,
    width: f64,
}

/// Steps that a reader can add up in the head, in seconds.
const STEPS: [f64; 20] = [
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0,
    21_600.0, 43_200.0,
];

impl Scale {
    /// An empty span becomes one of a second, so that nothing divides by zero.
    pub(super) fn new(from: f64, to: f64, left: f64, width: f64) -> Self {
        Self { from, to: if to > from { to } else { from + 1.0 }, left, width }
    }

    /// Pixel of a moment; moments outside stick to the edges.
    pub(super) fn x(&self, seconds: f64) -> f64 {
        let share = (seconds - self.from) / (self.to - self.from);
        self.left + share.clamp(0.0, 1.0) * self.width
    }

    /// Width of a span in pixels, at least `least`, so that what happened can be seen.
    pub(super) fn span(&self, from: f64, to: f64, least: f64) -> f64 {
        (self.x(to) - self.x(from)).max(least)
    }

    /// Round moments within the scale, at most `most` of them (and at least one step apart).
    pub(super) fn ticks(&self, most: usize) -> Vec<f64> {
        let span = self.to - self.from;
        let fits = |step: &&f64| span / **step < f64::from(u32::try_from(most).unwrap_or(u32::MAX));
        let days = (span / 86_400.0 / 8.0).ceil().max(1.0) * 86_400.0;
        let step = STEPS.iter().find(fits).copied().unwrap_or(days);
        let mut ticks = Vec::new();
        let mut at = (self.from / step).ceil() * step;
        while at <= self.to + step / 1000.0 && ticks.len() <= most {
            ticks.push(at);
            at += step;
        }
        ticks
    }
}

/// A coordinate, to a tenth of a pixel: short, and the same on every machine.
pub(super) fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// Seconds as a number for a scale.
pub(super) fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_become_pixels_and_never_leave_the_drawing() {
        let scale = Scale::new(0.0, 20.0, 100.0, 400.0);
        assert_eq!((px(scale.x(0.0)), px(scale.x(5.0)), px(scale.x(20.0))), ("100".into(), "200".into(), "500".into()));
        assert_eq!((px(scale.x(-3.0)), px(scale.x(99.0))), ("100".into(), "500".into()));
        assert_eq!(px(scale.span(5.0, 5.0, 2.0)), "2");
        assert_eq!(px(Scale::new(3.0, 3.0, 0.0, 10.0).x(3.0)), "0");
    }

    #[test]
    fn ticks_are_round_and_few() {
        let ticks = |to: f64| Scale::new(0.0, to, 0.0, 1.0).ticks(10);
        assert_eq!(ticks(18.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0]);
        assert_eq!(ticks(100.0), [0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0]);
        assert!(ticks(40.0 * 86_400.0).len() <= 10);
    }
}
