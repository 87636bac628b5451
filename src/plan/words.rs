//! Words of the user's files get their meaning: an unknown one is a problem at its place, with the nearest known one.

use crate::ids::BadName;
use crate::scenario::{Reading, Word, suggest};
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use std::fmt;

/// One of the words of a type, as they are written in plans. An empty word is missing, which has been said already.
pub fn meaning<T: DeserializeOwned>(word: &Word, what: &str, reading: &mut Reading) -> Option<T> {
    if word.as_str().is_empty() {
        return None;
    }
    let text: StrDeserializer<'_, Unknown> = word.as_str().into_deserializer();
    match T::deserialize(text) {
        Ok(value) => Some(value),
        Err(Unknown(known)) => {
            let hint = suggest(word.as_str(), known.iter().copied());
            reading.advise(word.at, format!("there is no {what} `{}`", word.as_str()), hint);
            None
        }
    }
}

/// A validated name. An empty word is missing, which has been said already.
pub fn name<T: TryFrom<String, Error = BadName>>(word: &Word, reading: &mut Reading) -> Option<T> {
    if word.as_str().is_empty() {
        return None;
    }
    match T::try_from(word.value.clone()) {
        Ok(name) => Some(name),
        Err(why) => {
            reading.advise(word.at, why.to_string(), "it becomes part of names in the network, like `acme-prod`");
            None
        }
    }
}

/// The known words, when none of them was typed.
#[derive(Debug)]
struct Unknown(&'static [&'static str]);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

impl std::error::Error for Unknown {}

impl serde::de::Error for Unknown {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(&[])
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(expected)
    }
}
