//! The backups of a sample: generations, what the vaults list, and a restore on the side.

use super::super::{Claim, Event, FingerprintOf, Found, SideRestored, Snapshot};
use super::Disaster;
use super::drill::tenants;
use super::plan::protect;
use super::stage::Stage;
use crate::ids::{Datacenter, Tenant};
use crate::plan::{Generation, Tag};
use std::time::Duration;

fn snapshot_id(generation: Generation, tenant: &Tenant) -> String {
    format!("{}-{}-{tenant}", generation.tag, generation.time.unix())
}

pub fn back_up(stage: &mut Stage, generation: Generation, again: bool) {
    stage.drill = generation.time;
    stage.tell(Event::ClockSet { drill: stage.drill, running: false });
    stage.tell(Event::GenerationStarted { generation });
    stage.back_up(generation);
    if !again {
        stage.fingerprint(FingerprintOf::Generation(generation));
    }
    stage.pass(Duration::from_millis(900));
    for tenant in tenants(stage) {
        let snapshot = snapshot_id(generation, &tenant);
        stage.tell(Event::SnapshotTaken { generation, tenant, snapshot, bytes: 5_000_000 });
    }
    stage.tell(Event::GenerationEnded { generation });
}

pub fn snapshot(generation: Generation, tenant: &Tenant, mirrored: bool) -> Snapshot {
    let id = snapshot_id(generation, tenant);
    Snapshot {
        tree: format!("tree-{id}"),
        time: generation.time,
        tags: vec![generation.tag],
        original: mirrored.then(|| id.clone()),
        id: if mirrored { format!("copy-{id}") } else { id },
    }
}

pub fn list(stage: &mut Stage, disaster: Disaster, vault: &Datacenter, again: bool) {
    let mirrored = *vault == stage.plan.stack.mirror;
    let calendar = &stage.plan.calendar;
    let keeps = if mirrored { calendar.mirror_keeps.clone() } else { calendar.vault_keeps.clone() };
    for tenant in tenants(stage) {
        let mut snapshots: Vec<_> = keeps.iter().map(|generation| snapshot(*generation, &tenant, mirrored)).collect();
        let home = &protect(disaster)[0].1;
        for (generation, _) in protect(disaster).iter().filter(|_| again) {
            if vault == home {
                snapshots.push(snapshot(*generation, &tenant, false));
            } else if generation.tag == Tag::Daily {
                snapshots.push(snapshot(*generation, &tenant, true));
            }
        }
        stage.tell(Event::SnapshotsListed { vault: vault.clone(), tenant, snapshots, readable: true });
    }
    stage.pass(Duration::from_millis(500));
}

/// The newest generation in a vault, beside the data of the first tenant that was hit.
pub fn restore_aside(stage: &mut Stage, disaster: Disaster, vault: &Datacenter) {
    let all = protect(disaster);
    let (generation, _) = *all.iter().find(|(_, of)| of == vault).expect("a generation");
    let tenant = stage.plan.affected[0].clone();
    let listed = snapshot(generation, &tenant, *vault != all[0].1);
    let (tokens, contents) = stage.backed_up(generation, &tenant);
    stage.pass(Duration::from_millis(800));
    stage.tell(Event::SideRestored(Box::new(SideRestored {
        tenant: tenant.clone(),
        vault: vault.clone(),
        claim: Claim {
            snapshot: listed.id,
            time: listed.time,
            tags: listed.tags,
            vault: vault.clone(),
            original: listed.original,
        },
        files: contents.len() as u64 + 1,
        bytes: 5_000_000,
        found: Found { tokens, canaries: [tenant.clone()].into() },
        contents,
    })));
    stage.tell(Event::SideRemoved { tenant, vault: vault.clone(), files: 0 });
}
