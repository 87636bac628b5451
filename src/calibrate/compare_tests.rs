//! Every limit fires, and what is compared is what the slots say.

use super::*;
use crate::calibrate::PROBE;
use crate::calibrate::cases::{Wrong, rounds};
use crate::journal::sample::Sample;
use crate::verdict::judge as judge_drill;

const SECOND: u64 = 1_000_000;
/// All answers of the made-up values take so long.
const ANSWER: u64 = 2_000;

fn value(what: What, truth: u64, (lo, hi): (u64, u64)) -> Value {
    let measured =
        Some(Interval { lo_micros: lo, hi_micros: hi, estimate_micros: lo.midpoint(hi), answer_micros: ANSWER });
    let tenant = Tenant::new("acme").expect("a name");
    Value { case: "outage-1s".to_owned(), tenant, what, truth_micros: Some(truth), measured }
}

/// One right value of every kind.
fn right() -> Vec<Value> {
    vec![
        value(What::Recovery, 5 * SECOND, (5 * SECOND - 500_000, 5 * SECOND + 500_000)),
        value(What::OutageBegan, 4 * SECOND, (4 * SECOND - 50_000, 4 * SECOND + 50_000)),
        value(What::OutageEnded, 5 * SECOND, (5 * SECOND - 50_000, 5 * SECOND + 50_000)),
    ]
}

/// The limits that break when the right values are changed.
fn breaches(change: impl FnOnce(&mut Vec<Value>)) -> Vec<Breach> {
    let mut values = right();
    change(&mut values);
    judge(&values, PROBE).1
}

#[test]
fn right_values_break_no_limit() {
    let (groups, breaches) = judge(&right(), PROBE);
    assert_eq!(breaches, []);
    assert!(groups.iter().all(|group| (group.values, group.inside, group.bias_micros) == (1, 1, 0)), "{groups:?}");
    assert_eq!(groups.iter().map(|group| group.widest_micros).collect::<Vec<_>>(), [SECOND, 100_000, 100_000]);
}

#[test]
fn a_truth_outside_of_its_interval_breaks_a_limit() {
    let [what, values] = [What::OutageEnded, What::Recovery];
    let outside = Breach::Outside { what, values: 1 };
    let late = value(what, 5 * SECOND + 50_001, (5 * SECOND - 50_000, 5 * SECOND + 50_000));
    let early = value(what, 5 * SECOND - 50_001, (5 * SECOND - 50_000, 5 * SECOND + 50_000));
    // Both together have no bias.
    assert_eq!(
        breaches(|values| values.splice(2.., [late, early]).for_each(drop)),
        [Breach::Outside { what, values: 2 }]
    );
    assert_eq!(breaches(|all| all.push(Value { measured: None, ..all[2].clone() })), [outside], "not seen");
    let never = Breach::Outside { what: values, values: 1 };
    assert_eq!(breaches(|all| all.push(Value { truth_micros: None, ..all[0].clone() })), [never], "never was");
}

#[test]
fn a_bias_breaks_a_limit() {
    let what = What::OutageEnded;
    let shifted = |by: u64| value(what, 5 * SECOND, (5 * SECOND - 50_000 + by, 5 * SECOND + 50_000 + by));
    assert_eq!(breaches(|values| values[2] = shifted(25_000)), []);
    assert_eq!(breaches(|values| values[2] = shifted(25_001)), [Breach::Bias { what, micros: 25_001 }]);
    let what = What::Recovery;
    let early = value(what, 5 * SECOND, (5 * SECOND - 530_000, 5 * SECOND + 470_000));
    assert_eq!(breaches(|values| values[0] = early), [Breach::Bias { what, micros: -30_000 }]);
}

#[test]
fn a_wide_interval_breaks_a_limit() {
    for (at, what) in What::ALL.into_iter().enumerate() {
        let most = micros(what.grid(&PROBE) + BEYOND) + ANSWER;
        let wide = |width: u64| value(what, 9 * SECOND, (9 * SECOND - width / 2, 9 * SECOND - width / 2 + width));
        assert_eq!(breaches(|values| values[at] = wide(most)), []);
        assert_eq!(breaches(|values| values[at] = wide(most + 1)), [Breach::Width { what, beyond_micros: 10_001 }]);
    }
}

#[test]
fn nothing_compared_breaks_a_limit() {
    assert_eq!(judge(&[], PROBE).1, What::ALL.map(|what| Breach::Nothing { what }));
}

