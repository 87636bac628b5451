//! The open-loop, semantic prober: its own thread, its own runtime; and what watches its slots on the way.
//!
//! `prober` starts slots on a fixed grid and journals each, `look` makes one of them, `cost` says what the prober itself took,
//! `watch` decides from the journalled slots when a drill may go on.

mod cost;
mod look;
mod prober;
mod watch;

pub use cost::Cost;
pub use look::ProbeTarget;
pub use prober::{DrillNow, ProbeError, Prober};
pub use watch::{Detector, FrontWatch, LookedWatch, Progress, SustainWatch, Watch, attach};
