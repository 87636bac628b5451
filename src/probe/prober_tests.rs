//! Tests of the prober, in real time but with generous bounds: the machine may be busy.

use super::*;
use crate::journal::{WriteInvoked, WriteKind, WriteResult};
use crate::plan::WorkloadPlan;
use crate::secret::Secret;
use crate::workload::corpus::{Corpus, write_baseline};
use crate::workload::fake::{Fake, Scratch};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

const MILLI: fn(u64) -> Duration = Duration::from_millis;

struct Bed {
    scratch: Scratch,
    driver: Arc<Fake>,
    targets: Vec<ProbeTarget>,
}

impl Bed {
    async fn new() -> Self {
        let (scratch, driver) = (Scratch::new(), Arc::new(Fake::new()));
        let (ledger, marks) = (scratch.ledger(), scratch.marks());
        let plan = WorkloadPlan { writes: 6, pages: 1, uploads: 0, large_upload: false };
        let at = DrillTime::from_unix(0);
        let corpus = Corpus { ledger: &ledger, driver: &*driver, marks: &marks, plan, seed: 1, at };
        let admins = [scratch.acme(), scratch.globex()].map(|tenant| (tenant, Secret::new("admin".to_owned())));
        let known = write_baseline(corpus, admins.into()).await.expect("a baseline");
        let targets = known.iter().map(|(tenant, known)| ProbeTarget::new(tenant, known)).collect();
        Self { scratch, driver, targets }
    }

    fn start(&self, light: u64, full: u64, timeout: u64) -> Prober {
        let plan = ProbePlan { light: MILLI(light), full: MILLI(full), timeout: MILLI(timeout), sustain: 5 };
        let drill: DrillNow = Arc::new(|| DrillTime::from_unix(7));
        let driver = Arc::clone(&self.driver) as Arc<dyn Driver>;
        let journal = self.scratch.journal.clone();
        Prober::start(driver, journal, self.scratch.ledger(), plan, self.targets.clone(), drill).expect("a prober")
    }

    fn probes(&self, kind: ProbeKind) -> Vec<Probe> {
        let only = |event| if let Event::Probe(probe) = event { Some(probe) } else { None };
        self.scratch.events().into_iter().filter_map(only).filter(|probe| probe.kind == kind).collect()
    }

    fn writes(&self) -> Vec<WriteInvoked> {
        let only = |event| if let Event::WriteInvoked(write) = event { Some(write) } else { None };
        self.scratch.events().into_iter().filter_map(only).filter(|write| write.kind == WriteKind::Probe).collect()
    }
}

#[tokio::test]
async fn slots_stand_on_a_fixed_grid_and_tenants_in_between() {
    let bed = Bed::new().await;
    let prober = bed.start(20, 50, 1000);
    tokio::time::sleep(MILLI(400)).await;
    let cost = prober.stop().await.expect("a cost");
    for (kind, interval) in [(ProbeKind::Light, 20_000), (ProbeKind::Full, 50_000)] {
        let slots = bed.probes(kind);
        let firsts: Vec<_> = [bed.scratch.acme(), bed.scratch.globex()]
            .iter()
            .map(|tenant| {
                let mut own: Vec<_> = slots.iter().filter(|probe| probe.tenant == *tenant).collect();
                own.sort_by_key(|probe| probe.slot);
                assert!(own.len() >= 3, "{own:?}");
                for (number, probe) in (0..).zip(&own) {
                    assert_eq!(probe.slot, number);
                    assert_eq!(probe.intended.0, own[0].intended.0 + number * interval);
                    assert!(probe.started >= probe.intended && probe.ended >= probe.started);
                    assert_eq!(probe.bad, None);
                }
                own[0].intended.0
            })
            .collect();
        assert_eq!(firsts[1] - firsts[0], interval / 2);
    }
    let all = bed.probes(ProbeKind::Light).len() + bed.probes(ProbeKind::Full).len();
    assert_eq!(cost.slots, all as u64);
    assert!(cost.cpu.is_some() && cost.skipped == 0);
    assert!(matches!(bed.scratch.events().last(), Some(Event::Note { text }) if text.starts_with("prober: ")));
}

