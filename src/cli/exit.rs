//! Exit codes: a contract with tests.

use std::process::ExitCode;

/// How the program ends. Several scenarios: the worst wins, failed before inconclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Passed,
    /// An objective missed or a finding.
    Failed,
    /// Inconclusive or aborted.
    Inconclusive,
    /// Wrong usage or an invalid scenario.
    Usage,
    /// No container engine to begin with, or this host cannot run this scenario.
    Unavailable,
    /// A bug of ours, or a file that cannot be written.
    Software,
    /// Interrupted twice.
    Interrupted,
}

impl Exit {
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Inconclusive => 2,
            Self::Usage => 64,
            Self::Unavailable => 69,
            Self::Software => 70,
            Self::Interrupted => 130,
        }
    }

    /// The worse of two.
    #[must_use]
    pub const fn worst(self, other: Self) -> Self {
        if self.rank() >= other.rank() { self } else { other }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Inconclusive => 1,
            Self::Failed => 2,
            Self::Usage => 3,
            Self::Unavailable => 4,
            Self::Software => 5,
            Self::Interrupted => 6,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn a_failed_drill_outweighs_an_inconclusive_one() {
        let runs = [Exit::Passed, Exit::Inconclusive, Exit::Failed, Exit::Inconclusive];
        assert_eq!(runs.into_iter().fold(Exit::Passed, Exit::worst).code(), 1);
        assert_eq!(Exit::Passed.worst(Exit::Inconclusive).code(), 2);
    }
}
