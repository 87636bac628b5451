//! A sabotage put into the steps of a plan: the right drill, with one thing wrong.

use super::commands::Commands;
use super::resolve::text;
use super::steps::Outline;
use super::words::meaning;
use super::{Action, FaultPlan, HarnessSabotage, SabotagePlan, Step};
use crate::ids::{StepName, Tenant};
use crate::scenario::compose::{Variables, interpolate_word};
use crate::scenario::{ActEntry, CommandEntry, Reading, SabotageEntry, Word};
use std::collections::BTreeMap;
use std::time::Duration;

/// Puts the sabotage into the steps. Nothing if it cannot be; then that has been said.
pub fn apply(
    entry: &SabotageEntry,
    outline: &Outline<'_>,
    steps: &mut Vec<Step>,
    reading: &mut Reading,
) -> Option<SabotagePlan> {
    let commands = outline.commands;
    let victim = commands.affected.first()?;
    let other = next(commands.tenants, victim);
    let mut named = |word: &Option<Word>| word.as_ref().and_then(|word| whom(word, victim, other, reading)).cloned();
    let (tenant, also) = (named(&entry.raises.tenant), named(&entry.raises.also));
    let variables = variables(outline, victim, other);
    let mut harness = None;
    let mut does = Vec::new();
    for act in &entry.acts {
        does.push(carry(act, entry, outline, &variables, steps, reading)?);
        if let ActEntry::Harness(word) = act {
            harness = Some(meaning::<HarnessSabotage>(word, "way to turn the harness", reading)?);
        }
    }
    Some(SabotagePlan {
        name: entry.name.value.clone(),
        title: text(&entry.title),
        does: does.join("; "),
        victim: victim.clone(),
        harness,
        findings: entry.raises.findings.iter().map(|word| word.value.clone()).collect(),
        reasons: entry.raises.reasons.iter().map(|word| word.value.clone()).collect(),
        tenant,
        also,
    })
}

/// Puts one act into the steps, and says what it does.
fn carry(
    act: &ActEntry,
    entry: &SabotageEntry,
    outline: &Outline<'_>,
    variables: &Variables,
    steps: &mut Vec<Step>,
    reading: &mut Reading,
) -> Option<String> {
    let mut find = |steps: &[Step], word: &Word| find(steps, word, variables, reading);
    Some(match act {
        ActEntry::Exec { step, after, commands, deadline } => {
            let at = find(steps, step)?;
            let victim = outline.commands.affected.first();
            let own = Commands { victim, common: variables, operations: BTreeMap::new(), ..*outline.commands };
            exec(&own, entry, commands, (at, *after, *deadline), steps, reading)
        }
        ActEntry::Skip(step) => {
            let at = find(steps, step)?;
            format!("skips {}", steps.remove(at).name)
        }
        ActEntry::Swap(first, second) => {
            let (first, second) = (find(steps, first)?, find(steps, second)?);
            steps.swap(first, second);
            format!("swaps {} and {}", steps[second].name, steps[first].name)
        }
        ActEntry::Harness(word) => format!("turns the harness: {}", word.as_str()),
    })
}

/// Whether it is for the faults of this drill.
pub fn fits(entry: &SabotageEntry, faults: &[FaultPlan]) -> bool {
    entry.faults.is_empty() || faults.iter().any(|fault| entry.faults.iter().any(|word| word.as_str() == fault.name()))
}

/// The tenant after this one: who is mixed up with it.
fn next<'t>(tenants: &'t [Tenant], victim: &Tenant) -> Option<&'t Tenant> {
    let at = tenants.iter().position(|tenant| tenant == victim)?;
    tenants.iter().cycle().nth(at + 1).filter(|other| *other != victim)
}

fn whom<'t>(word: &Word, victim: &'t Tenant, other: Option<&'t Tenant>, reading: &mut Reading) -> Option<&'t Tenant> {
    match word.as_str() {
        "victim" => Some(victim),
        "other" => {
            if other.is_none() {
                // Without a tenant to look at, a finding at anybody would count.
                reading.advise(word.at, "this scenario has no other tenant", "name two tenants in the scenario");
            }
            other
        }
        wrong => {
            let hint = "victim, other, or no `tenant` at all";
            reading.advise(word.at, format!("a sabotage does not know the tenant `{wrong}`"), hint);
            None
        }
    }
}

/// What the commands of a sabotage may say beside the variables of all commands.
fn variables(outline: &Outline<'_>, victim: &Tenant, other: Option<&Tenant>) -> Variables {
    let mut variables = outline.commands.common.clone();
    variables.insert("VICTIM".to_owned(), victim.to_string());
    variables.insert("OTHER".to_owned(), other.unwrap_or(victim).to_string());
    variables.insert("SURVIVOR".to_owned(), outline.survivor().to_string());
    variables
}

/// The step that is meant: its name, or a pattern in which `*` stands for anything; of several the last.
fn find(steps: &[Step], word: &Word, variables: &Variables, reading: &mut Reading) -> Option<usize> {
    let name = interpolate_word(word, variables, reading)?;
    let found = steps.iter().rposition(|step| matches(&step.name.0, &name));
    if found.is_none() {
        let hint = "`ernstfall plan SCENARIO` lists the steps, such as recover/load";
        reading.advise(word.at, format!("the plan has no step `{name}`"), hint);
    }
    found
}

fn matches(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((start, end)) => name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
    }
}

fn exec(
    own: &Commands<'_>,
    entry: &SabotageEntry,
    typed: &[CommandEntry],
    (at, after, deadline): (usize, bool, Duration),
    steps: &mut Vec<Step>,
    reading: &mut Reading,
) -> String {
    let commands = own.step(typed, deadline, reading);
    let (phase, neighbour) = (steps[at].phase, steps[at].name.clone());
    let plain = format!("{}/sabotage-{}", phase.name(), entry.name.value);
    let taken = |name: &str| steps.iter().any(|step| step.name.0 == name);
    let numbered = (2..).map(|number| format!("{plain}-{number}"));
    let name =
        std::iter::once(plain.clone()).chain(numbered).find(|name| !taken(name)).map_or(StepName(plain), StepName);
    let step = Step { name, phase, part: None, deadline, action: Action::Sabotage { commands } };
    steps.insert(if after { at + 1 } else { at }, step);
    format!("executes commands {} {neighbour}", if after { "after" } else { "before" })
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("history/backup-hourly-2026-01-12T13-00", "history/backup-hourly-*"));
        assert!(matches("recover/load", "recover/load"));
        assert!(!matches("recover/load-again", "recover/load"));
        assert!(!matches("history/mirror", "history/*-mirror"));
        assert!(!matches("ab", "ab*b"));
    }
}
