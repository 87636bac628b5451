//! Drills that cannot come out well: a fault that hits nothing, a runbook that hangs. Wrong recoveries: `sabotage`.

use crate::bed::{TestBed, assert_nothing_left, engine, root};

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
    let bed = TestBed::new();
    let scenario = bed.short_loss();
    let right = std::fs::read_to_string(bed.path("runbook.yaml")).unwrap();
    let (before, after) = right.split_once("  - name: switch-front").unwrap();
    let hangs = "  - name: hangs\n    part: restore\n    exec:\n      - { service: backup, for: tenants, datacenter: \
                 \"${MIRROR}\", run: [sleep, \"600\"] }\n    deadline: 3s\n";
    bed.write("runbook.yaml", &format!("{before}{hangs}  - name: switch-front{after}"));
    let drilled = bed.drill(&scenario, &["--tenants", "2"]);
    drilled.assert_exit(1);
    let findings = drilled.findings();
    assert!(findings.iter().any(|finding| finding.starts_with("recovery-step-failed")), "{findings:?}");
    assert!(drilled.told.contains("hangs"), "{}", drilled.told);
    assert_nothing_left(&drilled.run);
}
