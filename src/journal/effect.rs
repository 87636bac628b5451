//! What each kind of write does, decided once: whoever sorts writes by that asks here, and a new kind of write does not compile unnoticed.

use super::event::WriteKind;
use super::seen::Surface;

/// What a write does to the thing that its key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// One more version of a page or an upload, the first one included.
    Version,
    /// The page or the upload is gone.
    Removal,
    /// The page has another title.
    Renaming,
    /// There is one more user.
    Creation,
    /// Something holds from now on (`true`), or no longer.
    Turn(Turned, bool),
}

/// What writes turn on and off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// Of a user in a group.
    Membership,
    /// Of a user.
    Block,
    /// Of a page.
    Protection,
}

impl WriteKind {
    #[must_use]
    pub const fn effect(self) -> Effect {
        match self {
            Self::Create | Self::Edit | Self::Upload | Self::Probe => Effect::Version,
            Self::Delete | Self::DeleteUpload => Effect::Removal,
            Self::Rename => Effect::Renaming,
            Self::CreateUser => Effect::Creation,
            Self::Grant => Effect::Turn(Turned::Membership, true),
            Self::Revoke => Effect::Turn(Turned::Membership, false),
            Self::Block => Effect::Turn(Turned::Block, true),
            Self::Unblock => Effect::Turn(Turned::Block, false),
            Self::Protect => Effect::Turn(Turned::Protection, true),
            Self::Unprotect => Effect::Turn(Turned::Protection, false),
        }
    }

    /// Where it shows first: pages, uploads or users.
    #[must_use]
    pub const fn surface(self) -> Surface {
        match self {
            Self::Create | Self::Edit | Self::Delete | Self::Rename | Self::Protect | Self::Unprotect | Self::Probe => {
                Surface::Pages
            }
            Self::Upload | Self::DeleteUpload => Surface::Uploads,
            Self::CreateUser | Self::Grant | Self::Revoke | Self::Block | Self::Unblock => Surface::Users,
        }
    }
}
