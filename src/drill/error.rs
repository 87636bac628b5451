//! Why a step did not do what it should, and whose failure that is.

use crate::engine::EngineError;
use crate::fault::FaultError;
use crate::journal::{ReadError, WriteError};
use crate::ledger::MarksError;
use crate::probe::ProbeError;
use crate::stack::SiteError;
use crate::workload::corpus::BaselineError;
use crate::workload::history::HistoryError;
use std::path::PathBuf;
use std::time::Duration;

/// Why a step did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Journal(#[from] WriteError),
    #[error(transparent)]
    Site(SiteError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Fault(FaultError),
    #[error(transparent)]
    Baseline(BaselineError),
    #[error(transparent)]
    History(HistoryError),
    #[error(transparent)]
    Marks(#[from] MarksError),
    #[error(transparent)]
    Prober(ProbeError),
    #[error("{0} needs a step before it that was not carried out")]
    OutOfOrder(&'static str),
    #[error("cannot read the secret {path}: {why}")]
    Secret { path: PathBuf, why: std::io::Error },
    #[error("cannot prepare to hide the secrets: {0}")]
    Hide(#[from] aho_corasick::BuildError),
    #[error("the journal so far cannot be continued: {0}")]
    Past(#[from] ReadError),
    #[error("the gate is closed: {0}")]
    Gate(String),
    #[error("the sabotage did not take place: {0}")]
    Sabotage(String),
    #[error("it did not end within {0:?}")]
    TimedOut(Duration),
    #[error("cancelled")]
    Cancelled,
}

impl StepError {
    /// Whether the operator's own command or service failed; everything else is a broken harness or engine.
    pub(super) const fn is_the_operators(&self) -> bool {
        match self {
            Self::Site(error) => error.is_the_operators(),
            _ => false,
        }
    }

    /// Whether a fault matched nothing or showed no effect: the harness is whole, but there is no disaster to recover from.
    pub(super) const fn is_no_disaster(&self) -> bool {
        matches!(self, Self::Fault(FaultError::Unconfirmed(_)))
    }
}

/// A journal that cannot be written ends the drill, wherever it was noticed.
macro_rules! from_with_journal {
    ($($error:ident => $variant:ident),+) => {
        $(impl From<$error> for StepError {
            fn from(error: $error) -> Self {
                match error {
                    $error::Journal(error) => Self::Journal(error),
                    error => Self::$variant(error),
                }
            }
        })+
    };
}

from_with_journal!(
    SiteError => Site, FaultError => Fault, BaselineError => Baseline, HistoryError => History, ProbeError => Prober
);
