//! From what was typed to what can run: references resolved, defaults filled in, contradictions found.

use super::calendar::{CalendarInput, DisasterAt, Every, calendar, predict, worst_case};
use super::commands::{Commands, operations};
use super::history;
use super::inputs::inputs;
use super::interruption;
use super::places::{Places, places};
use super::references;
use super::sabotage;
use super::services::{Instances, common_variables, instances};
use super::steps::Outline;
use super::words::{meaning, name};
use super::{
    AccessRule, Allowance, Calendar, Command, Detection, Driver, FrontPlan, Objectives, Operation, PLAN_VERSION, Plan,
    Policy, Prediction, ProbePlan, Protection, RunbookPlan, StackPlan, Tag, Text, VaultPlain, Volatile, WorkloadPlan,
};
use crate::clock::DrillTime;
use crate::ids::{Datacenter, Service, Tenant};
use crate::scenario::compose::{Variables, interpolate_word};
use crate::scenario::{
    self, Disaster, DriverEntry, Loaded, PlainEntry, PolicyEntry, Reading, SabotageEntry, Title, VolatileEntry, Word,
};
use std::collections::BTreeMap;

/// Monday, 5 January 2026, midnight: when every drill clock begins.
const BEGINS: DrillTime = DrillTime::from_unix(1_767_571_200);

/// Makes the plan; problems go to `reading`, and a plan that comes with problems must not be used.
///
/// With a sabotage the plan is a deliberately wrong one.
pub fn resolve(loaded: &Loaded, sabotage: Option<&SabotageEntry>, reading: &mut Reading) -> Option<Plan> {
    let scenario = &loaded.scenario;
    let tenants = tenants(&scenario.tenants, reading);
    let places = places(&loaded.stack, reading);
    references::names(loaded, reading);
    let checks = references::checks(scenario, reading);
    let places = places?;
    let instances = instances(loaded, &places, &tenants, reading);
    references::stack(&loaded.stack, &instances, reading);
    let (faults, affected) = references::faults(loaded, &places, &instances, &tenants, reading);
    let common = common_variables(loaded, &places, &tenants);
    let declared = operations(&loaded.stack, reading);
    references::operations(loaded, &declared, &checks, &faults, &instances, reading);
    let commands = Commands {
        instances: &instances,
        places: &places,
        tenants: &tenants,
        affected: &affected,
        victim: None,
        common: &common,
        operations: declared,
    };

    let policy = policy(&loaded.stack.policy, reading);
    let every = scenario.history.every.as_ref().and_then(|word| every(word, reading)).unwrap_or(Every::Needed);
    let calendar = history(scenario, policy, every, reading);
    let detection = detection(scenario);
    let probe = probe(scenario);
    let volatile: Vec<Volatile> = loaded.stack.volatile.iter().map(volatile).collect();
    let outline = Outline {
        commands: &commands,
        calendar: &calendar,
        policy: &policy,
        every,
        faults: &faults,
        detection: &detection,
        probe: &probe,
        soak: scenario.soak,
        checks: &checks,
        volatile: &volatile,
        runbook: &loaded.runbook,
        standby: &loaded.stack.standby,
        deadlines: &scenario.deadlines,
    };
    let mut steps = outline.steps(reading);
    if let Some(interruption) = &scenario.interruption {
        interruption::apply(interruption, &mut steps, reading);
    }
    let sabotage = sabotage.and_then(|entry| sabotage::apply(entry, &outline, &mut steps, reading));
    let runbook = runbook(loaded, &commands, reading);
    if runbook.as_ref().is_some_and(|runbook| runbook.from != places.primary) && history::mirrors_unnoticed(&outline) {
        let hint = "restore from the primary's vault, or let the disaster come at another hour";
        let message =
            "a mirror run comes before anybody notices: which generation the mirror has by then is not predicted";
        reading.advise(scenario.disaster.at, message, hint);
    }
    let worst = runbook.as_ref().map(|runbook| worst_case(&policy, runbook.from != places.primary, runbook.tag));
    let prediction = runbook.as_ref().map(|runbook| predictions(runbook, &outline, &tenants, &affected));
    let operations = all_operations(&commands, reading);
    let driver = driver(&loaded.stack.driver, &common, &instances, reading);
    let inputs = inputs(&loaded.folder, &instances.used, reading);
    let stack = stack(loaded, &places, instances, driver, policy, operations, reading);
    Some(Plan {
        version: PLAN_VERSION,
        name: scenario.name.value.clone(),
        title: text(&scenario.title),
        risks: scenario.risks.iter().map(|word| word.value.clone()).collect(),
        seed: scenario.seed,
        objectives: objectives(scenario),
        inputs,
        stack: stack?,
        tenants,
        calendar: Calendar { worst_case_rpo_seconds: worst.map_or(0, |worst| worst.as_secs()), ..calendar },
        workload: WorkloadPlan {
            writes: scenario.history.writes,
            pages: scenario.history.pages,
            uploads: scenario.history.uploads,
            large_upload: scenario.history.large_upload,
        },
        probe,
        faults,
        affected,
        detection,
        allowances: allowances(scenario),
        runbook: runbook?,
        prediction: prediction.unwrap_or_default(),
        checks,
        steps,
        sabotage,
    })
}

