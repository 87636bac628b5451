//! The small commands: `validate`, `plan`, `report`.

use super::args;
use super::exit::Exit;
use super::judging::{JudgingError, judge_and_report};
use super::printer::Printer;
use super::problems::compile_all;
use crate::plan::{Overrides, Plan};
use std::path::Path;

/// `ernstfall validate`
pub fn validate(printer: Printer, args: &args::Validate) -> Exit {
    let compiled = match compile_all(printer, &args.files, &Overrides::default()) {
        Ok(compiled) => compiled,
        Err(exit) => return exit,
    };
    if printer.json {
        let files: Vec<_> = args.files.iter().map(|file| file.display().to_string()).collect();
        printer.result(&serde_json::json!({ "valid": true, "files": files }).to_string());
        return Exit::Passed;
    }
    for (file, one) in args.files.iter().zip(&compiled) {
        let plan = &one.plan;
        let (tenants, steps) = (plan.tenants.len(), plan.steps.len());
        printer.result(&format!(
            "{}: valid: {} on {}, {tenants} tenants, {steps} steps",
            file.display(),
            plan.name,
            plan.stack.name
        ));
    }
    Exit::Passed
}

/// `ernstfall plan`
pub fn plan(printer: Printer, args: &args::Plan) -> Exit {
    let overrides = args.overrides.resolved();
    let compiled = match compile_all(printer, std::slice::from_ref(&args.file), &overrides) {
        Ok(compiled) => compiled,
        Err(exit) => return exit,
    };
    for one in &compiled {
        match serde_json::to_string_pretty(&one.plan) {
            Ok(json) if printer.json => printer.result(&json),
            Ok(_) => printer.result(&listed(&one.plan)),
            Err(error) => {
                printer.tell(&format!("error: cannot print the plan as JSON: {error}"));
                return Exit::Software;
            }
        }
    }
    Exit::Passed
}

/// The plan for people; `--json` has all of it.
fn listed(plan: &Plan) -> String {
    let duration = humantime::format_duration;
    let mut lines = vec![
        format!("{}: {}", plan.name, plan.title.en),
        format!("stack       {} ({})", plan.stack.name, plan.stack.title.en),
        format!("tenants     {}", plan.tenants.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        format!("seed        {}", plan.seed),
        format!("objectives  RTO {}, RPO {}", duration(plan.objectives.rto), duration(plan.objectives.rpo)),
        format!("drill clock {} to {}", plan.calendar.begins, plan.calendar.disaster),
        format!(
            "generations {} of the {} scheduled are taken; the vault must keep {}, the mirror {}",
            plan.calendar.generations.len(),
            plan.calendar.scheduled,
            plan.calendar.vault_keeps.len(),
            plan.calendar.mirror_keeps.len()
        ),
        format!("runbook     {}: {} from {}", plan.runbook.name, plan.runbook.tag, plan.runbook.from),
        format!("checks      {}", plan.checks.iter().map(|check| check.name()).collect::<Vec<_>>().join(", ")),
        String::new(),
        "steps, each with its deadline:".to_owned(),
    ];
    lines.extend(plan.steps.iter().map(|step| format!("  {:<52} {}", step.name.to_string(), duration(step.deadline))));
    lines.join("\n")
}

/// `ernstfall report`
pub fn report(printer: Printer, args: &args::Report) -> Exit {
    let given = args.run.as_path();
    let folder = if given.is_file() { given.parent().unwrap_or_else(|| Path::new(".")) } else { given };
    match judge_and_report(folder, args.lang.into(), printer.colour_of_result()) {
        Ok(judged) => {
            printer.result(&judged.shown(printer));
            judged.exit()
        }
        Err(error) => {
            printer.tell(&format!("error: {error}"));
            match error {
                JudgingError::Read(_) | JudgingError::Timeline(_) => Exit::Usage,
                JudgingError::Report(_) => Exit::Software,
            }
        }
    }
}
