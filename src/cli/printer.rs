//! The one owner of the output: stdout is the result, stderr is the telling.

use crate::report::Colour;
use std::io::{IsTerminal as _, Write as _};

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    pub json: bool,
    /// Whether the result goes to a terminal that shows colours.
    pub colour: bool,
    /// Whether the telling goes to a terminal.
    pub live: bool,
    /// Columns to use.
    pub width: usize,
}

impl Printer {
    #[must_use]
    pub fn new(json: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let width = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(100);
        Self {
            json,
            colour: std::io::stdout().is_terminal() && !plain,
            live: std::io::stderr().is_terminal() && !json,
            width,
        }
    }

    /// How the verdict is coloured.
    #[must_use]
    pub const fn colour_of_result(self) -> Colour {
        if self.colour { Colour::Ansi } else { Colour::Never }
    }

    /// The result. A reader that went away (`| head`) is no error of ours.
    #[expect(clippy::unused_self, reason = "whoever prints must have been given the printer")]
    pub fn result(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = out.write_all(b"\n");
        }
    }

    /// The telling.
    #[expect(clippy::unused_self, reason = "whoever prints must have been given the printer")]
    pub fn tell(&self, text: &str) {
        let mut err = std::io::stderr().lock();
        let _ = err.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = err.write_all(b"\n");
        }
    }
}