pub fn text(title: &Title) -> Text {
    Text { en: title.en.clone(), de: title.de.clone() }
}

fn objectives(scenario: &scenario::Scenario) -> Objectives {
    let scenario::Objectives { rto, rpo, machine } = scenario.objectives;
    Objectives { rto, rpo, machine }
}

fn allowances(scenario: &scenario::Scenario) -> Vec<Allowance> {
    scenario.allowances.iter().map(|one| Allowance { what: one.what.clone(), takes: one.takes }).collect()
}

fn detection(scenario: &scenario::Scenario) -> Detection {
    match scenario.detection {
        scenario::Detection::Probe { bad, deadline } => Detection::Probe { bad, deadline },
        scenario::Detection::Monitor { every, deadline } => Detection::Monitor { every, deadline },
        scenario::Detection::Oracle => Detection::Oracle,
        scenario::Detection::Fixed { after } => Detection::Fixed { after },
    }
}

fn probe(scenario: &scenario::Scenario) -> ProbePlan {
    let scenario::Probe { light, full, timeout, sustain } = scenario.probe;
    ProbePlan { light, full, timeout, sustain }
}

fn tenants(words: &[Word], reading: &mut Reading) -> Vec<Tenant> {
    let mut found: Vec<Tenant> = Vec::new();
    for word in words {
        let Some(tenant) = name::<Tenant>(word, reading) else { continue };
        if found.contains(&tenant) {
            reading.advise(word.at, format!("the tenant `{tenant}` stands here twice"), "keep one of them");
        } else {
            found.push(tenant);
        }
    }
    found
}

fn seconds((hour, minute): (u8, u8)) -> u32 {
    u32::from(hour) * 3600 + u32::from(minute) * 60
}

fn policy(entry: &PolicyEntry, reading: &mut Reading) -> Policy {
    let policy = Policy {
        hourly_minute: entry.hourly_minute,
        hourly_keep: entry.hourly_keep,
        daily_at: seconds(entry.daily_at),
        daily_keep: entry.daily_keep,
        mirror_at: seconds(entry.mirror_at.value),
    };
    if policy.mirror_at <= policy.daily_at {
        let hint = "the mirror job pushes the daily of the same day: put it some minutes later";
        reading.advise(entry.mirror_at.at, "the mirror run comes before the daily", hint);
    }
    policy
}

/// A pattern that says nothing about the file would turn the check off.
fn vault_plain(entry: &PlainEntry, reading: &mut Reading) -> Option<VaultPlain> {
    let (path, because) = (entry.path.as_str(), entry.because.as_str());
    if path.split('/').all(|name| name.contains('*') || name.is_empty()) {
        let hint = "name the folder or the file, like `*/keys/*`";
        reading.advise(entry.path.at, format!("`{path}` may be any file"), hint);
        return None;
    }
    Some(VaultPlain { path: path.to_owned(), because: because.to_owned() })
}

fn volatile(entry: &VolatileEntry) -> Volatile {
    Volatile { table: entry.table.value.clone(), because: entry.because.value.clone() }
}

fn every(word: &Word, reading: &mut Reading) -> Option<Every> {
    match word.as_str() {
        "needed" => Some(Every::Needed),
        "all" => Some(Every::All),
        other => {
            let hint = scenario::suggest(other, ["needed", "all"]);
            reading.advise(word.at, format!("`every` is not `{other}`"), hint);
            None
        }
    }
}

fn history(scenario: &scenario::Scenario, policy: Policy, every: Every, reading: &mut Reading) -> Calendar {
    let disaster = match scenario.disaster.value {
        Disaster::At { hour, minute } => DisasterAt::At { hour, minute },
        Disaster::Worst => DisasterAt::Worst,
    };
    let input = CalendarInput { begins: BEGINS, span_days: scenario.history.days, disaster, policy, every };
    let calendar = calendar(&input);
    if calendar.generations.is_empty() {
        let hint = "make the history longer, or let the disaster come later";
        reading.advise(scenario.disaster.at, "the disaster comes before the first backup", hint);
    }
    calendar
}

