//! Who logs in: the tenant's administrator, and the people whom the corpus creates, with random passwords that only we know.

use super::Account;
use crate::ledger::{NoRandom, random};
use crate::plan::Who;
use crate::secret::Secret;
use data_encoding::BASE32_NOPAD;

/// The accounts of one tenant that the harness can log in as. Names are valid in any application: capital letter first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    pub admin: Account,
    pub reader: Account,
    pub editor: Account,
    /// Loses the right to edit in the history, and must not get it back from a backup.
    pub leaver: Account,
}

impl Accounts {
    /// Names of people get their token when the corpus creates them: see [`super::corpus`].
    ///
    /// # Errors
    /// [`NoRandom`] when the operating system has no random bytes for the passwords.
    pub fn draw(admin_password: Secret<String>) -> Result<Self, NoRandom> {
        let person = |name: &str| password().map(|password| Account { name: name.to_owned(), password });
        Ok(Self {
            admin: Account { name: "Admin".to_owned(), password: admin_password },
            reader: person("Reader")?,
            editor: person("Editor")?,
            leaver: person("Leaver")?,
        })
    }

    /// The account that stands for a row of the role matrix; nobody for a stranger.
    #[must_use]
    pub const fn who(&self, who: Who) -> Option<&Account> {
        match who {
            Who::Stranger => None,
            Who::Reader => Some(&self.reader),
            Who::Editor => Some(&self.editor),
            Who::Admin => Some(&self.admin),
        }
    }
}

/// A random password: 32 letters and digits.
///
/// # Errors
/// [`NoRandom`] when the operating system has no random bytes.
pub fn password() -> Result<Secret<String>, NoRandom> {
    random::<20>().map(|bytes| Secret::new(BASE32_NOPAD.encode(&bytes).to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_random_and_never_printed() {
        let accounts = Accounts::draw(Secret::new("given".into())).expect("random bytes");
        let passwords = [&accounts.reader, &accounts.editor, &accounts.leaver].map(|account| account.password.expose());
        assert!(passwords.iter().all(|password| password.len() == 32));
        assert_ne!(passwords[0], passwords[1]);
        assert_ne!(passwords[1], passwords[2]);
        assert!(!format!("{accounts:?}").contains(passwords[0].as_str()));
        assert_eq!(accounts.who(Who::Stranger), None);
        assert_eq!(accounts.who(Who::Admin).map(|admin| admin.password.expose().as_str()), Some("given"));
    }
}
