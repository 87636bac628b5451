//! The runbook's steps, resolved: which containers, which commands, for which tenants.

use super::steps::{Outline, Steps};
use super::words::meaning;
use super::{Action, Part, Phase, ServiceKey};
use crate::ids::Datacenter;
use crate::scenario::compose::Scope;
use crate::scenario::{Reading, ServiceList, StepAction, Word};
use std::collections::BTreeSet;

/// Adds the steps of the runbook; `running` gains what they start.
pub fn recover(outline: &Outline<'_>, steps: &mut Steps, running: &mut BTreeSet<ServiceKey>, reading: &mut Reading) {
    for entry in &outline.runbook.steps {
        let part = meaning::<Part>(&entry.part, "part of a recovery", reading);
        let action = match &entry.action {
            StepAction::Start(list) => {
                let services = services(outline, list, reading);
                running.extend(services.iter().cloned());
                Action::Start { services }
            }
            StepAction::Restart(list) => {
                let services = services(outline, list, reading);
                if let Some(key) = services.iter().find(|key| !running.contains(key)) {
                    let hint = "start it in an earlier step";
                    reading.advise(list.at, format!("{key} is restarted, but it does not run by then"), hint);
                }
                Action::Restart { services }
            }
            StepAction::Exec(entries) => {
                for word in entries.iter().filter_map(|entry| entry.datacenter.as_ref()) {
                    still_there(outline, outline.commands.datacenter(word, reading).as_ref(), word, reading);
                }
                let commands = outline.commands.step(entries, entry.deadline, reading);
                let jobs = &outline.commands.instances.known;
                let asleep = commands
                    .iter()
                    .map(|command| &command.at)
                    .find(|key| !running.contains(key) && jobs.get(&key.service).is_some_and(|known| !known.job));
                // If nobody is hit, something is wrong with the faults, and has been said.
                if let Some(key) = asleep.filter(|_| !outline.commands.affected.is_empty())
                    && !key.datacenter.as_ref().is_some_and(|datacenter| outline.lost(datacenter))
                {
                    let typed = entries.iter().find(|entry| entry.service.as_str() == key.service.as_str());
                    let at = typed.map_or(entry.name.at, |entry| entry.service.at);
                    let hint = "start it in an earlier step";
                    reading.advise(at, format!("a command runs in {key}, which does not run by then"), hint);
                }
                Action::Run { commands }
            }
            StepAction::WaitFront => Action::WaitFront,
        };
        steps.add(Phase::Recover, entry.name.as_str(), entry.deadline, action);
        if let Some(step) = steps.steps.last_mut() {
            step.part = part;
        }
    }
}

/// The services that a step names, those of tenants for every tenant that the faults hit.
fn services(outline: &Outline<'_>, list: &ServiceList, reading: &mut Reading) -> Vec<ServiceKey> {
    let commands = outline.commands;
    let datacenter = list.datacenter.as_ref().and_then(|word| {
        let found = commands.datacenter(word, reading);
        still_there(outline, found.as_ref(), word, reading);
        found
    });
    let mut found = Vec::new();
    for (word, of_tenants) in
        list.services.iter().map(|word| (word, false)).chain(list.tenants.iter().map(|word| (word, true)))
    {
        let Some((service, known)) = commands.instances.find(word, reading) else { continue };
        if known.job {
            let hint = "run its command with `exec` instead";
            reading.advise(word.at, format!("`{service}` is a job: it runs only as a one-shot"), hint);
        }
        let right = (known.scope == Scope::Tenant) == of_tenants;
        if !right {
            let hint = if of_tenants { "name it under `services`" } else { "name it under `tenants`" };
            let kind = if of_tenants { "is no service of tenants" } else { "is a service of tenants" };
            reading.advise(word.at, format!("`{service}` {kind}"), hint);
            continue;
        }
        let datacenter = match (known.scope, &datacenter) {
            (Scope::Front, _) => None,
            (Scope::Shared | Scope::Tenant, Some(datacenter)) => Some(datacenter.clone()),
            (Scope::Shared | Scope::Tenant, None) => {
                if list.datacenter.is_none() {
                    let hint = "add `datacenter: \"${MIRROR}\"` or the like";
                    reading.advise(list.at, "it is not said in which datacenter", hint);
                }
                continue;
            }
        };
        let key = |tenant| ServiceKey { datacenter: datacenter.clone(), tenant, service: service.clone() };
        if of_tenants {
            found.extend(commands.affected.iter().map(|tenant| key(Some(tenant.clone()))));
        } else {
            found.push(key(None));
        }
    }
    found
}

/// Nothing can be done in a datacenter that is gone.
fn still_there(outline: &Outline<'_>, datacenter: Option<&Datacenter>, typed: &Word, reading: &mut Reading) {
    if let Some(datacenter) = datacenter.filter(|datacenter| outline.lost(datacenter)) {
        let hint = "recover in the other one, or choose the runbook for this fault";
        reading.advise(typed.at, format!("the scenario's fault takes `{datacenter}` away"), hint);
    }
}
