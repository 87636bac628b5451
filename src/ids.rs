//! Validated names. They become container names, labels and host names, so each is checked once, here, and is a type ever after.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    #[error("a name cannot be empty")]
    Empty,
    #[error("{0:?} is {1} characters long, at most {MAX} are allowed")]
    TooLong(String, usize),
    #[error("{0:?} must be lower-case letters, digits and single hyphens, and begin and end with a letter or digit")]
    Shape(String),
}

/// Longest name: run id, datacenter, tenant and service together stay below the 63 characters of a DNS label.
const MAX: usize = 24;

fn check(text: &str) -> Result<(), BadName> {
    if text.is_empty() {
        return Err(BadName::Empty);
    }
    if text.len() > MAX {
        return Err(BadName::TooLong(text.to_owned(), text.len()));
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let shaped = text.chars().all(allowed) && !text.starts_with('-') && !text.ends_with('-') && !text.contains("--");
    if shaped { Ok(()) } else { Err(BadName::Shape(text.to_owned())) }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(CompactString);

        impl $name {
            /// # Errors
            /// [`BadName`] when the text is not a lower-case DNS label of at most 24 characters.
            pub fn new(text: impl Into<String>) -> Result<Self, BadName> {
                let text = text.into();
                check(&text)?;
                Ok(Self(text.into()))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(/// A datacenter: a failure domain of the stack.
    Datacenter);
name!(/// One customer of the stack.
    Tenant);
name!(/// A service of the stack, as named in its Compose files.
    Service);
name!(/// One execution of one scenario.
    RunId);

/// A named step of a plan: `phase/name`, unique within the plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepName(pub String);

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_dns_labels() {
        assert_eq!(Tenant::new("acme-prod").map(String::from), Ok("acme-prod".to_owned()));
        assert_eq!(Tenant::new(""), Err(BadName::Empty));
        for bad in ["Acme", "-a", "a-", "a--b", "a_b", "a.b", "ä"] {
            assert_eq!(Tenant::new(bad), Err(BadName::Shape(bad.to_owned())), "{bad}");
        }
        assert!(matches!(Tenant::new("x".repeat(25)), Err(BadName::TooLong(_, 25))));
    }
}
