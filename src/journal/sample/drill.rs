//! Plays a whole passing drill on the stage, phase by phase.

use super::super::token::{commitment, disclose};
use super::super::{Claim, Event, FingerprintOf, Kind, Outcome, RunStarted, WriteKind};
use super::backups::{back_up, list, restore_aside, snapshot};
use super::dice::{BEFORE, Dice, ROUNDS};
use super::plan::{generations, key, plan};
use super::stage::Stage;
use super::{Bulk, Disaster, KEY, Sample, datacenter, drill_time};
use crate::ids::{Datacenter, StepName, Tenant};
use crate::plan::{Action, Moment, Phase, Step};
use std::collections::BTreeMap;
use std::time::Duration;

pub fn play(disaster: Disaster, seed: u64, bulk: Bulk) -> Sample {
    let plan = plan(disaster);
    let mut stage = Stage::new(plan.clone());
    stage.tell(Event::RunStarted(Box::new(RunStarted {
        run: stage.run.clone(),
        program: "0.1.0".to_owned(),
        host: "host".to_owned(),
        trigger: "terminal".to_owned(),
        commit: None,
        plan: plan.clone(),
        plan_sha256: "0".repeat(64),
        key_sha256: commitment(KEY),
        canaries: plan.tenants.iter().map(|tenant| (tenant.clone(), format!("canary{tenant}"))).collect(),
        decoy: "decoy".to_owned(),
        calibration: None,
        parent: None,
    })));
    stage.tell(Event::Versions { versions: BTreeMap::from([("engine".to_owned(), "20.10.24".to_owned())]) });
    let mut dice = Dice::new(seed, bulk);
    for phase in Phase::ALL {
        let steps: Vec<Step> = plan.steps.iter().filter(|step| step.phase == phase).cloned().collect();
        if phase == Phase::Evidence {
            break;
        }
        stage.tell(Event::PhaseStarted { phase });
        for step in steps {
            stage.tell(Event::StepStarted { step: step.name.clone() });
            act(&mut stage, disaster, &step, &mut dice);
            stage.tell(Event::StepEnded { step: step.name.clone(), outcome: Outcome::Done });
        }
        if phase == Phase::Teardown {
            tear_down(&mut stage, disaster);
        }
        stage.tell(Event::PhaseEnded { phase, outcome: Outcome::Done });
    }
    // The last probes may still be under way.
    stage.pass(Duration::from_secs(1));
    stage.tell(Event::KeyDisclosed { key: disclose(KEY) });
    stage.tell(Event::RunEnded { outcome: Outcome::Done });
    stage.events.sort_by_key(|(mono, _)| *mono);
    Sample { events: stage.events }
}

fn act(stage: &mut Stage, disaster: Disaster, step: &Step, dice: &mut Dice) {
    match &step.action {
        Action::Networks => networks(stage),
        Action::Start { services } => {
            for service in services {
                let at = service.datacenter.as_ref().expect("a datacenter");
                create(stage, Kind::Container, service.service.as_str(), at);
            }
            stage.pass(Duration::from_secs(2));
        }
        Action::Run { .. } => run(stage, disaster, &step.name),
        Action::Baseline => baseline(stage, dice),
        Action::Write { before } => {
            stage.drill = before.minus(Duration::from_secs(600));
            stage.tell(Event::ClockSet { drill: stage.drill, running: false });
            history(stage, dice);
            many(stage, dice);
        }
        Action::Backup { generation, .. } => back_up(stage, *generation, step.protects()),
        Action::Fingerprint { moment, .. } => stage.fingerprint(FingerprintOf::Moment(*moment)),
        Action::Snapshots { vault, .. } => list(stage, disaster, vault, step.protects()),
        Action::SideRestore { vault, .. } => restore_aside(stage, disaster, vault),
        Action::Encryption { vaults, .. } => search(stage, vaults),
        Action::Probe => {
            stage.drill = drill_time("2026-01-07T13:37:00Z");
            stage.tell(Event::ClockSet { drill: stage.drill, running: false });
            stage.prober(true);
            stage.pass(Duration::from_secs(5));
        }
        Action::Gate => stage.tell(Event::Gate { ready: true, problems: Vec::new() }),
        Action::Fault { .. } => inject(stage, disaster),
        Action::Detect => {
            stage.pass(Duration::from_millis(800));
            stage.tell(Event::Detected { by: "prober".to_owned() });
        }
        Action::Decide => {
            for allowance in stage.plan.allowances.clone() {
                let takes_seconds = allowance.takes.as_secs();
                stage.tell(Event::Declared { what: allowance.what, takes_seconds });
            }
        }
        Action::WaitFront => {
            stage.down.clear();
            stage.pass(Duration::from_millis(700));
        }
        Action::Readback { moment } => {
            stage.read_back(*moment);
            if *moment == Moment::Restart {
                stage.pass(Duration::from_secs(3));
            }
        }
        Action::Sustain => stage.pass(Duration::from_secs(12)),
        Action::Soak { takes } => stage.pass(*takes),
        Action::Restart { .. } => restart(stage),
        Action::ProbeEnd => stage.prober(false),
        Action::Images
        | Action::Secrets
        | Action::BreakOff { .. }
        | Action::Sabotage { .. }
        | Action::Mirror { .. }
        | Action::Retention { .. } => {
            stage.pass(Duration::from_millis(100));
        }
    }
}

