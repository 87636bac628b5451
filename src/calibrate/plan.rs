//! The plan that a calibration's journal begins with: tenants, one fault and the prober's grids; no service is ever started.

use super::cases::Role;
use super::{CalibrateError, PROBE};
use crate::clock::DrillTime;
use crate::ids::{Datacenter, Service, Tenant};
use crate::plan::{
    Calendar, DatacenterPlan, Detection, Driver, FaultPlan, FrontPlan, Objectives, PLAN_VERSION, Plan, Policy,
    Prediction, Residency, Role as Part, RunbookPlan, StackPlan, Tag, TestObject, Text, WorkloadPlan,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Path of the API, as the stub and the driver both know it.
pub const API: &str = "/api.php";

pub fn plan(roles: &[Role], seed: u64) -> Result<Plan, CalibrateError> {
    let text = || Text { en: "Calibration of the prober".to_owned(), de: "Kalibrierung der Messung".to_owned() };
    let begins = DrillTime::from_unix(0);
    let at = Datacenter::new("stub")?;
    let place =
        DatacenterPlan { role: Part::Primary, country: String::new(), provider: String::new(), seat: String::new() };
    let tenants: Vec<Tenant> = roles.iter().map(|role| role.tenant.clone()).collect();
    let affected = roles.iter().filter(|role| role.case.is_outage()).map(|role| role.tenant.clone()).collect();
    Ok(Plan {
        version: PLAN_VERSION,
        name: "calibration".to_owned(),
        title: text(),
        risks: Vec::new(),
        seed,
        objectives: Objectives { rto: Duration::from_secs(3600), rpo: Duration::from_secs(3600), machine: None },
        inputs: Vec::new(),
        stack: StackPlan {
            vault_plain: Vec::new(),
            volatile: Vec::new(),
            name: "stub".to_owned(),
            title: text(),
            test_object: TestObject::Model,
            domain: super::stub::DOMAIN.to_owned(),
            primary: at.clone(),
            mirror: at.clone(),
            datacenters: BTreeMap::from([(at.clone(), place)]),
            residency: Residency { countries: Vec::new(), seats: Vec::new() },
            front: FrontPlan { service: Service::new("stub")?, port: 80 },
            services: Vec::new(),
            images: BTreeMap::new(),
            protection: BTreeMap::new(),
            driver: Driver::Mediawiki { api: API.to_owned() },
            access: Vec::new(),
            policy: Policy { hourly_minute: 0, hourly_keep: 1, daily_at: 0, daily_keep: 1, mirror_at: 0 },
            operations: BTreeMap::new(),
        },
        calendar: Calendar {
            begins,
            disaster: begins,
            generations: Vec::new(),
            scheduled: 0,
            vault_keeps: Vec::new(),
            mirror_keeps: Vec::new(),
            worst_case_rpo_seconds: 0,
        },
        workload: WorkloadPlan { writes: 0, pages: 1, uploads: 1, large_upload: false },
        probe: PROBE,
        faults: vec![FaultPlan::DatacenterLoss { datacenter: at.clone() }],
        prediction: tenants.iter().map(|tenant| (tenant.clone(), Prediction::Untouched)).collect(),
        affected,
        detection: Detection::Oracle,
        allowances: Vec::new(),
        runbook: RunbookPlan {
            name: "wait".to_owned(),
            title: text(),
            from: at,
            tag: Tag::Daily,
            sha256: "0".repeat(64),
        },
        checks: Vec::new(),
        steps: Vec::new(),
        sabotage: None,
        tenants,
    })
}
