//! A file of sabotages as it was typed: deliberately wrong recoveries, each with what the drill must find.

use super::fields::Fields;
use super::node::Node;
use super::reading::{Reading, Word};
use super::runbook_file::{CommandEntry, commands};
use super::scenario_file::{Title, title};
use std::time::Duration;

/// Of a sabotage that names none.
const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone)]
pub struct SabotageEntry {
    pub name: Word,
    pub title: Title,
    /// Kinds of faults that it fits; none: all.
    pub faults: Vec<Word>,
    /// One after the other, in the plan that those before have made.
    pub acts: Vec<ActEntry>,
    pub raises: RaisesEntry,
}

/// What is done wrong. Steps are named as in the plan; `*` stands for anything, and the last match counts.
#[derive(Debug, Clone)]
pub enum ActEntry {
    Exec {
        step: Word,
        after: bool,
        commands: Vec<CommandEntry>,
        deadline: Duration,
    },
    Skip(Word),
    Swap(Word, Word),
    /// The verifier itself is turned.
    Harness(Word),
}

/// Any of these codes, at this tenant (`victim` or `other`; none: at any or at none), means that it was caught.
#[derive(Debug, Clone)]
pub struct RaisesEntry {
    pub findings: Vec<Word>,
    pub reasons: Vec<Word>,
    pub tenant: Option<Word>,
    /// Who else is touched: nobody but these two may be blamed for what was read back.
    pub also: Option<Word>,
}

pub fn read(root: &Node, reading: &mut Reading) -> Vec<SabotageEntry> {
    let Some(mut fields) = Fields::of(root, "a file of sabotages", reading) else { return Vec::new() };
    reading.version(&mut fields);
    let mut found: Vec<SabotageEntry> = Vec::new();
    if let Some(node) = fields.need("sabotages", reading) {
        for item in reading.list(node) {
            let Some(entry) = entry(item, reading) else { continue };
            if found.iter().any(|known| known.name.value == entry.name.value) {
                let message = format!("there are two sabotages called `{}`", entry.name.value);
                reading.advise(entry.name.at, message, "results name sabotages: give each its own name");
            }
            found.push(entry);
        }
    }
    fields.done(reading);
    found
}

fn entry(node: &Node, reading: &mut Reading) -> Option<SabotageEntry> {
    let mut fields = Fields::of(node, "a sabotage", reading)?;
    let name = fields.word("name", reading);
    let title = title(&mut fields, reading);
    let faults = fields.words("faults", reading);
    let acts = acts(&mut fields, reading);
    let raises = fields.need("raises", reading).and_then(|node| raises(node, reading));
    fields.done(reading);
    if let Some(bad) = name.value.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')) {
        let hint = "lower-case letters, digits and hyphens, like `uploads-missing`";
        reading.advise(name.at, format!("`{bad}` cannot stand in the name of a sabotage"), hint);
    }
    Some(SabotageEntry { name, title, faults, acts: acts?, raises: raises? })
}

/// One act beside the name, or several under `acts`.
fn acts(fields: &mut Fields<'_>, reading: &mut Reading) -> Option<Vec<ActEntry>> {
    let Some(node) = fields.get("acts") else { return act(fields, reading).map(|act| vec![act]) };
    let mut found = Vec::new();
    for item in reading.list(node) {
        let mut fields = Fields::of(item, "an act of a sabotage", reading)?;
        found.extend(act(&mut fields, reading));
        fields.done(reading);
    }
    if found.is_empty() {
        reading.advise(
            node.owner(),
            "a sabotage without an act",
            "list what is done, or put a single act beside `name`",
        );
    }
    Some(found)
}

fn act(fields: &mut Fields<'_>, reading: &mut Reading) -> Option<ActEntry> {
    let before = fields.maybe_word("before", reading);
    let after = fields.maybe_word("after", reading);
    let exec = fields.get("exec").map(|node| commands(node, reading));
    let deadline = fields.duration("deadline", DEADLINE, reading);
    let skip = fields.maybe_word("skip", reading);
    let swap = fields.get("swap").map(|node| reading.words(node));
    let harness = fields.maybe_word("harness", reading);
    match (before, after, exec, skip, swap, harness) {
        (Some(step), None, Some(commands), None, None, None) => {
            Some(ActEntry::Exec { step, after: false, commands, deadline })
        }
        (None, Some(step), Some(commands), None, None, None) => {
            Some(ActEntry::Exec { step, after: true, commands, deadline })
        }
        (None, None, None, Some(step), None, None) => Some(ActEntry::Skip(step)),
        (None, None, None, None, Some(steps), None) if steps.len() == 2 => {
            let mut steps = steps.into_iter();
            Some(ActEntry::Swap(steps.next()?, steps.next()?))
        }
        (None, None, None, None, None, Some(how)) => Some(ActEntry::Harness(how)),
        _ => {
            let hint = "exactly one of: `before: STEP` or `after: STEP` with `exec: [...]`; `skip: STEP`; \
                        `swap: [STEP, STEP]`; `harness: HOW`";
            reading.advise(fields.owner(), "it is not clear what this sabotage does", hint);
            None
        }
    }
}

fn raises(node: &Node, reading: &mut Reading) -> Option<RaisesEntry> {
    let mut fields = Fields::of(node, "`raises`", reading)?;
    let findings = fields.words("findings", reading);
    let reasons = fields.words("reasons", reading);
    let tenant = fields.maybe_word("tenant", reading);
    let also = fields.maybe_word("also", reading);
    fields.done(reading);
    if let (Some(also), None) = (&also, &tenant) {
        reading.advise(
            also.at,
            "`also` without `tenant` says nothing",
            "name the tenant first: `tenant: victim, also: other`",
        );
    }
    if findings.is_empty() && reasons.is_empty() {
        let hint = "name codes under `findings`, or under `reasons` where the drill must call itself inconclusive";
        reading.advise(node.owner(), "a sabotage that raises nothing cannot be caught", hint);
    }
    Some(RaisesEntry { findings, reasons, tenant, also })
}
