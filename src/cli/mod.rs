//! The command line: wires the two halves of the house together and owns the output.

mod applications;
mod args;
mod calibrate;
mod commands;
mod doctor;
mod exit;
mod explore;
mod judging;
mod live;
mod printer;
mod problems;
mod run;
mod sabotage;
mod series_file;
mod session;
mod signals;
mod stages;
mod sweep;

pub use exit::Exit;

use args::{Cli, Command};
use clap::Parser as _;
use clap::error::ErrorKind;
use printer::Printer;
use std::future::Future;
use tracing_subscriber::EnvFilter;

/// The program.
#[must_use]
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explained(&error),
    };
    let printer = Printer::new(cli.json);
    log_to_stderr(cli.verbose);
    match &cli.command {
        Command::Validate(args) => commands::validate(printer, args),
        Command::Plan(args) => commands::plan(printer, args),
        Command::Report(args) => commands::report(printer, args),
        Command::Run(args) => on_runtime(printer, run::run(printer, args)),
        Command::Explore(args) => on_runtime(printer, explore::explore(printer, args)),
        Command::Sabotage(args) => on_runtime(printer, sabotage::sabotage(printer, args)),
        Command::Sweep(args) => on_runtime(printer, sweep::sweep(printer, args)),
        Command::Calibrate(args) => on_runtime(printer, calibrate::calibrate(printer, args)),
        Command::Doctor(args) => on_runtime(printer, doctor::doctor(printer, args)),
    }
}

/// Help and version are results; everything else is wrong usage.
fn explained(error: &clap::Error) -> Exit {
    // Nobody is left to tell that the message could not be printed.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Passed,
        _ => Exit::Usage,
    }
}

fn on_runtime(printer: Printer, work: impl Future<Output = Exit>) -> Exit {
    match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => {
            printer.tell(&format!("error: cannot start the runtime: {error}"));
            Exit::Software
        }
    }
}

fn log_to_stderr(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "ernstfall=debug",
        _ => "ernstfall=trace,bollard=debug",
    };
    let filter = EnvFilter::try_from_env("ERNSTFALL_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    // A second call in one process (tests) keeps the first.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
