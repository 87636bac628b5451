//! The mark that every write carries. Pure, so that the ledger makes tokens with it and the verdict verifies them with the disclosed key.

use super::checksum::checksum;
use super::event::WriteKind;
use crate::ids::{RunId, Tenant};
use arrayvec::ArrayString;
use data_encoding::{BASE32_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::borrow::Cow;

/// What every token begins with, so that token-shaped text is recognised in any bytes.
pub const TOKEN_PREFIX: &str = "EF";
/// Stands for the write's own token in a name that is still to be written. Braces occur in no title of a wiki.
pub const TOKEN_HERE: &str = "{token}";
/// Length of a token in characters: the prefix and 16 bytes in base32 (RFC 4648, no padding).
pub const TOKEN_LENGTH: usize = 28;

/// A token; in a journal from elsewhere perhaps another text that is no longer than one. It lies where it is used and nowhere else in
/// memory: a verdict compares millions of them.
pub type Token = ArrayString<TOKEN_LENGTH>;

/// `EF` + base32 of the first 16 bytes of HMAC-SHA256 over `run · tenant · writer · seq · kind · name`, joined with U+00B7.
///
/// `key` is the run key as raw bytes; `name` is the page title, file name or user name of the write. Where the name itself carries the
/// token, the token (or [`TOKEN_HERE`] in its place) is left out of what is hashed.
#[must_use]
pub fn token(key: &[u8], run: &RunId, tenant: &Tenant, writer: &str, seq: u64, kind: WriteKind, name: &str) -> Token {
    Stamp::new(key, run).token(tenant, writer, seq, kind, name)
}

/// Makes the tokens of one run; begun once, each costs half as much.
#[derive(Clone)]
pub struct Stamp {
    /// Has read the key and the run. HMAC takes keys of any length; should that ever change, the empty text is no token and verifies nothing.
    begun: Option<Hmac<Sha256>>,
}

impl Stamp {
    #[must_use]
    pub fn new(key: &[u8], run: &RunId) -> Self {
        let begun = Hmac::<Sha256>::new_from_slice(key).ok();
        Self { begun: begun.map(|mac| mac.chain_update(run.as_str().as_bytes())) }
    }

    /// See [`token`].
    #[must_use]
    pub fn token(&self, tenant: &Tenant, writer: &str, seq: u64, kind: WriteKind, name: &str) -> Token {
        let mut token = Token::new();
        let Some(mut mac) = self.begun.clone() else { return token };
        for field in [tenant.as_str(), writer, &seq.to_string(), kind.name(), &stem(name)] {
            mac.update("\u{b7}".as_bytes());
            mac.update(field.as_bytes());
        }
        let digest = mac.finalize().into_bytes();
        let mut text = [0; TOKEN_LENGTH - TOKEN_PREFIX.len()];
        token.push_str(TOKEN_PREFIX);
        token.push_str(BASE32_NOPAD.encode_mut_str(&digest[..16], &mut text));
        token
    }
}

/// A name without any token in it.
fn stem(name: &str) -> Cow<'_, str> {
    let name = if name.contains(TOKEN_HERE) { Cow::Owned(name.replace(TOKEN_HERE, "")) } else { Cow::Borrowed(name) };
    if positions(name.as_bytes()).next().is_none() {
        return name;
    }
    let mut stem = String::with_capacity(name.len());
    let mut from = 0;
    for at in positions(name.as_bytes()) {
        stem.push_str(&name[from..at]);
        from = at + TOKEN_LENGTH;
    }
    stem.push_str(&name[from..]);
    Cow::Owned(stem)
}

/// Everything in `bytes` that has the shape of a token, in order.
pub fn tokens_in(bytes: &[u8]) -> impl Iterator<Item = Token> {
    let text = |at: usize| std::str::from_utf8(&bytes[at..at + TOKEN_LENGTH]).ok();
    positions(bytes).filter_map(move |at| Token::from(text(at)?).ok())
}

/// Where tokens begin. They cannot overlap: none is followed by a letter of the alphabet.
fn positions(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let letter = |byte: u8| matches!(byte, b'A'..=b'Z' | b'2'..=b'7');
    let before = move |at: usize, back: usize| at.checked_sub(back).map(|index| bytes[index]);
    // A token begins a word, or follows an escape as in `File%2FEF...`, whose hexadecimal digits are no letters.
    let begins = move |at: usize| before(at, 1).is_none_or(|byte| !letter(byte)) || before(at, 3) == Some(b'%');
    let ends = move |at: usize| bytes.get(at + TOKEN_LENGTH).is_none_or(|byte| !letter(*byte));
    let windows = bytes.windows(TOKEN_LENGTH).enumerate();
    let shaped = windows.filter(move |(_, window)| {
        window.starts_with(TOKEN_PREFIX.as_bytes()) && window.iter().all(|byte| letter(*byte))
    });
    shaped.map(|(at, _)| at).filter(move |at| begins(*at) && ends(*at))
}

/// The run key's commitment: SHA-256 (hex) over its raw bytes, [`super::RunStarted::key_sha256`].
#[must_use]
pub fn commitment(key: &[u8]) -> String {
    checksum(key).to_string()
}

