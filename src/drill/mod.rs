//! Carries out a plan, step by step, and writes the journal.
//!
//! `run` is the loop over the steps; `act` is what each kind of step does; `ending` undoes and tears down, always, outside
//! the run's cancellation and with a deadline of its own; `checkpoint` freezes a drill and goes on from there. The drill knows no check: where it must decide on the way it asks
//! a function that `cli` hands it.

mod act;
mod checkpoint;
mod disaster;
mod ending;
mod error;
mod history;
mod observe;
mod protect;
mod run;
mod setup;

pub use checkpoint::Checkpoint;
pub use run::{Ended, Ending, carry_out};
pub use setup::{Connect, Enough, GateAnswer, Keep, Limits, Setup};
