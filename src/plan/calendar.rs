//! The simulated week on the drill clock: which generations the policy schedules, which of them are really taken,
//! what retention and mirror must hold when the disaster strikes, and which recovery point follows from that.

use super::{Calendar, FaultPlan, Generation, Policy, Prediction, Tag};
use crate::clock::DrillTime;
use crate::ids::Datacenter;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// After the disaster, before the next backup.
const LATER: Duration = Duration::from_secs(20 * 60);

/// Generations beyond those that are kept, taken so that retention has something to prune.
const TO_PRUNE_HOURLY: usize = 2;
const TO_PRUNE_DAILY: usize = 1;

/// When the disaster strikes, on the last day of the span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisasterAt {
    At {
        hour: u8,
        minute: u8,
    },
    /// One minute before the next mirror run.
    Worst,
}

/// How many of the scheduled generations are really taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Those that retention will keep, plus some that it must prune.
    Needed,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarInput {
    /// Midnight, UTC.
    pub begins: DrillTime,
    pub span_days: u32,
    pub disaster: DisasterAt,
    pub policy: Policy,
    pub every: Every,
}

/// Lays out the history.
#[must_use]
pub fn calendar(input: &CalendarInput) -> Calendar {
    let policy = &input.policy;
    let disaster = disaster(input);
    let hourlies = series(input.begins, disaster, HOUR, u64::from(policy.hourly_minute) * 60);
    let dailies = series(input.begins, disaster, DAY, u64::from(policy.daily_at));
    let scheduled = hourlies.len() + dailies.len();

    let (hourlies, dailies) = match input.every {
        Every::All => (hourlies, dailies),
        Every::Needed => (
            newest(&hourlies, keep(policy.hourly_keep) + TO_PRUNE_HOURLY).to_vec(),
            newest(&dailies, keep(policy.daily_keep) + TO_PRUNE_DAILY).to_vec(),
        ),
    };
    let tagged =
        |times: &[DrillTime], tag| times.iter().map(|time| Generation { time: *time, tag }).collect::<Vec<_>>();
    let mut generations = [tagged(&hourlies, Tag::Hourly), tagged(&dailies, Tag::Daily)].concat();
    generations.sort_unstable();

    let kept_dailies = newest(&dailies, keep(policy.daily_keep));
    let mut vault_keeps =
        [tagged(newest(&hourlies, keep(policy.hourly_keep)), Tag::Hourly), tagged(kept_dailies, Tag::Daily)].concat();
    vault_keeps.sort_unstable();

    let last_mirror = series(input.begins, disaster, DAY, u64::from(policy.mirror_at)).pop();
    let mirrored: Vec<DrillTime> = dailies.iter().copied().filter(|time| Some(*time) <= last_mirror).collect();
    let mirror_keeps = tagged(newest(&mirrored, keep(policy.daily_keep)), Tag::Daily);

    Calendar {
        begins: input.begins,
        disaster,
        generations,
        scheduled,
        vault_keeps,
        mirror_keeps,
        // Which backups are restored is the runbook's choice: `resolve` fills it in.
        worst_case_rpo_seconds: 0,
    }
}

/// The mirror runs that are really made, in order: every day, or (if only what is needed is taken) one early, so that a
/// run must add to a mirror that is not empty, and the last one before the disaster.
#[must_use]
pub fn mirror_after(calendar: &Calendar, policy: &Policy, every: Every) -> Vec<DrillTime> {
    let first_daily = calendar.generations.iter().find(|generation| generation.tag == Tag::Daily);
    let runs: Vec<DrillTime> = series(calendar.begins, calendar.disaster, DAY, u64::from(policy.mirror_at))
        .into_iter()
        .filter(|run| first_daily.is_some_and(|daily| daily.time <= *run))
        .collect();
    match (every, runs.as_slice()) {
        (Every::Needed, [early, .., last]) => vec![*early, *last],
        _ => runs,
    }
}

/// The first generation of a kind that is due after the disaster was noticed: [`LATER`] at the earliest, because the recovery
/// itself takes time on the drill clock, which never goes back.
#[must_use]
pub fn next_generation(calendar: &Calendar, policy: &Policy, noticed: DrillTime, tag: Tag) -> Generation {
    let (step, offset) = rhythm(policy, tag);
    Generation { time: first_from(calendar, noticed.plus(LATER), step, offset), tag }
}

/// The first mirror run at or after a moment.
#[must_use]
pub fn next_mirror(calendar: &Calendar, policy: &Policy, from: DrillTime) -> DrillTime {
    first_from(calendar, from, DAY, u64::from(policy.mirror_at))
}

/// The generations that are due after the disaster and before it is noticed.
#[must_use]
pub fn unnoticed(calendar: &Calendar, policy: &Policy, noticed: DrillTime) -> Vec<Generation> {
    let due = |tag| {
        let (step, offset) = rhythm(policy, tag);
        let until = noticed.minus(Duration::from_secs(1));
        let times = series(calendar.begins, until, step, offset).into_iter();
        times.filter(|time| *time > calendar.disaster).map(move |time| Generation { time, tag })
    };
    let mut generations: Vec<Generation> = due(Tag::Hourly).chain(due(Tag::Daily)).collect();
    generations.sort_unstable();
    generations
}

