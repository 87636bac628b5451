//! A runbook that is broken off and begun again: a recovery must not depend on going through at the first try.

use super::{Action, Phase, Plan, ServiceKey, Step};
use crate::ids::StepName;
use crate::scenario::{Interruption, Reading, suggest};
use std::time::Duration;

/// Where a runbook can be broken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// A step of the runbook, as the plan calls it.
    pub step: StepName,
    /// The containers that carry it out are killed this long after it began; `None`: it is done.
    pub during: Option<Duration>,
}

impl Break {
    /// As a scenario says it.
    #[must_use]
    pub fn typed(&self) -> String {
        let step = name_of(&self.step);
        match self.during {
            None => format!("{{ after: {step} }}"),
            Some(at) => format!("{{ during: {step}, at: {} }}", humantime::format_duration(at)),
        }
    }

    /// In words.
    #[must_use]
    pub fn told(&self) -> String {
        match self.during {
            None => format!("broken off after {}", self.step),
            Some(at) => format!("killed in {}, {} ms after it began", self.step, at.as_millis()),
        }
    }
}

/// Every place where the runbook of `plan` can be broken off: after each of its steps, and in the middle of those that execute
/// something in a container which runs on; `middle` says when, `None` if it does not know.
pub fn breaks(plan: &Plan, middle: impl Fn(&StepName) -> Option<Duration>) -> Vec<Break> {
    let mut found = Vec::new();
    for step in plan.steps.iter().filter(|step| step.phase == Phase::Recover) {
        let executes = matches!(&step.action, Action::Run { commands } if commands.iter().any(|command| runs_on(plan, &command.at)));
        if let Some(at) = middle(&step.name).filter(|_| executes) {
            found.push(Break { step: step.name.clone(), during: Some(at) });
        }
        found.push(Break { step: step.name.clone(), during: None });
    }
    found
}

/// The same drill with its recovery broken off there and begun again from the start; `None` if there is no such step.
#[must_use]
pub fn broken_off(plan: &Plan, at: &Break) -> Option<Plan> {
    let mut steps = plan.steps.clone();
    insert(&mut steps, at)?;
    Some(Plan { steps, ..plan.clone() })
}

/// Breaks the recovery off where the scenario says.
pub fn apply(interruption: &Interruption, steps: &mut Vec<Step>, reading: &mut Reading) {
    let (word, during) = match interruption {
        Interruption::After(word) => (word, None),
        Interruption::During(word, at) => (word, Some(*at)),
    };
    let step = StepName(format!("{}/{}", Phase::Recover.name(), word.as_str()));
    match steps.iter().find(|other| other.name == step).map(|step| &step.action) {
        None => {
            let names = steps.iter().filter(|step| step.phase == Phase::Recover).map(|step| name_of(&step.name));
            let hint = suggest(word.as_str(), names);
            reading.advise(word.at, format!("the runbook has no step `{}`", word.as_str()), hint);
        }
        Some(Action::Run { .. }) => drop(insert(steps, &Break { step, during })),
        Some(_) if during.is_none() => drop(insert(steps, &Break { step, during })),
        Some(_) => {
            let hint = "only a step with `exec` can be broken off in its middle; others `after` they are done";
            reading.advise(word.at, format!("`{}` executes nothing", word.as_str()), hint);
        }
    }
}

fn insert(steps: &mut Vec<Step>, at: &Break) -> Option<()> {
    let all: Vec<Step> = steps.iter().filter(|step| step.phase == Phase::Recover).cloned().collect();
    let last = all.iter().position(|step| step.name == at.step)?;
    let mut tried = all[..=last].to_vec();
    if let (Some(after), Some(step)) = (at.during, tried.last_mut()) {
        let Action::Run { commands } = &step.action else { return None };
        step.action = Action::BreakOff { commands: commands.clone(), after };
    }
    tried.extend(all.into_iter().map(|step| Step { name: StepName(format!("{}-again", step.name)), ..step }));
    let first = steps.iter().position(|step| step.phase == Phase::Recover)?;
    steps.retain(|step| step.phase != Phase::Recover);
    steps.splice(first..first, tried);
    Some(())
}

fn runs_on(plan: &Plan, at: &ServiceKey) -> bool {
    plan.stack.services.iter().any(|service| service.key == *at && !service.job)
}

/// As it stands in the runbook.
fn name_of(step: &StepName) -> &str {
    step.0.split_once('/').map_or(step.0.as_str(), |(_, name)| name)
}
