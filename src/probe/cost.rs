//! What the prober itself took: it must stay below a tenth of the machine and on its grid, or its window is unusable.

use crate::clock::Mono;
use std::fmt;
use std::time::Duration;

/// Sum over one prober's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Processor time of the prober's thread, in steps of 10 ms; `None` where the system does not tell.
    pub cpu: Option<Duration>,
    /// How long it probed.
    pub ran: Duration,
    pub slots: u64,
    /// Slots that were not started because too many before them had not ended.
    pub skipped: u64,
    /// The latest start behind its grid.
    pub lateness: Duration,
}

impl Cost {
    pub(super) fn slot(&mut self, intended: Mono, started: Mono) {
        self.slots += 1;
        self.lateness = self.lateness.max(started.since(intended));
    }

    /// Processor time per time, in thousandths of one processor.
    #[must_use]
    pub fn share(&self) -> Option<u128> {
        let cpu = self.cpu?;
        (cpu.as_micros() * 1000).checked_div(self.ran.as_micros())
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ran, slots, skipped, lateness, .. } = self;
        write!(f, "{slots} slots in {:.1} s, {skipped} skipped, ", ran.as_secs_f64())?;
        write!(f, "at most {} ms late, ", lateness.as_millis())?;
        match (self.cpu, self.share()) {
            (Some(cpu), Some(share)) => {
                write!(f, "{:.2} s of processor time ({}.{} %)", cpu.as_secs_f64(), share / 10, share % 10)
            }
            (Some(cpu), None) => write!(f, "{:.2} s of processor time", cpu.as_secs_f64()),
            (None, _) => f.write_str("processor time unknown"),
        }
    }
}

/// Processor time of the calling thread, as the kernel counts it.
pub(super) fn thread_cpu() -> Option<Duration> {
    parse(&std::fs::read_to_string("/proc/thread-self/stat").ok()?)
}

/// `utime` and `stime` (fields 14 and 15 of proc(5)) in hundredths of a second, which is what Linux shows on every machine.
/// The name in field 2 may hold blanks and parentheses, so that counting begins behind its last one.
fn parse(stat: &str) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks()? + ticks()?) * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_the_name() {
        let stat = "12 (a ) b) S 1 2 3 0 -1 4 5 6 7 8 150 25 0 0 20 0 9";
        assert_eq!(parse(stat), Some(Duration::from_millis(1750)));
        assert_eq!(parse("12 (x) S 1"), None);
        assert!(thread_cpu().is_some());
    }

    #[test]
    fn a_cost_is_told() {
        let mut cost = Cost { cpu: Some(Duration::from_millis(150)), ran: Duration::from_secs(10), ..Cost::default() };
        cost.slot(Mono(1000), Mono(3500));
        assert_eq!(
            cost.to_string(),
            "1 slots in 10.0 s, 0 skipped, at most 2 ms late, 0.15 s of processor time (1.5 %)"
        );
        assert!(Cost::default().to_string().ends_with("processor time unknown"));
    }
}
