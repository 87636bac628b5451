//! The plan of the samples: three tenants, two datacenters, six generations in two and a half days.

use super::{Disaster, datacenter, drill_time, tenant};
use crate::ids::{Datacenter, Service, StepName, Tenant};
use crate::plan::{
    AccessAction, AccessRule, Action, Allowance, Calendar, Check, Command, DatacenterPlan, Detection, Driver,
    FaultPlan, FrontPlan, Generation, Moment, Objectives, Operation, PLAN_VERSION, Part, Phase, Plan, Policy,
    Prediction, ProbePlan, Residency, Role, RunbookPlan, ServiceKey, StackPlan, Step, Tag, TestObject, Text, Who,
    WorkloadPlan,
};
use std::collections::BTreeMap;
use std::time::Duration;

fn text(en: &str, de: &str) -> Text {
    Text { en: en.to_owned(), de: de.to_owned() }
}

pub fn key(at: Option<&str>, of: Option<&Tenant>, service: &str) -> ServiceKey {
    let service = Service::new(service).expect("a name");
    ServiceKey { datacenter: at.map(datacenter), tenant: of.cloned(), service }
}

fn command(at: &str, of: Option<&Tenant>, service: &str, run: &str) -> Command {
    Command {
        at: key(Some(at), of, service),
        tenant: of.cloned(),
        run: vec![run.to_owned()],
        deadline: Duration::from_secs(60),
    }
}

pub fn generations() -> Vec<Generation> {
    let at = |tag, text| Generation { time: drill_time(text), tag };
    vec![
        at(Tag::Daily, "2026-01-06T00:05:00Z"),
        at(Tag::Hourly, "2026-01-06T12:00:00Z"),
        at(Tag::Hourly, "2026-01-06T13:00:00Z"),
        at(Tag::Daily, "2026-01-07T00:05:00Z"),
        at(Tag::Hourly, "2026-01-07T12:00:00Z"),
        at(Tag::Hourly, "2026-01-07T13:00:00Z"),
    ]
}

fn dailies() -> Vec<Generation> {
    generations().into_iter().filter(|generation| generation.tag == Tag::Daily).collect()
}

fn kept_by_the_vault() -> Vec<Generation> {
    let all = generations();
    vec![all[0], all[3], all[4], all[5]]
}

fn stack(tenants: &[Tenant]) -> StackPlan {
    let place = |role, country: &str| DatacenterPlan {
        role,
        country: country.to_owned(),
        provider: "Nordlicht Hosting GmbH".to_owned(),
        seat: "DE".to_owned(),
    };
    let rule = |who, may: &[AccessAction]| AccessRule { who, may: may.to_vec() };
    let (read, edit, locked) = (AccessAction::Read, AccessAction::Edit, AccessAction::EditProtected);
    let each = |run: &str| tenants.iter().map(|tenant| command("falkenstein", Some(tenant), "backup", run)).collect();
    StackPlan {
        name: "wiki-cloud".to_owned(),
        title: text("Multi-tenant wiki cloud", "Mandantenfähige Wiki-Cloud"),
        test_object: TestObject::Model,
        domain: "wiki.example".to_owned(),
        primary: datacenter("falkenstein"),
        mirror: datacenter("helsinki"),
        datacenters: BTreeMap::from([
            (datacenter("falkenstein"), place(Role::Primary, "DE")),
            (datacenter("helsinki"), place(Role::Mirror, "FI")),
        ]),
        residency: Residency {
            countries: vec!["DE".to_owned(), "FI".to_owned()],
            seats: vec!["DE".to_owned(), "FI".to_owned()],
        },
        front: FrontPlan { service: Service::new("proxy").expect("a name"), port: 443 },
        services: Vec::new(),
        images: BTreeMap::new(),
        protection: BTreeMap::new(),
        driver: Driver::Mediawiki { api: "/api.php".to_owned() },
        access: vec![
            rule(Who::Stranger, &[]),
            rule(Who::Reader, &[read]),
            rule(Who::Editor, &[read, edit]),
            rule(Who::Admin, &[read, edit, locked]),
        ],
        policy: Policy { hourly_minute: 0, hourly_keep: 2, daily_at: 300, daily_keep: 7, mirror_at: 1200 },
        vault_plain: Vec::new(),
        volatile: Vec::new(),
        operations: BTreeMap::from([
            (Operation::Backup, each("/opt/operator/backup")),
            (Operation::KeyTrial, each("/opt/operator/key-trial")),
        ]),
    }
}

