//! Tests of the history.

use super::*;
use crate::journal::Event;
use crate::plan::WorkloadPlan;
use crate::secret::Secret;
use crate::workload::corpus::{Corpus, write_baseline};
use crate::workload::fake::{Fake, Scratch};
use std::collections::BTreeSet;

const DELETIONS: [WriteKind; 2] = [WriteKind::Delete, WriteKind::DeleteUpload];
const RIGHTS: [WriteKind; 6] = [
    WriteKind::Grant,
    WriteKind::Revoke,
    WriteKind::Block,
    WriteKind::Unblock,
    WriteKind::Protect,
    WriteKind::Unprotect,
];
const NOON: DrillTime = DrillTime::from_unix(43_200);

async fn start(scratch: &Scratch, driver: &Fake) -> History {
    let (ledger, marks) = (scratch.ledger(), scratch.marks());
    let plan = WorkloadPlan { writes: 6, pages: 8, uploads: 2, large_upload: false };
    let at = DrillTime::from_unix(0);
    let corpus = Corpus { ledger: &ledger, driver, marks: &marks, plan, seed: 42, at };
    let admins = [scratch.acme(), scratch.globex()].map(|tenant| (tenant, Secret::new("admin".to_owned())));
    History::new(42, &write_baseline(corpus, admins.into()).await.expect("a baseline"))
}

fn invoked(scratch: &Scratch) -> Vec<crate::journal::WriteInvoked> {
    let only = |event| if let Event::WriteInvoked(write) = event { Some(write) } else { None };
    scratch.events().into_iter().filter_map(only).filter(|write| write.writer == "history").collect()
}

#[tokio::test]
async fn every_generation_has_each_sort_and_all_is_acknowledged() {
    let (scratch, driver) = (Scratch::new(), Fake::new());
    let mut history = start(&scratch, &driver).await;
    let ledger = scratch.ledger();
    for hour in 0..40 {
        let before = NOON.plus(Duration::from_secs(3600 * hour));
        let missed = history.write_before(&ledger, &driver, before, 6).await.expect("a journal");
        assert!(missed.is_empty(), "{missed:?}");
    }
    let writes = invoked(&scratch);
    assert_eq!(writes.len(), 40 * 6 * 2);
    for hour in 0..40 {
        let before = NOON.plus(Duration::from_secs(3600 * hour));
        let kinds: BTreeSet<_> = writes
            .iter()
            .filter(|write| write.tenant == scratch.acme() && begins(before, 6) <= write.drill && write.drill < before)
            .map(|write| write.kind)
            .collect();
        assert!(kinds.contains(&WriteKind::Edit) && kinds.contains(&WriteKind::Upload), "{kinds:?}");
        assert!(kinds.iter().any(|kind| DELETIONS.contains(kind)), "{kinds:?}");
        assert!(kinds.iter().any(|kind| RIGHTS.contains(kind)), "{kinds:?}");
    }
    assert!(writes.iter().any(|write| write.kind == WriteKind::CreateUser && write.key.contains(write.token.as_str())));
    let written: BTreeSet<_> = writes.iter().map(|write| write.kind).collect();
    assert!(WriteKind::ALL.iter().all(|kind| *kind == WriteKind::Probe || written.contains(kind)), "{written:?}");
    // What the harness expects is what the application has.
    let stores = driver.stores.lock().expect("a lock");
    for (tenant, (accounts, scene)) in &history.tenants {
        let store = &stores[tenant];
        assert!(scene.pages.iter().all(|key| store.pages.contains_key(key)));
        assert_eq!(store.pages.len(), scene.pages.len() + usize::from(scene.protected.is_some()) + 7);
        let protected: Vec<_> = store.pages.values().filter(|page| page.protected).map(|page| &page.key).collect();
        assert!(protected.into_iter().all(|key| key == "Protected" || scene.protected.as_ref() == Some(key)));
        assert!(scene.uploads.iter().all(|key| store.uploads.contains_key(key)));
        assert!(store.uploads.keys().all(|key| scene.uploads.contains(key) || !key.starts_with("Anhang-")), "deleted");
        assert!(scene.members.iter().all(|member| {
            member.groups.iter().collect::<BTreeSet<_>>() == store.users[&member.name].1.iter().collect()
        }));
        assert!(!store.users[&accounts.leaver.name].1.contains("editor"));
        let blocked = scene.blocked.iter().map(|member| member.name.as_str());
        assert!(store.blocked.iter().filter(|name| !name.starts_with("Blocked")).eq(blocked));
    }
}

#[tokio::test]
async fn the_first_right_is_the_leavers_and_the_seed_decides_the_rest() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let (scratch, driver) = (Scratch::new(), Fake::new());
        let mut history = start(&scratch, &driver).await;
        let leaver = history.tenants[&scratch.acme()].0.leaver.name.clone();
        history.write_before(&scratch.ledger(), &driver, NOON, 12).await.expect("a journal");
        let writes: Vec<_> = invoked(&scratch).into_iter().filter(|write| write.tenant == scratch.acme()).collect();
        let right = writes.iter().find(|write| matches!(write.kind, WriteKind::Grant | WriteKind::Revoke));
        assert!(right.is_some_and(|write| write.kind == WriteKind::Revoke && write.key == leaver));
        runs.push(
            writes.into_iter().map(|write| (write.drill, write.kind, write.key, write.sha256)).collect::<Vec<_>>(),
        );
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_write_without_acknowledgement_is_reported_and_not_built_upon() {
    let (scratch, driver) = (Scratch::new(), Fake::new());
    let mut history = start(&scratch, &driver).await;
    let unknown = WriteResult::Info { why: "timed out".into() };
    *driver.refuses.lock().expect("a lock") = Some((WriteKind::Create, unknown.clone()));
    let missed = history.write_before(&scratch.ledger(), &driver, NOON, 6).await.expect("a journal");
    assert_eq!(missed.len(), 2);
    for (tenant, written) in missed {
        assert_eq!((written.kind, &written.result), (WriteKind::Create, &unknown));
        assert!(!history.tenants[&tenant].1.pages.contains(&written.key));
    }
}

/// With as few as four writes, too, eight generations have everything: so many dailies lie before a week's disaster.
#[test]
fn eight_generations_have_every_sort() {
    for writes in [4, 5, 6] {
        let mut dice = Dice::new(1, &[]);
        let all: Vec<Sort> = (0..8).flat_map(|turn| sorts(&mut dice, turn, writes)).collect();
        assert_eq!(all.len(), 8 * usize::try_from(writes).expect("few"));
        for sort in ROWS.iter().copied().flatten() {
            assert!(all.contains(sort), "{sort:?} with {writes} writes");
        }
    }
}

#[test]
fn few_writes_are_the_first_of_the_list() {
    let sorts = |turn, writes| sorts(&mut Dice::new(1, &[]), turn, writes);
    assert!(sorts(0, 0).is_empty());
    assert_eq!(sorts(0, 1), [Sort::Edit]);
    assert_eq!(sorts(0, 200).iter().filter(|sort| **sort == Sort::Delete).count(), 1);
    assert_eq!(begins(NOON, 0), NOON);
}
