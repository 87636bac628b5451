//! The run key: 32 random bytes that never leave the harness while the drill runs, and the words that are derived from them.
//!
//! The journal begins with the key's SHA-256 and ends with the key itself, so that `verdict` can verify tokens and nobody could
//! have made one in between.

use crate::ids::Tenant;
use crate::journal::{commitment, disclose};
use crate::secret::Secret;
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::Sha256;

/// The operating system has no random bytes for us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes: {0}")]
pub struct NoRandom(String);

/// A text that is no run key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a run key is 64 hexadecimal digits")]
pub struct BadKey;

/// The key that all tokens of one run are made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunKey(Secret<[u8; 32]>);

impl RunKey {
    /// A new key from the operating system.
    ///
    /// # Errors
    /// [`NoRandom`] when it has none.
    pub fn draw() -> Result<Self, NoRandom> {
        random().map(|bytes| Self(Secret::new(bytes)))
    }

    /// The key as [`RunKey::disclose`] wrote it.
    ///
    /// # Errors
    /// [`BadKey`] when the text is anything but 64 lower-case hexadecimal digits.
    pub fn parse(hex: &str) -> Result<Self, BadKey> {
        let bytes = HEXLOWER.decode(hex.as_bytes()).map_err(|_| BadKey)?;
        <[u8; 32]>::try_from(bytes).map(|bytes| Self(Secret::new(bytes))).map_err(|_| BadKey)
    }

    /// SHA-256 (hex) of the key: what the journal begins with.
    #[must_use]
    pub fn commitment(&self) -> String {
        commitment(self.0.expose())
    }

    /// The key itself (hex), for the journal's closing event.
    #[must_use]
    pub fn disclose(&self) -> String {
        disclose(self.0.expose())
    }

    /// The raw key, for tokens.
    pub(super) const fn bytes(&self) -> &[u8] {
        self.0.expose()
    }

    /// HMAC-SHA256 over the parts, separated by NUL: none of them but the last can hold one.
    pub(super) fn mac(&self, parts: &[&str]) -> [u8; 32] {
        // A key shorter than a block is padded with zeros (RFC 2104); done here, the constructor cannot fail.
        let mut block = [0_u8; 64];
        block[..32].copy_from_slice(self.0.expose());
        let mut mac = Hmac::<Sha256>::new(&block.into());
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                mac.update(b"\0");
            }
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

/// Random bytes from the operating system.
///
/// # Errors
/// [`NoRandom`] when it has none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|why| NoRandom(why.to_string()))?;
    Ok(bytes)
}

/// The word of one tenant that the harness writes nowhere else: 19 lower-case letters and digits, one word for any search.
#[must_use]
pub fn canary_of(key: &RunKey, tenant: &Tenant) -> String {
    format!("kanarie{}", letters(&key.mac(&["canary", tenant.as_str()])))
}

/// The word that all tenants share, so that a search has something to find everywhere: 21 lower-case letters and digits.
#[must_use]
pub fn decoy_of(key: &RunKey) -> String {
    format!("gemeinsam{}", letters(&key.mac(&["decoy"])))
}

fn letters(mac: &[u8; 32]) -> String {
    let mut text = BASE32_NOPAD.encode(&mac[..10]).to_lowercase();
    text.truncate(12);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_committed_to_and_disclosed_and_never_printed() {
        let key = RunKey::draw().expect("random bytes");
        assert_ne!(key, RunKey::draw().expect("random bytes"));
        assert_eq!(RunKey::parse(&key.disclose()), Ok(key.clone()));
        assert!(!format!("{key:?}").contains(&key.disclose()));
        assert_eq!(RunKey::parse("00"), Err(BadKey));
        let zero = RunKey::parse(&"00".repeat(32)).expect("a key");
        assert_eq!(zero.commitment(), "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
    }

    #[test]
    fn words_are_one_lower_case_word_each_and_differ() {
        let key = RunKey::parse(&"07".repeat(32)).expect("a key");
        let words: Vec<_> = ["acme", "acme-prod"]
            .into_iter()
            .map(|name| canary_of(&key, &Tenant::new(name).expect("a name")))
            .chain([decoy_of(&key)])
            .collect();
        for word in &words {
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{word}");
            assert_eq!(words.iter().filter(|other| *other == word).count(), 1);
        }
        assert_eq!((words[0].len(), words[2].len()), (19, 21));
    }
}
