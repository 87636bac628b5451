//! Bad input: every problem of every file at once, before anything is started.

use super::exit::Exit;
use super::printer::Printer;
use crate::plan::{Compiled, Overrides, compile};
use crate::scenario::Problems;
use std::path::PathBuf;

/// Compiles all files, or prints the problems of all of them.
///
/// # Errors
/// [`Exit::Usage`] when any file has a problem.
pub fn compile_all(printer: Printer, files: &[PathBuf], overrides: &Overrides) -> Result<Vec<Compiled>, Exit> {
    let mut compiled = Vec::new();
    let mut refused = Vec::new();
    for file in files {
        match compile(file, overrides) {
            Ok(one) => compiled.push(one),
            Err(problems) => refused.push(problems),
        }
    }
    if refused.is_empty() {
        return Ok(compiled);
    }
    show(printer, &refused);
    Err(Exit::Usage)
}

/// Prints the problems of all files.
pub fn show(printer: Printer, refused: &[Problems]) {
    if printer.json {
        let all: Vec<serde_json::Value> = refused
            .iter()
            .flat_map(|problems| match problems.to_json() {
                serde_json::Value::Array(all) => all,
                other => vec![other],
            })
            .collect();
        printer.result(&serde_json::json!({ "valid": false, "problems": all }).to_string());
        return;
    }
    for problems in refused {
        printer.tell(&problems.render(printer.live && printer.colour, printer.width));
    }
}
