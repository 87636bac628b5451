//! Wrong recoveries: each is a right runbook with something wrong put into it, and the drill must notice. More of them: `sabotage`.

use crate::bed::{Drilled, TestBed, assert_nothing_left, engine, root};
use std::fmt::Write as _;

/// A scenario on `notes` whose runbook has `steps` between loading the data and asking the front door.
fn drill_with(tenants: &str, objectives: &str, steps: &str) -> Drilled {
    let stack = root().join("fixtures/stacks/notes");
    let runbook = std::fs::read_to_string(stack.join("runbooks/rebuild-from-mirror.yaml")).unwrap();
    let (before, after) = runbook.split_once("  - name: switch-front").unwrap();
    let runbook = format!("{before}{steps}  - name: switch-front{after}").replace("deadline: 2m", "deadline: 30s");
    let bed = TestBed::new();
    let runbook = bed.write("runbook.yaml", &runbook);
    let mut scenario = String::new();
    write!(
        scenario,
        "version: 1\nname: wrong\ntitle: {{ en: A wrong recovery, de: Eine falsche Wiederherstellung }}\n\
         objectives: {objectives}\nstack: {stack}/stack.yaml\ntenants: {tenants}\nseed: 7\n\
         history: {{ span: 2d, writes: 4, pages: 4, uploads: 2 }}\nsoak: 2s\ndisaster: {{ at: \"13:37\" }}\n\
         faults:\n  - datacenter-loss: {{ datacenter: falkenstein }}\n\
         recovery:\n  detection: probe\n  allowances:\n    - {{ for: decision, takes: 20m }}\n  runbook: {runbook}\n\
         checks: [data, files, permissions, isolation, search, restart]\n",
        stack = stack.display(),
        runbook = runbook.display(),
    )
    .unwrap();
    let scenario = bed.write("scenario.yaml", &scenario);
    let drilled = bed.drill(&scenario, &[]);
    assert_nothing_left(&drilled.run);
    drilled
}

/// A drill of two tenants takes two thirds of the time.
const TWO: &str = "[acme, globex]";
const THREE: &str = "[acme, acme-prod, globex]";
const FINE: &str = "{ rto: 4h, rpo: 26h }";

#[test]
fn missing_uploads_and_widened_permissions_are_found_each_at_its_tenant() {
    let _engine = engine();
    let steps = r#"  - name: forget-uploads
    part: restore
    exec:
      - { service: backup, for: tenants, datacenter: "${MIRROR}", run: [sh, -c, "[ ${TENANT} != globex ] || find /files/attachments -type f -delete"] }
    deadline: 30s
  - name: widen-permissions
    part: restore
    exec:
      - { service: database, for: once, datacenter: "${MIRROR}", run: [psql, -U, postgres, -d, notes-acme-prod, -c, "INSERT INTO notes.members SELECT name, 'admin' FROM notes.users WHERE name LIKE 'Reader%'"] }
    deadline: 30s
"#;
    let drilled = drill_with(THREE, FINE, steps);
    drilled.assert_exit(1);
    let findings = drilled.findings();
    let has = |text: &str| findings.iter().any(|finding| finding == text);
    assert!(has("lost globex") || has("corrupt globex"), "{findings:?}");
    assert!(has("permission-widened acme-prod"), "{findings:?}");
    // The runbook waits in vain for all tenants to answer right, so nobody counts as recovered; but acme's data is right.
    let of_acme = findings.iter().filter(|finding| finding.ends_with(" acme") && !finding.starts_with("not-recovered"));
    assert_eq!(of_acme.count(), 0, "{findings:?}");
    let listed = drilled.judgement()["findings"].as_array().unwrap();
    assert!(listed.iter().filter(|finding| finding["tenant"] == "globex").any(|finding| finding["item"].is_string()));
}

#[test]
fn a_fault_that_matches_nothing_proves_nothing() {
    let _engine = engine();
    let bed = TestBed::new();
    bed.copy_stacks();
    // A system in which the tenant that is to be deleted is not there.
    for inventory in ["operator/inventory", "database/inventory"] {
        let path = bed.path("stacks/notes").join(inventory);
        assert!(path.exists(), "{inventory}");
        std::fs::write(path, "#!/bin/sh\necho '{\"items\": 0}'\n").unwrap();
    }
    let shipped = std::fs::read_to_string(root().join("scenarios/notes-tenant-deleted.yaml")).unwrap();
    let scenario =
        shipped.replace("../fixtures/stacks", bed.path("stacks").to_str().unwrap()).replace("span: 8d", "span: 2d");
    let drilled = bed.drill(&bed.write("scenario.yaml", &scenario), &[]);
    drilled.assert_exit(2);
    let reasons = drilled.judgement()["reasons"].as_array().unwrap();
    let told: Vec<_> = reasons.iter().map(|reason| (reason["code"].as_str(), reason["seen"].as_str())).collect();
    assert_eq!(told, [(Some("fault-unconfirmed"), Some("nothing matched"))], "the harness is not broken");
    assert_eq!(drilled.findings(), Vec::<String>::new());
    assert_nothing_left(&drilled.run);
}

#[test]
fn a_runbook_step_that_hangs_ends_at_its_deadline() {
    let _engine = engine();
    let steps = "  - name: hangs\n    part: restore\n    exec:\n      - { service: backup, for: once, datacenter: \
                 \"${MIRROR}\", run: [sleep, \"600\"] }\n    deadline: 3s\n";
    let steps = steps.replace("for: once", "for: tenants");
    let drilled = drill_with(TWO, FINE, &steps);
    drilled.assert_exit(1);
    assert!(
        drilled.findings().iter().any(|finding| finding.starts_with("recovery-step-failed")),
        "{:?}",
        drilled.findings()
    );
    assert!(drilled.told.contains("hangs"), "{}", drilled.told);
}
