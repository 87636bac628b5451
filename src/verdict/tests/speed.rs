//! How fast a large journal is judged: `make bench-verdict`.

use super::*;
use crate::journal::sample::Bulk;
use std::time::{Duration, Instant};

/// Writes of the ledger in all.
const WRITES: u32 = 1_000_000;
/// So many of them for the reader, which verifies the hash chain of every line: a journal of a million fills gigabytes.
const READ: u32 = 50_000;

#[expect(clippy::disallowed_methods, reason = "a test that measures")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed())
}

#[expect(clippy::disallowed_macros, reason = "a test that prints what it measured")]
fn head() {
    println!("\n| what | writes | lines of the journal | took |\n|---|---:|---:|---:|");
}

#[expect(clippy::disallowed_macros, reason = "a test that prints what it measured")]
fn row(what: &str, writes: u32, lines: usize, took: Duration) {
    println!("| {what} | {writes} | {lines} | {:.2} s |", took.as_secs_f64());
}

#[test]
#[ignore = "measures a release build: make bench-verdict"]
fn a_million_writes_are_judged_in_two_seconds() {
    let bulk = |writes: u32| Bulk { before: writes / 3, after: 100 };
    head();
    {
        let folder = assert_fs::TempDir::new().expect("a folder");
        let path = folder.path().join("journal.ndjson");
        Sample::bulky(Disaster::DatacenterLoss, bulk(READ)).write_to(&path);
        let (journal, took) = timed(|| crate::journal::read(&path).expect("a journal"));
        row("reading and verifying the hash chain", READ, journal.entries.len(), took);
    }
    let mut sample = Sample::bulky(Disaster::DatacenterLoss, bulk(WRITES));
    for everything_lost in [false, true] {
        if everything_lost {
            let bulky = |event: &Event| {
                matches!(event, Event::Seen { moment, item, .. }
                if RECOVERED.contains(moment) && key_of(item).is_some_and(|key| key.contains("ulk-")))
            };
            sample.drop_where(bulky);
        }
        let entries = sample.entries();
        let (timeline, folding) = timed(|| Timeline::from(&entries, false).expect("a possible journal"));
        let (judgement, judging) = timed(|| judge(&timeline));
        let of = if everything_lost { "of which all are lost" } else { "all of which are there" };
        row(&format!("timeline, {of}"), WRITES, entries.len(), folding);
        row(&format!("verdict, {of}"), WRITES, entries.len(), judging);
        let lost = judgement.finding_counts.get(&FindingCode::Lost).copied().unwrap_or_default();
        assert_eq!(lost, if everything_lost { u64::from(WRITES / 3 * 3) } else { 0 });
        if !cfg!(debug_assertions) {
            assert!(folding + judging < Duration::from_secs(2), "{:?}", folding + judging);
        }
    }
}
