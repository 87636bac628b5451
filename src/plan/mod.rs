//! What can run: every reference resolved, every default filled in. Made from `scenario`, touches nothing.

mod calendar;
mod commands;
mod compile;
mod corruption;
mod declared;
mod fingerprints;
mod history;
mod inputs;
mod interruption;
mod model;
mod places;
mod protection;
mod recovery;
mod references;
mod resolve;
mod sabotage;
mod services;
mod stack_model;
mod step_model;
mod steps;
#[cfg(test)]
mod tests;
mod words;

pub use crate::scenario::{Overrides, TimeOfDay};
pub use calendar::{CalendarInput, DisasterAt, Every, calendar, mirror_after, predict, worst_case};
pub use compile::{Codes, Compiled, Sabotaged, Wrong, compile, compile_sabotages};
pub use declared::{VaultPlain, Volatile};
pub use fingerprints::PROBE_PAGES_BEGIN;
pub use interruption::{Break, breaks, broken_off};
pub use model::*;
pub use services::BASE_IMAGE;
pub use stack_model::*;
pub use step_model::*;
pub use steps::COMMANDS_AT_ONCE;
