//! `plan.json` and `report.json`, for machines. In no language; durations in seconds, and their names say so.

use super::view::View;
use crate::clock::DrillTime;
use crate::ids::{RunId, Tenant};
use crate::journal::{Calibration, Parent};
use crate::plan::{Input, TestObject};
use crate::verdict::Judgement;
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the shape of `report.json`.
pub const REPORT_VERSION: u32 = 1;

#[derive(Serialize)]
struct ReportJson<'a> {
    version: u32,
    scenario: &'a str,
    run: RunJson<'a>,
    test_object: TestObject,
    tenants: &'a [Tenant],
    /// Sum of all snapshots taken, as the operator's tool reported them.
    bytes_backed_up: u64,
    judgement: &'a Judgement,
    versions: &'a BTreeMap<&'a str, &'a str>,
    inputs: &'a [Input],
    /// The last one of this host before the run; `null` if there was none.
    calibration: Option<&'a Calibration>,
    journal: JournalJson<'a>,
}

#[derive(Serialize)]
struct RunJson<'a> {
    id: &'a RunId,
    /// The run that it continues from a checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a Parent>,
    program: &'a str,
    host: &'a str,
    trigger: &'a str,
    commit: Option<&'a str>,
    plan_sha256: &'a str,
    seed: u64,
    /// Wall clock, for display only.
    began: &'a str,
    took_seconds: f64,
    /// The disaster on the drill clock.
    disaster: DrillTime,
}

#[derive(Serialize)]
struct JournalJson<'a> {
    /// Hash of the last line.
    head: &'a str,
    entries: u64,
    /// The last line was cut off.
    torn: bool,
}

/// The text of `plan.json`.
///
/// # Errors
/// Only if the plan has no JSON form.
pub(super) fn plan(view: &View) -> Result<String, serde_json::Error> {
    pretty(&view.timeline.started.plan)
}

/// The text of `report.json`.
///
/// # Errors
/// Only if a value has no JSON form.
pub(super) fn report(view: &View) -> Result<String, serde_json::Error> {
    let started = &view.timeline.started;
    pretty(&ReportJson {
        version: REPORT_VERSION,
        scenario: &started.plan.name,
        run: RunJson {
            id: &started.run,
            parent: started.parent.as_ref(),
            program: &started.program,
            host: &started.host,
            trigger: &started.trigger,
            commit: started.commit.as_deref(),
            plan_sha256: &started.plan_sha256,
            seed: started.plan.seed,
            began: view.began(),
            took_seconds: view.took().as_secs_f64(),
            disaster: view.disaster(),
        },
        test_object: started.plan.stack.test_object,
        tenants: &started.plan.tenants,
        bytes_backed_up: view.bytes(),
        judgement: view.judgement,
        versions: view.versions(),
        inputs: &started.plan.inputs,
        calibration: started.calibration.as_ref(),
        journal: JournalJson { head: view.head(), entries: view.entries(), torn: view.timeline.torn },
    })
}

fn pretty(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}
