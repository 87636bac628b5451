//! The fault `database-corruption`: what it stops and restarts, and what a stack must say for it.

use super::bed::Bed;
use crate::plan::{Action, Detection, FaultPlan, Operation, Prediction};
use std::time::Duration;

const FAULT: &str = "database-corruption: { tenant: acme }";

/// The small stack with everything that the fault needs; `database` and `fault` as they are typed.
fn bed(database: &str, fault: &str) -> Bed {
    let operations = ["corrupt", "integrity", "monitor"]
        .map(|name| format!("\n  {name}: [{{ service: toolbox, for: tenants, run: [/{name}, \"${{TENANT}}\"] }}]"));
    Bed::new().change("scenarios/loss.yaml", "datacenter-loss: { datacenter: north }", fault).change(
        "stack/stack.yaml",
        "operations:",
        &format!("{database}operations:{}", operations.concat()),
    )
}

#[test]
fn it_stops_the_shared_server_and_restarts_what_would_hide_the_damage() {
    let bed = bed("database: { service: vault, caches: [app] }\n", FAULT).change(
        "scenarios/loss.yaml",
        "detection: probe",
        "detection: { monitor: { every: 5s, deadline: 3m } }",
    );
    let plan = bed.compile().map_err(|problems| problems.to_string()).unwrap().plan;
    let [FaultPlan::DatabaseCorruption { tenant, server, caches }] = plan.faults.as_slice() else {
        panic!("{:?}", plan.faults)
    };
    assert_eq!((tenant.as_str(), server.to_string().as_str()), ("acme", "north/vault"));
    assert_eq!(caches.iter().map(ToString::to_string).collect::<Vec<_>>(), ["north/acme/app"]);
    assert_eq!(plan.affected, std::slice::from_ref(tenant));
    assert!(matches!(plan.prediction[tenant], Prediction::Generation(_)));
    let [every, deadline] = [5, 180].map(Duration::from_secs);
    assert_eq!(plan.detection, Detection::Monitor { every, deadline });
    let detect = plan.steps.iter().find(|step| step.action == Action::Detect).unwrap();
    assert_eq!(detect.deadline, deadline);
    let integrity = &plan.stack.operations[&Operation::Integrity];
    assert_eq!(integrity.iter().filter(|command| command.tenant.as_ref() == Some(tenant)).count(), 1);
}

#[test]
fn a_stack_that_does_not_say_enough_is_refused() {
    bed("", "«database-corruption»: { tenant: acme }")
        .refused("does not say which service is the database server", "add `database:");
    let scenario = |typed| Bed::new().change("scenarios/loss.yaml", "datacenter-loss: { datacenter: north }", typed);
    scenario("database-corruption: { tenant: «acm» }").refused("the scenario has no tenant `acm`", "acme");
    let refused = |database: &str, message, hint| bed(database, FAULT).refused(message, hint);
    refused("database: { service: «app», caches: [] }\n", "`app` is not shared by the tenants", "all tenants share");
    refused("database: { service: «toolbox», caches: [] }\n", "`toolbox` is a job", "runs all the time");
    refused("database: { service: vault, caches: [«proxy»] }\n", "`proxy` stands in no datacenter", "leave it out");
    refused("database: { service: vault, caches: [«cash»] }\n", "the stack has no service `cash`", "");
    Bed::new()
        .change("scenarios/loss.yaml", "detection: probe", "detection: monitor")
        .change("stack/stack.yaml", "operations:", "«operations»:")
        .refused("this drill needs the stack's operation `monitor`", "add `monitor:");
}
