//! Tests of the continuous writer.

use super::*;
use crate::clock::DrillTime;
use crate::journal::{Event, WriteInvoked};
use crate::plan::WorkloadPlan;
use crate::secret::Secret;
use crate::workload::corpus::{Corpus, write_baseline};
use crate::workload::fake::{Fake, Scratch};
use std::sync::atomic::Ordering;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(200);

async fn begin(scratch: &Scratch, driver: &Arc<Fake>, prepare: impl FnOnce(&Fake)) -> Continuous {
    let (ledger, marks) = (scratch.ledger(), scratch.marks());
    let plan = WorkloadPlan { writes: 6, pages: 2, uploads: 1, large_upload: false };
    let corpus =
        Corpus { ledger: &ledger, driver: &**driver, marks: &marks, plan, seed: 42, at: DrillTime::from_unix(0) };
    let admins = [scratch.acme(), scratch.globex()].map(|tenant| (tenant, Secret::new("admin".to_owned())));
    let known = write_baseline(corpus, admins.into()).await.expect("a baseline");
    prepare(driver);
    let clock = DrillClock::new(scratch.journal.clone(), DrillTime::from_unix(7));
    let driver: Arc<dyn Driver> = Arc::<Fake>::clone(driver);
    Continuous::begin(&ledger, &driver, &clock, &known).await
}

/// The continuous writes with their results.
fn written(scratch: &Scratch) -> Vec<(WriteInvoked, Option<WriteResult>)> {
    let events = scratch.events();
    let ended = |id: u64| {
        events.iter().find_map(|event| match event {
            Event::WriteEnded { write, result } if *write == id => Some(result.clone()),
            _ => None,
        })
    };
    let invoked =
        events.iter().filter_map(|event| if let Event::WriteInvoked(write) = event { Some(write) } else { None });
    invoked.filter(|write| write.writer == WRITER).map(|write| (write.clone(), ended(write.write))).collect()
}

#[tokio::test]
async fn everybody_writes_until_it_is_enough() {
    let (scratch, driver) = (Scratch::new(), Arc::new(Fake::new()));
    let users = begin(&scratch, &driver, |_| {}).await;
    for tenant in [scratch.acme(), scratch.globex()] {
        let first = written(&scratch).into_iter().find(|(write, _)| write.tenant == tenant).expect("a write");
        assert!(matches!(first.1, Some(WriteResult::Ok { .. })), "{first:?}");
    }
    tokio::time::sleep(SHORT).await;
    users.enough();
    tokio::time::sleep(SHORT).await;
    let writes = written(&scratch);
    assert!(writes.iter().all(|(_, result)| matches!(result, Some(WriteResult::Ok { .. }))), "{writes:?}");
    assert!(writes.iter().any(|(write, _)| write.kind == WriteKind::Edit), "{writes:?}");
    assert!(writes.iter().all(|(write, _)| write.key == "Probe continuous" && write.drill == DrillTime::from_unix(7)));
    let count = writes.iter().filter(|(write, _)| write.tenant == scratch.acme()).count();
    let stores = driver.stores.lock().expect("a lock");
    assert_eq!(stores[&scratch.acme()].pages["Probe continuous"].revisions.len(), count);
}

#[tokio::test]
async fn a_write_that_is_on_its_way_stays_without_an_answer() {
    let (scratch, driver) = (Scratch::new(), Arc::new(Fake::new()));
    let users = begin(&scratch, &driver, |_| {}).await;
    driver.hangs.store(true, Ordering::SeqCst);
    tokio::time::sleep(SHORT).await;
    users.enough();
    users.stop().await;
    let writes = written(&scratch);
    for tenant in [scratch.acme(), scratch.globex()] {
        let open = writes.iter().filter(|(write, result)| write.tenant == tenant && result.is_none());
        assert_eq!(open.count(), 1, "{writes:?}");
    }
}

#[tokio::test]
async fn whoever_gets_no_good_answer_stops() {
    let (scratch, driver) = (Scratch::new(), Arc::new(Fake::new()));
    let unknown = WriteResult::Info { why: "502".to_owned() };
    let refuse = |kind: WriteKind| {
        let unknown = unknown.clone();
        move |driver: &Fake| *driver.refuses.lock().expect("a lock") = Some((kind, unknown))
    };
    let users = begin(&scratch, &driver, refuse(WriteKind::Edit)).await;
    tokio::time::sleep(SHORT).await;
    users.enough();
    tokio::time::sleep(SHORT).await;
    let writes = written(&scratch);
    assert_eq!(writes.iter().filter(|(write, _)| write.kind == WriteKind::Create).count(), 2, "{writes:?}");
    let edits = writes.iter().filter(|(write, _)| write.kind == WriteKind::Edit);
    assert!(
        edits.clone().count() == 2 && edits.clone().all(|(_, result)| result.as_ref() == Some(&unknown)),
        "{writes:?}"
    );

    // Nobody can write at all: the disaster must not wait for them.
    let (scratch, driver) = (Scratch::new(), Arc::new(Fake::new()));
    // Creations are refused from here on.
    let users = begin(&scratch, &driver, refuse(WriteKind::Create)).await;
    users.enough();
    tokio::time::sleep(SHORT).await;
    assert_eq!(written(&scratch).len(), 2);
}