#[tokio::test]
async fn full_probes_write_into_the_ledger_and_log_in_now_and_then() {
    let bed = Bed::new().await;
    let prober = bed.start(500, 20, 2000);
    tokio::time::sleep(MILLI(400)).await;
    prober.stop().await.expect("a cost");
    let (fulls, writes) = (bed.probes(ProbeKind::Full), bed.writes());
    assert_eq!(fulls.len(), writes.len());
    assert!(writes.iter().all(|write| {
        write.writer == "probe" && write.key.starts_with("Probe ") && write.drill == DrillTime::from_unix(7)
    }));
    let tokens: BTreeSet<_> = writes.iter().map(|write| &write.token).collect();
    assert_eq!(tokens.len(), writes.len());
    let fresh = bed.driver.fresh.lock().expect("a lock").clone();
    let expected = fulls.iter().filter(|probe| probe.slot % 5 == 0).count();
    assert_eq!(fresh.iter().filter(|fresh| **fresh).count(), expected);
    assert!(expected < fulls.len());
}

#[tokio::test]
async fn a_hanging_system_delays_no_later_slot() {
    let bed = Bed::new().await;
    bed.driver.hangs.store(true, Ordering::SeqCst);
    let prober = bed.start(25, 100, 600);
    tokio::time::sleep(MILLI(500)).await;
    let began = bed.scratch.journal.clock().mono();
    let cost = prober.stop().await.expect("a cost");
    let stopping = bed.scratch.journal.clock().mono().since(began);
    assert!(stopping >= MILLI(100), "outstanding slots were not awaited: {stopping:?}");
    for kind in [ProbeKind::Light, ProbeKind::Full] {
        let slots = bed.probes(kind);
        assert!(slots.iter().all(|probe| probe.bad.as_deref() == Some("timed out")), "{slots:?}");
        let first_end = slots.iter().map(|probe| probe.ended).min().expect("a probe");
        let before = slots.iter().filter(|probe| probe.started < first_end).count();
        assert!(before >= 4, "only {before} slots were started while the first hung");
    }
    assert_eq!(cost.skipped, 0);
    let ends = bed.scratch.events();
    let timed_out = |event: &&Event| matches!(event, Event::WriteEnded { result: WriteResult::Info { why }, .. } if why == "timed out");
    assert_eq!(ends.iter().filter(timed_out).count(), bed.writes().len());
}

#[tokio::test]
async fn too_many_outstanding_slots_are_skipped_and_said_to_be() {
    let bed = Bed::new().await;
    bed.driver.hangs.store(true, Ordering::SeqCst);
    let prober = bed.start(2, 1000, 1000);
    tokio::time::sleep(MILLI(500)).await;
    let cost = prober.stop().await.expect("a cost");
    let saturated =
        bed.probes(ProbeKind::Light).iter().filter(|probe| probe.bad.as_deref() == Some("prober saturated")).count();
    assert!(saturated > 0);
    assert_eq!(saturated as u64, cost.skipped);
}

#[tokio::test]
async fn a_driver_that_panics_is_a_bad_slot() {
    let bed = Bed::new().await;
    bed.driver.panics.store(true, Ordering::SeqCst);
    let prober = bed.start(50, 50, 500);
    tokio::time::sleep(MILLI(150)).await;
    prober.stop().await.expect("a cost");
    let slots = [bed.probes(ProbeKind::Light), bed.probes(ProbeKind::Full)].concat();
    assert!(!slots.is_empty() && slots.iter().all(|probe| probe.bad.as_deref() == Some("the driver broke")));
}

#[tokio::test]
async fn a_write_that_is_not_acknowledged_is_a_bad_full_probe() {
    let bed = Bed::new().await;
    *bed.driver.refuses.lock().expect("a lock") =
        Some((WriteKind::Probe, WriteResult::Fail { why: "readonly".into() }));
    let prober = bed.start(50, 50, 500);
    tokio::time::sleep(MILLI(150)).await;
    prober.stop().await.expect("a cost");
    assert!(bed.probes(ProbeKind::Light).iter().all(|probe| probe.bad.is_none()));
    assert!(bed.probes(ProbeKind::Full).iter().all(|probe| probe.bad.as_deref() == Some("readonly")));
}

#[tokio::test]
async fn an_interval_of_zero_is_refused() {
    let bed = Bed::new().await;
    let plan = ProbePlan { light: Duration::ZERO, full: MILLI(1), timeout: MILLI(1), sustain: 1 };
    let (driver, ledger) = (Arc::clone(&bed.driver) as Arc<dyn Driver>, bed.scratch.ledger());
    let drill: DrillNow = Arc::new(|| DrillTime::from_unix(0));
    let refused = Prober::start(driver, bed.scratch.journal.clone(), ledger, plan, vec![], drill);
    assert!(matches!(refused, Err(ProbeError::Interval)));
}
