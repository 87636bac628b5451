//! Random histories: clean ones are never flagged, and one planted error is always found, by its name and at its tenant.
//! `PROPTEST_CASES` asks for more of them.

use super::planted::Plant;
use super::*;
use proptest::prelude::*;

/// So many cases, unless the environment asks for another number.
fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let config = ProptestConfig::default();
    ProptestConfig { cases: if asked { config.cases } else { usual }, ..config }
}

fn disasters() -> impl Strategy<Value = Disaster> {
    prop_oneof![Just(Disaster::DatacenterLoss), Just(Disaster::TenantDeleted)]
}

/// Why the planted error was not found as it should be.
fn missed(plant: Plant, of: &Tenant, judgement: &Judgement) -> Option<String> {
    let found = |finding: &&Finding| finding.code == plant.code() && finding.tenant.as_ref() == Some(of);
    let others = |finding: &&Finding| finding.tenant.as_ref() != Some(of);
    let why = if !judgement.findings.iter().any(|finding| found(&finding)) {
        "is not found"
    } else if judgement.findings.iter().any(|finding| others(&finding)) {
        "is blamed on others, too"
    } else if judgement.verdict != Verdict::Failed {
        "does not turn the verdict"
    } else {
        return None;
    };
    Some(format!("{plant:?} at {of} {why}: {:#?}", judgement.findings))
}

#[test]
fn every_kind_of_error_has_its_place_and_is_found_there() {
    for plant in Plant::ALL {
        let mut sample = Sample::seeded(Disaster::DatacenterLoss, 1);
        let of = plant.plant(&mut sample, 0).expect("a place");
        assert_eq!(missed(plant, &of, &judged(&sample)), None);
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn a_clean_history_is_never_flagged(disaster in disasters(), seed in 1..u64::MAX) {
        let judgement = judged(&Sample::seeded(disaster, seed));
        prop_assert_eq!(&judgement.findings, &Vec::new());
        prop_assert_eq!(&judgement.reasons, &Vec::new());
        prop_assert_eq!(judgement.verdict, Verdict::Passed);
    }

    #[test]
    fn no_order_of_events_makes_it_panic(seed in 1..u64::MAX, cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..6)) {
        let mut sample = Sample::seeded(Disaster::DatacenterLoss, seed);
        for cut in cuts {
            let at = cut.index(sample.events.len().max(2) - 1) + 1;
            sample.events.remove(at);
        }
        let entries = sample.entries();
        if let Ok(timeline) = Timeline::from(&entries, false) {
            let judgement = judge(&timeline);
            prop_assert!(judgement.exit_code <= 2);
        }
    }
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn one_planted_error_is_always_found(
        disaster in disasters(),
        seed in 1..u64::MAX,
        plant in prop::sample::select(Plant::ALL.to_vec()),
        pick in any::<u32>(),
    ) {
        let mut sample = Sample::seeded(disaster, seed);
        let planted = plant.plant(&mut sample, pick as usize);
        prop_assume!(planted.is_some());
        if let Some(of) = planted {
            prop_assert_eq!(missed(plant, &of, &judged(&sample)), None);
        }
    }
}
