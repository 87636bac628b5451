//! What a body or a content is known by.

use arrayvec::ArrayString;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// A SHA-256 in hex; in a journal from elsewhere perhaps another text that is no longer than one. It lies where it is used and nowhere
/// else in memory: a verdict compares millions of them.
pub type Checksum = ArrayString<64>;

/// The SHA-256 of `bytes`.
#[must_use]
pub fn checksum(bytes: &[u8]) -> Checksum {
    checksum_of(Sha256::new_with_prefix(bytes))
}

/// The SHA-256 of all that `hash` was given.
#[must_use]
pub fn checksum_of(hash: Sha256) -> Checksum {
    let mut hex = [0; 64];
    let mut text = Checksum::new();
    text.push_str(HEXLOWER.encode_mut_str(&hash.finalize(), &mut hex));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_checksum() {
        // printf abc | sha256sum
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(checksum(b"abc").as_str(), abc);
        assert_eq!(checksum_of(Sha256::new().chain_update(b"a").chain_update(b"bc")).as_str(), abc);
        assert_eq!(serde_json::from_str::<Checksum>(&format!("{abc:?}")).expect("a checksum").as_str(), abc);
        assert!(serde_json::from_str::<Checksum>(&format!("\"{abc}0\"")).is_err());
    }
}