/// The generations that are taken after the recovery, and the vault that each is restored from on the side.
pub fn protect(disaster: Disaster) -> Vec<(Generation, Datacenter)> {
    let hourly = Generation { time: drill_time("2026-01-07T14:00:00Z"), tag: Tag::Hourly };
    let daily = Generation { time: drill_time("2026-01-08T00:05:00Z"), tag: Tag::Daily };
    match disaster {
        Disaster::DatacenterLoss => vec![(hourly, datacenter("helsinki"))],
        Disaster::TenantDeleted => vec![(hourly, datacenter("falkenstein")), (daily, datacenter("helsinki"))],
    }
}

fn backup(generation: Generation) -> Action {
    Action::Backup { generation, commands: Vec::new(), fingerprint: Vec::new() }
}

const fn fingerprint(moment: Moment) -> Action {
    Action::Fingerprint { moment, commands: Vec::new() }
}

fn steps(disaster: Disaster, tenants: &[Tenant]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut add = |name: &str, phase: Phase, part: Option<Part>, action: Action| {
        let name = StepName(format!("{}/{name}", phase.name()));
        steps.push(Step { name, phase, part, deadline: Duration::from_secs(120), action });
    };
    let run = |at: &str, what: &str| Action::Run {
        commands: tenants.iter().map(|tenant| command(at, Some(tenant), "backup", what)).collect(),
    };
    let both = [datacenter("falkenstein"), datacenter("helsinki")];
    add("images", Phase::Prepare, None, Action::Images);
    add("networks", Phase::Prepare, None, Action::Networks);
    add("services", Phase::Start, None, Action::Start { services: vec![key(Some("falkenstein"), None, "database")] });
    add("corpus", Phase::Baseline, None, Action::Baseline);
    for (at, generation) in generations().into_iter().enumerate() {
        add(&format!("write-{at}"), Phase::History, None, Action::Write { before: generation.time });
        add(&format!("backup-{at}"), Phase::History, None, backup(generation));
    }
    for at in 0..2 {
        add(&format!("mirror-{at}"), Phase::History, None, Action::Mirror { commands: Vec::new() });
    }
    let disaster_at = drill_time("2026-01-07T13:37:00Z");
    add("write-last", Phase::History, None, Action::Write { before: disaster_at });
    add("probe", Phase::Steady, None, Action::Probe);
    for vault in &both {
        let action = Action::Snapshots { vault: vault.clone(), commands: Vec::new() };
        add(&format!("snapshots-{vault}"), Phase::Steady, None, action);
    }
    let vaults = both.to_vec();
    add("encryption", Phase::Steady, None, Action::Encryption { vaults, commands: Vec::new() });
    add("fingerprint", Phase::Steady, None, fingerprint(Moment::Steady));
    add("readback", Phase::Steady, None, Action::Readback { moment: Moment::Steady });
    add("gate", Phase::Steady, None, Action::Gate);
    add("inject-0", Phase::Fault, None, Action::Fault { index: 0 });
    add("detect", Phase::Detect, None, Action::Detect);
    add("decide", Phase::Decide, None, Action::Decide);
    let at = match disaster {
        Disaster::DatacenterLoss => "helsinki",
        Disaster::TenantDeleted => "falkenstein",
    };
    let services = vec![key(Some(at), None, "database")];
    add("start-platform", Phase::Recover, Some(Part::Provisioning), Action::Start { services });
    add("fetch", Phase::Recover, Some(Part::Fetch), run(at, "/opt/operator/fetch"));
    add("restore", Phase::Recover, Some(Part::Restore), run(at, "/opt/operator/restore"));
    add("reindex", Phase::Recover, Some(Part::Reindex), run(at, "/opt/operator/reindex"));
    add("switch-front", Phase::Recover, Some(Part::Switch), run(at, "/opt/operator/switch"));
    add("front-answers", Phase::Recover, Some(Part::Verification), Action::WaitFront);
    add("fingerprint", Phase::Verify, None, fingerprint(Moment::Health));
    add("readback", Phase::Verify, None, Action::Readback { moment: Moment::Health });
    add("sustain", Phase::Verify, None, Action::Sustain);
    let services = vec![key(Some(at), None, "database")];
    add("restart", Phase::Restart, None, Action::Restart { services });
    add("fingerprint", Phase::Restart, None, fingerprint(Moment::Restart));
    add("readback", Phase::Restart, None, Action::Readback { moment: Moment::Restart });
    add("watch", Phase::Soak, None, Action::Soak { takes: Duration::from_secs(10) });
    add("probe-end", Phase::Soak, None, Action::ProbeEnd);
    let vaults = protect(disaster);
    for (generation, _) in &vaults {
        add(&format!("backup-{}", generation.tag), Phase::Soak, None, backup(*generation));
    }
    if vaults.len() > 1 {
        add("mirror", Phase::Soak, None, Action::Mirror { commands: Vec::new() });
    }
    for (_, vault) in &vaults {
        let action = Action::Snapshots { vault: vault.clone(), commands: Vec::new() };
        add(&format!("snapshots-{vault}"), Phase::Soak, None, action);
    }
    for (_, vault) in vaults {
        let name = format!("side-restore-{vault}");
        add(&name, Phase::Soak, None, Action::SideRestore { vault, restore: Vec::new(), remove: Vec::new() });
    }
    add("fingerprint", Phase::Soak, None, fingerprint(Moment::Soak));
    add("readback", Phase::Soak, None, Action::Readback { moment: Moment::Soak });
    steps
}

