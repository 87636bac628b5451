//! The append-only record of everything that happened: NDJSON, one writer, a hash chain.
//!
//! `event` says what can happen, `started` what comes first, `effect` what a write does, `calibration` what is known of the prober before, `token` marks writes, `checksum` identifies contents, `writer` appends, `reader` reads back and refuses what was tampered with.

mod calibration;
mod checksum;
mod drill_clock;
mod effect;
mod event;
mod reader;
#[cfg(test)]
pub mod sample;
mod seen;
mod started;
mod token;
mod writer;

pub use calibration::{CALIBRATION_VERSION, Calibration, Lateness};
pub use checksum::{Checksum, checksum, checksum_of};
pub use drill_clock::DrillClock;
pub use effect::{Effect, Turned};
pub use event::*;
pub use reader::{Journal, ReadError, Torn, read};
pub use seen::*;
pub use started::{Parent, RunStarted};
pub use token::{
    Stamp, TOKEN_HERE, TOKEN_LENGTH, TOKEN_PREFIX, Token, commitment, disclose, disclosed, token, tokens_in,
};
pub use writer::{WriteError, Writer};
