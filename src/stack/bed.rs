//! A site on the fake engine, for tests: the sample's plan, a journal and a folder of its own.

use super::names::Names;
use super::site::{Handles, Site};
use crate::clock::SystemClock;
use crate::engine::{ContainerSpec, FakeEngine, Id, Ownership};
use crate::ids::{RunId, Service};
use crate::journal::sample::Sample;
use crate::journal::{Event, Writer, read};
use crate::plan::{Plan, RestartPolicy, ServiceKey, ServicePlan};
use assert_fs::TempDir;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) use crate::journal::sample::datacenter;

pub(super) struct Bed {
    pub folder: TempDir,
    pub engine: FakeEngine,
    pub site: Site,
}

impl Bed {
    pub fn new() -> Self {
        Self::with(plan())
    }

    pub fn with(plan: Plan) -> Self {
        let folder = TempDir::new().expect("a folder");
        let run = RunId::new("r1").expect("a name");
        let ownership = Ownership { run: run.clone(), owner: "host".to_owned(), expires: 1000, datacenter: None };
        let engine = FakeEngine::new(ownership);
        let datacenters =
            plan.stack.datacenters.keys().map(|name| (name.clone(), engine.for_datacenter(Some(name.clone()))));
        let handles = Handles { run: engine.for_datacenter(None), datacenters: datacenters.collect() };
        let clock = Arc::new(SystemClock::start());
        let journal = Writer::create(&folder.path().join("journal.ndjson"), clock).expect("a journal");
        let path = |name: &str| folder.path().join(name);
        let site =
            Site::new(Arc::new(plan), journal, Names::of(&run), handles, path("stack"), path("secrets"), path("logs"));
        Self { folder, engine, site }
    }

    /// A running container of a service, with a short name (`helsinki-acme-web`), known to the site.
    pub async fn run(&self, at: &str, tenant: Option<&str>, service: &str) -> Id {
        let key = key(at, tenant, service);
        let spec = ContainerSpec {
            name: format!("{at}-{}-{service}", tenant.unwrap_or_default()),
            service: Some(key.service.clone()),
            tenant: key.tenant.clone(),
            ..ContainerSpec::default()
        };
        let engine = self.site.handles().of(Some(&datacenter(at)));
        let id = engine.create(&spec).await.expect("created");
        engine.start(&id).await.expect("started");
        self.site.state().containers.insert(key, id.clone());
        id
    }

    /// The events so far.
    pub fn events(&self) -> Vec<Event> {
        let journal = read(&self.folder.path().join("journal.ndjson")).expect("a journal");
        journal.entries.into_iter().map(|entry| entry.event).collect()
    }
}

pub(super) fn key(at: &str, tenant: Option<&str>, service: &str) -> ServiceKey {
    let service = Service::new(service).expect("a name");
    ServiceKey { datacenter: Some(datacenter(at)), tenant: tenant.map(crate::journal::sample::tenant), service }
}

/// The plan of the sample, a datacenter loss, with a service for commands.
pub(super) fn plan() -> Plan {
    let Event::RunStarted(started) = Sample::datacenter_loss().events.swap_remove(0).1 else {
        panic!("a journal begins with the start of its run");
    };
    let mut plan = started.plan;
    plan.stack.services.push(service(key("helsinki", Some("acme"), "backup")));
    plan
}

pub(super) fn service(key: ServiceKey) -> ServicePlan {
    ServicePlan {
        key,
        image: "app".to_owned(),
        entrypoint: None,
        command: None,
        environment: BTreeMap::new(),
        mounts: Vec::new(),
        networks: Vec::new(),
        health: None,
        restart: RestartPolicy::No,
        init: true,
        memory: None,
        milli_cpus: None,
        after: Vec::new(),
        job: false,
        user: None,
        working_dir: None,
        cap_drop: Vec::new(),
        stop_grace: None,
        published: None,
    }
}

/// An archive as the engine makes it of a volume.
pub(super) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        builder.append_data(&mut header, name, *bytes).expect("a file");
    }
    builder.into_inner().expect("an archive")
}