pub fn plan(disaster: Disaster) -> Plan {
    let tenants: Vec<Tenant> = ["acme", "acme-prod", "globex"].map(tenant).to_vec();
    let predicted = generations()[if disaster == Disaster::DatacenterLoss { 3 } else { 5 }];
    let affected = match disaster {
        Disaster::DatacenterLoss => tenants.clone(),
        Disaster::TenantDeleted => vec![tenant("acme")],
    };
    let predict = |of: &Tenant| {
        if affected.contains(of) {
            (of.clone(), Prediction::Generation(predicted))
        } else {
            (of.clone(), Prediction::Untouched)
        }
    };
    let (name, title, fault, from) = match disaster {
        Disaster::DatacenterLoss => (
            "datacenter-loss",
            text("The primary datacenter is gone", "Totalausfall des primären Rechenzentrums"),
            FaultPlan::DatacenterLoss { datacenter: datacenter("falkenstein") },
            "helsinki",
        ),
        Disaster::TenantDeleted => (
            "tenant-deleted",
            text("A tenant is deleted by mistake", "Mandant versehentlich gelöscht"),
            FaultPlan::TenantDeleted { tenant: tenant("acme") },
            "falkenstein",
        ),
    };
    Plan {
        version: PLAN_VERSION,
        name: name.to_owned(),
        title,
        risks: vec!["R-01".to_owned()],
        seed: 42,
        objectives: Objectives {
            rto: Duration::from_secs(4 * 3600),
            rpo: Duration::from_secs(26 * 3600),
            machine: Some(Duration::from_secs(120)),
        },
        inputs: Vec::new(),
        stack: stack(&tenants),
        calendar: Calendar {
            begins: drill_time("2026-01-05T08:00:00Z"),
            disaster: drill_time("2026-01-07T13:37:00Z"),
            generations: generations(),
            scheduled: 55,
            vault_keeps: kept_by_the_vault(),
            mirror_keeps: dailies(),
            worst_case_rpo_seconds: 24 * 3600 + 900,
        },
        workload: WorkloadPlan { writes: 6, pages: 4, uploads: 2, large_upload: false },
        probe: ProbePlan {
            light: Duration::from_millis(250),
            full: Duration::from_secs(2),
            timeout: Duration::from_secs(3),
            sustain: 5,
        },
        faults: vec![fault],
        prediction: tenants.iter().map(predict).collect(),
        affected,
        detection: Detection::Probe { bad: 3, deadline: Duration::from_secs(60) },
        allowances: vec![
            Allowance { what: "decision to declare the disaster".to_owned(), takes: Duration::from_secs(1200) },
            Allowance { what: "DNS TTL".to_owned(), takes: Duration::from_secs(300) },
        ],
        runbook: RunbookPlan {
            name: "rebuild".to_owned(),
            title: text("Rebuild", "Wiederaufbau"),
            from: datacenter(from),
            tag: predicted.tag,
            sha256: "0".repeat(64),
        },
        checks: Check::ALL.to_vec(),
        steps: steps(disaster, &tenants),
        sabotage: None,
        tenants,
    }
}
