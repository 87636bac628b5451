//! Bad input: exit code 64, every problem named, nothing started.

use crate::bed::{TestBed, only_run, root};
use predicates::str::contains;

const GOOD: &str = r#"version: 1
name: example
title: { en: An example, de: Ein Beispiel }
objectives: { rto: 4h, rpo: 26h }
stack: STACK/stack.yaml
tenants: [acme, globex]
disaster: { at: "13:37" }
faults:
  - datacenter-loss: { datacenter: falkenstein }
recovery:
  detection: probe
  runbook: STACK/runbooks/rebuild-from-mirror.yaml
checks: [data, files]
"#;

fn notes(text: &str) -> String {
    text.replace("STACK", root().join("fixtures/stacks/notes").to_str().unwrap())
}

/// Refuses `text` with every one of `expected` in what it says.
#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let bed = TestBed::new();
    let file = bed.write("scenario.yaml", &notes(text));
    let out = bed.path("drills");
    let ended = bed.run(&["run", file.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    let mut ended = ended.code(64).stderr(contains("scenario.yaml"));
    for part in expected {
        ended = ended.stderr(contains(*part));
    }
    assert!(only_run(&out).is_none(), "nothing was started");
}

#[test]
fn the_good_example_is_valid() {
    let bed = TestBed::new();
    let file = bed.write("scenario.yaml", &notes(GOOD));
    bed.run(&["validate", file.to_str().unwrap()]).code(0);
}

#[test]
fn ten_broken_scenarios_are_refused_each_with_its_place() {
    refused(&GOOD.replace("objectives:", "objektives:"), &["objectives", "4"]);
    refused(&GOOD.replace("rto: 4h", "rto: 5 parsecs"), &["4:", "parsecs"]);
    refused(
        &GOOD.replace("datacenter: falkenstein", "datacenter: falkenstien"),
        &["did you mean", "falkenstein", "9:"],
    );
    refused(&GOOD.replace("checks: [data, files]", "checks: [pdf]"), &["data", "13:"]);
    refused(&GOOD.replace("checks: [data, files]", "checks: [data, filse]"), &["files", "13:"]);
    refused(&GOOD.replace("tenants: [acme, globex]", "tenants: [acme, acme]"), &["acme", "6:"]);
    refused(&GOOD.replace("tenants: [acme, globex]", "tenants: [Acme GmbH]"), &["Acme GmbH", "6:"]);
    refused(&format!("{GOOD}name: again\n"), &["name", "14:"]);
    refused(&GOOD.replace("at: \"13:37\"", "at: \"25:99\""), &["25:99", "7:"]);
    refused(&GOOD.replace("rebuild-from-mirror.yaml", "nowhere.yaml"), &["nowhere.yaml", "12:"]);
}

#[test]
fn all_problems_are_told_in_one_go() {
    let text = GOOD.replace("rto: 4h", "rto: soon").replace("13:37", "99:99").replace("falkenstein", "atlantis");
    refused(&text, &["soon", "99:99", "atlantis"]);
}

/// A copy of the stack `notes` in which `from` became `to` in `file`.
#[track_caller]
fn reaches_for_the_host(file: &str, from: &str, to: &str, expected: &[&str]) {
    let bed = TestBed::new();
    bed.copy_stacks();
    let path = bed.path("stacks/notes").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has {from:?}");
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    let scenario = bed.write("scenario.yaml", &GOOD.replace("STACK", bed.path("stacks/notes").to_str().unwrap()));
    let out = bed.path("drills");
    let mut ended = bed.run(&["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap()]).code(64);
    for part in expected {
        ended = ended.stderr(contains(*part));
    }
    assert!(only_run(&out).is_none(), "nothing was started");
}

#[test]
fn five_stacks_that_reach_for_the_host_are_refused() {
    let database = "    command: [/opt/database/serve]\n";
    let with = |line: &str| format!("{database}    {line}\n");
    let mount = "      - ./database:/opt/database:ro\n";
    let mounted = |line: &str| format!("{mount}      - {line}\n");
    reaches_for_the_host("compose.yaml", mount, &mounted("/data:/data"), &["compose.yaml", "/data"]);
    reaches_for_the_host(
        "compose.yaml",
        mount,
        &mounted("/var/run/docker.sock:/var/run/docker.sock"),
        &["docker.sock"],
    );
    reaches_for_the_host("compose.yaml", database, &with("network_mode: host"), &["network_mode", "compose.yaml"]);
    reaches_for_the_host("compose.yaml", database, &with("privileged: true"), &["privileged", "compose.yaml"]);
    reaches_for_the_host("compose.yaml", "  database-data:\n", "  database-data: { external: true }\n", &["external"]);
}
