//! All files that one scenario leads to.

use super::compose::{self, Compose, Ground};
use super::node::{self, Node};
use super::problem::Problems;
use super::reading::{Reading, Word, shown};
use super::runbook_file::Runbook;
use super::sabotage_file::{self, SabotageEntry};
use super::scenario_file::{Disaster, MAX_TENANTS, Scenario, numbered};
use super::stack_file::Stack;
use super::{runbook_file, scenario_file, stack_file};
use std::fmt;
use std::path::{Path, PathBuf};

/// What the command line says instead of the scenario.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overrides {
    pub seed: Option<u64>,
    /// How many: `t-01`, `t-02` ...
    pub tenants: Option<u32>,
    /// When the disaster comes.
    pub disaster: Option<TimeOfDay>,
}

/// Hours and minutes, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay {
    pub hour: u8,
    pub minute: u8,
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

/// A scenario with its stack, its runbook and the stack's Compose files, as typed.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub scenario: Scenario,
    pub stack: Stack,
    pub runbook: Runbook,
    /// The runbook's canonical path.
    pub runbook_path: PathBuf,
    pub compose: Compose,
    pub ground: Ground,
    /// Canonical folder of the scenario file.
    pub folder: PathBuf,
}

/// Reads a scenario and all files that it leads to.
///
/// # Errors
/// [`Problems`]: all that is wrong with the shape of these files.
pub fn load(path: &Path) -> Result<Loaded, Problems> {
    let mut reading = Reading::default();
    let loaded = read(path, &Overrides::default(), &mut reading);
    reading.finish_with(loaded)
}

/// Reads a scenario and all files that it leads to; problems go to `reading`.
///
/// `Some` means that there is enough to look for further problems, not that there are none.
pub fn read(path: &Path, overrides: &Overrides, reading: &mut Reading) -> Option<Loaded> {
    let root = open(path, None, reading)?;
    let mut scenario = scenario_file::read(&root, reading)?;
    let folder = path.canonicalize().ok()?.parent()?.to_path_buf();
    // Problems name files the way the user did.
    let beside = path.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
    apply(overrides, &mut scenario, path, reading);

    let runbook = named(&scenario.runbook, &beside, reading);
    let runbook = runbook.and_then(|(path, root)| Some((path, runbook_file::read(&root, reading)?)));
    let stack = named(&scenario.stack, &beside, reading);
    let stack = stack.and_then(|(path, root)| Some((path, stack_file::read(&root, reading)?)));
    let (stack_path, stack) = stack?;
    let ground = ground(&stack, &stack_path, &beside.join(&scenario.stack.value), reading)?;
    let compose = compose::load(&stack, &ground, reading);
    let (runbook_path, runbook) = runbook?;
    Some(Loaded { scenario, stack, runbook, runbook_path, compose: compose?, ground, folder })
}

/// The sabotages that the stack ships, and those of further files; problems go to `reading`.
pub fn sabotages(loaded: &Loaded, more: &[PathBuf], reading: &mut Reading) -> Vec<SabotageEntry> {
    let mut found: Vec<SabotageEntry> = Vec::new();
    let typed = &loaded.ground.typed;
    let shipped = loaded.stack.sabotages.iter().filter_map(|word| named(word, typed, reading)).map(|(_, root)| root);
    let mut roots: Vec<Node> = shipped.collect();
    roots.extend(more.iter().filter_map(|path| open(path, None, reading)));
    let entries: Vec<SabotageEntry> = roots.iter().flat_map(|root| sabotage_file::read(root, reading)).collect();
    for entry in entries {
        if found.iter().any(|known| known.name.value == entry.name.value) {
            let hint = "results name sabotages: give it another name";
            reading.advise(entry.name.at, format!("another file has a sabotage `{}` too", entry.name.value), hint);
        }
        found.push(entry);
    }
    found
}

fn open(path: &Path, wanted: Option<&Word>, reading: &mut Reading) -> Option<Node> {
    let file = reading.open(path, wanted.map(|word| word.at))?;
    node::parse(file, reading)
}

/// The file that a word names: canonical path and tree.
fn named(word: &Word, beside: &Path, reading: &mut Reading) -> Option<(PathBuf, Node)> {
    if word.value.is_empty() {
        return None;
    }
    let path = beside.join(&word.value);
    let root = open(&path, Some(word), reading)?;
    Some((path.canonicalize().ok()?, root))
}

fn apply(overrides: &Overrides, scenario: &mut Scenario, path: &Path, reading: &mut Reading) {
    scenario.seed = overrides.seed.unwrap_or(scenario.seed);
    if let Some(TimeOfDay { hour, minute }) = overrides.disaster {
        scenario.disaster.value = Disaster::At { hour, minute };
    }
    let Some(count) = overrides.tenants else { return };
    if count == 0 || u64::from(count) > MAX_TENANTS {
        let message = format!("{count} tenants are asked for instead of the scenario's");
        reading.problem_with(shown(path), message, format!("from 1 to {MAX_TENANTS}"));
        return;
    }
    scenario.tenants = numbered(u64::from(count), scenario.name.at);
}

/// The stack's folder and its shares, which must be siblings of it.
fn ground(stack: &Stack, stack_path: &Path, typed: &Path, reading: &mut Reading) -> Option<Ground> {
    let folder = stack_path.parent()?.to_path_buf();
    let typed = typed.parent()?.to_path_buf();
    let mut shares = Vec::new();
    for share in &stack.shares {
        let found = folder.join(&share.value).canonicalize().ok().filter(|path| path.is_dir());
        match found {
            None => {
                let hint = "the path is relative to the stack folder, like ../vault";
                reading.advise(share.at, format!("there is no folder `{}`", share.value), hint);
            }
            Some(path) if path.parent() == folder.parent() && path != folder => shares.push(path),
            Some(_) => {
                let message = format!("`{}` is not a sibling of the stack folder", share.value);
                reading.advise(share.at, message, "put what stacks share next to them, like ../vault");
            }
        }
    }
    Some(Ground { typed, folder, shares })
}
