//! Runs that end before their time: killed, interrupted, without an engine. Nothing is left, and the journal still speaks.

use crate::bed::{TestBed, assert_nothing_left, ended, engine, labelled, only_run, root};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A drill on its way, in a process of its own.
struct Running {
    child: Child,
    out: PathBuf,
}

impl Running {
    fn start(bed: &TestBed) -> Self {
        let out = bed.path("drills");
        let scenario = bed.short_loss();
        let (scenario, into) = (scenario.to_str().unwrap(), out.to_str().unwrap());
        let mut command = bed.program(&["run", scenario, "--tenants", "1", "--out", into]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, out }
    }

    /// Waits until the journal holds `text`.
    fn until(&mut self, text: &str) {
        for _ in 0..6000 {
            let journal = only_run(&self.out).map(|run| run.join("journal.ndjson"));
            if journal.and_then(|path| std::fs::read_to_string(path).ok()).is_some_and(|found| found.contains(text)) {
                return;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "the drill ended before {text}");
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{text} never happened");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn run(&self) -> PathBuf {
        only_run(&self.out).unwrap()
    }
}

fn report_of(bed: &TestBed, run: &Path) -> (Option<i32>, serde_json::Value) {
    let output = bed.output(&["report", run.to_str().unwrap()]);
    let report = std::fs::read_to_string(run.join("report.json")).unwrap();
    (output.status.code(), serde_json::from_str(&report).unwrap())
}

fn killed_at(text: &str) {
    let _engine = engine();
    let bed = TestBed::new();
    let mut running = Running::start(&bed);
    running.until(text);
    running.signal("-KILL");
    running.child.wait().unwrap();
    let run = running.run();
    let id = run.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(!labelled(&format!("ernstfall.run={id}")).is_empty(), "a killed run leaves something to sweep");
    // Also without containers: its private folder holds secrets.
    bed.run(&["sweep"]).success().stdout(contains(format!("removed private folder {id}")));
    assert_nothing_left(&run);
    bed.run(&["sweep"]).success().stdout(contains(id).not());
    let (exit, report) = report_of(&bed, &run);
    assert_eq!(exit, Some(2), "aborted is never passed");
    assert_eq!(report["judgement"]["verdict"], "inconclusive");
    let reasons = report["judgement"]["reasons"].as_array().unwrap();
    assert!(reasons.iter().any(|reason| reason["code"] == "aborted"), "{reasons:?}");
}

#[test]
fn a_run_that_was_killed_in_its_history_is_swept_and_reported() {
    killed_at("\"generation-started\"");
}

#[test]
fn a_run_that_was_killed_in_its_recovery_is_swept_and_reported() {
    killed_at("{\"phase-started\":{\"phase\":\"recover\"}}");
}

#[test]
fn an_interrupt_tears_everything_down_and_writes_the_evidence() {
    let _engine = engine();
    let bed = TestBed::new();
    let mut running = Running::start(&bed);
    running.until("\"generation-started\"");
    bed.run(&["sweep"]).success();
    assert!(running.child.try_wait().unwrap().is_none(), "a sweep does not touch a live run");
    let id = running.run().file_name().unwrap().to_str().unwrap().to_owned();
    assert!(!labelled(&format!("ernstfall.run={id}")).is_empty(), "a sweep does not touch a live run");
    running.signal("-INT");
    let mut ended = None;
    for _ in 0..140 {
        ended = running.child.try_wait().unwrap();
        if ended.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(ended.expect("it ends within 7 s").code(), Some(2));
    let run = running.run();
    assert_nothing_left(&run);
    assert!(run.join("report.html").exists());
    let journal = std::fs::read_to_string(run.join("journal.ndjson")).unwrap();
    assert!(journal.contains("SIGINT"), "the journal says who ended it");
}

#[test]
fn a_deadline_bounds_all_scenarios_together() {
    let _engine = engine();
    let bed = TestBed::new();
    let out = bed.path("drills");
    let scenarios = ["notes-datacenter-loss", "notes-tenant-deleted"].map(|name| format!("scenarios/{name}.yaml"));
    let args = ["run", &scenarios[0], &scenarios[1], "--deadline", "3s", "--out", out.to_str().unwrap()];
    bed.run(&args).code(2).stderr(contains("notes-tenant-deleted is not begun: the run's deadline of 3s"));
    let run = only_run(&out).unwrap();
    assert_nothing_left(&run);
    let (_, report) = report_of(&bed, &run);
    let reasons = report["judgement"]["reasons"].as_array().unwrap();
    let blamed =
        |reason: &serde_json::Value| reason["code"] == "aborted" && reason["seen"] == "the run's deadline of 3s";
    assert!(reasons.iter().any(blamed), "{reasons:?}");
}

#[test]
fn without_an_engine_run_says_what_to_do_and_the_rest_works() {
    let bed = TestBed::new();
    let scenario = root().join("scenarios/notes-datacenter-loss.yaml");
    let scenario = scenario.to_str().unwrap();
    let nowhere = format!("unix://{}", bed.path("no.sock").display());
    let out = bed.path("drills");
    let without = |args: &[&str]| {
        let mut command = bed.program(args);
        command.env("DOCKER_HOST", &nowhere);
        ended(command)
    };
    let run = without(&["run", scenario, "--out", out.to_str().unwrap()]);
    run.code(69).stderr(contains("make engine")).stderr(contains("no container engine answers"));
    assert!(only_run(&out).is_none(), "nothing was begun");
    for args in [vec!["validate", scenario], vec!["plan", scenario]] {
        without(&args).code(0);
    }
}
