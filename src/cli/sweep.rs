//! `ernstfall sweep`: what killed runs left behind goes; live runs and everything foreign stay.

use super::args;
use super::exit::Exit;
use super::printer::Printer;
use super::session::host_name;
use crate::clock::unix_now;
use crate::engine::sweep::{Fate, Kept, Reach, SweepReport, judge, sweep as remove};
use crate::engine::{DockerEngine, EngineError, Ownership, Resource, Yard as _, label};
use crate::ids::RunId;
use crate::stack::{Liveness, dead, forget, liveness};
use std::collections::BTreeSet;

/// Removes, or with `--dry-run` only says what would be removed.
pub async fn sweep(printer: Printer, args: &args::Sweep) -> Exit {
    match swept(args.dry_run, args.all).await {
        Ok(swept) => {
            show(printer, &swept, args.dry_run);
            if swept.failed() { Exit::Software } else { Exit::Passed }
        }
        Err(error) => {
            printer.tell(&format!("error: {error}"));
            Exit::Unavailable
        }
    }
}

/// What went and what stayed.
#[derive(Default)]
struct Swept {
    engine: SweepReport,
    /// Runs whose private folder (secrets, checkpoints) went.
    folders: Vec<RunId>,
    /// Runs whose private folder could not be removed, and why.
    stuck: Vec<(RunId, String)>,
}

impl Swept {
    fn failed(&self) -> bool {
        !self.stuck.is_empty() || self.engine.kept.iter().any(|(_, why)| matches!(why, Kept::Failed(_)))
    }
}

async fn swept(dry_run: bool, all: bool) -> Result<Swept, EngineError> {
    let host = host_name();
    let engine = connect(&host).await?;
    // Before the engine is asked: what a run of these has, the engine lists.
    let dead = dead();
    let everything = engine.everything().await?;
    let expired = expired(&everything);
    // A run whose lock cannot be seen may be alive: it goes when it has expired, or with `--all`.
    let reach = if all { Reach::All } else { Reach::Careful };
    let mut live = |run: &RunId| match liveness(run) {
        Liveness::Live => true,
        Liveness::Unknown => !all && !expired.contains(run),
        Liveness::Dead => false,
    };
    let mut swept = Swept::default();
    if dry_run {
        for thing in everything {
            match judge(&thing, &host, &mut live, unix_now(), reach) {
                Fate::Remove(_) => swept.engine.removed.push(thing),
                Fate::Keep(why) => swept.engine.kept.push((thing, why)),
            }
        }
    } else {
        swept.engine = remove(&engine, &host, live, unix_now(), reach).await?;
    }
    // Last, since the lock in it tells that a run is dead: while anything of the run is left, so is its folder.
    let left: BTreeSet<&String> =
        swept.engine.kept.iter().filter_map(|(thing, _)| thing.labels.get(label::RUN)).collect();
    let runs: Vec<RunId> = dead.into_iter().filter(|run| !left.contains(&run.to_string())).collect();
    for run in runs {
        match if dry_run { Ok(()) } else { forget(&run) } {
            Ok(()) => swept.folders.push(run),
            Err(error) => swept.stuck.push((run, error.to_string())),
        }
    }
    Ok(swept)
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

fn show(printer: Printer, swept: &Swept, dry_run: bool) {
    if printer.json {
        printer.result(&json(swept, dry_run).to_string());
        return;
    }
    let verb = if dry_run { "would remove" } else { "removed" };
    for thing in &swept.engine.removed {
        printer.result(&format!("{verb} {:?} {}", thing.kind, thing.name).to_lowercase());
    }
    for run in &swept.folders {
        printer.result(&format!("{verb} private folder {run}"));
    }
    for (thing, why) in &swept.engine.kept {
        printer.result(&format!("kept {:?} {}: {}", thing.kind, thing.name, said(why)));
    }
    for (run, why) in &swept.stuck {
        printer.result(&format!("kept private folder {run}: {why}"));
    }
    let (removed, kept) =
        (swept.engine.removed.len() + swept.folders.len(), swept.engine.kept.len() + swept.stuck.len());
    printer.result(&format!("{verb} {removed}, kept {kept}"));
}

fn json(swept: &Swept, dry_run: bool) -> serde_json::Value {
    let thing = |thing: &Resource| serde_json::json!({ "kind": format!("{:?}", thing.kind).to_lowercase(), "name": thing.name });
    let folder = |run: &RunId| serde_json::json!({ "kind": "folder", "name": run.to_string() });
    let because = |mut json: serde_json::Value, why: String| {
        json["why"] = why.into();
        json
    };
    let removed: Vec<_> = swept.engine.removed.iter().map(thing).chain(swept.folders.iter().map(folder)).collect();
    let kept = swept.engine.kept.iter().map(|(kept, why)| because(thing(kept), said(why)));
    let stuck = swept.stuck.iter().map(|(run, why)| because(folder(run), why.clone()));
    let kept: Vec<_> = kept.chain(stuck).collect();
    serde_json::json!({ "dry_run": dry_run, "removed": removed, "kept": kept })
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
