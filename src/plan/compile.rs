//! From a scenario file to a plan, in one call: what `validate`, `plan` and `run` begin with.

use super::Plan;
use super::resolve::resolve;
use super::sabotage;
use crate::scenario::{self, Overrides, Problems, Reading, SabotageEntry, Word, suggest};
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
        let plan = resolve(&loaded, None, &mut reading)?;
        Some(Compiled { plan, stack_dir: loaded.ground.folder })
    });
    reading.finish_with(compiled)
}

/// The right drill of a scenario, and all wrong ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Sabotaged {
    pub clean: Compiled,
    pub wrong: Vec<Wrong>,
}

/// A wrong drill; without a plan if the sabotage is for other faults.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    pub name: String,
    pub compiled: Option<Compiled>,
}

/// The codes that a sabotage may name. They belong to whoever judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codes {
    pub findings: Vec<&'static str>,
    pub reasons: Vec<&'static str>,
}

/// Like [`compile`], once for the scenario as it is and once with each sabotage of its stack and of the files `more`.
///
/// # Errors
/// [`Problems`]: all that is wrong in all files, at once.
pub fn compile_sabotages(
    path: &Path,
    overrides: &Overrides,
    more: &[PathBuf],
    codes: &Codes,
) -> Result<Sabotaged, Problems> {
    let clean = compile(path, overrides)?;
    let mut reading = Reading::default();
    let wrong = scenario::read(path, overrides, &mut reading).map(|loaded| {
        let entries = scenario::sabotages(&loaded, more, &mut reading);
        let mut wrong = Vec::new();
        for entry in &entries {
            known(entry, codes, &mut reading);
            let compiled = if sabotage::fits(entry, &clean.plan.faults) {
                let plan = resolve(&loaded, Some(entry), &mut reading);
                plan.map(|plan| Compiled { plan, stack_dir: loaded.ground.folder.clone() })
            } else {
                None
            };
            wrong.push(Wrong { name: entry.name.value.clone(), compiled });
        }
        wrong
    });
    reading.finish_with(wrong).map(|wrong| Sabotaged { clean, wrong })
}

/// A misspelt code or fault would make a sabotage that is always missed, or never run.
fn known(entry: &SabotageEntry, codes: &Codes, reading: &mut Reading) {
    let mut check = |words: &[Word], known: &[&'static str], what: &str| {
        for word in words.iter().filter(|word| !known.contains(&word.as_str())) {
            let hint = suggest(word.as_str(), known.iter().copied());
            reading.advise(word.at, format!("there is no {what} `{}`", word.as_str()), hint);
        }
    };
    check(&entry.raises.findings, &codes.findings, "finding");
    check(&entry.raises.reasons, &codes.reasons, "reason");
    check(&entry.faults, &scenario::FAULTS, "fault");
}
