//! Life on the drill clock: writes and generations in order of time, mirror runs and retention where the policy has them. It goes
//! on after the disaster for as long as nobody notices, and what is backed up then may hold the damage.

use super::calendar::{self, Every, mirror_after, unnoticed_mirrors};
use super::steps::{Outline, Steps, longest, stamp};
use super::{Action, Command, Generation, Operation, Phase, Policy, Prediction, Tag, stop_backups_of};
use crate::clock::DrillTime;
use crate::ids::{Datacenter, Tenant};
use crate::scenario::Reading;
use std::time::Duration;

/// From the disaster to the first writes after it; longer than any injection takes.
const SETTLED: Duration = Duration::from_secs(300);

/// Some time of a tenant's life.
struct Span<'s> {
    phase: Phase,
    generations: &'s [Generation],
    mirrors: Vec<DrillTime>,
    fingerprint: &'s dyn Fn(&mut Reading) -> Vec<Command>,
}

/// Up to the disaster.
pub fn before(outline: &Outline<'_>, steps: &mut Steps, reading: &mut Reading) {
    let span = Span {
        phase: Phase::History,
        generations: &outline.calendar.generations,
        mirrors: mirror_after(outline.calendar, outline.policy, outline.every),
        fingerprint: &|reading| outline.fingerprint(outline.primary(), reading),
    };
    live(outline, steps, &span, reading);
    write(outline, steps, Phase::History, outline.calendar.disaster);
}

/// From the disaster until it is noticed; nothing if the datacenter in which it would happen is gone.
pub fn unnoticed(outline: &Outline<'_>, steps: &mut Steps, reading: &mut Reading) {
    let span = Span {
        phase: Phase::Detect,
        generations: &taken_unnoticed(outline),
        mirrors: unnoticed_mirrors(outline.calendar, outline.policy, outline.noticed()),
        // What is damaged cannot always be read, and nobody compares with it.
        fingerprint: &|reading| {
            let mut commands = outline.fingerprint(outline.primary(), reading);
            commands
                .retain(|command| !command.tenant.as_ref().is_some_and(|one| outline.commands.affected.contains(one)));
            commands
        },
    };
    if !outline.lost(outline.primary()) {
        live(outline, steps, &span, reading);
    }
}

/// Whether a mirror run comes after the disaster and before it is noticed.
pub fn mirrors_unnoticed(outline: &Outline<'_>) -> bool {
    let runs = unnoticed_mirrors(outline.calendar, outline.policy, outline.noticed());
    !outline.lost(outline.primary()) && !runs.is_empty()
}

fn taken_unnoticed(outline: &Outline<'_>) -> Vec<Generation> {
    calendar::unnoticed(outline.calendar, outline.policy, outline.noticed())
}

/// What is left of a tenant's prediction when the disaster is noticed: backups that carry the damage take the places of those
/// before it.
pub fn still_kept(outline: &Outline<'_>, tenant: &Tenant, prediction: Prediction) -> Prediction {
    let Prediction::Generation(promised) = prediction else { return prediction };
    if stop_backups_of(outline.faults, tenant) {
        return prediction;
    }
    let Policy { hourly_keep, daily_keep, .. } = *outline.policy;
    let keep = if promised.tag == Tag::Hourly { hourly_keep } else { daily_keep };
    let later = taken_unnoticed(outline).iter().filter(|generation| generation.tag == promised.tag).count();
    if u32::try_from(later).is_ok_and(|later| later < keep) { prediction } else { Prediction::Beyond }
}

fn live(outline: &Outline<'_>, steps: &mut Steps, span: &Span<'_>, reading: &mut Reading) {
    let Span { phase, generations, mirrors, fingerprint } = span;
    let (phase, all) = (*phase, outline.every == Every::All);
    let mut mirrors = mirrors.iter().copied().peekable();
    let mut generations = generations.iter().peekable();
    let mut next = generations.peek().map(|generation| generation.time);
    loop {
        while let Some(run) = mirrors.next_if(|run| next.is_none_or(|next| *run < next)) {
            let commands = outline.commands.operation(Operation::Mirror, outline.primary(), &[], reading);
            steps.add(phase, &format!("mirror-{}", stamp(run)), longest(&commands), Action::Mirror { commands });
            if all || mirrors.peek().is_none() {
                retention(outline, steps, phase, &outline.commands.places.mirror, all.then_some(run), reading);
            }
        }
        let Some(generation) = generations.next() else { break };
        next = generations.peek().map(|generation| generation.time);
        // So soon after the disaster users have not found back to their work.
        if phase == Phase::History || generation.time >= outline.calendar.disaster.plus(SETTLED) {
            write(outline, steps, phase, generation.time);
        }
        let tag = generation.tag.to_string();
        let time = generation.time.for_restic();
        let more = [("TAG", tag.as_str()), ("TIME", time.as_str())];
        let commands = outline.commands.operation(Operation::Backup, outline.primary(), &more, reading);
        let name = format!("backup-{tag}-{}", stamp(generation.time));
        let deadline = longest(&commands);
        let action = Action::Backup { generation: *generation, commands, fingerprint: fingerprint(reading) };
        steps.add(phase, &name, deadline, action);
        if all || next.is_none() {
            retention(outline, steps, phase, outline.primary(), all.then_some(generation.time), reading);
        }
    }
}

fn write(outline: &Outline<'_>, steps: &mut Steps, phase: Phase, before: DrillTime) {
    let name = format!("write-{}", stamp(before));
    // Two generations at the same moment hold the same writes.
    if before == outline.calendar.disaster || !steps.has(phase, &name) {
        steps.add(phase, &name, outline.deadlines.write, Action::Write { before });
    }
}

/// Carried out in the primary: its jobs reach both vaults.
fn retention(
    outline: &Outline<'_>,
    steps: &mut Steps,
    phase: Phase,
    vault: &Datacenter,
    at: Option<DrillTime>,
    reading: &mut Reading,
) {
    let more = [("VAULT", vault.as_str())];
    let commands = outline.commands.operation(Operation::Retention, outline.primary(), &more, reading);
    let name = match at {
        Some(at) => format!("retention-{vault}-{}", stamp(at)),
        None => format!("retention-{vault}"),
    };
    let deadline = longest(&commands);
    steps.add(phase, &name, deadline, Action::Retention { vault: vault.clone(), commands });
}
