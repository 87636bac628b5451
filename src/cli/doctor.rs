//! `ernstfall doctor`: what this host lacks, before a drill finds out.

use super::args;
use super::exit::Exit;
use super::printer::Printer;
use super::problems::compile_all;
use super::session::host_name;
use super::sweep::connect;
use crate::clock::unix_now;
use crate::engine::doctor::{Asker, Finding, Level, examine};
use crate::engine::{DockerEngine, EngineError, Yard};
use crate::ids::RunId;
use crate::plan::{Overrides, Plan};
use crate::stack::{Liveness, dead, liveness};

/// Examines this host; with a scenario, also whether it can run that.
pub async fn doctor(printer: Printer, args: &args::Doctor) -> Exit {
    let compiled = match args.scenario.as_slice() {
        [] => None,
        files => match compile_all(printer, files, &Overrides::default()) {
            Ok(mut compiled) => compiled.pop(),
            Err(exit) => return exit,
        },
    };
    let host = host_name();
    let engine = connect(&host).await;
    let mut findings = look(engine.as_ref(), &host, compiled.as_ref().map(|one| &one.plan)).await;
    findings.push(private_folders());
    show(printer, &findings);
    if findings.iter().any(|finding| finding.level == Level::Fail) { Exit::Unavailable } else { Exit::Passed }
}

/// Why this host cannot run the plan, if it cannot.
pub(super) async fn cannot_run(engine: &DockerEngine, plan: &Plan) -> Option<String> {
    let findings = look(Ok(engine), &host_name(), Some(plan)).await;
    let failed: Vec<String> = findings
        .into_iter()
        .filter(|finding| finding.level == Level::Fail)
        .map(|finding| format!("{}: {}; {}", finding.what, finding.detail, finding.hint))
        .collect();
    (!failed.is_empty()).then(|| failed.join("\n"))
}

async fn look(engine: Result<&DockerEngine, &EngineError>, host: &str, plan: Option<&Plan>) -> Vec<Finding> {
    let asker = Asker { host, now_unix: unix_now() };
    let live = |run: &RunId| liveness(run) != Liveness::Dead;
    examine(engine.map(|engine| engine as &dyn Yard), asker, live, plan).await
}

fn private_folders() -> Finding {
    match dead().len() {
        0 => Finding::ok("private folders", "none of dead runs"),
        count => {
            let detail = format!("{count} of dead runs, with their secrets");
            Finding::warn("private folders", detail, "`ernstfall sweep` removes them")
        }
    }
}

fn show(printer: Printer, findings: &[Finding]) {
    if printer.json {
        let all: Vec<_> = findings
            .iter()
            .map(|found| {
                serde_json::json!({
                    "what": found.what, "level": word(found.level), "detail": found.detail, "hint": found.hint
                })
            })
            .collect();
        printer.result(&serde_json::Value::from(all).to_string());
        return;
    }
    for found in findings {
        printer.result(&format!("{:<5} {:<16} {}", word(found.level), found.what, found.detail));
        if !found.hint.is_empty() {
            printer.result(&format!("      {:<16} {}", "", found.hint));
        }
    }
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Fail => "FAIL",
    }
}
