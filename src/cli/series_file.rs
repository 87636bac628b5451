//! The result of a series of drills, as a file beside their folders.

use super::exit::Exit;
use super::printer::Printer;
use super::session::new_run_id;
use serde::Serialize;
use std::path::Path;

/// Writes `<kind>-<id>.json` into the folder of the runs and says where; returns what is in it.
///
/// # Errors
/// The exit code of a result that cannot be written; why has been said.
pub(super) fn save(printer: Printer, out: &Path, kind: &str, series: &impl Serialize) -> Result<String, Exit> {
    let written = || {
        let json = serde_json::to_string_pretty(series).map_err(|error| error.to_string())?;
        let id = new_run_id().map_err(|error| error.to_string())?;
        let path = out.join(format!("{kind}-{id}.json"));
        let saved = std::fs::create_dir_all(out).and_then(|()| std::fs::write(&path, &json));
        saved.map_err(|why| format!("{}: {why}", path.display()))?;
        Ok::<_, String>((json, path))
    };
    match written() {
        Ok((json, path)) => {
            printer.tell(&format!("result in {}", path.display()));
            Ok(json)
        }
        Err(error) => {
            printer.tell(&format!("error: the result cannot be written: {error}"));
            Err(Exit::Software)
        }
    }
}
