//! From a scenario file to a plan, in one call: what `validate`, `plan` and `run` begin with.

use super::Plan;
use super::resolve::resolve;
use crate::scenario::{self, Overrides, Problems, Reading};
use std::path::{Path, PathBuf};

/// A plan, and where its stack lies on this machine (which the plan does not say: it is the same everywhere).
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    pub plan: Plan,
    /// Canonical folder of `stack.yaml`; paths of the plan's stack are relative to it.
    pub stack_dir: PathBuf,
}

/// Reads a scenario and all that it leads to, and resolves it. Touches nothing.
///
/// # Errors
/// [`Problems`]: all that is wrong in all files, at once.
pub fn compile(path: &Path, overrides: &Overrides) -> Result<Compiled, Problems> {
    let mut reading = Reading::default();
    let compiled = scenario::read(path, overrides, &mut reading).and_then(|loaded| {
        let plan = resolve(&loaded, &mut reading)?;
        Some(Compiled { plan, stack_dir: loaded.ground.folder })
    });
    reading.finish_with(compiled)
}
