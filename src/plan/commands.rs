//! The operator's commands, written out: in which container, for which tenant, with every variable in its place.

use super::places::Places;
use super::services::Instances;
use super::words::meaning;
use super::{Command, Operation, ServiceKey};
use crate::ids::{Datacenter, Tenant};
use crate::scenario::compose::{Scope, Variables, interpolate_word};
use crate::scenario::{CommandEntry, Each, Reading, Stack, Word, suggest};
use std::collections::BTreeMap;
use std::time::Duration;

/// Of a command that names none.
const DEADLINE: Duration = Duration::from_secs(120);

/// What all commands of a plan are made from.
pub struct Commands<'c> {
    pub instances: &'c Instances,
    pub places: &'c Places,
    pub tenants: &'c [Tenant],
    pub affected: &'c [Tenant],
    /// Whom a sabotage harms; nobody without one.
    pub victim: Option<&'c Tenant>,
    pub common: &'c Variables,
    pub operations: BTreeMap<Operation, &'c [CommandEntry]>,
}

/// The operations of a stack by their names; unknown, doubled and missing ones are problems.
pub fn operations<'s>(stack: &'s Stack, reading: &mut Reading) -> BTreeMap<Operation, &'s [CommandEntry]> {
    let mut found = BTreeMap::new();
    for entry in &stack.operations.value {
        if let Some(operation) = meaning::<Operation>(&entry.name, "operation", reading) {
            found.insert(operation, entry.commands.as_slice());
        }
    }
    found
}

