//! The scenario as it was typed: what happens, and what must hold.

use super::deadlines::{Deadlines, deadlines, minutes};
use super::fault_entry::{Fault, faults};
use super::fields::Fields;
use super::interruption::{self, Interruption};
use super::node::{Node, Value};
use super::reading::{Place, Placed, Reading, Word};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);
const MAX_DAYS: u64 = 31;
pub const MAX_TENANTS: u64 = 40;

#[derive(Debug, Clone)]
pub struct Scenario {
    pub name: Word,
    pub title: Title,
    pub risks: Vec<Word>,
    pub objectives: Objectives,
    pub stack: Word,
    pub tenants: Vec<Word>,
    pub seed: u64,
    pub history: History,
    pub disaster: Placed<Disaster>,
    pub probe: Probe,
    /// How long the recovered system is watched after its restart.
    pub soak: Duration,
    pub faults: Vec<Fault>,
    pub detection: Detection,
    pub allowances: Vec<Allowance>,
    pub runbook: Word,
    pub interruption: Option<Interruption>,
    pub checks: Placed<Vec<Word>>,
    pub deadlines: Deadlines,
}

/// A title in the two languages of the reports.
#[derive(Debug, Clone, Default)]
pub struct Title {
    pub en: String,
    pub de: String,
}

#[derive(Debug, Clone, Copy)]
pub struct Objectives {
    pub rto: Duration,
    pub rpo: Duration,
    pub machine: Option<Duration>,
}

