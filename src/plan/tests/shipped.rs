//! The scenarios and stacks that ship.

use crate::plan::{Compiled, Overrides, Prediction, compile};
use std::path::Path;

pub fn shipped(name: &str) -> Compiled {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    compile(&path, &Overrides::default()).unwrap_or_else(|problems| panic!("{}", problems.render(false, 110)))
}

pub fn steps(compiled: &Compiled) -> String {
    compiled.plan.steps.iter().map(|step| step.name.0.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn all_of_them_compile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let yaml = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let yaml: Vec<String> = yaml.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert!(yaml.len() >= 9);
    for name in &yaml {
        assert_eq!(format!("{}.yaml", shipped(name).plan.name), *name);
    }
}

#[test]
fn the_steps_of_datacenter_loss() {
    insta::assert_snapshot!(steps(&shipped("datacenter-loss.yaml")), @r"
    prepare/images
    prepare/networks
    prepare/secrets
    start/services
    start/install
    baseline/corpus
    baseline/reindex
    history/write-2026-01-05T00-05
    history/backup-daily-2026-01-05T00-05
    history/mirror-2026-01-05T00-20
    history/write-2026-01-06T00-05
    history/backup-daily-2026-01-06T00-05
    history/write-2026-01-07T00-05
    history/backup-daily-2026-01-07T00-05
    history/write-2026-01-08T00-05
    history/backup-daily-2026-01-08T00-05
    history/write-2026-01-09T00-05
    history/backup-daily-2026-01-09T00-05
    history/write-2026-01-10T00-05
    history/backup-daily-2026-01-10T00-05
    history/write-2026-01-11T00-05
    history/backup-daily-2026-01-11T00-05
    history/write-2026-01-12T00-05
    history/backup-daily-2026-01-12T00-05
    history/mirror-2026-01-12T00-20
    history/retention-helsinki
    history/write-2026-01-12T08-00
    history/backup-hourly-2026-01-12T08-00
    history/write-2026-01-12T09-00
    history/backup-hourly-2026-01-12T09-00
    history/write-2026-01-12T10-00
    history/backup-hourly-2026-01-12T10-00
    history/write-2026-01-12T11-00
    history/backup-hourly-2026-01-12T11-00
    history/write-2026-01-12T12-00
    history/backup-hourly-2026-01-12T12-00
    history/write-2026-01-12T13-00
    history/backup-hourly-2026-01-12T13-00
    history/retention-falkenstein
    history/write-2026-01-12T13-37
    steady/snapshots-falkenstein
    steady/snapshots-helsinki
    steady/encryption
    steady/reindex
    steady/readback
    steady/fingerprint
    steady/probe
    steady/gate
    fault/datacenter-loss
    detect/notice
    decide/declare
    recover/start-platform
    recover/provision
    recover/fetch
    recover/load
    recover/start-wikis
    recover/reindex
    recover/switch
    recover/front-answers
    verify/fingerprint
    verify/readback
    verify/encryption
    verify/sustain
    restart/services
    restart/front-answers
    restart/fingerprint
    restart/readback
    restart/front-stays
    soak/watch
    soak/probe-end
    soak/backup-hourly-2026-01-12T14-00
    soak/snapshots-helsinki
    soak/side-restore-helsinki
    soak/fingerprint
    soak/readback
    ");
}

#[test]
fn the_recovery_of_one_tenant() {
    let compiled = shipped("notes-tenant-deleted.yaml");
    let recovery: Vec<String> = compiled
        .plan
        .steps
        .iter()
        .map(|step| step.name.to_string())
        .filter(|name| ["fault/", "recover/", "verify/", "soak/"].iter().any(|phase| name.starts_with(phase)))
        .collect();
    let expected = [
        "fault/tenant-deleted",
        "recover/provide-tenant",
        "recover/fetch",
        "recover/load",
        "recover/front-answers",
        "verify/fingerprint",
        "verify/readback",
        "verify/encryption",
        "verify/sustain",
        "soak/watch",
        "soak/probe-end",
        "soak/backup-hourly-2026-01-12T14-00",
        "soak/backup-daily-2026-01-13T00-05",
        "soak/mirror-2026-01-13T00-20",
        "soak/snapshots-falkenstein",
        "soak/snapshots-helsinki",
        "soak/side-restore-falkenstein",
        "soak/side-restore-helsinki",
        "soak/fingerprint",
        "soak/readback",
    ];
    assert_eq!(recovery, expected);
}

#[test]
fn the_worst_moment_loses_a_day() {
    let compiled = shipped("datacenter-loss-worst.yaml");
    for prediction in compiled.plan.prediction.values() {
        let Prediction::Generation(generation) = prediction else { panic!("{prediction:?}") };
        assert_eq!(generation.to_string(), "daily 2026-01-11T00:05:00Z");
    }
    assert_eq!(compiled.plan.calendar.disaster.to_string(), "2026-01-12T00:19:00Z");
}