impl Commands<'_> {
    /// An operation at its place, with further variables; empty if the stack does not declare it.
    pub fn operation(
        &self,
        operation: Operation,
        datacenter: &Datacenter,
        more: &[(&str, &str)],
        reading: &mut Reading,
    ) -> Vec<Command> {
        let mut found = Vec::new();
        for entry in self.operations.get(&operation).copied().unwrap_or_default() {
            if let Some(word) = &entry.datacenter {
                let hint = "leave `datacenter` out: an operation runs where the drill needs it";
                reading.advise(word.at, "an operation has no place of its own", hint);
            }
            if matches!(entry.each.value, Each::Affected | Each::Victim) {
                let hint = "write `for: tenants`; `affected` is a word of runbooks, `victim` of sabotages";
                reading.advise(entry.each.at, "an operation knows of no fault", hint);
            }
            found.extend(self.entry(entry, Some(datacenter), DEADLINE, more, reading));
        }
        found
    }

    /// The key trial of one vault: every tenant's repository is tried with the next tenant's key.
    pub fn key_trial(&self, vault: &str, at: &Datacenter, reading: &mut Reading) -> Vec<Command> {
        let next = self.tenants.iter().cycle().skip(1);
        let pairs: Vec<_> = self.tenants.iter().zip(next).filter(|(own, other)| own != other).collect();
        let mut found = Vec::new();
        for (own, other) in pairs {
            let more = [("VAULT", vault), ("KEY_OF", other.as_str())];
            let commands = self.operation(Operation::KeyTrial, at, &more, reading);
            found.extend(commands.into_iter().filter(|command| command.tenant.as_ref().is_none_or(|of| of == own)));
        }
        found
    }

    /// The commands of a runbook's step.
    pub fn step(&self, entries: &[CommandEntry], deadline: Duration, reading: &mut Reading) -> Vec<Command> {
        let mut found = Vec::new();
        for entry in entries {
            let datacenter = entry.datacenter.as_ref().map(|word| self.datacenter(word, reading));
            let front = self.instances.known.iter().find(|(name, _)| name.as_str() == entry.service.as_str());
            let front = front.is_some_and(|(_, known)| known.scope == Scope::Front);
            match (datacenter, &entry.datacenter) {
                // That there is no such datacenter has been said.
                (Some(None), _) => {}
                (Some(Some(_)), Some(word)) if front => {
                    let hint = "leave `datacenter` out: a service of the front belongs to none";
                    reading.advise(word.at, format!("`{}` stands in no datacenter", entry.service.as_str()), hint);
                }
                (None, _) if !front => {
                    let hint = "add `datacenter: \"${MIRROR}\"` or the like";
                    reading.advise(entry.service.at, "the command does not say in which datacenter it runs", hint);
                    self.instances.find(&entry.service, reading);
                }
                (datacenter, _) => {
                    let datacenter = datacenter.flatten();
                    found.extend(self.entry(entry, datacenter.as_ref(), deadline, &[], reading));
                }
            }
        }
        found
    }

    /// The datacenter that a word with variables means.
    pub fn datacenter(&self, word: &Word, reading: &mut Reading) -> Option<Datacenter> {
        let text = interpolate_word(word, self.common, reading)?;
        let used = self.places.used();
        let found = used.iter().find(|datacenter| datacenter.as_str() == text);
        if found.is_none() && !text.is_empty() {
            let spare = self.places.all.keys().any(|datacenter| datacenter.as_str() == text);
            let message = if spare {
                format!("nothing is set up in the spare datacenter `{text}`")
            } else {
                format!("the stack has no datacenter `{text}`")
            };
            reading.advise(word.at, message, suggest(&text, used.iter().map(|datacenter| datacenter.as_str())));
        }
        found.map(|datacenter| (*datacenter).clone())
    }

    fn entry(
        &self,
        entry: &CommandEntry,
        datacenter: Option<&Datacenter>,
        deadline: Duration,
        more: &[(&str, &str)],
        reading: &mut Reading,
    ) -> Vec<Command> {
        let Some((service, known)) = self.instances.find(&entry.service, reading) else { return Vec::new() };
        let tenants: Vec<Option<&Tenant>> = match entry.each.value {
            Each::Once => vec![None],
            Each::Tenants => self.tenants.iter().map(Some).collect(),
            Each::Affected => self.affected.iter().map(Some).collect(),
            Each::Victim => self.victim.into_iter().map(Some).collect(),
        };
        if entry.each.value == Each::Victim && self.victim.is_none() {
            let hint = "write `for: affected`; `victim` is a word of sabotages";
            reading.advise(entry.each.at, "nobody is harmed here", hint);
        }
        if known.scope == Scope::Tenant && entry.each.value == Each::Once {
            let hint = "write `for: tenants`, or in a runbook `for: affected`";
            reading.advise(entry.service.at, format!("`{service}` is a service of tenants: for whom?"), hint);
            return Vec::new();
        }
        let datacenter = datacenter.filter(|_| known.scope != Scope::Front);
        let mut found = Vec::new();
        for tenant in tenants {
            let mut variables = self.common.clone();
            let own = [("TENANT", tenant.map(Tenant::as_str)), ("DATACENTER", datacenter.map(Datacenter::as_str))];
            let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
            variables.extend(own.chain(more.iter().copied()).map(|(name, value)| (name.to_owned(), value.to_owned())));
            let run: Vec<String> =
                entry.run.iter().filter_map(|word| interpolate_word(word, &variables, reading)).collect();
            let at = ServiceKey {
                datacenter: datacenter.cloned(),
                tenant: tenant.filter(|_| known.scope == Scope::Tenant).cloned(),
                service: service.clone(),
            };
            let run = environment(&entry.run, more, run);
            found.push(Command { at, tenant: tenant.cloned(), run, deadline: entry.deadline.unwrap_or(deadline) });
        }
        found
    }
}

/// Puts what the command does not take as an argument into its environment.
fn environment(typed: &[Word], more: &[(&str, &str)], run: Vec<String>) -> Vec<String> {
    let mentioned = |name: &str| {
        typed
            .iter()
            .any(|word| word.as_str().contains(&format!("${{{name}")) || word.as_str().contains(&format!("${name}")))
    };
    let missing: Vec<String> = more
        .iter()
        .filter(|(name, _)| matches!(*name, "VAULT" | "KEY_OF" | "VOLATILE" | "LEAVE_OUT") && !mentioned(name))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if missing.is_empty() { run } else { std::iter::once("env".to_owned()).chain(missing).chain(run).collect() }
}
