//! Tests of the watches.

use super::*;
use crate::workload::fake::Scratch;
use std::time::Duration;

fn tenant(name: &str) -> Tenant {
    Tenant::new(name).expect("a name")
}

/// A slot on a grid of one second, that takes a tenth of one.
fn probe(name: &str, kind: ProbeKind, slot: u64, good: bool) -> Probe {
    let intended = Mono(1_000_000 * (slot + 1));
    let ended = intended.plus(Duration::from_millis(100));
    let bad = (!good).then(|| "503".to_owned());
    Probe { tenant: tenant(name), kind, slot, intended, started: intended, ended, bad }
}

fn light(name: &str, slot: u64, good: bool) -> Probe {
    probe(name, ProbeKind::Light, slot, good)
}

fn full(name: &str, slot: u64, good: bool) -> Probe {
    probe(name, ProbeKind::Full, slot, good)
}

fn feed(watch: &mut dyn Watch, probes: &[Probe]) -> Progress {
    for probe in probes {
        watch.see(probe);
    }
    watch.progress()
}

#[test]
fn detection_needs_bad_light_slots_in_a_row() {
    let mut watch = Detector::new(&[tenant("acme")], 3, Mono(0));
    let bad = |slot| light("acme", slot, false);
    let waiting = Progress::Waiting(vec![tenant("acme")]);
    assert_eq!(feed(&mut watch, &[bad(1), bad(2), light("acme", 3, true), bad(4), bad(5)]), waiting);
    assert_eq!(feed(&mut watch, &[light("globex", 6, false), full("acme", 6, false)]), waiting);
    let met = Progress::Met("acme: 3 bad light probes in a row: 503".into());
    assert_eq!(feed(&mut watch, &[bad(6)]), met);
    assert_eq!(feed(&mut watch, &[light("acme", 7, true)]), met);
}

#[test]
fn detection_counts_by_slot_and_not_by_arrival() {
    let mut watch = Detector::new(&[tenant("acme")], 3, Mono(0));
    // Slot 2 hung and ends last; slot 4 was good and ended first.
    let arrival = [light("acme", 4, true), light("acme", 3, false), light("acme", 1, false)];
    assert!(!feed(&mut watch, &arrival).is_met());
    assert!(feed(&mut watch, &[light("acme", 2, false)]).is_met());
}

#[test]
fn what_began_before_the_injection_was_over_is_not_detected() {
    let slots = [light("acme", 1, false), light("acme", 2, false), light("acme", 3, false)];
    let over = slots[1].ended;
    assert!(!feed(&mut Detector::after(&[tenant("acme")], 2, over), &slots).is_met());
    assert!(feed(&mut Detector::new(&[tenant("acme")], 2, over), &slots).is_met());
    let looked = |slots: &[Probe]| feed(&mut LookedWatch::new(&[tenant("acme")], over), slots).is_met();
    assert!(!looked(&slots[..2]) && !looked(&[full("acme", 3, false), light("globex", 3, false)]));
    assert!(looked(&slots) && looked(&[light("acme", 3, true)]));
}

#[test]
fn what_ended_before_the_fault_is_not_detected() {
    let since = light("acme", 2, false).ended;
    let mut watch = Detector::new(&[tenant("acme")], 2, since);
    assert!(!feed(&mut watch, &[light("acme", 0, false), light("acme", 1, false), light("acme", 2, false)]).is_met());
    assert!(feed(&mut watch, &[light("acme", 3, false)]).is_met());
}

#[test]
fn the_front_answers_when_every_affected_tenant_had_a_good_full_slot() {
    let since = full("acme", 5, true).started;
    let mut watch = FrontWatch::new(&[tenant("acme"), tenant("globex")], since);
    let progress = feed(&mut watch, &[full("acme", 4, true), full("acme", 5, false), light("acme", 6, true)]);
    assert_eq!(progress, Progress::Waiting(vec![tenant("acme"), tenant("globex")]));
    assert_eq!(feed(&mut watch, &[full("globex", 6, true)]), Progress::Waiting(vec![tenant("acme")]));
    assert!(feed(&mut watch, &[full("acme", 7, true)]).is_met());
    assert!(feed(&mut watch, &[full("acme", 8, false)]).is_met());
}

#[test]
fn nobody_affected_is_nobody_to_wait_for() {
    assert!(FrontWatch::new(&[], Mono(0)).progress().is_met());
    assert!(SustainWatch::new(&[], 5, Mono(0)).progress().is_met());
    assert!(!SustainWatch::new(&[tenant("acme")], 1, Mono(0)).progress().is_met());
}

#[test]
fn sustaining_is_broken_by_a_bad_slot_of_either_kind() {
    for bad in [light("acme", 2, false), full("acme", 2, false)] {
        let mut watch = SustainWatch::new(&[tenant("acme")], 3, Mono(0));
        assert!(feed(&mut watch, &[full("acme", 0, true), full("acme", 1, true), full("acme", 2, true)]).is_met());
        assert!(!feed(&mut watch, &[bad]).is_met(), "a late bad slot takes it back");
        assert!(!feed(&mut watch, &[full("acme", 3, true), full("acme", 4, true)]).is_met());
        assert!(feed(&mut watch, &[full("acme", 5, true)]).is_met());
    }
}

#[test]
fn sustaining_waits_for_outstanding_slots() {
    let mut watch = SustainWatch::new(&[tenant("acme")], 2, Mono(0));
    assert!(!feed(&mut watch, &[full("acme", 1, true), full("acme", 3, true)]).is_met());
    assert!(feed(&mut watch, &[full("acme", 2, true)]).is_met());
    assert!(!feed(&mut watch, &[light("acme", 1, true), light("acme", 3, true)]).is_met());
    assert!(feed(&mut watch, &[light("acme", 2, true)]).is_met());
}

#[test]
fn sustaining_is_for_every_tenant_and_from_a_moment_on() {
    let since = full("acme", 2, true).intended;
    let mut watch = SustainWatch::new(&[tenant("acme"), tenant("globex")], 1, since);
    assert!(!feed(&mut watch, &[full("acme", 1, true), full("globex", 1, true)]).is_met());
    assert_eq!(feed(&mut watch, &[full("acme", 2, true)]), Progress::Waiting(vec![tenant("globex")]));
    assert!(feed(&mut watch, &[full("globex", 2, true)]).is_met());
    // An older bad slot that ends late breaks nothing newer.
    assert!(feed(&mut watch, &[full("globex", 1, false)]).is_met());
}

#[tokio::test]
async fn a_watch_hears_the_journal() {
    let scratch = Scratch::new();
    let mut receiver = attach(&scratch.journal, FrontWatch::new(&[tenant("acme")], Mono(0)));
    assert!(!receiver.borrow().is_met());
    scratch.journal.write(Event::Note { text: "nothing".into() }).expect("a journal");
    scratch.journal.write(Event::Probe(full("acme", 0, true))).expect("a journal");
    let met = receiver.wait_for(Progress::is_met).await.expect("a watch").clone();
    assert_eq!(met, Progress::Met("every affected tenant had a good full probe".into()));
}
