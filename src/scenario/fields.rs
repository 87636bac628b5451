//! The typed walk over a tree: takes fields by name, says what is missing, unknown or of the wrong kind.

use super::node::{Entry, NO_KEY, Node, Value, boolean};
use super::reading::{Place, Placed, Reading, Word};
use super::suggest::suggest;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The fields of one mapping. Every field that is asked for is a known one; [`Fields::done`] reports all others.
pub struct Fields<'n> {
    what: &'static str,
    owner: Place,
    entries: &'n [Entry],
    known: Vec<&'static str>,
    skipped: Vec<&'n str>,
}

impl<'n> Fields<'n> {
    /// `what` it describes, with an article, for messages.
    pub fn of(node: &'n Node, what: &'static str, reading: &mut Reading) -> Option<Self> {
        let entries = reading.map(node, what)?;
        Some(Self { what, owner: node.owner(), entries, known: Vec::new(), skipped: Vec::new() })
    }

    pub fn owner(&self) -> Place {
        self.owner
    }

    /// A field that may be left out.
    pub fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// A field that must be there.
    pub fn need(&mut self, key: &'static str, reading: &mut Reading) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            reading.advise(self.owner, format!("{} needs the key `{key}`", self.what), format!("add `{key}: ...`"));
        }
        found
    }

    /// A text that must be there.
    pub fn word(&mut self, key: &'static str, reading: &mut Reading) -> Word {
        let owner = self.owner;
        self.need(key, reading).and_then(|node| reading.word(node)).unwrap_or_else(|| Word::absent(owner))
    }

    /// A text that may be left out.
    pub fn maybe_word(&mut self, key: &'static str, reading: &mut Reading) -> Option<Word> {
        self.get(key).and_then(|node| reading.word(node))
    }

    /// A list of texts that may be left out.
    pub fn words(&mut self, key: &'static str, reading: &mut Reading) -> Vec<Word> {
        self.get(key).map(|node| reading.words(node)).unwrap_or_default()
    }

    /// A number that may be left out.
    pub fn number(
        &mut self,
        key: &'static str,
        otherwise: u64,
        range: RangeInclusive<u64>,
        reading: &mut Reading,
    ) -> u64 {
        self.get(key).and_then(|node| reading.number(node, range)).unwrap_or(otherwise)
    }

    /// A duration that may be left out.
    pub fn duration(&mut self, key: &'static str, otherwise: Duration, reading: &mut Reading) -> Duration {
        self.get(key).and_then(|node| reading.duration(node)).unwrap_or(otherwise)
    }

    /// A flag that may be left out.
    pub fn flag(&mut self, key: &'static str, reading: &mut Reading) -> bool {
        self.get(key).and_then(|node| reading.flag(node)).unwrap_or(false)
    }

    /// A field that has been dealt with otherwise.
    pub fn skip(&mut self, key: &'n str) {
        self.skipped.push(key);
    }

    /// Reports the keys that nobody asked for.
    pub fn done(self, reading: &mut Reading) {
        for entry in self.entries {
            let key = entry.key.as_str();
            if !self.known.contains(&key) && !self.skipped.contains(&key) && !key.starts_with(NO_KEY) {
                let hint = suggest(&entry.key, self.known.iter().copied());
                reading.advise(entry.at, format!("{} has no key `{}`", self.what, entry.key), hint);
            }
        }
    }
}

impl Reading {
    fn wrong_kind(&mut self, node: &Node, expected: &str, hint: &str) {
        self.advise(node.at, format!("expected {expected}, found {}", node.describe()), hint);
    }

