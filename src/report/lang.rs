//! The language of a report, and how it writes numbers, durations, bytes and times.
//!
//! Everything that differs between the languages and is no sentence stands here; sentences stand in `catalogue`.

use crate::clock::DrillTime;
use crate::plan::Text;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The language of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Lang {
    #[default]
    En,
    De,
}

/// A language that the catalogue does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no catalogue for the language {0:?}, there are: en, de")]
pub struct UnknownLang(String);

impl FromStr for Lang {
    type Err = UnknownLang;
    fn from_str(text: &str) -> Result<Self, UnknownLang> {
        match text {
            "en" => Ok(Self::En),
            "de" => Ok(Self::De),
            other => Err(UnknownLang(other.to_owned())),
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Lang {
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// BCP 47, for `lang=` and the command line.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The text of this language.
    #[must_use]
    pub const fn pick<T: Copy>(self, en: T, de: T) -> T {
        match self {
            Self::En => en,
            Self::De => de,
        }
    }

    /// A text of the scenario or the stack.
    #[must_use]
    pub fn text(self, text: &Text) -> &str {
        self.pick(&text.en, &text.de)
    }

    /// Tenths of a second below a minute, whole seconds above; every part that is not zero, so that `4 h 17 s` is never shown as `4 h`.
    #[must_use]
    pub fn duration(self, time: Duration) -> String {
        let tenths = (time.as_millis() + 50) / 100;
        if tenths < 600 {
            return if tenths.is_multiple_of(10) {
                format!("{} s", tenths / 10)
            } else {
                format!("{}{}{} s", tenths / 10, self.point(), tenths % 10)
            };
        }
        let seconds = (time.as_millis() + 500) / 1000;
        let (mut rest, mut parts) = (seconds, Vec::new());
        let days = if seconds >= 72 * 3600 { rest / 86_400 } else { 0 };
        rest -= days * 86_400;
        for (value, unit) in [(days, "d"), (rest / 3600, "h"), (rest / 60 % 60, "min"), (rest % 60, "s")] {
            if value > 0 {
                parts.push(format!("{value} {unit}"));
            }
        }
        parts.join(" ")
    }

    /// A moment of an axis: seconds, negative before its zero.
    #[must_use]
    pub fn seconds(self, seconds: f64) -> String {
        let text = self.duration(Duration::from_secs_f64(seconds.abs().min(1e9)));
        if seconds < 0.0 && text != "0 s" { format!("−{text}") } else { text }
    }

    /// Decimal units, three digits at most.
    #[must_use]
    pub fn bytes(self, bytes: u64) -> String {
        const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
        if bytes < 1000 {
            return format!("{bytes} B");
        }
        let (mut unit, mut size) = (0, bytes);
        while size >= 1_000_000 && unit + 1 < UNITS.len() {
            size /= 1000;
            unit += 1;
        }
        let tenths = (size + 50) / 100;
        let name = UNITS[unit];
        if tenths < 1000 && !tenths.is_multiple_of(10) {
            format!("{}{}{} {name}", tenths / 10, self.point(), tenths % 10)
        } else {
            format!("{} {name}", tenths / 10)
        }
    }

    /// A whole number in groups of three.
    #[must_use]
    pub fn count(self, number: u64) -> String {
        let digits = number.to_string();
        let mut text = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(self.pick(',', '.'));
            }
            text.push(digit);
        }
        text
    }

    /// A moment on the drill clock, to the minute, UTC.
    #[must_use]
    pub fn drill_time(self, time: DrillTime) -> String {
        self.rfc3339(&time.to_string())
    }

    /// A moment on the wall clock, as the journal has it, to the minute; as it is when it is no RFC 3339 in UTC.
    #[must_use]
    pub fn rfc3339(self, text: &str) -> String {
        let parts = || {
            let (year, month, day) = (text.get(0..4)?, text.get(5..7)?, text.get(8..10)?);
            let minute = text.get(11..16)?;
            if !text.is_ascii() || !text.ends_with('Z') {
                return None;
            }
            Some(match self {
                Self::En => format!("{year}-{month}-{day} {minute} UTC"),
                Self::De => format!("{day}.{month}.{year} {minute} UTC"),
            })
        };
        parts().unwrap_or_else(|| text.to_owned())
    }

    /// Tenths of a millisecond, from microseconds.
    #[must_use]
    pub fn millis(self, micros: i64) -> String {
        let tenths = (micros.unsigned_abs() + 50) / 100;
        let sign = if micros < 0 && tenths > 0 { "−" } else { "" };
        if tenths.is_multiple_of(10) {
            format!("{sign}{} ms", tenths / 10)
        } else {
            format!("{sign}{}{}{} ms", tenths / 10, self.point(), tenths % 10)
        }
    }

    /// A share in thousandths.
    #[must_use]
    pub fn per_cent(self, thousandths: u64) -> String {
        format!("{}{}{} %", thousandths / 10, self.point(), thousandths % 10)
    }

    const fn point(self) -> char {
        self.pick('.', ',')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_hide_nothing_that_decides() {
        let text = |millis| Lang::En.duration(Duration::from_millis(millis));
        assert_eq!(text(0), "0 s");
        assert_eq!(text(17_312), "17.3 s");
        assert_eq!(text(59_960), "1 min");
        assert_eq!(text(25 * 60_000 + 17_300), "25 min 17 s");
        assert_eq!(text(4 * 3_600_000), "4 h");
        assert_eq!(text(4 * 3_600_000 + 17_000), "4 h 17 s");
        assert_eq!(text(37 * 3_600_000 + 32 * 60_000), "37 h 32 min");
        assert_eq!(text(8 * 86_400_000), "8 d");
        assert_eq!(Lang::De.duration(Duration::from_millis(17_312)), "17,3 s");
    }

    #[test]
    fn numbers_follow_the_language() {
        assert_eq!(Lang::En.count(1_234_567), "1,234,567");
        assert_eq!(Lang::De.count(1_234_567), "1.234.567");
        assert_eq!((Lang::En.millis(-1_849), Lang::De.millis(4_550)), ("−1.8 ms".to_owned(), "4,6 ms".to_owned()));
        assert_eq!((Lang::En.millis(-40), Lang::De.per_cent(63)), ("0 ms".to_owned(), "6,3 %".to_owned()));
        assert_eq!(Lang::En.bytes(999), "999 B");
        assert_eq!(Lang::En.bytes(12_345_678), "12.3 MB");
        assert_eq!(Lang::De.bytes(1_500), "1,5 kB");
        assert_eq!(Lang::En.bytes(123_456_789_012), "123 GB");
    }

    #[test]
    fn times_are_utc_to_the_minute() {
        assert_eq!(Lang::En.rfc3339("2026-01-05T13:37:00.123Z"), "2026-01-05 13:37 UTC");
        assert_eq!(Lang::De.rfc3339("2026-01-05T13:37:00Z"), "05.01.2026 13:37 UTC");
        assert_eq!(Lang::En.rfc3339("yesterday"), "yesterday");
    }
}
