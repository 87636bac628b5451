//! Health checks, sizes and other values of a service that have a notation of their own.

use super::super::fields::Fields;
use super::super::node::{Node, Value};
use super::super::reading::Reading;
use std::time::Duration;

/// As Docker takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthEntry {
    /// `CMD` or `CMD-SHELL` first.
    pub test: Vec<String>,
    pub interval: Duration,
    pub timeout: Duration,
    pub retries: u32,
    pub start_period: Duration,
}

pub fn health(node: &Node, reading: &mut Reading) -> Option<HealthEntry> {
    let mut fields = Fields::of(node, "a health check", reading)?;
    let test = fields.need("test", reading).and_then(|node| test(node, reading));
    let usual = Duration::from_secs(30);
    let health = HealthEntry {
        test: test.unwrap_or_default(),
        interval: fields.duration("interval", usual, reading),
        timeout: fields.duration("timeout", usual, reading),
        retries: u32::try_from(fields.number("retries", 3, 1..=1000, reading)).unwrap_or(3),
        start_period: fields.get("start_period").and_then(|node| whole_duration(node, reading)).unwrap_or_default(),
    };
    if let Some(disable) = fields.get("disable") {
        reading.advise(disable.owner(), "a service needs its health check", "leave `disable` out");
    }
    fields.done(reading);
    Some(health)
}

/// A duration, perhaps zero.
fn whole_duration(node: &Node, reading: &mut Reading) -> Option<Duration> {
    match &node.value {
        Value::Scalar { text, .. } if matches!(text.as_str(), "0" | "0s") => Some(Duration::ZERO),
        Value::Scalar { .. } | Value::List(_) | Value::Map(_) => reading.duration(node),
    }
}

fn test(node: &Node, reading: &mut Reading) -> Option<Vec<String>> {
    let hint = "like `[CMD, /opt/health]`, `[CMD-SHELL, \"a && b\"]` or a line for the shell";
    match &node.value {
        Value::Scalar { .. } => reading.word(node).map(|line| vec!["CMD-SHELL".to_owned(), line.value]),
        Value::List(_) | Value::Map(_) => {
            let words = texts(node, reading);
            let right = match words.first().map(String::as_str) {
                Some("CMD") => words.len() > 1,
                Some("CMD-SHELL") => words.len() == 2,
                _ => false,
            };
            if !right {
                reading.advise(node.at, "a test begins with CMD or CMD-SHELL and says what to run", hint);
            }
            right.then_some(words)
        }
    }
}

/// A list of texts, which may be empty ones.
pub fn texts(node: &Node, reading: &mut Reading) -> Vec<String> {
    reading.list(node).iter().filter_map(|item| reading.text(item)).map(|word| word.value).collect()
}

/// A command: a list, or a line that is cut at its spaces.
pub fn command(node: &Node, reading: &mut Reading) -> Option<Vec<String>> {
    match &node.value {
        Value::List(_) | Value::Map(_) => Some(texts(node, reading)),
        Value::Scalar { .. } => {
            let line = reading.word(node)?;
            if line.value.contains(['"', '\'', '\\', '$', '|', '&', ';', '<', '>', '`']) {
                let hint = "write it as a list; for a shell: `[sh, -c, \"...\"]`";
                reading.advise(node.at, "a line with quotes or a shell's signs can be read in several ways", hint);
                return None;
            }
            Some(line.value.split_whitespace().map(str::to_owned).collect())
        }
    }
}

/// Bytes: `512m`, `1.5g`, `64kb`, `1000000`.
pub fn bytes(node: &Node, reading: &mut Reading) -> Option<u64> {
    let word = reading.word(node)?;
    let text = word.value.to_ascii_lowercase();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: Option<u32> = match text[digits.len()..].trim_end_matches('b') {
        "" => Some(0),
        "k" => Some(10),
        "m" => Some(20),
        "g" => Some(30),
        _ => None,
    };
    let bytes = unit.and_then(|shift| thousandths(digits)?.checked_mul(1 << shift)).map(|bytes| bytes / 1000);
    if bytes.is_none_or(|bytes| bytes == 0) {
        reading.advise(node.at, format!("`{}` is no size", word.value), "like 512m or 2g");
        return None;
    }
    bytes
}

/// Thousandths of a core: `0.5`, `2`.
pub fn milli_cpus(node: &Node, reading: &mut Reading) -> Option<u64> {
    let word = reading.word(node)?;
    let found = thousandths(&word.value).filter(|milli| *milli > 0);
    if found.is_none() {
        reading.advise(node.at, format!("`{}` is no number of cores", word.value), "like 0.5 or 2");
    }
    found
}

/// A decimal number in thousandths, further places dropped.
fn thousandths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(part.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::node;

    fn read<T>(text: &str, with: fn(&Node, &mut Reading) -> Option<T>) -> Option<T> {
        let mut reading = Reading::default();
        let file = reading.add("test", text).unwrap();
        let node = node::parse(file, &mut reading).unwrap();
        let found = with(&node, &mut reading);
        assert_eq!(found.is_some(), reading.count() == 0, "{text}");
        found
    }

    #[test]
    fn sizes_and_cores() {
        assert_eq!(read("512m", bytes), Some(512 << 20));
        assert_eq!(read("1.5gb", bytes), Some(3 << 29));
        assert_eq!(read("64k", bytes), Some(65536));
        assert_eq!(read("1000", bytes), Some(1000));
        assert_eq!(read("5 parsecs", bytes), None);
        assert_eq!(read("0", bytes), None);
        assert_eq!(read("99999999999999999g", bytes), None);
        assert_eq!(read("0.5", milli_cpus), Some(500));
        assert_eq!(read("2", milli_cpus), Some(2000));
        assert_eq!(read("-1", milli_cpus), None);
        assert_eq!(read(".5", milli_cpus), None);
    }

    #[test]
    fn commands_are_lists_or_plain_lines() {
        assert_eq!(read("sleep infinity", command), Some(vec!["sleep".to_owned(), "infinity".to_owned()]));
        assert_eq!(read("[sh, -c, 'a && b']", command).unwrap().len(), 3);
        assert_eq!(read("sh -c 'a'", command), None);
    }

    #[test]
    fn health_checks_take_both_forms() {
        let health =
            read("{ test: [CMD, x], interval: 1s, timeout: 2s, retries: 4, start_period: 0s }", health).unwrap();
        assert_eq!((health.interval, health.retries), (Duration::from_secs(1), 4));
        assert_eq!(read("{ test: a && b }", super::health).unwrap().test, ["CMD-SHELL", "a && b"]);
        assert_eq!(read("[NONE]", test), None);
    }
}
