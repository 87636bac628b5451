//! The integration tests, one binary, one module per area. They read the artefacts on disk, never memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod bed;
mod browser;
mod calibrate;
mod drills;
mod ended;
mod engine;
mod house;
mod input;
mod report_pages;
mod sabotage;
mod wrong;
