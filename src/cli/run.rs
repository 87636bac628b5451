//! `ernstfall run`: all scenarios, one after the other.

use super::args;
use super::exit::Exit;
use super::printer::Printer;
use super::problems;
use super::session::{Course, Session};
use crate::plan::Plan;

/// Runs all scenarios; nothing is started before every file is valid and an engine answers.
pub async fn run(printer: Printer, args: &args::Run) -> Exit {
    let overrides = args.overrides.resolved();
    let compiled = match problems::compile_all(printer, &args.scenarios, &overrides) {
        Ok(compiled) => compiled,
        Err(exit) => return exit,
    };
    if let Some(step) = args.until.as_ref().filter(|step| !compiled.iter().all(|one| has_step(&one.plan, step))) {
        printer
            .tell(&format!("no step is called {step:?}; `ernstfall plan FILE` lists the steps, such as steady/gate"));
        return Exit::Usage;
    }
    let session = Session::new(printer, args, false);
    if let Err(exit) = session.listen() {
        return exit;
    }
    if let Some(deadline) = args.deadline {
        session.interruption.after(deadline);
    }
    let mut exit = Exit::Passed;
    for one in compiled {
        if let Some(by) = session.interruption.by() {
            printer.tell(&format!("{} is not begun: {by}", one.plan.name));
            exit = exit.worst(Exit::Inconclusive);
            continue;
        }
        exit = exit.worst(match session.drill(one, Course::default()).await {
            Ok(Some(judged)) => {
                printer.result(&judged.shown(printer));
                judged.exit()
            }
            Ok(None) => Exit::Unavailable,
            Err(error) => session.told(&error),
        });
    }
    exit
}

fn has_step(plan: &Plan, name: &str) -> bool {
    plan.steps.iter().any(|step| step.name.0 == name)
}
