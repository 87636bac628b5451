//! Ernstfall: disaster recovery drills on real container stacks.
//!
//! One way through the house, left to right:
//! `scenario` → `plan` → `drill` → `journal` → `timeline` → `verdict` → `report`; `engine` is the only door to containers.
//! `calibrate` runs a part of both halves against a stub whose truth is known.

pub mod calibrate;
pub mod cli;
pub mod clock;
pub mod drill;
pub mod engine;
pub mod fault;
pub mod ids;
pub mod journal;
pub mod ledger;
pub mod plan;
pub mod probe;
pub mod report;
pub mod runbook;
pub mod scenario;
pub mod secret;
pub mod stack;
pub mod timeline;
pub mod verdict;
pub mod workload;