#[derive(Debug, Clone)]
pub struct History {
    pub days: u32,
    pub writes: u32,
    pub every: Option<Word>,
    pub pages: u32,
    pub uploads: u32,
    pub large_upload: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Disaster {
    At { hour: u8, minute: u8 },
    Worst,
}

#[derive(Debug, Clone, Copy)]
pub struct Probe {
    pub light: Duration,
    pub full: Duration,
    pub timeout: Duration,
    pub sustain: u32,
}

#[derive(Debug, Clone, Copy)]
pub enum Detection {
    Probe {
        bad: u32,
        deadline: Duration,
    },
    /// The stack's own integrity job, run that often.
    Monitor {
        every: Duration,
        deadline: Duration,
    },
    Oracle,
    Fixed {
        after: Duration,
    },
}

#[derive(Debug, Clone)]
pub struct Allowance {
    pub what: String,
    pub takes: Duration,
}

pub fn read(root: &Node, reading: &mut Reading) -> Option<Scenario> {
    let mut fields = Fields::of(root, "a scenario", reading)?;
    let at = fields.owner();
    reading.version(&mut fields);
    let name = fields.word("name", reading);
    let title = title(&mut fields, reading);
    let risks = fields.words("risks", reading);
    let objectives = fields.need("objectives", reading).and_then(|node| objectives(node, reading));
    let stack = fields.word("stack", reading);
    let tenants = fields.need("tenants", reading).map(|node| tenants(node, reading)).unwrap_or_default();
    let seed = fields.number("seed", 1, 0..=u64::MAX, reading);
    let history = history(fields.get("history"), reading);
    let disaster = fields.need("disaster", reading).and_then(|node| disaster(node, reading));
    let probe = probe(fields.get("probe"), reading);
    let soak = soak(fields.get("soak"), &probe, reading);
    let faults = fields.need("faults", reading).map(|node| faults(node, reading)).unwrap_or_default();
    let recovery = fields.need("recovery", reading).and_then(|node| recovery(node, reading));
    let checks = fields.need("checks", reading).map(|node| Placed { value: reading.words(node), at: node.owner() });
    let deadlines = deadlines(fields.get("deadlines"), reading);
    fields.done(reading);
    let (detection, allowances, runbook, interruption) =
        recovery.unwrap_or_else(|| (Detection::Oracle, Vec::new(), Word::absent(at), None));
    Some(Scenario {
        name,
        title,
        risks,
        objectives: objectives.unwrap_or(Objectives { rto: DAY, rpo: DAY, machine: None }),
        stack,
        tenants,
        seed,
        history,
        disaster: disaster.unwrap_or(Placed { value: Disaster::Worst, at }),
        probe,
        soak,
        faults,
        detection,
        allowances,
        runbook,
        interruption,
        checks: checks.unwrap_or(Placed { value: vec![Word::absent(at)], at }),
        deadlines,
    })
}

pub fn title(fields: &mut Fields<'_>, reading: &mut Reading) -> Title {
    let Some(node) = fields.need("title", reading) else { return Title::default() };
    let Some(mut texts) = Fields::of(node, "a title", reading) else { return Title::default() };
    let title = Title { en: texts.word("en", reading).value, de: texts.word("de", reading).value };
    texts.done(reading);
    title
}

fn objectives(node: &Node, reading: &mut Reading) -> Option<Objectives> {
    let mut fields = Fields::of(node, "`objectives`", reading)?;
    let rto = fields.need("rto", reading).and_then(|node| reading.duration(node)).unwrap_or(DAY);
    let rpo = fields.need("rpo", reading).and_then(|node| reading.duration(node)).unwrap_or(DAY);
    let machine = fields.get("machine").and_then(|node| reading.duration(node));
    fields.done(reading);
    Some(Objectives { rto, rpo, machine })
}

/// So many tenants: `t-01`, `t-02` ...
pub fn numbered(count: u64, at: Place) -> Vec<Word> {
    (1..=count).map(|number| Placed { value: format!("t-{number:02}"), at }).collect()
}

/// A list of names, or how many: `t-01`, `t-02` ...
fn tenants(node: &Node, reading: &mut Reading) -> Vec<Word> {
    if let Value::Scalar { .. } = node.value {
        let count = reading.number(node, 1..=MAX_TENANTS).unwrap_or(1);
        return numbered(count, node.at);
    }
    let names = reading.words(node);
    if names.len() as u64 > MAX_TENANTS {
        reading.advise(
            node.owner(),
            format!("{} tenants", names.len()),
            format!("at most {MAX_TENANTS} fit on one machine"),
        );
    } else if names.is_empty() {
        reading.advise(node.owner(), "a drill needs tenants", "write their names, or a number");
    }
    names
}

fn history(node: Option<&Node>, reading: &mut Reading) -> History {
    let otherwise = History { days: 8, writes: 6, every: None, pages: 12, uploads: 3, large_upload: false };
    let Some(mut fields) = node.and_then(|node| Fields::of(node, "`history`", reading)) else { return otherwise };
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let history = History {
        days: fields.get("span").and_then(|node| days(node, reading)).unwrap_or(otherwise.days),
        writes: small(fields.number("writes", 6, 4..=1000, reading)),
        every: fields.maybe_word("every", reading),
        pages: small(fields.number("pages", 12, 1..=10_000, reading)),
        uploads: small(fields.number("uploads", 3, 1..=1000, reading)),
        large_upload: fields.flag("large-upload", reading),
    };
    fields.done(reading);
    history
}

fn days(node: &Node, reading: &mut Reading) -> Option<u32> {
    let span = reading.duration(node)?;
    let days = span.as_secs() / DAY.as_secs();
    if span != DAY * u32::try_from(days).unwrap_or(0) || !(1..=MAX_DAYS).contains(&days) {
        let hint = format!("whole days, from 1d to {MAX_DAYS}d");
        reading.advise(node.at, format!("a history of {}", humantime::format_duration(span)), hint);
        return None;
    }
    u32::try_from(days).ok()
}

fn disaster(node: &Node, reading: &mut Reading) -> Option<Placed<Disaster>> {
    let mut fields = Fields::of(node, "`disaster`", reading)?;
    let at = fields.need("at", reading);
    fields.done(reading);
    let at = at?;
    let worst = matches!(&at.value, Value::Scalar { text, .. } if text == "worst");
    let value = if worst {
        Disaster::Worst
    } else if matches!(&at.value, Value::Scalar { text, .. } if text.contains(':')) {
        let (hour, minute) = reading.time_of_day(at)?;
        Disaster::At { hour, minute }
    } else {
        let message = format!("expected a time of day or `worst`, found {}", at.describe());
        reading.advise(at.at, message, "like \"13:37\" (UTC), or worst: just before the next mirror run");
        return None;
    };
    Some(Placed { value, at: at.at })
}

fn probe(node: Option<&Node>, reading: &mut Reading) -> Probe {
    let otherwise = Probe {
        light: Duration::from_millis(250),
        full: Duration::from_secs(2),
        timeout: Duration::from_secs(3),
        sustain: 5,
    };
    let Some(mut fields) = node.and_then(|node| Fields::of(node, "`probe`", reading)) else { return otherwise };
    let probe = Probe {
        light: fields.duration("light", otherwise.light, reading),
        full: fields.duration("full", otherwise.full, reading),
        timeout: fields.duration("timeout", otherwise.timeout, reading),
        sustain: u32::try_from(fields.number("sustain", 5, 1..=100, reading)).unwrap_or(5),
    };
    if probe.full < probe.light {
        reading.advise(
            fields.owner(),
            "full probes come more often than light ones",
            "make `full` longer than `light`",
        );
    }
    fields.done(reading);
    probe
}

/// Long enough that every tenant is used at least once meanwhile: a soak that nobody sees shows nothing.
fn soak(node: Option<&Node>, probe: &Probe, reading: &mut Reading) -> Duration {
    let otherwise = Duration::from_secs(10).max(probe.full);
    let Some(node) = node else { return otherwise };
    let takes = reading.duration(node).unwrap_or(otherwise);
    if takes < probe.full {
        let hint = format!("at least one full probe: {}", humantime::format_duration(probe.full));
        reading.advise(node.at, "nobody uses the system in so short a soak", hint);
    }
    takes
}

type Recovery = (Detection, Vec<Allowance>, Word, Option<Interruption>);

fn recovery(node: &Node, reading: &mut Reading) -> Option<Recovery> {
    let mut fields = Fields::of(node, "`recovery`", reading)?;
    let detection = fields.get("detection").and_then(|node| detection(node, reading));
    let allowances = fields.get("allowances").map(|node| allowances(node, reading)).unwrap_or_default();
    let runbook = fields.word("runbook", reading);
    let interruption = fields.get("interrupt").and_then(|node| interruption::read(node, reading));
    fields.done(reading);
    let usual = Detection::Probe { bad: 3, deadline: minutes(1) };
    Some((detection.unwrap_or(usual), allowances, runbook, interruption))
}

/// `probe`, `monitor`, `oracle`, a duration, `{ probe: { bad, deadline } }`, `{ monitor: { every, deadline } }` or `{ fixed: duration }`.
fn detection(node: &Node, reading: &mut Reading) -> Option<Detection> {
    const LOOK: Duration = Duration::from_secs(10);
    match &node.value {
        Value::Scalar { text, .. } => match text.as_str() {
            "probe" => Some(Detection::Probe { bad: 3, deadline: minutes(1) }),
            "monitor" => Some(Detection::Monitor { every: LOOK, deadline: minutes(5) }),
            "oracle" => Some(Detection::Oracle),
            other => {
                let after = humantime::parse_duration(other).ok().filter(|after| !after.is_zero());
                if after.is_none() {
                    let message = format!("`{other}` is no way to detect a disaster");
                    reading.advise(node.at, message, "probe, monitor, oracle, or a declared delay like 5m");
                }
                after.map(|after| Detection::Fixed { after })
            }
        },
        Value::Map(_) | Value::List(_) => {
            let mut fields = Fields::of(node, "`detection`", reading)?;
            let ways = (fields.get("probe"), fields.get("monitor"), fields.get("fixed"));
            fields.done(reading);
            match ways {
                (Some(probe), None, None) => {
                    let mut fields = Fields::of(probe, "`probe`", reading)?;
                    let bad = u32::try_from(fields.number("bad", 3, 1..=1000, reading)).unwrap_or(3);
                    let deadline = fields.duration("deadline", minutes(1), reading);
                    fields.done(reading);
                    Some(Detection::Probe { bad, deadline })
                }
                (None, Some(monitor), None) => {
                    let mut fields = Fields::of(monitor, "`monitor`", reading)?;
                    let every = fields.duration("every", LOOK, reading);
                    let deadline = fields.duration("deadline", minutes(5), reading);
                    fields.done(reading);
                    Some(Detection::Monitor { every, deadline })
                }
                (None, None, Some(fixed)) => reading.duration(fixed).map(|after| Detection::Fixed { after }),
                _ => {
                    let hint = "either `probe` or `monitor` or `fixed`";
                    reading.advise(node.owner(), "a disaster is detected in one way", hint);
                    None
                }
            }
        }
    }
}

fn allowances(node: &Node, reading: &mut Reading) -> Vec<Allowance> {
    let mut found = Vec::new();
    for item in reading.list(node) {
        let Some(mut fields) = Fields::of(item, "an allowance", reading) else { continue };
        let what = fields.word("for", reading).value;
        let takes = fields.need("takes", reading).and_then(|node| reading.duration(node));
        fields.done(reading);
        found.extend(takes.map(|takes| Allowance { what, takes }));
    }
    found
}
