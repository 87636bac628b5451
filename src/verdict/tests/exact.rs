//! A loss of exactly n acknowledged writes is reported as exactly n, with the identity of each.

use super::field::{Field, one};
use super::*;
use crate::journal::WriteInvoked;
use crate::journal::sample::{Bulk, tenant};
use crate::verdict::{LISTED, LostWrite};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What a write is known by, apart from its tenant.
type Identity = (String, u64, String, String);

fn written(write: &WriteInvoked) -> Identity {
    (write.writer.to_string(), write.seq, write.kind.name().to_owned(), write.key.to_string())
}

/// The lost writes of one tenant; its count and its list must agree.
#[track_caller]
fn lost(judgement: &Judgement, of: &Tenant) -> BTreeSet<Identity> {
    let rpo = &judgement.tenants[of].rpo;
    assert_eq!(rpo.lost, rpo.lost_writes.len() as u64);
    assert!(rpo.lost_writes.iter().all(|write| write.tenant == *of));
    let identity =
        |write: &LostWrite| (write.writer.clone(), write.seq, write.kind.name().to_owned(), write.key.clone());
    let all: BTreeSet<_> = rpo.lost_writes.iter().map(identity).collect();
    assert_eq!(all.len() as u64, rpo.lost, "nothing is listed twice");
    all
}

/// Takes these items of a tenant away, after the recovery.
fn take(sample: &mut Sample, of: &Tenant, gone: &[Item]) {
    let bodies: BTreeSet<Option<(&str, &Checksum)>> = gone.iter().map(body).collect();
    let lost = |item: &Item| bodies.contains(&body(item));
    sample.rewrite(&RECOVERED, |tenant, item| if tenant == of && lost(&item) { vec![] } else { vec![item] });
}

fn body(item: &Item) -> Option<(&str, &Checksum)> {
    match item {
        Item::Revision { key, sha256, .. } | Item::Upload { key, sha256, .. } => Some((key, sha256)),
        _ => None,
    }
}

const COUNTS: [u32; 4] = [0, 1, 7, 500];

#[test]
fn writes_that_a_tenant_lost_although_nothing_touched_it_are_counted_and_named() {
    let sample = Sample::bulky(Disaster::TenantDeleted, Bulk { before: 600, after: 0 });
    let (field, globex) = (Field::of(&sample), tenant("globex"));
    let bulk: Vec<_> = field
        .versions()
        .into_iter()
        .filter(|(of, _, made)| **of == globex && made.write.key.contains("ulk-old"))
        .collect();
    for count in COUNTS {
        let mut sample = sample.clone();
        // Not one after the other, but all over the history.
        let some = (0..count as usize).map(|number| bulk[number * 7 % 600]);
        let (items, expected): (Vec<Item>, BTreeSet<Identity>) =
            some.map(|(_, item, made)| (item.clone(), written(&made.write))).unzip();
        take(&mut sample, &globex, &items);
        let judgement = judged(&sample);
        assert_eq!(lost(&judgement, &globex), expected);
        let found = judgement.finding_counts.get(&FindingCode::Lost).copied().unwrap_or_default();
        assert_eq!((expected.len(), found), (count as usize, u64::from(count)));
        let listed = judgement.findings.iter().filter(|finding| finding.code == FindingCode::Lost).count();
        assert_eq!(listed, LISTED.min(count as usize));
        assert_eq!(judgement.verdict, if count == 0 { Verdict::Passed } else { Verdict::Failed });
    }
}

#[test]
fn writes_after_the_recovery_point_are_counted_and_named_without_a_finding() {
    let usual = lost(&judged(&Sample::datacenter_loss()), &tenant("acme"));
    for count in COUNTS {
        let sample = Sample::bulky(Disaster::DatacenterLoss, Bulk { before: 30, after: count });
        let judgement = judged(&sample);
        assert_eq!(judgement.findings, Vec::new());
        assert_eq!(judgement.verdict, Verdict::Passed);
        for of in &Field::of(&sample).tenants {
            let all = lost(&judgement, of);
            let new: BTreeSet<_> = all.iter().filter(|(.., key)| key.contains("ulk-new")).cloned().collect();
            let truth = data::written(&sample, |w| w.tenant == *of && w.key.contains("ulk-new"));
            assert_eq!(new, truth.iter().map(written).collect());
            assert_eq!((new.len(), all.len()), (count as usize, usual.len() + count as usize));
        }
    }
}

#[test]
fn every_lost_write_stands_in_the_json_with_its_identity() {
    let judgement = judged(&Sample::bulky(Disaster::DatacenterLoss, Bulk { before: 0, after: 500 }));
    let json = serde_json::to_value(&judgement).expect("JSON");
    let rpo = &json["tenants"]["globex"]["rpo"];
    let listed = rpo["lost_writes"].as_array().expect("a list");
    assert_eq!(rpo["lost"], listed.len());
    assert!(listed.len() >= 500);
    for write in listed {
        assert_eq!(write["tenant"], "globex");
        assert_eq!(write["writer"], "workload");
        assert!(write["seq"].is_u64() && write["kind"].is_string() && write["key"].is_string(), "{write}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn any_loss_in_any_history_is_exactly_what_is_reported(
        seed in 1..u64::MAX,
        picks in prop::collection::vec(any::<u32>(), 0..30),
    ) {
        let mut sample = Sample::seeded(Disaster::TenantDeleted, seed);
        let (field, globex) = (Field::of(&sample), tenant("globex"));
        let versions: Vec<_> = field.versions().into_iter().filter(|(of, ..)| **of == globex).collect();
        let some = picks.iter().filter_map(|pick| one(&versions, *pick as usize));
        let (items, expected): (Vec<Item>, BTreeSet<Identity>) =
            some.map(|(_, item, made)| (item.clone(), written(&made.write))).unzip();
        take(&mut sample, &globex, &items);
        let judgement = judged(&sample);
        prop_assert_eq!(lost(&judgement, &globex), expected);
        for other in ["acme", "acme-prod"].map(tenant) {
            let lost = judgement.findings.iter().any(|finding| finding.tenant.as_ref() == Some(&other));
            prop_assert!(!lost);
        }
    }
}