/// Light slots every 100 ms, bad where `bad` says.
fn spell(first: u64, last: u64) -> Spell {
    let look = |slot: u64| {
        let intended = Mono(slot * 100_000);
        Look { intended, started: Mono(intended.0 + 1_000), ended: Mono(intended.0 + 4_000) }
    };
    let (good_before, last_bad) = (Some(look(first - 1).intended), look(last).intended);
    Spell { good_before, first_bad: look(first), last_bad, good_after: Some(look(last + 1)) }
}

/// In the sample `acme` goes down at `t0` and comes back with the runbook's last step; the prober looks as in a drill.
#[test]
fn a_journal_is_compared_by_the_rules_of_the_verdict() {
    let entries = Sample::datacenter_loss().entries();
    let timeline = Timeline::from(&entries, false).expect("a possible journal");
    let acme = Tenant::new("acme").expect("a name");
    let mut role = rounds(1, None).expect("rounds").remove(0).remove(0);
    role.tenant = acme.clone();
    let zero = timeline.zero.expect("a fault").mono;
    let rto = judge_drill(&timeline).tenants[&acme].rto.expect("a recovery");
    let back = zero.plus(rto.machine_lo).plus(Duration::from_millis(20));
    let truth = [Outage { from: zero.plus(Duration::from_micros(1)), to: back, wrong: Wrong::Closed }];
    let compared = compare(&timeline, &role, &truth).expect("a fault");
    assert_eq!(compared.values.iter().map(|value| value.what).collect::<Vec<_>>(), What::ALL);
    assert!(compared.values.iter().all(Value::is_inside), "{:#?}", compared.values);
    let recovery = compared.values[0].measured.expect("a recovery");
    assert_eq!(recovery.lo_micros, micros(rto.machine_lo));
    assert_eq!(recovery.hi_micros, micros(rto.machine_hi));
    // The full slots of the sample take 150 ms.
    assert_eq!(recovery.answer_micros, 149_000);
    // Had it come back before the last bad slot or after the first good one, it would be seen.
    for wrong in [zero.plus(rto.machine_lo).0 - 1, zero.plus(rto.machine_hi).0 + 1] {
        let truth = [Outage { to: Mono(wrong), ..truth[0] }];
        let values = compare(&timeline, &role, &truth).expect("a fault").values;
        assert!(!values[0].is_inside(), "{:?}", values[0]);
    }
}

#[test]
fn a_recovery_is_narrowed_by_the_light_slots_where_they_decide_too() {
    let spell = spell(10, 12);
    assert_eq!(closest((Mono(1_200_000), Mono(2_100_000)), Some(&spell)), (Mono(1_200_000), Mono(1_304_000)));
    assert_eq!(closest((Mono(1_250_000), Mono(2_100_000)), Some(&spell)), (Mono(1_250_000), Mono(1_304_000)));
    // The light slots were good again before the last bad full one: they do not decide.
    assert_eq!(closest((Mono(1_500_000), Mono(2_500_000)), Some(&spell)), (Mono(1_500_000), Mono(2_500_000)));
    assert_eq!(closest((Mono(1_200_000), Mono(2_100_000)), None), (Mono(1_200_000), Mono(2_100_000)));
}

#[test]
fn outages_and_spells_find_each_other() {
    let outage = |from: u64, to: u64| Outage { from: Mono(from), to: Mono(to), wrong: Wrong::Closed };
    let (first, second, never) = (spell(10, 12), spell(20, 22), spell(40, 41));
    let truth = [outage(950_000, 1_250_000), outage(1_950_000, 2_250_000), outage(3_010_000, 3_020_000)];
    let spells = [first, second, never];
    let pairs = matched(&truth, &spells);
    let expected: [Pair<'_>; 4] = [
        (Some(&truth[0]), Some(&first)),
        (Some(&truth[1]), Some(&second)),
        (Some(&truth[2]), None),
        (None, Some(&never)),
    ];
    assert_eq!(pairs, expected);
}

#[test]
fn slow_answers_in_time_are_no_truth_to_be_found() {
    let rounds = rounds(1, None).expect("rounds");
    let slow: Vec<_> = rounds.iter().flatten().filter(|role| !role.case.is_outage()).collect();
    assert_eq!(slow.iter().map(|role| role.case.name).collect::<Vec<_>>(), ["slow-but-right"]);
}
