//! Stable names for what can be wrong. Their text, in two languages, comes from the report's catalogue.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $code:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$item])* #[serde(rename = $text)] $code,)+
        }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// The stable name, as in `report.json`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $text,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

codes! {
    /// One kind of thing that is wrong with a recovery. A single one makes the verdict `failed`.
    FindingCode {
        /// Acknowledged before the recovery point, and absent.
        Lost = "lost",
        /// Refused by the application, and present.
        AbortedVisible = "aborted-visible",
        /// A valid token of this run that no write in the ledger carries.
        Phantom = "phantom",
        /// Token-shaped but not ours, or an item that nobody wrote and that was not there before the fault.
        Alien = "alien",
        /// One write seen twice.
        Duplicated = "duplicated",
        /// Something of one tenant on a surface of another.
        Leaked = "leaked",
        /// Another content than was written.
        Corrupt = "corrupt",
        /// The current version is older than the newest surviving one.
        StaleHead = "stale-head",
        /// A write is lost although newer ones of the same store survived: a torn snapshot.
        Hole = "hole",
        /// Database and files of one tenant are at different recovery points.
        Skew = "skew",
        /// Deleted or revoked before the recovery point, and back.
        Resurrected = "resurrected",
        /// Newer than the snapshot that was said to be restored.
        TooNew = "too-new",
        /// Older than the recovery point that the policy promises.
        TooOld = "too-old",
        /// What the restore tool says that it restored cannot be, or is not what the policy promises.
        ClaimWrong = "claim-wrong",
        /// Somebody may not do what the role matrix allows, or what was allowed before the fault.
        PermissionMissing = "permission-missing",
        /// Somebody may do what the role matrix or the ledger forbids, or what was forbidden before the fault.
        PermissionWidened = "permission-widened",
        /// A group membership or a protection is gone.
        RightLost = "right-lost",
        NotFoundBySearch = "not-found-by-search",
        SearchTooMuch = "search-too-much",
        PdfWrong = "pdf-wrong",
        RetentionMissing = "retention-missing",
        RetentionSuperfluous = "retention-superfluous",
        RetentionUnreadable = "retention-unreadable",
        MirrorMissing = "mirror-missing",
        MirrorDiffers = "mirror-differs",
        MirrorSuperfluous = "mirror-superfluous",
        MirrorUnreadable = "mirror-unreadable",
        PlainTextInVault = "plain-text-in-vault",
        KeyInVault = "key-in-vault",
        ForeignKeyOpens = "foreign-key-opens",
        ResidencyViolated = "residency-violated",
        /// The readbacks before and after the restart differ.
        RestartChanged = "restart-changed",
        /// The readbacks after the restart and at the end of the soak differ.
        SoakChanged = "soak-changed",
        /// After the recovery a backup is not taken, not mirrored, or cannot be read.
        NotProtectedAgain = "not-protected-again",
        /// What is restored on the side from a new backup is not what users see.
        SideRestoreDiffers = "side-restore-differs",
        /// Rows, schema objects or files are not those that they were, out of band.
        FingerprintDiffers = "fingerprint-differs",
        RtoMissed = "rto-missed",
        /// The machine's share of the recovery took longer than the regression gate allows.
        MachineMissed = "machine-missed",
        RpoMissed = "rpo-missed",
        NotRecovered = "not-recovered",
        /// Answered right until the verification ended, and not any more after it.
        Unstable = "unstable",
        /// A tenant that the fault does not touch had an outage.
        OutageOfBystander = "outage-of-bystander",
        RecoveryStepFailed = "recovery-step-failed",
        /// Something of the lost datacenter existed, or was used, after the fault.
        FaultResidue = "fault-residue",
        /// Something of the run was left after the teardown.
        Leftovers = "leftovers",
    }
}

