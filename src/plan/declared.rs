//! What a stack declares as exceptions, each with its reason: every report names them.

use serde::{Deserialize, Serialize};

/// A table, or a column of one (`user.touched`), that may change by itself or is made again: no fingerprint covers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volatile {
    pub table: String,
    pub because: String,
}

/// Files that a backup tool leaves in a vault as plain text, by design.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultPlain {
    /// Relative to the vault's volume; `*` stands for any characters but `/`.
    pub path: String,
    pub because: String,
}

impl VaultPlain {
    /// Whether a file is declared by this.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let (patterns, names) = (self.path.split('/'), path.split('/'));
        patterns.clone().count() == names.clone().count()
            && patterns.zip(names).all(|(pattern, name)| fits(pattern, name))
    }
}

/// Whether the name of one file or folder fits a pattern.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            let ends = (0..=rest.len()).filter(|at| rest.is_char_boundary(*at));
            ends.map(|at| &rest[at..]).any(|rest| fits(tail, rest))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::VaultPlain;

    #[test]
    fn a_star_stands_for_any_name_or_part_of_one() {
        let fits =
            |pattern: &str, path: &str| VaultPlain { path: pattern.to_owned(), because: String::new() }.matches(path);
        for (pattern, path) in [
            ("*/keys/*", "acme/keys/00ff"),
            ("acme/*.json", "acme/a.b.json"),
            ("a*b*c/d", "aXbYc/d"),
            ("a*b*c/d", "abbcc/d"),
            ("*/ü*", "acme/über"),
        ] {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("*/keys/*", "acme/keys"),
            ("*/keys/*", "acme/keys/a/b"),
            ("*/keys/*", "a/b/keys/c"),
            ("*/keys/*", "acme/mykeys/c"),
            ("*/key*", "acme/key/s"),
            ("a*b/d", "aXc/d"),
        ] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
    }
}
