//! After the recovery the system must be protected again: the next generations are taken where it serves now, the next mirror
//! run is made if there is a datacenter to mirror to, and one tenant is restored from them on the side.

use super::calendar::{next_generation, next_mirror};
use super::steps::{Outline, Steps, longest, stamp};
use super::{Action, Command, Generation, Operation, Phase, ServiceKey, Tag};
use crate::ids::Datacenter;
use crate::scenario::Reading;
use std::collections::BTreeSet;

/// Adds the steps; `running` is what runs by then.
pub fn protect(outline: &Outline<'_>, steps: &mut Steps, running: &BTreeSet<ServiceKey>, reading: &mut Reading) {
    let Outline { commands, calendar, policy, .. } = outline;
    let home = outline.survivor();
    let mirror = &commands.places.mirror;
    let mirrored = home != mirror && !outline.lost(mirror);

    let hourly = next_generation(calendar, policy, outline.noticed(), Tag::Hourly);
    back_up(outline, steps, hourly, running, reading);
    let mut vaults = vec![(home, hourly.tag)];
    if mirrored {
        let daily = next_generation(calendar, policy, outline.noticed(), Tag::Daily);
        back_up(outline, steps, daily, running, reading);
        let run = commands.operation(Operation::Mirror, home, &[], reading);
        let name = format!("mirror-{}", stamp(next_mirror(calendar, policy, daily.time)));
        steps.add(Phase::Soak, &name, longest(&run), Action::Mirror { commands: run });
        vaults.push((mirror, daily.tag));
    }
    for (vault, _) in &vaults {
        let list = commands.operation(Operation::Snapshots, home, &[("VAULT", vault.as_str())], reading);
        let (deadline, vault) = (longest(&list), (*vault).clone());
        let name = format!("snapshots-{vault}");
        steps.add(Phase::Soak, &name, deadline, Action::Snapshots { vault, commands: list });
    }
    for (vault, tag) in vaults {
        side_restore(outline, steps, home, (vault, tag), reading);
    }
}

fn back_up(
    outline: &Outline<'_>,
    steps: &mut Steps,
    generation: Generation,
    running: &BTreeSet<ServiceKey>,
    reading: &mut Reading,
) {
    let (tag, time) = (generation.tag.to_string(), generation.time.for_restic());
    let more = [("TAG", tag.as_str()), ("TIME", time.as_str())];
    let commands = outline.commands.operation(Operation::Backup, outline.survivor(), &more, reading);
    let known = &outline.commands.instances.known;
    let job = |key: &ServiceKey| known.get(&key.service).is_some_and(|known| known.job);
    if let Some(asleep) = commands.iter().map(|command| &command.at).find(|key| !running.contains(key) && !job(key)) {
        let hint = "start it in a step, or leave the check `protected-again` out";
        let at = outline.runbook.from.at;
        reading.advise(at, format!("after this recovery nothing is backed up: {asleep} does not run"), hint);
    }
    let name = format!("backup-{tag}-{}", stamp(generation.time));
    steps.add(Phase::Soak, &name, longest(&commands), Action::Backup { generation, commands, fingerprint: Vec::new() });
}

/// Of the first tenant that was hit.
fn side_restore(
    outline: &Outline<'_>,
    steps: &mut Steps,
    home: &Datacenter,
    (vault, tag): (&Datacenter, Tag),
    reading: &mut Reading,
) {
    let first = outline.commands.affected.first();
    let tag = tag.to_string();
    let more = [("VAULT", vault.as_str()), ("TAG", tag.as_str())];
    let mut of_first = |operation, more: &[(&str, &str)]| {
        let mut commands: Vec<Command> = outline.commands.operation(operation, home, more, reading);
        commands.retain(|command| command.tenant.as_ref() == first);
        commands
    };
    let restore = of_first(Operation::SideRestore, &more);
    let remove = of_first(Operation::SideRemove, &[]);
    let deadline = longest(&restore) + longest(&remove);
    let name = format!("side-restore-{vault}");
    steps.add(Phase::Soak, &name, deadline, Action::SideRestore { vault: vault.clone(), restore, remove });
}