codes! {
    /// Why a drill proves nothing. Without findings, a single one makes the verdict `inconclusive`.
    ReasonCode {
        /// Interrupted, cancelled, or the journal ends before the run does: never passed, never failed.
        Aborted = "aborted",
        /// Ended in its verification, because what it was to show was shown: a finding is one, but it cannot pass.
        CutShort = "cut-short",
        /// The last line of the journal was cut off.
        JournalTorn = "journal-torn",
        /// A step that is not the recovery's failed, or the harness broke.
        HarnessBroken = "harness-broken",
        /// A planned step never ran.
        StepMissing = "step-missing",
        GateNotReady = "gate-not-ready",
        /// Before the fault not everything was right although the gate was passed.
        SteadyNotClean = "steady-not-clean",
        FaultUnconfirmed = "fault-unconfirmed",
        /// The fault was confirmed, but the prober saw no bad slot of an affected tenant.
        FaultUnnoticed = "fault-unnoticed",
        UndoFailed = "undo-failed",
        /// The teardown did not say what it left.
        TeardownUnproven = "teardown-unproven",
        /// No acknowledged write of a tenant shortly before the fault: its RPO is unknown, not small.
        WorkloadStalled = "workload-stalled",
        /// The readback does not tell up to which point the acknowledged writes survived.
        RpoUnknown = "rpo-unknown",
        ProberSilent = "prober-silent",
        /// The prober itself was late where the RTO is decided.
        ProberLate = "prober-late",
        /// Slots of the prober are missing where they would decide.
        ProberGap = "prober-gap",
        ReadbackMissing = "readback-missing",
        /// Fewer or more items in the journal than the enumeration said.
        ReadbackIncomplete = "readback-incomplete",
        SurfaceFailed = "surface-failed",
        /// A check looked at nothing.
        ZeroItems = "zero-items",
        /// What a check needs is not in the journal.
        CheckIncomplete = "check-incomplete",
        ClaimMissing = "claim-missing",
        /// The run key was not disclosed: the tokens cannot be verified.
        KeyUndisclosed = "key-undisclosed",
        /// The disclosed key is not the one that the journal committed to.
        KeyMismatch = "key-mismatch",
        /// A token in the ledger was not made with the run key.
        LedgerForged = "ledger-forged",
    }
}

/// How bad a finding is; all of them fail the drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Critical,
    Major,
    Minor,
}

impl FindingCode {
    /// Whether it is for good once it is found. The others may go away as the drill goes on, or say only that it is not done.
    #[must_use]
    pub const fn lasts(self) -> bool {
        match self {
            Self::RtoMissed
            | Self::MachineMissed
            | Self::NotRecovered
            | Self::Unstable
            | Self::RecoveryStepFailed
            // Its name is right only when the key is disclosed.
            | Self::Alien => false,
            Self::Lost
            | Self::AbortedVisible
            | Self::Phantom
            | Self::Duplicated
            | Self::Leaked
            | Self::Corrupt
            | Self::StaleHead
            | Self::Hole
            | Self::Skew
            | Self::Resurrected
            | Self::TooNew
            | Self::TooOld
            | Self::ClaimWrong
            | Self::PermissionMissing
            | Self::PermissionWidened
            | Self::RightLost
            | Self::NotFoundBySearch
            | Self::SearchTooMuch
            | Self::PdfWrong
            | Self::RetentionMissing
            | Self::RetentionSuperfluous
            | Self::RetentionUnreadable
            | Self::MirrorMissing
            | Self::MirrorDiffers
            | Self::MirrorSuperfluous
            | Self::MirrorUnreadable
            | Self::PlainTextInVault
            | Self::KeyInVault
            | Self::ForeignKeyOpens
            | Self::ResidencyViolated
            | Self::RestartChanged
            | Self::SoakChanged
            | Self::NotProtectedAgain
            | Self::SideRestoreDiffers
            | Self::FingerprintDiffers
            | Self::RpoMissed
            | Self::OutageOfBystander
            | Self::FaultResidue
            | Self::Leftovers => true,
        }
    }

