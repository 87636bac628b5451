//! The system under test, running: names, containers, networks, volumes, and the operator's commands in them.
//!
//! [`Site`] is the one object through which `drill` and `fault` touch the stack. It journals what it creates and removes.

mod aside;
#[cfg(test)]
mod bed;
mod ciphertext;
mod command;
mod freeze;
mod logs;
mod names;
mod place;
mod printed;
mod services;
mod site;
mod teardown;
mod vault;

pub use aside::Aside;
pub use command::{CommandError, Ended};
pub use freeze::Frozen;
pub use names::Names;
pub use place::{Liveness, Place, PlaceError, dead, forget, liveness};
pub use printed::{
    Fingerprint, Integrity, Inventory, KeyTrial, Listed, Monitored, OnTheSide, Printed, PrintedError, Taken, claim,
};
pub use site::{Handles, Site, SiteError};
pub use vault::Forbidden;
