//! Random histories: clean ones are never flagged, a planted loss is always found.

use super::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn disasters() -> impl Strategy<Value = Disaster> {
    prop_oneof![Just(Disaster::DatacenterLoss), Just(Disaster::TenantDeleted)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_clean_history_is_never_flagged(disaster in disasters(), seed in 1..u64::MAX) {
        let judgement = judged(&Sample::seeded(disaster, seed));
        prop_assert_eq!(&judgement.findings, &Vec::new());
        prop_assert_eq!(&judgement.reasons, &Vec::new());
        prop_assert_eq!(judgement.verdict, Verdict::Passed);
    }

    #[test]
    fn a_planted_loss_is_always_found(disaster in disasters(), seed in 1..u64::MAX, pick in any::<prop::sample::Index>()) {
        let mut sample = Sample::seeded(disaster, seed);
        let seen: Vec<(Tenant, Item)> = sample
            .events
            .iter()
            .filter_map(|(_, event)| match event {
                Event::Seen { moment: Moment::Health, tenant, item } => Some((tenant.clone(), item.clone())),
                _ => None,
            })
            .collect();
        // A wiki's note in the history repeats a page's text: one of two equal versions may be missing.
        let once = |of: &Tenant, page: &str, text: &str| {
            let same = |item: &Item| matches!(item, Item::Revision { key, sha256, .. } if key == page && sha256 == text);
            seen.iter().filter(|(tenant, item)| tenant == of && same(item)).count() == 1
        };
        let planted = |(of, item): &&(Tenant, Item)| match item {
            Item::Revision { key, sha256, .. } => key != "Probe" && once(of, key, sha256),
            Item::Upload { .. } | Item::User { .. } => true,
            _ => false,
        };
        let versions: Vec<(Tenant, Item)> = seen.iter().filter(planted).cloned().collect();
        let (of, gone) = pick.get(&versions).clone();
        sample.rewrite(&RECOVERED, |tenant, item| if *tenant == of && item == gone { vec![] } else { vec![item] });
        let judgement = judged(&sample);
        prop_assert_eq!(judgement.verdict, Verdict::Failed);
        let lost = judgement.findings.iter().any(|finding| {
            finding.tenant.as_ref() == Some(&of) && matches!(finding.code, FindingCode::Lost | FindingCode::Corrupt)
        });
        prop_assert!(lost, "{:#?}", judgement.findings);
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

/// A ledger of a million writes is judged in seconds (optimised); here a tenth of it in a debug build.
#[test]
#[ignore = "slow in a debug build: run with --ignored"]
#[expect(clippy::disallowed_methods, reason = "a test that measures")]
fn a_large_ledger_is_judged_in_linear_time() {
    let mut sample = Sample::datacenter_loss();
    let write = |event: &Event| matches!(event, Event::WriteInvoked(w) if w.key == "Page-2");
    let at = sample.position(write);
    let (mono, Event::WriteInvoked(like)) = sample.events[at].clone() else { return };
    let run = crate::ids::RunId::new("sample-1").expect("a name");
    let mut more = Vec::new();
    for number in 0..100_000_u64 {
        let mut invoked = like.clone();
        (invoked.write, invoked.seq) = (1_000_000 + number, 1_000_000 + number);
        invoked.key = format!("Bulk {number}");
        let w = &invoked;
        invoked.token =
            crate::journal::token(crate::journal::sample::KEY, &run, &w.tenant, &w.writer, w.seq, w.kind, &w.key);
        let result = crate::journal::WriteResult::Ok { revision: "1".to_owned() };
        more.push((mono, Event::WriteInvoked(invoked)));
        more.push((mono, Event::WriteEnded { write: 1_000_000 + number, result }));
    }
    sample.events.splice(at..at, more);
    let entries = sample.entries();
    let began = Instant::now();
    let judgement = judge(&Timeline::from(&entries, false).expect("a possible journal"));
    assert_eq!(judgement.finding_counts[&FindingCode::Lost], 100_000);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}