    /// Whether it says what of a tenant's data is there, and whether it is right.
    #[must_use]
    pub const fn is_about_data(self) -> bool {
        match self {
            Self::Lost
            | Self::AbortedVisible
            | Self::Phantom
            | Self::Alien
            | Self::Duplicated
            | Self::Leaked
            | Self::Corrupt
            | Self::StaleHead
            | Self::Hole
            | Self::Skew
            | Self::Resurrected
            | Self::TooNew
            | Self::TooOld
            | Self::PermissionMissing
            | Self::PermissionWidened
            | Self::RightLost
            | Self::NotFoundBySearch
            | Self::SearchTooMuch
            | Self::PdfWrong
            | Self::RestartChanged
            | Self::SoakChanged
            | Self::SideRestoreDiffers
            | Self::FingerprintDiffers => true,
            Self::ClaimWrong
            | Self::RetentionMissing
            | Self::RetentionSuperfluous
            | Self::RetentionUnreadable
            | Self::MirrorMissing
            | Self::MirrorDiffers
            | Self::MirrorSuperfluous
            | Self::MirrorUnreadable
            | Self::PlainTextInVault
            | Self::KeyInVault
            | Self::ForeignKeyOpens
            | Self::ResidencyViolated
            | Self::NotProtectedAgain
            | Self::RtoMissed
            | Self::MachineMissed
            | Self::RpoMissed
            | Self::NotRecovered
            | Self::Unstable
            | Self::OutageOfBystander
            | Self::RecoveryStepFailed
            | Self::FaultResidue
            | Self::Leftovers => false,
        }
    }

    /// How bad it is unless the place where it is found knows better.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Lost
            | Self::Leaked
            | Self::Corrupt
            | Self::Resurrected
            | Self::PermissionWidened
            | Self::PlainTextInVault
            | Self::KeyInVault
            | Self::ForeignKeyOpens
            | Self::ResidencyViolated
            | Self::RetentionUnreadable
            | Self::MirrorUnreadable
            | Self::SideRestoreDiffers
            | Self::FingerprintDiffers
            | Self::NotRecovered => Severity::Critical,
            Self::AbortedVisible
            | Self::Phantom
            | Self::Alien
            | Self::Hole
            | Self::Skew
            | Self::TooNew
            | Self::TooOld
            | Self::ClaimWrong
            | Self::PermissionMissing
            | Self::RightLost
            | Self::StaleHead
            | Self::RetentionMissing
            | Self::MirrorMissing
            | Self::MirrorDiffers
            | Self::RestartChanged
            | Self::SoakChanged
            | Self::NotProtectedAgain
            | Self::RtoMissed
            | Self::RpoMissed
            | Self::Unstable
            | Self::OutageOfBystander
            | Self::RecoveryStepFailed
            | Self::FaultResidue => Severity::Major,
            Self::Duplicated
            | Self::NotFoundBySearch
            | Self::SearchTooMuch
            | Self::PdfWrong
            | Self::RetentionSuperfluous
            | Self::MirrorSuperfluous
            | Self::MachineMissed
            | Self::Leftovers => Severity::Minor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The only place where a user can look codes up.
    #[test]
    fn every_code_is_in_the_list_for_users_and_no_other() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/FINDINGS.md");
        let text = std::fs::read_to_string(path).expect("the list");
        let (findings, reasons) = text.split_once("## Reasons").expect("two tables");
        let listed = |part: &str| -> Vec<String> {
            let rows = part.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
            rows.map(|(code, _)| code.to_owned()).collect()
        };
        assert_eq!(listed(findings), FindingCode::ALL.iter().map(|code| code.name()).collect::<Vec<_>>());
        assert_eq!(listed(reasons), ReasonCode::ALL.iter().map(|code| code.name()).collect::<Vec<_>>());
    }

    #[test]
    fn names_are_those_of_the_json() {
        for code in FindingCode::ALL {
            assert_eq!(serde_json::to_value(code).expect("json"), code.name());
        }
        for code in ReasonCode::ALL {
            assert_eq!(serde_json::to_value(code).expect("json"), code.name());
        }
    }
}