fn create(stage: &mut Stage, kind: Kind, name: &str, at: &Datacenter) {
    let name = format!("{at}-{name}");
    let id = format!("id-{name}");
    stage.tell(Event::Created { kind, name, id, datacenter: Some(at.clone()), tenant: None });
}

fn networks(stage: &mut Stage) {
    for at in ["falkenstein", "helsinki"].map(datacenter) {
        create(stage, Kind::Network, "net", &at);
        create(stage, Kind::Volume, "vault-data", &at);
        create(stage, Kind::Container, "vault", &at);
    }
    stage.tell(Event::Created {
        kind: Kind::Container,
        name: "proxy".to_owned(),
        id: "id-proxy".to_owned(),
        datacenter: None,
        tenant: None,
    });
}

pub(super) fn tenants(stage: &Stage) -> Vec<Tenant> {
    stage.plan.tenants.clone()
}

fn baseline(stage: &mut Stage, dice: &Dice) {
    for tenant in &tenants(stage) {
        for page in ["Page-1", "Page-2", "Locked", "Über uns / ß?", "Canary"] {
            stage.write(tenant, WriteKind::Create, page, None);
        }
        stage.write(tenant, WriteKind::Protect, "Locked", None);
        for file in ["drawing.png", "empty.txt"] {
            stage.write(tenant, WriteKind::Upload, file, None);
        }
        for (user, groups) in [("Reader", ""), ("Editor", "editor"), ("Boss", "editor,sysop"), ("Former", "editor")] {
            stage.write(tenant, WriteKind::CreateUser, user, Some(groups));
        }
        stage.write(tenant, WriteKind::Create, "Old", None);
        stage.write(tenant, WriteKind::Delete, "Old", None);
        stage.write(tenant, WriteKind::Revoke, "Former", Some("editor"));
        stage.write(tenant, WriteKind::CreateUser, "Erased", Some(""));
        stage.write(tenant, WriteKind::Delete, "Erased", None);
        for number in dice.numbers() {
            stage.write(tenant, WriteKind::Upload, &format!("scan-{number}.pdf"), None);
            stage.write(tenant, WriteKind::Upload, &format!("scan-{number}.pdf"), None);
            stage.write(tenant, WriteKind::Create, &format!("Title-{number}"), None);
            stage.write(tenant, WriteKind::Edit, &format!("Title-{number}"), None);
            stage.write(tenant, WriteKind::Create, &format!("Guarded-{number}"), None);
            stage.write(tenant, WriteKind::CreateUser, &format!("Guest-{number}"), Some("editor"));
        }
        if dice.numbers().contains(&0) {
            stage.write(tenant, WriteKind::Protect, "Title-0", None);
            // Nothing, gone, and nothing again twice: three writes with one content.
            stage.write(tenant, WriteKind::Upload, "empty-again.txt", None);
            stage.write(tenant, WriteKind::DeleteUpload, "empty-again.txt", None);
            stage.write(tenant, WriteKind::Upload, "empty-again.txt", None);
            stage.write(tenant, WriteKind::Upload, "empty-again.txt", None);
            // Of a user whom nobody of ours created.
            stage.write(tenant, WriteKind::Grant, "Admin", Some("oversight"));
            // There and back: what was here before is here again.
            stage.write(tenant, WriteKind::Create, "Roamer", None);
            stage.write(tenant, WriteKind::Edit, "Roamer", None);
            stage.write(tenant, WriteKind::Protect, "Roamer", None);
            stage.write(tenant, WriteKind::Rename, "Roamer", Some("Astray"));
            stage.write(tenant, WriteKind::Rename, "Astray", Some("Roamer"));
        }
    }
}