/// The run key as [`super::Event::KeyDisclosed`] carries it: hex.
#[must_use]
pub fn disclose(key: &[u8]) -> String {
    HEXLOWER.encode(key)
}

/// The raw run key out of a disclosed one, if it is the one that was committed to.
#[must_use]
pub fn disclosed(text: &str, key_sha256: &str) -> Option<Vec<u8>> {
    let key = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
    (commitment(&key) == key_sha256).then_some(key)
}

impl WriteKind {
    pub const ALL: [Self; 14] = [
        Self::Create,
        Self::Edit,
        Self::Upload,
        Self::Delete,
        Self::DeleteUpload,
        Self::Rename,
        Self::CreateUser,
        Self::Grant,
        Self::Revoke,
        Self::Block,
        Self::Unblock,
        Self::Protect,
        Self::Unprotect,
        Self::Probe,
    ];

    /// As in the journal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Edit => "edit",
            Self::Upload => "upload",
            Self::Delete => "delete",
            Self::DeleteUpload => "delete-upload",
            Self::Rename => "rename",
            Self::CreateUser => "create-user",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Protect => "protect",
            Self::Unprotect => "unprotect",
            Self::Probe => "probe",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_depends_on_every_field_and_verifies_with_the_disclosed_key_only() {
        let (run, acme) = (RunId::new("run-1").expect("name"), Tenant::new("acme").expect("name"));
        let mark = token(b"key", &run, &acme, "w", 7, WriteKind::Edit, "Page");
        assert_eq!(mark.len(), TOKEN_LENGTH);
        assert!(mark.starts_with(TOKEN_PREFIX));
        let globex = Tenant::new("globex").expect("name");
        for other in [
            token(b"yek", &run, &acme, "w", 7, WriteKind::Edit, "Page"),
            token(b"key", &run, &globex, "w", 7, WriteKind::Edit, "Page"),
            token(b"key", &run, &acme, "v", 7, WriteKind::Edit, "Page"),
            token(b"key", &run, &acme, "w", 8, WriteKind::Edit, "Page"),
            token(b"key", &run, &acme, "w", 7, WriteKind::Create, "Page"),
            token(b"key", &run, &acme, "w", 7, WriteKind::Edit, "Pag"),
        ] {
            assert_ne!(mark, other);
        }
        let text = disclose(b"key");
        assert_eq!(disclosed(&text, &commitment(b"key")), Some(b"key".to_vec()));
        assert_eq!(disclosed(&text, &commitment(b"other")), None);
        assert_eq!(disclosed("no hex", &commitment(b"key")), None);
    }

    #[test]
    fn a_name_that_carries_the_token_makes_the_same_token() {
        let (run, acme) = (RunId::new("run-1").expect("name"), Tenant::new("acme").expect("name"));
        for name in ["Note {token}", "{token}.txt", "Colleague{token}", "Datei%2F{token}"] {
            let mark = token(b"key", &run, &acme, "w", 7, WriteKind::Upload, name);
            let written = name.replace(TOKEN_HERE, &mark);
            assert_eq!(token(b"key", &run, &acme, "w", 7, WriteKind::Upload, &written), mark, "{written}");
            assert_eq!(tokens_in(written.as_bytes()).collect::<Vec<_>>(), [mark]);
        }
        assert_eq!(tokens_in(b"EFAA and XEFAAAAAAAAAAAAAAAAAAAAAAAAAAAA").count(), 0);
    }

    #[test]
    fn names_of_kinds_are_those_of_the_journal() {
        for kind in WriteKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("json"), kind.name());
        }
    }

    fn made(seq: u64, kind: WriteKind, name: &str) -> Token {
        let (run, tenant) = (RunId::new("run-1").expect("a name"), Tenant::new("acme").expect("a name"));
        token(&[7; 32], &run, &tenant, "history", seq, kind, name)
    }

    #[test]
    fn golden_token() {
        // python3: base64.b32encode(hmac.digest(bytes([7])*32, "run-1·acme·history·3·edit·Übersicht 1".encode(), "sha256")[:16])
        assert_eq!(made(3, WriteKind::Edit, "Übersicht 1"), *"EFIEITXXO4SKGCEA4Y6AEC35QSY4");
    }

    #[test]
    fn a_key_that_carries_its_token_verifies() {
        let mark = made(0, WriteKind::Upload, "Größe-.txt");
        assert_eq!(made(0, WriteKind::Upload, &format!("Größe-{mark}.txt")), mark);
        assert_ne!(made(0, WriteKind::Upload, "Größe.txt"), mark);
        assert_eq!(made(0, WriteKind::CreateUser, &format!("User{mark}")), made(0, WriteKind::CreateUser, "User"));
    }

    #[test]
    fn only_whole_words_have_the_shape() {
        let mark = made(1, WriteKind::Create, "x");
        let found = |text: &str| tokens_in(text.as_bytes()).collect::<Vec<_>>();
        for text in
            [mark.to_string(), format!("User{mark}."), format!("é{mark}é"), format!("a%2F{mark}"), format!("_{mark}_")]
        {
            assert_eq!(found(&text), [mark], "{text}");
        }
        for text in [format!("X{mark}"), format!("{mark}A"), mark[1..].to_owned(), mark.to_lowercase()] {
            assert!(found(&text).is_empty(), "{text}");
        }
    }
}
