//! The fold over the journal: what happened, as values. Sees no engine and judges nothing.
//!
//! `fold` goes through the entries once, `rules` refuse what cannot have happened, `model` is what comes out. A timeline borrows from the
//! entries that it was made from, because a ledger can be a million writes long.

mod error;
mod fold;
mod model;
mod rules;
#[cfg(test)]
mod tests;

pub use error::{Impossible, TimelineError};
pub use model::*;
