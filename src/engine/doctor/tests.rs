//! Every finding, fine and not.

use super::*;
use crate::clock::unix_now;
use crate::engine::{Engine, FakeEngine, Ownership, ResourceKind, label};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

fn info() -> EngineInfo {
    EngineInfo {
        version: "20.10.24+dfsg1".to_owned(),
        api: "1.41".to_owned(),
        storage: "overlay2".to_owned(),
        cgroup: "v2".to_owned(),
        cpus: 2,
        memory: 4 << 30,
        time: "2026-01-05T12:00:00.5Z".to_owned(),
        root: "/".to_owned(),
    }
}

fn fake() -> FakeEngine {
    let run = RunId::new("doctor").expect("a name");
    FakeEngine::new(Ownership { run, owner: "here".to_owned(), expires: 0, datacenter: None })
}

fn level(finding: &Finding) -> Level {
    assert_eq!(finding.level == Level::Ok, finding.hint.is_empty(), "what is not fine says what to do: {finding:?}");
    finding.level
}

#[test]
fn versions_are_compared_as_numbers() {
    assert_eq!(level(&version(&info())), Level::Ok);
    for (engine, api, expected) in [
        ("28.2.2", "1.50", Level::Ok),
        ("19.03.8", "1.40", Level::Fail),
        ("20.9", "1.41", Level::Fail),
        ("?", "1.41", Level::Fail),
    ] {
        let info = EngineInfo { version: engine.to_owned(), api: api.to_owned(), ..info() };
        assert_eq!(level(&version(&info)), expected, "{engine}");
    }
}

#[test]
fn resources_of_the_host_have_levels() {
    assert_eq!(level(&storage(&info())), Level::Ok);
    assert_eq!(level(&storage(&EngineInfo { storage: "vfs".to_owned(), ..info() })), Level::Warn);
    assert_eq!(level(&memory(&info())), Level::Ok);
    assert_eq!(level(&memory(&EngineInfo { memory: 1 << 30, ..info() })), Level::Warn);
    assert_eq!(level(&cpus(&info())), Level::Ok);
    assert_eq!(level(&cpus(&EngineInfo { cpus: 1, ..info() })), Level::Warn);
    assert_eq!(
        [100 << 30, 5 << 30, 1 << 30].map(|free| level(&disk_level("/d", free))),
        [Level::Ok, Level::Warn, Level::Fail]
    );
    assert_eq!(level(&disk(&EngineInfo { root: "/nowhere/at/all".to_owned(), ..info() })), Level::Warn);
}

#[test]
fn clocks_that_differ_are_noticed() {
    let ours = DrillTime::parse("2026-01-05T12:00:00Z").expect("a time").unix();
    assert_eq!(level(&clocks(&info(), ours)), Level::Ok);
    assert_eq!(level(&clocks(&info(), ours - 60)), Level::Warn);
    assert_eq!(level(&clocks(&EngineInfo { time: "noon".to_owned(), ..info() }, ours)), Level::Warn);
}

#[test]
fn bytes_are_printed_for_people() {
    assert_eq!(
        [512 << 20, 3 << 29, 10 << 30].map(|bytes| Bytes(bytes).to_string()),
        ["512 MiB", "1.5 GiB", "10.0 GiB"]
    );
}

#[tokio::test]
async fn no_engine_is_one_finding() {
    let absent = EngineError::Absent("no socket".to_owned());
    let asker = Asker { host: "here", now_unix: 0 };
    let findings = examine(Err(&absent), asker, |_| false, None).await;
    assert_eq!(findings.len(), 1);
    assert_eq!(level(&findings[0]), Level::Fail);
}

#[tokio::test]
async fn leftovers_of_killed_runs_are_counted_and_left_alone() {
    let engine = fake();
    let asker = Asker { host: "here", now_unix: 100 };
    assert_eq!(level(&leftovers(&engine, asker, &|_| false).await.expect("looked")), Level::Ok);
    let labels = [(label::RUN, "dead"), (label::OWNER, "here"), (label::EXPIRES, "900")];
    let labels: BTreeMap<_, _> = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    engine.plant(ResourceKind::Container, "app", labels);
    let finding = leftovers(&engine, asker, &|_| false).await.expect("looked");
    assert_eq!(level(&finding), Level::Warn);
    assert!(finding.detail.starts_with("1 "), "{finding:?}");
    assert_eq!(level(&leftovers(&engine, asker, &|_| true).await.expect("looked")), Level::Ok, "it lives");
    assert!(engine.calls().is_empty() && engine.everything().await.expect("listed").len() == 1);
}

#[tokio::test]
async fn a_base_image_that_is_here_is_fine() {
    let engine = fake();
    engine.put_image(BASE_IMAGE, "sha256:0");
    let finding = base_image(&engine).await.expect("looked");
    assert_eq!(finding, Finding::ok("base image", format!("{BASE_IMAGE} is here")));
    assert!(engine.image("other").await.expect("looked").is_none());
}

