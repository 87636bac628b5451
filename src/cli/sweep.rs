//! `ernstfall sweep`: what killed runs left behind goes; live runs and everything foreign stay.

use super::args;
use super::exit::Exit;
use super::printer::Printer;
use super::session::host_name;
use crate::clock::unix_now;
use crate::engine::sweep::{Fate, Kept, Reach, SweepReport, judge, sweep as remove};
use crate::engine::{DockerEngine, EngineError, Ownership, Resource, Yard as _, label};
use crate::ids::RunId;
use crate::stack::{Liveness, forget, liveness};
use std::collections::BTreeSet;

/// Removes, or with `--dry-run` only says what would be removed.
pub async fn sweep(printer: Printer, args: &args::Sweep) -> Exit {
    match swept(args.dry_run, args.all).await {
        Ok(report) => {
            show(printer, &report, args.dry_run);
            let failed = report.kept.iter().any(|(_, why)| matches!(why, Kept::Failed(_)));
            if failed { Exit::Software } else { Exit::Passed }
        }
        Err(error) => {
            printer.tell(&format!("error: {error}"));
            Exit::Unavailable
        }
    }
}

async fn swept(dry_run: bool, all: bool) -> Result<SweepReport, EngineError> {
    let host = host_name();
    let engine = connect(&host).await?;
    let expired = expired(&engine.everything().await?);
    // A run whose lock cannot be seen may be alive: it goes when it has expired, or with `--all`.
    let reach = if all { Reach::All } else { Reach::Careful };
    let mut live = |run: &RunId| match liveness(run) {
        Liveness::Live => true,
        Liveness::Unknown => !all && !expired.contains(run),
        Liveness::Dead => false,
    };
    if dry_run {
        let mut report = SweepReport::default();
        for thing in engine.everything().await? {
            match judge(&thing, &host, &mut live, unix_now(), reach) {
                Fate::Remove(_) => report.removed.push(thing),
                Fate::Keep(why) => report.kept.push((thing, why)),
            }
        }
        return Ok(report);
    }
    let report = remove(&engine, &host, live, unix_now(), reach).await?;
    let runs: BTreeSet<&String> = report.removed.iter().filter_map(|thing| thing.labels.get(label::RUN)).collect();
    for run in runs.into_iter().filter_map(|name| RunId::new(name.clone()).ok()) {
        if let Err(error) = forget(&run) {
            tracing::warn!("the secrets of run {run} are still there: {error}");
        }
    }
    Ok(report)
}

/// Runs whose time is over, as their labels say.
fn expired(everything: &[Resource]) -> BTreeSet<RunId> {
    let over = |thing: &&Resource| {
        let expires = thing.labels.get(label::EXPIRES).and_then(|text| text.parse::<i64>().ok());
        expires.is_some_and(|expires| expires <= unix_now())
    };
    let runs = everything.iter().filter(over).filter_map(|thing| thing.labels.get(label::RUN));
    runs.filter_map(|run| RunId::new(run.clone()).ok()).collect()
}

/// A handle for looking at all runs; its own run owns nothing.
pub(super) async fn connect(host: &str) -> Result<DockerEngine, EngineError> {
    let run = RunId::new("none").map_err(|error| EngineError::Absent(error.to_string()))?;
    DockerEngine::connect(Ownership { run, owner: host.to_owned(), expires: 0, datacenter: None }).await
}

fn show(printer: Printer, report: &SweepReport, dry_run: bool) {
    if printer.json {
        let named = |thing: &Resource| serde_json::json!({ "kind": format!("{:?}", thing.kind).to_lowercase(), "name": thing.name });
        let kept = report.kept.iter().map(|(thing, why)| {
            let mut json = named(thing);
            json["why"] = said(why).into();
            json
        });
        let kept: Vec<_> = kept.collect();
        let removed: Vec<_> = report.removed.iter().map(named).collect();
        printer.result(&serde_json::json!({ "dry_run": dry_run, "removed": removed, "kept": kept }).to_string());
        return;
    }
    let verb = if dry_run { "would remove" } else { "removed" };
    for thing in &report.removed {
        printer.result(&format!("{verb} {:?} {}", thing.kind, thing.name).to_lowercase());
    }
    for (thing, why) in &report.kept {
        printer.result(&format!("kept {:?} {}: {}", thing.kind, thing.name, said(why)));
    }
    printer.result(&format!("{verb} {}, kept {}", report.removed.len(), report.kept.len()));
}

fn said(why: &Kept) -> String {
    match why {
        Kept::Live => "its run is going on".to_owned(),
        Kept::OtherHost { owner, expires } => {
            format!("belongs to the host {owner} and expires at {expires} (seconds since 1970)")
        }
        Kept::Unreadable => "its labels are not as we write them".to_owned(),
        Kept::Failed(error) => error.clone(),
    }
}
