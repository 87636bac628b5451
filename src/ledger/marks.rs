//! Finds marks in raw bytes: tokens of any run, and the canary words of all tenants of this one.
//!
//! Bytes are searched as they came, before anything interprets them, so that a mark in an error page or a broken file is found too.

use super::key::{RunKey, canary_of, decoy_of};
use crate::ids::Tenant;
use crate::journal::{Found, Token, tokens_in};
use aho_corasick::AhoCorasick;
use std::collections::{BTreeMap, BTreeSet};

/// The words cannot be searched for.
#[derive(Debug, thiserror::Error)]
#[error("cannot prepare the search for {words} canaries: {why}")]
pub struct MarksError {
    words: usize,
    why: aho_corasick::BuildError,
}

/// The words of one run: a canary per tenant and the decoy that all share.
#[derive(Debug, Clone)]
pub struct Marks {
    canaries: BTreeMap<Tenant, String>,
    decoy: String,
    /// Its patterns stand in the order of `canaries`.
    search: AhoCorasick,
}

impl Marks {
    /// # Errors
    /// [`MarksError`] when there are too many tenants for one search.
    pub fn new(key: &RunKey, tenants: &[Tenant]) -> Result<Self, MarksError> {
        let canaries: BTreeMap<_, _> = tenants.iter().map(|tenant| (tenant.clone(), canary_of(key, tenant))).collect();
        // Search engines and PDF fonts may change the case.
        let search = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(canaries.values())
            .map_err(|why| MarksError { words: canaries.len(), why })?;
        Ok(Self { canaries, decoy: decoy_of(key), search })
    }

    /// One word per tenant that is written nowhere else.
    #[must_use]
    pub const fn canaries(&self) -> &BTreeMap<Tenant, String> {
        &self.canaries
    }

    /// The word that all tenants share.
    #[must_use]
    pub fn decoy(&self) -> &str {
        &self.decoy
    }
}

/// The tokens in `bytes`, each once, in order of the alphabet, and the tenants whose canary is in it.
#[must_use]
pub fn scan(bytes: &[u8], marks: &Marks) -> Found {
    let tokens: BTreeSet<Token> = tokens_in(bytes).collect();
    let hit: BTreeSet<usize> =
        marks.search.find_overlapping_iter(bytes).map(|found| found.pattern().as_usize()).collect();
    let canaries =
        marks.canaries.keys().enumerate().filter(|(index, _)| hit.contains(index)).map(|(_, tenant)| tenant.clone());
    Found { tokens: tokens.into_iter().collect(), canaries: canaries.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(name: &str) -> Tenant {
        Tenant::new(name).expect("a name")
    }

    fn marks() -> Marks {
        let key = RunKey::parse(&"07".repeat(32)).expect("a key");
        Marks::new(&key, &[tenant("globex"), tenant("acme"), tenant("acme-prod")]).expect("marks")
    }

    #[test]
    fn marks_are_found_in_binary() {
        let marks = marks();
        let (one, two) = ("EFABCDEFGHIJKLMNOPQRSTUVWXYZ", "EF234567ABCDEFGHIJKLMNOPQRST");
        let mut bytes = vec![0, 0xff, 0xfe];
        for part in [two, "\u{0}", one, "<", two] {
            bytes.extend_from_slice(part.as_bytes());
            bytes.push(0x80);
        }
        bytes.extend_from_slice(marks.canaries()[&tenant("globex")].to_uppercase().as_bytes());
        bytes.extend_from_slice(marks.canaries()[&tenant("acme")].as_bytes());
        bytes.extend_from_slice(marks.decoy().as_bytes());
        let found = scan(&bytes, &marks);
        assert!(found.tokens.iter().map(Token::as_str).eq([two, one]), "{found:?}");
        assert_eq!(found.canaries[..], [tenant("acme"), tenant("globex")]);
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        assert_eq!(scan(b"", &marks()), Found::default());
        assert_eq!(scan(&[b'E'; 100], &marks()), Found::default());
        assert_eq!(scan(b"kanarie", &marks()), Found::default());
    }
}