/// A plan with one service per datacenter, a front and a one-shot job, each of 1 GiB.
fn plan() -> Plan {
    let service = |datacenter: Option<&str>, name: &str, job: bool, published: Option<u16>| {
        json!({
            "key": { "datacenter": datacenter, "service": name }, "image": "app", "mounts": [], "networks": [],
            "restart": "no", "init": true, "memory": 1_u64 << 30, "job": job, "published": published,
        })
    };
    let key = |datacenter: Option<&str>, name: &str| json!({ "datacenter": datacenter, "service": name });
    let step = |name: &str, phase: &str, action: Value| json!({ "name": format!("{phase}/{name}"), "phase": phase, "deadline": "1m", "action": action });
    let site = |role: &str| json!({ "role": role, "country": "DE", "provider": "P", "seat": "DE" });
    let at = "2026-01-05T00:00:00Z";
    let text = json!({ "en": "T", "de": "T" });
    let job = json!([{ "at": key(Some("a"), "backup"), "run": ["backup"], "deadline": "1m" }]);
    let plan = json!({
        "version": 1, "name": "p", "title": text, "risks": [], "seed": 1,
        "objectives": { "rto": "4h", "rpo": "26h" }, "inputs": [], "tenants": ["acme"],
        "stack": {
            "name": "s", "title": text, "test_object": "model", "domain": "example", "primary": "a", "mirror": "b",
            "datacenters": { "a": site("primary"), "b": site("mirror") },
            "residency": { "countries": ["DE"], "seats": ["DE"] }, "front": { "service": "proxy", "port": 443 },
            "services": [
                service(None, "proxy", false, Some(443)), service(Some("a"), "app", false, None),
                service(Some("b"), "app", false, None), service(Some("a"), "backup", true, None),
            ],
            "images": {
                "app": { "build": { "context": "app", "dockerfile": "Dockerfile", "args": {}, "content": "c1" } },
                "db": { "named": "db:1" },
            },
            "protection": {}, "driver": { "mediawiki": { "api": "/api.php" } }, "access": [],
            "policy": { "hourly_minute": 0, "hourly_keep": 4, "daily_at": 300, "daily_keep": 7, "mirror_at": 1200 },
            "operations": {},
        },
        "calendar": {
            "begins": at, "disaster": at, "generations": [], "scheduled": 0, "vault_keeps": [], "mirror_keeps": [],
            "worst_case_rpo_seconds": 0,
        },
        "workload": { "writes": 1, "pages": 1, "uploads": 1 },
        "probe": { "light": "1s", "full": "2s", "timeout": "3s", "sustain": 5 },
        "faults": [{ "datacenter-loss": { "datacenter": "a" } }], "affected": ["acme"], "detection": "oracle",
        "allowances": [], "prediction": {}, "checks": [],
        "runbook": { "name": "r", "title": text, "from": "b", "tag": "daily", "sha256": "0" },
        "steps": [
            step("front", "start", json!({ "start": { "services": [key(None, "proxy"), key(Some("a"), "app")] } })),
            step("backup", "history", json!({ "run": { "commands": job } })),
            step("loss", "fault", json!({ "fault": { "index": 0 } })),
            step("again", "recover", json!({ "start": { "services": [key(Some("b"), "app")] } })),
        ],
    });
    serde_json::from_value(plan).expect("a plan")
}

#[test]
fn the_busiest_moment_counts_jobs_and_forgets_what_a_fault_took() {
    let plan = plan();
    let found = peak(&plan);
    assert_eq!((found.memory, found.containers, found.step.as_str()), (3 << 30, 3, "history/backup"));
    assert!(found.unlimited.is_empty());

    let mut survivors = plan.clone();
    survivors.steps.remove(2);
    assert_eq!(peak(&survivors).memory, 3 << 30, "without the loss, both datacenters run beside the front");
    let mut lost = plan;
    lost.steps.remove(1);
    assert_eq!(peak(&lost).memory, 2 << 30, "after the loss, only one does");
}

#[test]
fn a_plan_fits_or_not() {
    let mut plan = plan();
    let of = |gib: u64| EngineInfo { memory: gib << 30, ..info() };
    assert_eq!(level(&plan_memory(&of(8), &plan)), Level::Ok);
    assert_eq!(level(&plan_memory(&of(3), &plan)), Level::Warn, "only just");
    assert_eq!(level(&plan_memory(&of(2), &plan)), Level::Fail);
    plan.stack.services[1].memory = None;
    let finding = plan_memory(&of(8), &plan);
    assert_eq!(level(&finding), Level::Warn);
    assert!(finding.detail.contains("a/app"), "{finding:?}");
}

#[test]
fn exactly_the_front_publishes_a_port() {
    let mut plan = plan();
    assert_eq!(level(&plan_front(&plan)), Level::Ok);
    plan.stack.services[1].published = Some(80);
    assert_eq!(level(&plan_front(&plan)), Level::Fail, "two");
    plan.stack.services[0].published = None;
    assert_eq!(level(&plan_front(&plan)), Level::Fail, "the wrong one");
    plan.stack.services[1].published = None;
    assert_eq!(level(&plan_front(&plan)), Level::Fail, "none");
}

#[tokio::test]
async fn images_of_a_plan_are_here_to_be_built_or_to_be_pulled() {
    let (engine, plan) = (fake(), plan());
    let finding = plan_images(&engine, &plan).await.expect("looked");
    assert_eq!(level(&finding), Level::Warn, "a registry is needed");
    assert_eq!(finding.detail, "0 here, 1 to build (app), 1 to pull (db)");
    engine.put_image(BASE_IMAGE, "b1");
    engine.put_image("db:1", "d1");
    assert_eq!(plan_images(&engine, &plan).await.expect("looked").detail, "1 here, 1 to build (app)");
    let shared: Arc<dyn Engine> = Arc::new(engine.clone());
    images::ensure_images(shared, Path::new("/stack"), &plan.stack.images, |_| ()).await.expect("built");
    assert_eq!(plan_images(&engine, &plan).await.expect("looked"), Finding::ok("images", "2 here"));
    let findings = examine(Ok(&engine), Asker { host: "here", now_unix: unix_now() }, |_| false, Some(&plan)).await;
    assert!(findings.iter().all(|finding| level(finding) != Level::Fail), "{findings:?}");
    assert_eq!(findings.len(), 11);
}
