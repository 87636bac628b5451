//! Time. One monotonic clock for all measuring, the drill clock for simulated time, the wall clock for display only.
//!
//! This is the only module that may ask the operating system for the time (`clippy.toml` guards it).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::{Duration, Instant, SystemTime};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// Microseconds on the harness's monotonic clock since the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mono(pub u64);

impl Mono {
    /// Time from `earlier` to `self`; zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// A moment on the drill clock: whole seconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DrillTime(i64);

impl DrillTime {
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_secs()).unwrap_or(i64::MAX)))
    }

    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_secs()).unwrap_or(i64::MAX)))
    }

    /// Time from `earlier` to `self`; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    fn date(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// As `restic backup --time` reads it: `2026-01-05 13:00:00`, UTC.
    #[must_use]
    pub fn for_restic(self) -> String {
        let shape = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        self.date().format(shape).unwrap_or_default()
    }

    /// Any RFC 3339 text, fractions of a second dropped.
    ///
    /// # Errors
    /// [`BadTime`] when the text is not RFC 3339.
    pub fn parse(text: &str) -> Result<Self, BadTime> {
        let date = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| BadTime(text.to_owned()))?;
        Ok(Self(date.unix_timestamp()))
    }
}

/// A text that is no point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no point in time, expected one like 2026-01-05T13:37:00Z")]
pub struct BadTime(String);

impl TryFrom<String> for DrillTime {
    type Error = BadTime;
    fn try_from(text: String) -> Result<Self, BadTime> {
        Self::parse(&text)
    }
}

impl From<DrillTime> for String {
    fn from(time: DrillTime) -> Self {
        time.to_string()
    }
}

impl fmt::Display for DrillTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.date().format(&Rfc3339).unwrap_or_default())
    }
}

/// The source of time, passed in wherever time is needed.
pub trait Clock: Send + Sync {
    /// Time on the monotonic clock since the run began.
    fn mono(&self) -> Mono;
    /// The wall clock, for display only, as RFC 3339 in UTC with milliseconds.
    fn wall(&self) -> String;
}

/// The machine's clocks; the run begins when this is made.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    began: Instant,
    /// What the monotonic clock showed then.
    from: Mono,
}

impl SystemClock {
    #[must_use]
    pub fn start() -> Self {
        Self::resume(Mono::default())
    }

    /// The clock of a run that goes on where another one was frozen.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn resume(from: Mono) -> Self {
        Self { began: Instant::now(), from }
    }
}

impl Clock for SystemClock {
    fn mono(&self) -> Mono {
        self.from.plus(self.began.elapsed())
    }

    fn wall(&self) -> String {
        wall_now()
    }
}

/// The wall clock as RFC 3339 in UTC with milliseconds.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub fn wall_now() -> String {
    let shape = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from(SystemTime::now()).format(shape).unwrap_or_default()
}

/// Seconds since 1970 on the wall clock: for the expiry label and for names of runs.
#[must_use]
pub fn unix_now() -> i64 {
    OffsetDateTime::parse(&wall_now(), &Rfc3339).map_or(0, OffsetDateTime::unix_timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drill_time_prints_and_parses() {
        let time = DrillTime::parse("2026-01-05T13:37:00Z").expect("a time");
        assert_eq!(time.to_string(), "2026-01-05T13:37:00Z");
        assert_eq!(time.for_restic(), "2026-01-05 13:37:00");
        assert_eq!(DrillTime::parse("2026-01-05T14:37:00.25+01:00").expect("a time"), time);
        assert_eq!(time.plus(Duration::from_secs(60)).since(time), Duration::from_secs(60));
        assert!(DrillTime::parse("yesterday").is_err());
    }
}
