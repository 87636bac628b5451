//! What goes wrong in a calibration, for how long, and when: the cases, and their places in time by seed.

use super::{CalibrateError, PROBE};
use crate::clock::Mono;
use crate::ids::Tenant;
use crate::workload::dice::Dice;
use std::time::Duration;

/// How the stub answers while something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// 503, at once.
    Unavailable,
    /// The connection is closed without an answer.
    Closed,
    /// Half-open: the connection stands, and nothing comes.
    Silent,
    /// The right answer, so much later.
    Slow(Duration),
    /// 200, with a page of HTML that says sorry.
    ErrorPage,
    /// Sent on to another tenant.
    Redirect,
}

impl Wrong {
    /// Slow answers that come in time are right answers.
    pub const fn is_outage(self) -> bool {
        match self {
            Self::Unavailable | Self::Closed | Self::Silent | Self::ErrorPage | Self::Redirect => true,
            Self::Slow(by) => by.as_millis() >= PROBE.timeout.as_millis(),
        }
    }
}

/// A stretch of time in which a tenant's requests are answered wrongly; it counts when a request arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    pub from: Mono,
    pub to: Mono,
    pub wrong: Wrong,
}

/// One kind of trouble.
#[derive(Debug)]
pub struct Case {
    pub name: &'static str,
    wrong: Wrong,
    /// So many outages of this length, with at least so much right time in between.
    times: u32,
    down: Duration,
    up: Duration,
    /// Tenants that have this trouble, each at another place of the prober's grid.
    tenants: usize,
}

const fn case(name: &'static str, tenants: usize, wrong: Wrong, times: u32, down: u64, up: u64) -> Case {
    Case { name, wrong, times, down: Duration::from_millis(down), up: Duration::from_millis(up), tenants }
}

const CASES: [Case; 12] = [
    case("outage-30s", 2, Wrong::Unavailable, 1, 30_000, 0),
    case("outage-5s", 3, Wrong::Closed, 1, 5_000, 0),
    case("outage-1s", 3, Wrong::Unavailable, 1, 1_000, 0),
    case("outage-200ms", 3, Wrong::Closed, 1, 200, 0),
    case("flapping", 2, Wrong::Unavailable, 6, 300, 300),
    // Healthy for longer than a full probe needs, and down again.
    case("restart-loop", 2, Wrong::Closed, 3, 600, 1_600),
    case("half-open", 2, Wrong::Silent, 1, 2_600, 0),
    case("half-open-5s", 1, Wrong::Silent, 1, 5_000, 0),
    case("too-slow", 2, Wrong::Slow(Duration::from_millis(3_500)), 1, 2_000, 0),
    case("error-page", 1, Wrong::ErrorPage, 1, 1_000, 0),
    case("redirect", 2, Wrong::Redirect, 1, 1_000, 0),
    // No outage: nothing may be seen.
    case("slow-but-right", 1, Wrong::Slow(Duration::from_millis(150)), 1, 2_000, 0),
];

/// Tenants side by side: more would make the prober late on a small machine.
const SIDE_BY_SIDE: usize = 8;

/// A tenant and what it plays.
#[derive(Debug)]
pub struct Role {
    pub tenant: Tenant,
    pub case: &'static Case,
    /// The last outage ends so far behind a light slot: all roles together cover the interval evenly.
    phase: Duration,
}

impl Case {
    /// Whether its troubles are outages.
    pub const fn is_outage(&self) -> bool {
        self.wrong.is_outage()
    }

    fn length(&self) -> Duration {
        (self.down + self.up) * self.times
    }
}