    pub fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Entry]> {
        match &node.value {
            Value::Map(entries) => Some(entries),
            Value::List(_) | Value::Scalar { .. } => {
                self.wrong_kind(node, &format!("{what} as a mapping"), "write `key: value` lines");
                None
            }
        }
    }

    pub fn list<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Map(_) | Value::Scalar { .. } => {
                self.wrong_kind(node, "a list", "write `[a, b]`, or one `- item` per line");
                &[]
            }
        }
    }

    /// A text that is not empty. Numbers are taken as they are typed; booleans and nothing are not.
    pub fn word(&mut self, node: &Node) -> Option<Word> {
        let word = self.text(node)?;
        if word.value.is_empty() {
            self.advise(node.at, "expected a text, found an empty one", "write it, or leave the key out");
            return None;
        }
        Some(word)
    }

    /// A text, perhaps empty.
    pub fn text(&mut self, node: &Node) -> Option<Word> {
        match &node.value {
            Value::Scalar { text, plain } if !plain || !(node.is_null() || boolean(text).is_some()) => {
                Some(Placed { value: text.clone(), at: node.at })
            }
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => {
                self.wrong_kind(node, "a text", "put it in quotes if it is meant to be one");
                None
            }
        }
    }

    pub fn words(&mut self, node: &Node) -> Vec<Word> {
        self.list(node).iter().filter_map(|item| self.word(item)).collect()
    }

    pub fn flag(&mut self, node: &Node) -> Option<bool> {
        let flag = match &node.value {
            Value::Scalar { text, plain: true } => boolean(text),
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => None,
        };
        if flag.is_none() {
            self.wrong_kind(node, "true or false", "write true or false, without quotes; `yes` and `on` are texts");
        }
        flag
    }

    pub fn number(&mut self, node: &Node, range: RangeInclusive<u64>) -> Option<u64> {
        let number = match &node.value {
            Value::Scalar { text, plain: true } => text.parse::<u64>().ok(),
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => None,
        };
        let (low, high) = (range.start(), range.end());
        let hint = if *high == u64::MAX { format!("at least {low}") } else { format!("from {low} to {high}") };
        match number {
            None => self.wrong_kind(node, "a whole number", &hint),
            Some(number) if !range.contains(&number) => self.advise(node.at, format!("{number} is out of range"), hint),
            Some(number) => return Some(number),
        }
        None
    }

    /// A duration above zero, like `250ms` or `1h 15m`.
    pub fn duration(&mut self, node: &Node) -> Option<Duration> {
        let word = self.text(node)?;
        match humantime::parse_duration(&word.value) {
            Ok(Duration::ZERO) => {
                self.advise(node.at, "a duration of zero", "it must be longer than that");
                None
            }
            Ok(duration) => Some(duration),
            Err(_) if word.value.parse::<f64>().is_ok() => {
                let hint = format!("give the unit: `{0}s`, `{0}m`, `{0}h` or `{0}d`", word.value);
                self.advise(node.at, format!("`{}` is no duration", word.value), hint);
                None
            }
            Err(_) => {
                self.advise(node.at, format!("`{}` is no duration", word.value), "like 250ms, 30s, 4h, 1h15m or 8d");
                None
            }
        }
    }

    /// A time of day, `HH:MM`: hour and minute.
    pub fn time_of_day(&mut self, node: &Node) -> Option<(u8, u8)> {
        let word = self.text(node)?;
        let parsed = word.value.split_once(':').and_then(|(hour, minute)| {
            let digits = [hour, minute].iter().all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()));
            let (hour, minute) = (hour.parse::<u8>().ok()?, minute.parse::<u8>().ok()?);
            (digits && hour < 24 && minute < 60).then_some((hour, minute))
        });
        if parsed.is_none() {
            self.advise(node.at, format!("`{}` is no time of day", word.value), "like \"13:37\"; UTC");
        }
        parsed
    }

    /// The version of a file, which must be 1.
    pub fn version(&mut self, fields: &mut Fields<'_>) {
        if let Some(node) = fields.need("version", self) {
            match &node.value {
                Value::Scalar { text, plain: true } if text == "1" => {}
                Value::Scalar { .. } | Value::List(_) | Value::Map(_) => {
                    let message = format!("this program reads version 1, found {}", node.describe());
                    self.advise(node.at, message, "write `version: 1`");
                }
            }
        }
    }
}