/// An edit, an upload, a new page, a deletion, a right; and what the dice add.
fn history(stage: &mut Stage, dice: &mut Dice) {
    let round = stage.drill.unix();
    let number = dice.round();
    for tenant in &tenants(stage) {
        stage.write(tenant, WriteKind::Edit, "Page-1", None);
        stage.write(tenant, WriteKind::Upload, "drawing.png", None);
        stage.write(tenant, WriteKind::Create, &format!("Note-{round}"), None);
        stage.write(tenant, WriteKind::Create, &format!("Draft-{round}"), None);
        stage.write(tenant, WriteKind::Delete, &format!("Draft-{round}"), None);
        stage.write(tenant, WriteKind::Grant, "Reader", Some(&format!("team-{round}")));
        if let Some(number) = number {
            stage.write(tenant, WriteKind::DeleteUpload, &format!("scan-{number}.pdf"), None);
            let (old, new) = (format!("Title-{number}"), format!("Renamed-{number}"));
            stage.write(tenant, WriteKind::Rename, &old, Some(&new));
            stage.write(tenant, WriteKind::Edit, &new, None);
            if let Some(before) = number.checked_sub(1) {
                stage.write(tenant, WriteKind::Unprotect, &format!("Guarded-{before}"), None);
                stage.write(tenant, WriteKind::Unblock, &format!("Guest-{before}"), None);
            }
            stage.write(tenant, WriteKind::Block, &format!("Guest-{number}"), None);
            stage.write(tenant, WriteKind::Protect, &format!("Guarded-{number}"), None);
        }
        for extra in 0..dice.roll(6) {
            match dice.roll(6) {
                0 => stage.write(tenant, WriteKind::Edit, "Page-2", None),
                1 => stage.write(tenant, WriteKind::Upload, &format!("file-{round}-{extra}.bin"), None),
                2 => stage.write(tenant, WriteKind::Delete, &format!("Note-{round}"), None),
                3 => stage.write(tenant, WriteKind::Edit, &format!("Note-{round}"), None),
                4 => stage.write(tenant, WriteKind::Revoke, "Reader", Some(&format!("team-{round}"))),
                _ => stage.write(tenant, WriteKind::CreateUser, &format!("User-{round}-{extra}"), Some("editor")),
            }
        }
    }
}

/// The writes that only some samples have, at the end of a round.
fn many(stage: &mut Stage, dice: &Dice) {
    let (name, writes) = match dice.round {
        BEFORE => ("old", dice.bulk.before),
        ROUNDS => ("new", dice.bulk.after),
        _ => return,
    };
    for tenant in &tenants(stage) {
        for number in 0..writes {
            let (group, member) = (number / 10, number % 10);
            let (kind, key) = match member {
                0 => (WriteKind::Create, format!("Bulk-{name}-{group}")),
                1..=7 => (WriteKind::Edit, format!("Bulk-{name}-{group}")),
                _ => (WriteKind::Upload, format!("bulk-{name}-{group}.bin")),
            };
            stage.write(tenant, kind, &key, None);
        }
    }
}

