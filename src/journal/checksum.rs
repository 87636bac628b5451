//! What a body or a content is known by.

use arrayvec::ArrayString;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A SHA-256; written as 64 hex digits, in lower case. It lies where it is used and nowhere else in memory: a verdict compares millions of
/// them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Hex", into = "Hex")]
pub struct Checksum([u8; 32]);

type Hex = ArrayString<64>;

/// Why a text is no checksum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no SHA-256: expected 64 hex digits in lower case")]
pub struct NoChecksum(Hex);

impl TryFrom<Hex> for Checksum {
    type Error = NoChecksum;

    fn try_from(text: Hex) -> Result<Self, NoChecksum> {
        let mut bytes = [0; 32];
        // Of any other length it does not fit, and decoding such a text would panic.
        let whole = text.len() == text.capacity() && HEXLOWER.decode_mut(text.as_bytes(), &mut bytes).is_ok();
        if whole { Ok(Self(bytes)) } else { Err(NoChecksum(text)) }
    }
}

impl From<Checksum> for Hex {
    fn from(Checksum(bytes): Checksum) -> Self {
        let mut digits = [0; 64];
        let mut text = Self::new();
        text.push_str(HEXLOWER.encode_mut_str(&bytes, &mut digits));
        text
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        HEXLOWER.encode_display(&self.0).fmt(f)
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// The SHA-256 of `bytes`.
#[must_use]
pub fn checksum(bytes: &[u8]) -> Checksum {
    checksum_of(Sha256::new_with_prefix(bytes))
}

/// The SHA-256 of all that `hash` was given.
#[must_use]
pub fn checksum_of(hash: Sha256) -> Checksum {
    Checksum(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_checksum() {
        // printf abc | sha256sum
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(checksum(b"abc").to_string(), abc);
        assert_eq!(checksum_of(Sha256::new().chain_update(b"a").chain_update(b"bc")), checksum(b"abc"));
        let json = serde_json::to_string(&checksum(b"abc")).expect("JSON");
        assert_eq!(json, format!("{abc:?}"));
        assert_eq!(serde_json::from_str::<Checksum>(&json).expect("a checksum"), checksum(b"abc"));
    }

    #[test]
    fn only_64_digits_in_lower_case_are_a_checksum() {
        let abc = checksum(b"abc").to_string();
        for text in [&abc[1..], &format!("{abc}0"), &abc.to_uppercase(), &abc.replace('b', "g"), ""] {
            let error = serde_json::from_str::<Checksum>(&format!("{text:?}")).expect_err(text).to_string();
            assert!(error.contains("64"), "{error}");
        }
    }
}
