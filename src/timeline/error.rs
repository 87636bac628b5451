//! Journals that no drill can have written. They are refused; a journal that merely ends early is not.

use crate::ids::Tenant;
use crate::plan::Phase;

/// The event with this sequence number cannot have happened after those before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} of the journal is impossible: {why}")]
pub struct TimelineError {
    pub seq: u64,
    pub why: Impossible,
}

/// Why an event is impossible. Texts in it name what it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    #[error("the run has not started yet")]
    NotBegun,
    #[error("the run started already")]
    BegunTwice,
    #[error("the run has ended")]
    AfterTheEnd,
    #[error("the monotonic clock went backwards")]
    Backwards,
    #[error("the phase {} is out of order", .0.name())]
    PhaseOrder(Phase),
    #[error("{0} started already")]
    StartedTwice(String),
    #[error("{0} ended or was answered already")]
    EndedTwice(String),
    #[error("{0} has not started")]
    NeverStarted(String),
    #[error("the plan has no tenant {0}")]
    NoSuchTenant(Tenant),
    #[error("the plan has no fault number {0}")]
    NoSuchFault(usize),
    #[error("fault {0} has no planned undo")]
    NoUndo(usize),
    #[error("{0} ended before it started")]
    NegativeTime(String),
}
