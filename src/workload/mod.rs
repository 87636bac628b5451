//! What tenants do: the application drivers and the writes that they carry.
//!
//! `driver` is the trait; `mediawiki` speaks a wiki's HTTP API, `exec` a line protocol to a program of the stack's own.
//! Both go through the front `door` only. `pdf_text` makes a rendered page searchable for marks. `corpus` writes the baseline,
//! `history` what comes after it, `continuous` what is written while the disaster strikes, `readback` enumerates everything. `asked` is the other side of the door, for stand-ins.

pub mod accounts;
pub mod asked;
pub mod continuous;
pub mod corpus;
pub(crate) mod dice;
mod door;
mod driver;
mod exec;
#[cfg(test)]
pub(crate) mod fake;
pub mod history;
mod mediawiki;
mod pdf_text;
pub mod readback;
mod text;

pub use door::{Door, DoorError};
pub use driver::*;
pub use exec::ExecDriver;
pub use mediawiki::MediaWiki;
pub use pdf_text::{PdfError, pdf_text};