/// All roles, the longest first, in rounds that are played one after the other.
///
/// # Errors
/// [`CalibrateError::Nothing`] when every outage is longer than `longest`.
pub fn rounds(seed: u64, longest: Option<Duration>) -> Result<Vec<Vec<Role>>, CalibrateError> {
    let mut roles = Vec::new();
    for case in CASES.iter().filter(|case| longest.is_none_or(|longest| case.down <= longest)) {
        for number in 1..=case.tenants {
            let tenant = Tenant::new(format!("{}-{number}", case.name))?;
            roles.push(Role { tenant, case, phase: Duration::ZERO });
        }
    }
    if roles.is_empty() {
        return Err(CalibrateError::Nothing);
    }
    let mut dice = Dice::new(seed, &["calibration", "phases"]);
    let count = u32::try_from(roles.len()).unwrap_or(u32::MAX);
    let part = PROBE.light / count;
    let mut parts: Vec<u32> = (0..count).collect();
    dice.shuffle(&mut parts);
    for (role, number) in roles.iter_mut().zip(parts) {
        role.phase = part * number + part.mul_f64(f64::from(per_mille(&mut dice)) / 1000.0);
    }
    roles.sort_by_key(|role| std::cmp::Reverse(role.case.length()));
    let mut rounds = Vec::new();
    while !roles.is_empty() {
        let rest = roles.split_off(roles.len().min(SIDE_BY_SIDE));
        rounds.push(std::mem::replace(&mut roles, rest));
    }
    Ok(rounds)
}

fn per_mille(dice: &mut Dice) -> u32 {
    u32::try_from(dice.below(1000)).unwrap_or_default()
}

/// The outages of a role, none before `earliest`; `grid` is any slot of its light grid.
pub fn place(role: &Role, grid: Mono, earliest: Mono, seed: u64) -> Vec<Outage> {
    let mut dice = Dice::new(seed, &["calibration", role.tenant.as_str()]);
    let Case { wrong, times, down, up, .. } = *role.case;
    // Backwards from zero: the ends of all but the last fall anywhere between two slots.
    let mut spans = vec![(down, Duration::ZERO)];
    for _ in 1..times {
        let (earlier, _) = spans.last().copied().unwrap_or_default();
        let to = earlier + up + PROBE.light.mul_f64(f64::from(per_mille(&mut dice)) / 1000.0);
        spans.push((to + down, to));
    }
    let (length, _) = spans.last().copied().unwrap_or_default();
    let soonest = earliest.plus(length).since(grid.plus(role.phase)).as_micros();
    let slots = soonest.div_ceil(PROBE.light.as_micros().max(1));
    let end = grid.plus(role.phase).plus(PROBE.light * u32::try_from(slots).unwrap_or(u32::MAX));
    let at = |before: Duration| Mono(end.0.saturating_sub(u64::try_from(before.as_micros()).unwrap_or(u64::MAX)));
    spans.into_iter().rev().map(|(from, to)| Outage { from: at(from), to: at(to), wrong }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_and_trouble_is_played_and_the_phases_cover_the_interval() {
        let rounds = rounds(42, None).expect("rounds");
        let roles: Vec<&Role> = rounds.iter().flatten().collect();
        assert_eq!(roles.len(), CASES.iter().map(|case| case.tenants).sum::<usize>());
        for (seconds, name) in [(0.2, "outage-200ms"), (1.0, "outage-1s"), (5.0, "outage-5s"), (30.0, "outage-30s")] {
            let role = roles.iter().find(|role| role.case.name == name).expect("the case");
            assert!((role.case.down.as_secs_f64() - seconds).abs() < 1e-9);
        }
        let mut phases: Vec<Duration> = roles.iter().map(|role| role.phase).collect();
        phases.sort();
        let part = PROBE.light / u32::try_from(phases.len()).expect("few");
        assert!((0..).zip(&phases).all(|(number, phase)| part * number <= *phase && *phase < part * (number + 1)));
        assert!(matches!(super::rounds(42, Some(Duration::from_millis(1))), Err(CalibrateError::Nothing)));
    }

    #[test]
    fn outages_have_their_length_and_end_at_their_phase() {
        let (grid, earliest) = (Mono(1_234_567), Mono(9_000_000));
        for role in rounds(7, None).expect("rounds").iter().flatten() {
            let outages = place(role, grid, earliest, 7);
            assert_eq!(outages.len(), role.case.times as usize);
            assert!(outages[0].from >= earliest);
            assert!(outages.iter().all(|outage| outage.to.since(outage.from) == role.case.down));
            assert!(outages.windows(2).all(|two| two[1].from.since(two[0].to) >= role.case.up));
            let end = outages[outages.len() - 1].to.since(grid).as_micros() % PROBE.light.as_micros();
            assert!(end.abs_diff(role.phase.as_micros()) <= 1, "{end} {:?}", role.phase);
        }
    }
}
