//! Judges a timeline: checks, RTO, RPO, findings, verdict. Pure functions; sees no engine.
//!
//! `judge` puts it together, `tenant` all that is about one of them; `gate` is the part that must be green before anything is broken.
//! Readbacks: `readback` opens the surfaces, `versions` (pages, uploads, in the order of `seen`), `rights` (users, groups, protections),
//! `surfaces` (search, PDF, role matrix) and `restart` judge them against `survivors`, which replays the `ledger`. Stores: `backups`,
//! `custody`, and `protection` after the recovery; past the application: `fingerprints`. Provenance and loss: `claims`, `loss`. Time:
//! `slots`, `injection`, `recovery`, `parts`; `measured` is that alone, for the calibration. The drill itself: `conduct`. Whether it
//! noticed its own sabotage: `counterproof`. `codes` and `model` are what comes out; `bench` is where it is laid down.

mod backups;
mod bench;
mod claims;
mod codes;
mod conduct;
mod counterproof;
mod custody;
mod fingerprints;
mod gate;
mod injection;
mod judge;
mod ledger;
mod loss;
mod marks;
mod measured;
mod model;
mod parts;
mod protection;
mod readback;
mod recovery;
mod restart;
mod rights;
mod seconds;
mod seen;
mod slots;
mod subject;
mod surfaces;
mod survivors;
mod tenant;
#[cfg(test)]
mod tests;
mod versions;

pub use codes::{FindingCode, ReasonCode, Severity};
pub use counterproof::{Catch, Counterproof, counterproof, noticed, took_place};
pub use gate::gate;
pub use judge::judge;
pub use measured::{Measured, measured};
pub use model::*;
pub use recovery::{Look, Spell};

/// At most so many findings of one code and tenant are listed; the counts are exact.
pub const LISTED: usize = 50;
