//! The journals under `fixtures/journals`, from which the page tests make their pages. They are made from `journal::sample`:
//! `cargo test --lib write_the_journals -- --ignored` writes them anew.

use super::sample::HOSTILE;
use crate::journal::sample::{Sample, tenant};
use crate::journal::{Event, Item, Outcome, Surface, WriteResult};
use crate::plan::{Input, Moment};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// File name and journal.
pub(super) fn journals() -> [(&'static str, Sample); 2] {
    [("passed.ndjson", passed()), ("failed.ndjson", failed())]
}

fn passed() -> Sample {
    let mut journal = Sample::datacenter_loss();
    journal.change_plan(|plan| {
        let input = |path: &str, digit: &str| Input { path: path.into(), sha256: digit.repeat(64) };
        plan.inputs = vec![
            input("datacenter-loss.yaml", "1a"),
            input("../fixtures/stacks/wiki-cloud/stack.yaml", "2b"),
            input("../fixtures/stacks/wiki-cloud/runbooks/rebuild-from-mirror.yaml", "3c"),
        ];
        plan.inputs.iter_mut().for_each(|input| input.sha256.truncate(64));
    });
    journal
}

/// `globex` never answers again, a page of `acme-prod` is lost, and the search of `acme` finds a stranger's page with a hostile name.
fn failed() -> Sample {
    let (acme, lossy, dead) = (tenant("acme"), tenant("acme-prod"), tenant("globex"));
    let mut journal = passed();
    let zero = journal.position(|event| matches!(event, Event::FaultInjecting { .. }));
    let mut writes = BTreeSet::new();
    let mut restores = BTreeSet::new();
    for (_, event) in &journal.events[zero..] {
        match event {
            Event::WriteInvoked(write) if write.tenant == dead => drop(writes.insert(write.write)),
            Event::TaskStarted { task, step, at, .. }
                if step.0.ends_with("/restore") && at.tenant.as_ref() == Some(&dead) =>
            {
                restores.insert(*task);
            }
            _ => {}
        }
    }
    let lost = |event: &Event| {
        matches!(event, Event::Seen { moment, tenant, item: Item::Revision { key, .. } | Item::Page { key, .. } }
            if *moment != Moment::Steady && *tenant == lossy && key == "Page-2")
    };
    let unread = |event: &Event| matches!(event, Event::Seen { moment, tenant, .. } if *moment != Moment::Steady && *tenant == dead);
    let gone = journal.events.iter().filter(|(_, event)| lost(event)).count() as u64 / 3;
    journal.drop_where(|event| lost(event) || unread(event));
    let mut broken = false;
    journal.change(|event| {
        broken |= matches!(event, Event::FaultInjecting { .. });
        match event {
            Event::Probe(probe) if broken && probe.tenant == dead => probe.bad = Some("502 Bad Gateway".to_owned()),
            Event::WriteEnded { write, result } if writes.contains(write) => {
                *result = WriteResult::Info { why: "502 Bad Gateway".to_owned() };
            }
            Event::TaskEnded { task, outcome, exit, tail } if restores.contains(task) => {
                *outcome = Outcome::Failed { why: "exit code 1".to_owned() };
                *exit = Some(1);
                *tail = format!("restoring globex\nERROR 1062 (23000) at line 4711: duplicate entry '7' for key 'PRIMARY'\n{HOSTILE}");
            }
            Event::SurfaceRead { moment, tenant, surface, .. } if *moment != Moment::Steady && *tenant == dead => {
                let (moment, tenant, surface) = (*moment, tenant.clone(), *surface);
                *event = Event::SurfaceFailed { moment, tenant, surface, why: "502 Bad Gateway".to_owned() };
            }
            Event::SurfaceRead { moment, tenant, surface: Surface::Pages, items } if *moment != Moment::Steady && *tenant == lossy => {
                *items -= gone;
            }
            Event::Seen { moment: Moment::Health, tenant, item: Item::Search { of: Some(of), hits } } if *tenant == acme && *of == dead => {
                hits.push(HOSTILE.to_owned());
            }
            _ => {}
        }
    });
    journal
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/journals")
}

#[test]
#[ignore = "writes files into the repository"]
fn write_the_journals() {
    std::fs::create_dir_all(folder()).expect("a folder");
    for (name, journal) in journals() {
        journal.write_to(&folder().join(name));
    }
}

#[test]
fn the_committed_journals_are_current() {
    for (name, journal) in journals() {
        let committed = crate::journal::read(&folder().join(name)).expect("a journal");
        assert!(
            committed.entries == journal.sealed(),
            "{name} is out of date: cargo test --lib write_the_journals -- --ignored"
        );
    }
}