/// The mirror runs in the same time.
#[must_use]
pub fn unnoticed_mirrors(calendar: &Calendar, policy: &Policy, noticed: DrillTime) -> Vec<DrillTime> {
    let until = noticed.minus(Duration::from_secs(1));
    let runs = series(calendar.begins, until, DAY, u64::from(policy.mirror_at)).into_iter();
    runs.filter(|run| *run > calendar.disaster).collect()
}

const fn rhythm(policy: &Policy, tag: Tag) -> (Duration, u64) {
    match tag {
        Tag::Hourly => (HOUR, policy.hourly_minute as u64 * 60),
        Tag::Daily => (DAY, policy.daily_at as u64),
    }
}

fn first_from(calendar: &Calendar, from: DrillTime, step: Duration, offset: u64) -> DrillTime {
    let mut time = calendar.begins.plus(Duration::from_secs(offset));
    while time < from {
        time = time.plus(step);
    }
    time
}

/// The longest time between a disaster and the newest recovery point that the schedule allows.
///
/// A mirrored daily is at its oldest just before the next mirror run; a local generation just before the next one.
#[must_use]
pub fn worst_case(policy: &Policy, from_mirror: bool, tag: Tag) -> Duration {
    let lag = Duration::from_secs(u64::from(policy.mirror_at.saturating_sub(policy.daily_at)));
    match (tag, from_mirror) {
        (Tag::Daily, true) => DAY + lag,
        (Tag::Daily, false) => DAY,
        (Tag::Hourly, _) => HOUR,
    }
}

/// The recovery point that the policy lets a tenant expect.
///
/// `affected`: whether a fault hits the tenant. `from`, `tag`: what the runbook restores. A vault in a lost datacenter
/// offers nothing.
#[must_use]
pub fn predict(
    calendar: &Calendar,
    faults: &[FaultPlan],
    primary: &Datacenter,
    from: &Datacenter,
    tag: Tag,
    affected: bool,
) -> Prediction {
    if !affected {
        return Prediction::Untouched;
    }
    let lost = |name: &Datacenter| {
        faults.iter().any(|fault| match fault {
            FaultPlan::DatacenterLoss { datacenter } => datacenter == name,
            FaultPlan::TenantDeleted { .. }
            | FaultPlan::DatabaseCorruption { .. }
            | FaultPlan::RowsOverwritten { .. } => false,
        })
    };
    let held = if from == primary { &calendar.vault_keeps } else { &calendar.mirror_keeps };
    let newest = held.iter().filter(|generation| generation.tag == tag).max_by_key(|generation| generation.time);
    match newest {
        Some(generation) if !lost(from) => Prediction::Generation(*generation),
        _ => Prediction::Beyond,
    }
}

fn disaster(input: &CalendarInput) -> DrillTime {
    let last_day = input.begins.plus(DAY * input.span_days.saturating_sub(1));
    match input.disaster {
        DisasterAt::At { hour, minute } => {
            last_day.plus(Duration::from_secs(u64::from(hour) * 3600 + u64::from(minute) * 60))
        }
        DisasterAt::Worst => {
            last_day.plus(Duration::from_secs(u64::from(input.policy.mirror_at))).minus(Duration::from_secs(60))
        }
    }
}

/// Every `step` from `begins` plus `offset` seconds, up to the disaster.
fn series(begins: DrillTime, disaster: DrillTime, step: Duration, offset: u64) -> Vec<DrillTime> {
    let mut times = Vec::new();
    let mut time = begins.plus(Duration::from_secs(offset));
    while time <= disaster {
        times.push(time);
        time = time.plus(step);
    }
    times
}

fn newest(times: &[DrillTime], count: usize) -> &[DrillTime] {
    &times[times.len().saturating_sub(count)..]
}