fn runbook(loaded: &Loaded, commands: &Commands<'_>, reading: &mut Reading) -> Option<RunbookPlan> {
    let entry = &loaded.runbook;
    let from = commands.datacenter(&entry.from, reading);
    let tag = meaning::<Tag>(&entry.tag, "generation", reading);
    let sha256 = reading.hashes().get(&loaded.runbook_path).cloned().unwrap_or_default();
    Some(RunbookPlan { name: entry.name.value.clone(), title: text(&entry.title), from: from?, tag: tag?, sha256 })
}

fn predictions(
    runbook: &RunbookPlan,
    outline: &Outline<'_>,
    tenants: &[Tenant],
    affected: &[Tenant],
) -> BTreeMap<Tenant, Prediction> {
    let Outline { calendar, faults, .. } = outline;
    let expect = |tenant: &Tenant| {
        let hit = affected.contains(tenant);
        let at_once = predict(calendar, faults, outline.primary(), &runbook.from, runbook.tag, hit);
        history::still_kept(outline, tenant, at_once)
    };
    tenants.iter().map(|tenant| (tenant.clone(), expect(tenant))).collect()
}

/// Every operation as it runs in the primary; what is known only when it runs stays a variable.
fn all_operations(commands: &Commands<'_>, reading: &mut Reading) -> BTreeMap<Operation, Vec<Command>> {
    let primary: &Datacenter = &commands.places.primary;
    let mut found = BTreeMap::new();
    for operation in commands.operations.keys() {
        let run = |more: &[(&str, &str)], reading: &mut Reading| commands.operation(*operation, primary, more, reading);
        let written = match operation {
            Operation::Backup => run(&[("TAG", "${TAG}"), ("TIME", "${TIME}")], reading),
            Operation::SideRestore => run(&[("VAULT", "${VAULT}"), ("TAG", "${TAG}")], reading),
            Operation::Retention | Operation::Snapshots => run(&[("VAULT", "${VAULT}")], reading),
            Operation::KeyTrial => commands.key_trial("${VAULT}", primary, reading),
            Operation::Secrets
            | Operation::Install
            | Operation::Mirror
            | Operation::Reindex
            | Operation::DeleteTenant
            | Operation::Inventory
            | Operation::SideRemove
            | Operation::Fingerprint
            | Operation::Corrupt
            | Operation::Integrity
            | Operation::Overwrite
            | Operation::Overwritten
            | Operation::Monitor => run(&[], reading),
        };
        found.insert(*operation, written);
    }
    found
}

fn driver(entry: &DriverEntry, common: &Variables, instances: &Instances, reading: &mut Reading) -> Option<Driver> {
    match entry {
        DriverEntry::Mediawiki { api } => Some(Driver::Mediawiki { api: api.value.clone() }),
        DriverEntry::Exec { service, run } => {
            let (service, _) = instances.find(service, reading)?;
            let run = run.iter().filter_map(|word| interpolate_word(word, common, reading)).collect();
            Some(Driver::Exec { service, run })
        }
        DriverEntry::Unknown => None,
    }
}

fn stack(
    loaded: &Loaded,
    places: &Places,
    instances: Instances,
    driver: Option<Driver>,
    policy: Policy,
    operations: BTreeMap<Operation, Vec<Command>>,
    reading: &mut Reading,
) -> Option<StackPlan> {
    let entry = &loaded.stack;
    let test_object = meaning(&entry.test_object, "test object", reading);
    let mut access = Vec::new();
    for rule in &entry.access {
        let who = meaning(&rule.who, "role", reading);
        let may = rule.may.iter().filter_map(|word| meaning(word, "right", reading)).collect();
        access.extend(who.map(|who| AccessRule { who, may }));
    }
    let mut protection = BTreeMap::new();
    for (kind, list) in [("volumes", &entry.volumes), ("secrets", &entry.secrets)] {
        for one in list {
            let why = one.why.clone();
            let how = match one.how.as_str() {
                "backed-up" => Protection::BackedUp(why),
                "rebuildable" => Protection::Rebuildable(why),
                _ => Protection::Escrow(why),
            };
            protection.insert(format!("{kind}/{}", one.name.as_str()), how);
        }
    }
    Some(StackPlan {
        name: entry.name.value.clone(),
        title: text(&entry.title),
        test_object: test_object?,
        domain: entry.domain.value.clone(),
        primary: places.primary.clone(),
        mirror: places.mirror.clone(),
        datacenters: places.all.clone(),
        residency: places.residency.clone(),
        front: FrontPlan { service: Service::new(entry.front.service.as_str()).ok()?, port: entry.front.port },
        services: instances.services.into_values().collect(),
        images: instances.images,
        protection,
        driver: driver?,
        access,
        policy,
        volatile: entry.volatile.iter().map(volatile).collect(),
        vault_plain: entry.policy.plain.iter().filter_map(|plain| vault_plain(plain, reading)).collect(),
        operations,
    })
}
