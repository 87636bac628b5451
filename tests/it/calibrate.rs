//! The prober against a stub whose outages are known; read from `calibration.json` on disk. Needs no engine.

use crate::bed::{TestBed, engine};
use serde_json::Value;
use std::process::Output;

/// Plays the short outages only. Nothing else of the tests runs meanwhile: lateness is part of what is measured.
fn calibrate(bed: &TestBed, more: &[&str]) -> (Output, Value) {
    let _alone = engine();
    let out = bed.path("drills");
    let mut args = vec!["calibrate", "--longest", "300ms", "--out", out.to_str().unwrap()];
    args.extend(more);
    let output = bed.output(&args);
    let record = std::fs::read_to_string(out.join("calibration.json"));
    let record = record.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output, serde_json::from_str(&record).unwrap())
}

fn breaches(record: &Value) -> Vec<&str> {
    let breaches = record["breaches"].as_array().unwrap();
    breaches.iter().flat_map(|breach| breach.as_object().unwrap().keys()).map(String::as_str).collect()
}

#[test]
fn short_outages_are_measured_right() {
    let bed = TestBed::new();
    let (output, record) = calibrate(&bed, &["--seed", "7"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("CALIBRATED"), "{told}");
    assert_eq!((&record["passed"], &record["abridged"], &record["seed"]), (&true.into(), &true.into(), &7.into()));
    assert_eq!(breaches(&record), Vec::<&str>::new());
    assert_eq!(record["values"].as_array().unwrap().len() as u64, record["inside"].as_u64().unwrap());
    let values = record["values"].as_array().unwrap();
    let seen =
        |case: &str, what: &str| values.iter().filter(|value| value["case"] == case && value["what"] == what).count();
    assert_eq!((seen("outage-200ms", "recovery"), seen("outage-200ms", "outage-began")), (3, 3));
    assert_eq!((seen("flapping", "recovery"), seen("flapping", "outage-ended")), (2, 12));
    assert!(record["cost"]["slots"].as_u64().unwrap() > 300);
    assert!(record["lateness"]["max_micros"].as_u64().unwrap() >= record["lateness"]["p50_micros"].as_u64().unwrap());
    let journal = bed.path("drills").join(record["journals"][0]["file"].as_str().unwrap());
    let last = std::fs::read_to_string(journal).unwrap().lines().last().unwrap().to_owned();
    assert!(last.contains(record["journals"][0]["head"].as_str().unwrap()));
}

#[test]
fn a_stub_that_lies_is_caught() {
    let bed = TestBed::new();
    let (output, record) = calibrate(&bed, &["--late-by", "150ms"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(record["passed"], false);
    assert!(breaches(&record).contains(&"outside") && breaches(&record).contains(&"bias"), "{:?}", record["breaches"]);
    assert!(record["inside"].as_u64() < Some(record["values"].as_array().unwrap().len() as u64));
}

#[test]
fn nothing_to_play_is_wrong_usage() {
    let bed = TestBed::new();
    let output = bed.output(&["calibrate", "--longest", "1ms", "--out", bed.path("drills").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(64));
    assert!(!bed.path("drills").exists());
}
