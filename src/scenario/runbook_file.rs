//! A runbook as it was typed, and the commands of runbooks and operations.

use super::fields::Fields;
use super::node::Node;
use super::reading::{Place, Placed, Reading, Word};
use super::scenario_file::{Title, title};
use super::suggest::suggest;
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Runbook {
    pub name: Word,
    pub title: Title,
    /// Datacenter whose vault is restored from, with variables.
    pub from: Word,
    pub tag: Word,
    pub steps: Vec<StepEntry>,
}

#[derive(Debug, Clone)]
pub struct StepEntry {
    pub name: Word,
    pub part: Word,
    pub deadline: Duration,
    pub action: StepAction,
}

#[derive(Debug, Clone)]
pub enum StepAction {
    Start(ServiceList),
    Restart(ServiceList),
    Exec(Vec<CommandEntry>),
    WaitFront,
}

/// Services of one datacenter, and of tenants in it.
#[derive(Debug, Clone)]
pub struct ServiceList {
    pub at: Place,
    pub datacenter: Option<Word>,
    pub services: Vec<Word>,
    /// Services of the tenants that the fault hit.
    pub tenants: Vec<Word>,
}

/// For whom a command is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    Once,
    Tenants,
    Affected,
    /// The tenant that a sabotage harms.
    Victim,
}

#[derive(Debug, Clone)]
pub struct CommandEntry {
    pub service: Word,
    pub each: Placed<Each>,
    pub datacenter: Option<Word>,
    pub run: Vec<Word>,
    pub deadline: Option<Duration>,
}

pub fn read(root: &Node, reading: &mut Reading) -> Option<Runbook> {
    let mut fields = Fields::of(root, "a runbook", reading)?;
    let at = fields.owner();
    reading.version(&mut fields);
    let name = fields.word("name", reading);
    let title = title(&mut fields, reading);
    let (mut from, mut tag) = (Word::absent(at), Word::absent(at));
    if let Some(mut inner) = fields.need("recovers", reading).and_then(|node| Fields::of(node, "`recovers`", reading)) {
        from = inner.word("from", reading);
        tag = inner.word("tag", reading);
        inner.done(reading);
    }
    let mut steps: Vec<StepEntry> = Vec::new();
    if let Some(node) = fields.need("steps", reading) {
        for item in reading.list(node) {
            let Some(step) = step(item, reading) else { continue };
            if !step.name.value.is_empty() && steps.iter().any(|known| known.name.value == step.name.value) {
                let message = format!("there are two steps called `{}`", step.name.value);
                reading.advise(step.name.at, message, "the evidence names steps: give each its own name");
            }
            steps.push(step);
        }
    }
    fields.done(reading);
    Some(Runbook { name, title, from, tag, steps })
}

fn step(node: &Node, reading: &mut Reading) -> Option<StepEntry> {
    let mut fields = Fields::of(node, "a step", reading)?;
    let name = fields.word("name", reading);
    let part = fields.word("part", reading);
    let deadline = fields.need("deadline", reading).and_then(|node| reading.duration(node));
    let start = fields.get("start").map(|node| (node, "start"));
    let restart = fields.get("restart").map(|node| (node, "restart"));
    let exec = fields.get("exec").map(|node| (node, "exec"));
    let wait = fields.get("wait").map(|node| (node, "wait"));
    fields.done(reading);
    if let Some(bad) = name.value.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')) {
        let hint = "lower-case letters, digits and hyphens, like `fetch-data`";
        reading.advise(name.at, format!("`{bad}` cannot stand in the name of a step"), hint);
    }
    let actions: Vec<_> = [start, restart, exec, wait].into_iter().flatten().collect();
    let [(node, kind)] = actions.as_slice() else {
        let message = if actions.is_empty() { "a step that does nothing" } else { "a step that does several things" };
        reading.advise(node.at, message, "give it exactly one of start, restart, exec and wait");
        return None;
    };
    let action = match *kind {
        "start" => StepAction::Start(services(node, reading)?),
        "restart" => StepAction::Restart(services(node, reading)?),
        "exec" => StepAction::Exec(commands(node, reading)),
        _ => {
            let what = reading.word(node)?;
            if what.value != "front" {
                reading.advise(
                    what.at,
                    format!("cannot wait for `{}`", what.value),
                    "the one thing to wait for is `front`",
                );
            }
            StepAction::WaitFront
        }
    };
    Some(StepEntry { name, part, deadline: deadline.unwrap_or(Duration::from_secs(60)), action })
}

fn services(node: &Node, reading: &mut Reading) -> Option<ServiceList> {
    let mut fields = Fields::of(node, "a list of services", reading)?;
    let list = ServiceList {
        at: node.owner(),
        datacenter: fields.maybe_word("datacenter", reading),
        services: fields.words("services", reading),
        tenants: fields.words("tenants", reading),
    };
    fields.done(reading);
    if list.services.is_empty() && list.tenants.is_empty() {
        reading.advise(
            node.owner(),
            "no service is named",
            "name shared ones under `services`, tenants' under `tenants`",
        );
    }
    Some(list)
}

/// The commands of an operation or of a step.
pub fn commands(node: &Node, reading: &mut Reading) -> Vec<CommandEntry> {
    let items = reading.list(node);
    if items.is_empty() {
        reading.advise(
            node.owner(),
            "no command",
            "like `- { service: name, for: tenants, run: [program, argument] }`",
        );
    }
    items.iter().filter_map(|item| command(item, reading)).collect()
}

fn command(node: &Node, reading: &mut Reading) -> Option<CommandEntry> {
    let mut fields = Fields::of(node, "a command", reading)?;
    let service = fields.word("service", reading);
    let each = fields.get("for").map(|node| Placed { value: each(node, reading), at: node.at });
    let datacenter = fields.maybe_word("datacenter", reading);
    let run = fields.need("run", reading);
    let arguments: Vec<Word> =
        run.map(|node| reading.list(node).iter().filter_map(|item| reading.text(item)).collect()).unwrap_or_default();
    if let Some(node) = run.filter(|_| arguments.first().is_none_or(|program| program.value.is_empty())) {
        reading.advise(node.owner(), "a command without a program", "like `run: [/opt/operator/backup, \"${TAG}\"]`");
    }
    let deadline = fields.get("deadline").and_then(|node| reading.duration(node));
    fields.done(reading);
    let each = each.unwrap_or(Placed { value: Each::Once, at: service.at });
    Some(CommandEntry { service, each, datacenter, run: arguments, deadline })
}

fn each(node: &Node, reading: &mut Reading) -> Each {
    let Some(word) = reading.word(node) else { return Each::Once };
    match word.value.as_str() {
        "once" => Each::Once,
        "tenants" => Each::Tenants,
        "affected" => Each::Affected,
        "victim" => Each::Victim,
        other => {
            let hint = suggest(other, ["once", "tenants", "affected", "victim"]);
            reading.advise(word.at, format!("a command is not carried out for `{other}`"), hint);
            Each::Once
        }
    }
}
