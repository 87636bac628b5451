//! What protects a system again after a recovery, and what is looked at out of band.

use super::bed::Bed;
use crate::plan::{Action, Moment, Step};

const CHECKS: &str = "checks: [data, encryption]";

fn protected() -> Bed {
    let operations = "  side-restore: [{ service: backup, for: tenants, run: [/restore, \"${VAULT}\", \"${TAG}\"] }]\n  \
                      side-remove: [{ service: backup, for: tenants, run: [/remove] }]\n  key-trial:";
    let bed = Bed::new().change("scenarios/loss.yaml", CHECKS, "checks: [data, protected-again]");
    bed.change("stack/stack.yaml", "  key-trial:", operations)
}

fn fingerprinted() -> Bed {
    let operations = "  fingerprint: [{ service: backup, for: tenants, run: [/fingerprint] }]\nvolatile:\n  \
                      - { table: sessions, because: they end }\n  - { table: users.touched, because: a login sets it }\n";
    let bed = Bed::new().change("scenarios/loss.yaml", CHECKS, "checks: [data, out-of-band]");
    let text = std::fs::read_to_string(bed.path("stack/stack.yaml")).unwrap();
    bed.write("stack/stack.yaml", text + operations);
    bed
}

fn steps(bed: &Bed) -> Vec<Step> {
    bed.compile().map_err(|problems| problems.to_string()).unwrap().plan.steps
}

#[test]
fn the_survivor_backs_up_and_the_first_tenant_is_restored_on_the_side() {
    let steps = steps(&protected());
    let protecting: Vec<&Step> = steps.iter().filter(|step| step.protects()).collect();
    let names: Vec<&str> = protecting.iter().map(|step| step.name.0.as_str()).collect();
    assert_eq!(names, ["soak/backup-hourly-2026-01-06T14-00", "soak/snapshots-south", "soak/side-restore-south"]);
    let Action::Backup { commands, .. } = &protecting[0].action else { panic!("no backup") };
    assert!(commands.iter().all(|command| command.at.datacenter.as_ref().is_some_and(|at| at.as_str() == "south")));
    assert_eq!(commands[0].run, ["/backup", "hourly", "2026-01-06 14:00:00"]);
    let Action::SideRestore { restore, remove, .. } = &protecting[2].action else { panic!("no restore") };
    assert_eq!((restore.len(), remove.len()), (1, 1));
    assert_eq!(restore[0].run, ["/restore", "south", "hourly"]);
    assert_eq!(restore[0].tenant.as_ref().map(crate::ids::Tenant::as_str), Some("acme"));
}

#[test]
fn without_the_check_nothing_is_backed_up_again() {
    assert!(!steps(&Bed::new()).iter().any(Step::protects));
}

#[test]
fn a_recovery_after_which_nothing_can_be_backed_up_is_refused() {
    let bed = protected().change("stack/runbooks/rebuild.yaml", "tenants: [backup]", "tenants: [app]");
    let problems = bed.problems().to_string();
    assert!(problems.contains("nothing is backed up: south/acme/backup does not run"), "{problems}");
}

#[test]
fn operations_that_are_missing_are_named() {
    let bed = Bed::new().change("scenarios/loss.yaml", CHECKS, "checks: [data, protected-again, out-of-band]");
    let problems = bed.problems().to_string();
    for operation in ["side-restore", "side-remove", "fingerprint"] {
        assert!(problems.contains(&format!("needs the stack's operation `{operation}`")), "{problems}");
    }
}

#[test]
fn fingerprints_are_taken_beside_each_generation_and_before_each_readback() {
    let steps = steps(&fingerprinted());
    let mut moments = Vec::new();
    for step in &steps {
        match &step.action {
            Action::Backup { commands, fingerprint, .. } => {
                assert_eq!(fingerprint.len(), commands.len(), "{}", step.name);
            }
            Action::Fingerprint { moment, commands } => {
                moments.push(*moment);
                let run = &commands[0].run;
                assert_eq!(run[..3], ["env", "VOLATILE=sessions,users.touched", "LEAVE_OUT=Probe "]);
                let place = if *moment == Moment::Steady { "north" } else { "south" };
                assert_eq!(commands[0].at.to_string(), format!("{place}/acme/backup"));
            }
            _ => {}
        }
    }
    assert_eq!(moments, Moment::ALL);
    let at = |name: &str| steps.iter().position(|step| step.name.0 == name).unwrap();
    assert!(at("steady/fingerprint") < at("steady/probe"), "the prober writes afterwards");
}

#[test]
fn what_is_volatile_must_be_a_table_or_a_column() {
    for wrong in ["a.b.c", "users; DROP TABLE users", "user's"] {
        let bed = fingerprinted().change("stack/stack.yaml", "table: sessions", &format!("table: \"{wrong}\""));
        let problems = bed.problems().to_string();
        assert!(problems.contains("is no table"), "{problems}");
    }
}
