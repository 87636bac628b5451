//! Damage that nobody notices for hours: life goes on, and backups that carry it push the good ones out.

use super::bed::Bed;
use super::shipped::{shipped, steps};
use crate::plan::{Action, Command, FaultPlan, Operation, Plan, Prediction, Tag};

fn of_phase(steps: &str, phase: &str) -> Vec<String> {
    steps.lines().filter_map(|step| step.strip_prefix(phase)).map(str::to_owned).collect()
}

#[test]
fn users_write_and_backups_are_taken_until_somebody_notices() {
    let compiled = shipped("notes-late-corruption.yaml");
    let (plan, steps) = (&compiled.plan, steps(&compiled));
    insta::assert_snapshot!(of_phase(&steps, "detect/").join("\n"), @r"
    write-2026-01-12T09-00
    backup-hourly-2026-01-12T09-00
    write-2026-01-12T10-00
    backup-hourly-2026-01-12T10-00
    write-2026-01-12T11-00
    backup-hourly-2026-01-12T11-00
    write-2026-01-12T12-00
    backup-hourly-2026-01-12T12-00
    write-2026-01-12T13-00
    backup-hourly-2026-01-12T13-00
    retention-falkenstein
    notice
    ");
    let taken: Vec<String> = plan.unnoticed().map(|generation| generation.to_string()).collect();
    assert_eq!((taken.len(), taken[4].as_str()), (5, "hourly 2026-01-12T13:00:00Z"));
    // Out of band only those are looked at with these backups who can be compared with them.
    let prints = plan.steps.iter().filter(|step| step.name.0.starts_with("detect/backup"));
    for step in prints {
        let Action::Backup { commands, fingerprint, .. } = &step.action else { panic!("{step:?}") };
        let whose = |of: &[Command]| of.iter().filter_map(|one| one.tenant.clone()).collect::<Vec<_>>();
        assert_eq!(whose(commands), plan.tenants);
        assert_eq!(whose(fingerprint), plan.tenants[1..]);
    }
    // The next one after the recovery comes when it is over, not when it began.
    assert!(steps.contains("soak/backup-hourly-2026-01-12T14-00"), "{steps}");
    let Prediction::Generation(promised) = plan.prediction[&plan.tenants[0]] else { panic!("{:?}", plan.prediction) };
    assert_eq!((promised.tag, promised.time.to_string().as_str()), (Tag::Daily, "2026-01-12T00:05:00Z"));
    assert!(matches!(plan.faults[..], [FaultPlan::RowsOverwritten { .. }]));
    assert_eq!(plan.stack.operations[&Operation::Overwrite].len(), plan.tenants.len());
}

/// The small stack, of which two hourly generations are kept, with everything that these faults need.
fn bed(faults: &str, after: &str) -> Bed {
    let operations = ["overwrite", "overwritten", "delete-tenant", "inventory"]
        .map(|name| format!("\n  {name}: [{{ service: toolbox, for: tenants, run: [/{name}] }}]"));
    let declared = format!("database: {{ service: vault }}\noperations:{}", operations.concat());
    Bed::new()
        .change("scenarios/loss.yaml", "  - datacenter-loss: { datacenter: north }", faults)
        .change("scenarios/loss.yaml", "detection: probe", &format!("detection: {after}"))
        .change("stack/stack.yaml", "operations:", &declared)
}

fn from_hourly(bed: Bed) -> Plan {
    let bed = bed.change("stack/runbooks/rebuild.yaml", "tag: daily", "tag: hourly").change(
        "stack/runbooks/rebuild.yaml",
        "from: \"${MIRROR}\"",
        "from: \"${PRIMARY}\"",
    );
    bed.compile().map_err(|problems| problems.to_string()).unwrap().plan
}

const ROWS: &str = "  - rows-overwritten: { tenant: acme }";
const DELETED: &str = "  - tenant-deleted: { tenant: globex }";

#[test]
fn where_damage_gets_into_backups_the_good_ones_are_pushed_out_in_time() {
    let promised = |faults: &str, after: &str| {
        let plan = from_hourly(bed(faults, after));
        (plan.tenants.iter().map(|tenant| plan.prediction[tenant]).collect::<Vec<_>>(), plan.unnoticed().count())
    };
    assert!(
        matches!(promised(ROWS, "1h"), (of, 1) if matches!(of[..], [Prediction::Generation(_), Prediction::Untouched]))
    );
    assert_eq!(promised(ROWS, "2h"), (vec![Prediction::Beyond, Prediction::Untouched], 2));
    // The job of a tenant that is gone takes no backup, whatever happens to another one.
    let (both, _) = promised(&format!("{ROWS}\n{DELETED}"), "5h");
    assert!(matches!(both[..], [Prediction::Beyond, Prediction::Generation(_)]), "{both:?}");
}

#[test]
fn nobody_writes_right_after_the_disaster() {
    let early = bed(DELETED, "1h").change("scenarios/loss.yaml", "13:37", "13:57");
    let plan = from_hourly(early);
    let steps: Vec<&str> =
        plan.steps.iter().map(|step| step.name.0.as_str()).filter(|name| name.starts_with("detect/")).collect();
    assert_eq!(steps, ["detect/backup-hourly-2026-01-06T14-00", "detect/retention-north", "detect/notice"]);
}

#[test]
fn what_a_mirror_holds_after_a_run_that_nobody_planned_for_is_not_guessed() {
    bed(DELETED, "1h")
        .change("scenarios/loss.yaml", "disaster: { at: \"13:37\" }", "disaster: { at: «worst» }")
        .refused("a mirror run comes before anybody notices", "restore from the primary's vault");
}

#[test]
fn in_a_lost_datacenter_nothing_goes_on() {
    let bed = Bed::new().change("scenarios/loss.yaml", "detection: probe", "detection: 5h");
    let plan = bed.compile().map_err(|problems| problems.to_string()).unwrap().plan;
    assert_eq!(plan.unnoticed().count(), 0);
}