fn keep(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy { hourly_minute: 0, hourly_keep: 4, daily_at: 5 * 60, daily_keep: 7, mirror_at: 20 * 60 }
    }

    fn input(disaster: DisasterAt, every: Every) -> CalendarInput {
        let begins = DrillTime::parse("2026-01-05T00:00:00Z").unwrap();
        CalendarInput { begins, span_days: 8, disaster, policy: policy(), every }
    }

    fn times(generations: &[Generation], tag: Tag) -> Vec<String> {
        generations.iter().filter(|g| g.tag == tag).map(|g| g.time.to_string()[8..16].to_owned()).collect()
    }

    #[test]
    fn the_last_four_hours_and_seven_days_are_kept() {
        let calendar = calendar(&input(DisasterAt::At { hour: 13, minute: 37 }, Every::Needed));
        assert_eq!(calendar.disaster.to_string(), "2026-01-12T13:37:00Z");
        assert_eq!(times(&calendar.vault_keeps, Tag::Hourly), ["12T10:00", "12T11:00", "12T12:00", "12T13:00"]);
        let days = ["06T00:05", "07T00:05", "08T00:05", "09T00:05", "10T00:05", "11T00:05", "12T00:05"];
        assert_eq!(times(&calendar.vault_keeps, Tag::Daily), days);
        assert_eq!(times(&calendar.mirror_keeps, Tag::Daily), days);
        assert_eq!(calendar.generations.len(), 14, "three of them for retention to prune");
        assert_eq!(calendar.scheduled, 8 * 24 - 10 + 8);
    }

    #[test]
    fn at_the_worst_moment_todays_daily_is_not_mirrored_yet() {
        let calendar = calendar(&input(DisasterAt::Worst, Every::Needed));
        assert_eq!(calendar.disaster.to_string(), "2026-01-12T00:19:00Z");
        assert_eq!(times(&calendar.vault_keeps, Tag::Daily).last().unwrap(), "12T00:05");
        assert_eq!(times(&calendar.mirror_keeps, Tag::Daily).last().unwrap(), "11T00:05");
        assert_eq!(worst_case(&policy(), true, Tag::Daily), Duration::from_secs(24 * 3600 + 900));
        let age = calendar.disaster.since(calendar.mirror_keeps.last().unwrap().time);
        assert!(age <= worst_case(&policy(), true, Tag::Daily));
    }

    #[test]
    fn after_the_disaster_the_schedule_goes_on() {
        let next = |disaster| {
            let calendar = calendar(&input(disaster, Every::Needed));
            let next = |tag| next_generation(&calendar, &policy(), calendar.disaster, tag).time;
            let [hourly, daily] = [Tag::Hourly, Tag::Daily].map(next);
            [hourly, daily, next_mirror(&calendar, &policy(), daily)].map(|time| time.to_string()[8..16].to_owned())
        };
        assert_eq!(next(DisasterAt::At { hour: 13, minute: 37 }), ["12T14:00", "13T00:05", "13T00:20"]);
        assert_eq!(next(DisasterAt::At { hour: 13, minute: 41 })[0], "12T15:00", "the recovery takes its time");
        assert_eq!(next(DisasterAt::Worst), ["12T01:00", "13T00:05", "13T00:20"]);
    }

    #[test]
    fn until_somebody_notices_the_schedule_goes_on_too() {
        let of = |hour, after: u64| {
            let calendar = calendar(&input(DisasterAt::At { hour, minute: 37 }, Every::Needed));
            let noticed = calendar.disaster.plus(Duration::from_secs(after));
            let taken = unnoticed(&calendar, &policy(), noticed);
            (
                times(&taken, Tag::Hourly),
                times(&taken, Tag::Daily),
                unnoticed_mirrors(&calendar, &policy(), noticed).len(),
            )
        };
        let five = of(8, 5 * 3600);
        assert_eq!(five, (["09", "10", "11", "12", "13"].map(|hour| format!("12T{hour}:00")).to_vec(), vec![], 0));
        assert_eq!(of(8, 0), (vec![], vec![], 0));
        assert_eq!(of(8, 23 * 60), (vec![], vec![], 0), "what is due at that very moment is not taken any more");
        let night = of(23, 3600);
        assert_eq!(night, (vec!["13T00:00".to_owned()], vec!["13T00:05".to_owned()], 1));
    }

    #[test]
    fn all_generations_run_when_all_are_asked_for() {
        let input = input(DisasterAt::At { hour: 13, minute: 37 }, Every::All);
        let calendar = calendar(&input);
        assert_eq!(calendar.generations.len(), calendar.scheduled);
        assert_eq!(mirror_after(&calendar, &input.policy, Every::All).len(), 8);
        assert_eq!(mirror_after(&calendar, &input.policy, Every::Needed).len(), 2);
        assert_eq!(calendar.vault_keeps.len(), 11);
    }

    #[test]
    fn a_lost_vault_offers_nothing_and_a_bystander_loses_nothing() {
        let calendar = calendar(&input(DisasterAt::At { hour: 13, minute: 37 }, Every::Needed));
        let [primary, mirror] = ["falkenstein", "helsinki"].map(|name| Datacenter::new(name).unwrap());
        let loss = [FaultPlan::DatacenterLoss { datacenter: primary.clone() }];
        let predict = |from, tag, affected| predict(&calendar, &loss, &primary, from, tag, affected);
        assert_eq!(predict(&primary, Tag::Hourly, true), Prediction::Beyond);
        assert_eq!(predict(&mirror, Tag::Daily, false), Prediction::Untouched);
        let Prediction::Generation(found) = predict(&mirror, Tag::Daily, true) else { panic!("no generation") };
        assert_eq!(found.to_string(), "daily 2026-01-12T00:05:00Z");
        assert_eq!(predict(&mirror, Tag::Hourly, true), Prediction::Beyond, "hourlies are not mirrored");
    }
}