fn search(stage: &mut Stage, vaults: &[Datacenter]) {
    for vault in vaults {
        stage.tell(Event::VaultSearched { vault: vault.clone(), files: 90, bytes: 15_000_000, hits: Vec::new() });
    }
    let all = tenants(stage);
    for (at, tenant) in all.iter().enumerate() {
        let key_of = all[(at + 1) % all.len()].clone();
        stage.tell(Event::KeyTried { tenant: tenant.clone(), key_of, opened: false });
    }
}

fn inject(stage: &mut Stage, disaster: Disaster) {
    // Off the prober's grid, as in life.
    stage.pass(Duration::from_millis(317));
    stage.tell(Event::UndoPlanned { fault: 0, what: "nothing to put back".to_owned() });
    stage.tell(Event::FaultTargets { fault: 0, targets: vec!["falkenstein-database".to_owned()] });
    stage.tell(Event::FaultInjecting { fault: 0 });
    stage.tell(Event::ClockSet { drill: stage.drill, running: true });
    stage.down = stage.plan.affected.iter().cloned().collect();
    stage.pass(Duration::from_millis(1500));
    if disaster == Disaster::DatacenterLoss {
        remove(stage, Some("falkenstein"));
    }
    stage.tell(Event::FaultConfirmed { fault: 0, evidence: "nothing with that label exists".to_owned() });
}

/// Removes what exists, of one datacenter or all of it.
fn remove(stage: &mut Stage, only: Option<&str>) {
    let mut standing = Vec::new();
    for (_, event) in &stage.events {
        match event {
            Event::Created { kind, name, id, datacenter, .. }
                if only.is_none_or(|only| datacenter.as_ref().is_some_and(|at| at.as_str() == only)) =>
            {
                standing.push(Event::Removed {
                    kind: *kind,
                    name: name.clone(),
                    id: id.clone(),
                    datacenter: datacenter.clone(),
                });
            }
            Event::Removed { id, .. } => {
                standing.retain(|event| !matches!(event, Event::Removed { id: gone, .. } if gone == id));
            }
            _ => {}
        }
    }
    for event in standing {
        stage.tell(event);
    }
}

/// The runbook's commands, side by side for all tenants.
fn run(stage: &mut Stage, disaster: Disaster, step: &StepName) {
    let (generation, vault) = match disaster {
        Disaster::DatacenterLoss => (generations()[3], "helsinki"),
        Disaster::TenantDeleted => (generations()[5], "falkenstein"),
    };
    let affected = stage.plan.affected.clone();
    let first = stage.events.len() as u64;
    for (task, tenant) in (first..).zip(&affected) {
        let at = key(Some(vault), Some(tenant), "backup");
        stage.tell(Event::TaskStarted { task, step: step.clone(), at, what: step.0.clone() });
    }
    stage.pass(Duration::from_millis(1200));
    for (task, tenant) in (first..).zip(&affected) {
        stage.tell(Event::TaskEnded { task, outcome: Outcome::Done, exit: Some(0), tail: String::new() });
        if step.0 == "recover/fetch" {
            let listed = snapshot(generation, tenant, disaster == Disaster::DatacenterLoss);
            let claim = Claim {
                snapshot: listed.id,
                time: listed.time,
                tags: listed.tags,
                vault: datacenter(vault),
                original: listed.original,
            };
            stage.tell(Event::RestoreClaimed { tenant: tenant.clone(), claim });
            stage.restore(tenant, generation);
        }
    }
}

fn restart(stage: &mut Stage) {
    stage.tell(Event::MaintenanceStarted);
    stage.down = stage.plan.affected.iter().cloned().collect();
    stage.pass(Duration::from_secs(3));
    stage.down.clear();
    stage.pass(Duration::from_secs(1));
    stage.tell(Event::MaintenanceEnded);
}

fn tear_down(stage: &mut Stage, _: Disaster) {
    stage.pass(Duration::from_secs(1));
    stage.tell(Event::UndoDone { fault: 0, outcome: Outcome::Done });
    remove(stage, None);
    stage.tell(Event::Leftovers { names: Vec::new() });
}
