//! The record of every write the harness made and whether it was acknowledged.
//!
//! `key` holds the run key and what is derived from it, `marks` finds
//! marks in raw bytes, `record` journals a write before it leaves and after its answer is parsed.

mod key;
mod marks;
mod record;

pub(crate) use key::random;
pub use key::{BadKey, NoRandom, RunKey, canary_of, decoy_of};
pub use marks::{Marks, MarksError, scan};
pub use record::{HERE, Intent, Invoked, Ledger, Written};
