//! `ernstfall explore`: the runbook is broken off at every place and begun again, and the disaster comes at other moments; the
//! end must be right every time. What fails is printed as a scenario of its own.

mod table;
mod written;

use super::exit::Exit;
use super::printer::Printer;
use super::series_file::save;
use super::session::{Course, Session};
use super::stages::Stages;
use super::{args, problems};
use crate::clock::Mono;
use crate::ids::StepName;
use crate::journal::{self, Event};
use crate::plan::{Compiled, Overrides, TimeOfDay, breaks, broken_off, compile};
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use table::{Row, Series, Variant};

/// A step that takes less cannot be hit in its middle.
const SHORTEST: Duration = Duration::from_millis(200);

/// Runs the series.
pub async fn explore(printer: Printer, args: &args::Explore) -> Exit {
    let overrides = overrides(args, None);
    let clean = match compile(&args.scenario, &overrides) {
        Ok(compiled) => compiled,
        Err(refused) => {
            problems::show(printer, &[refused]);
            return Exit::Usage;
        }
    };
    let run = args::Run::quiet(&args.out, args.lang);
    let session = Session::new(printer, &run, true);
    if let Err(exit) = session.listen() {
        return exit;
    }
    let mut series = Series::of(&clean.plan);
    let mut stages = Stages::new(clean.clone(), false);
    let explorer = Explorer { printer, session: &session };
    let early = explorer.all(&clean, args, &mut stages, &mut series).await;
    stages.end(&session);
    finish(printer, args, &series, early)
}

fn overrides(args: &args::Explore, disaster: Option<TimeOfDay>) -> Overrides {
    Overrides { disaster, ..args.overrides.resolved() }
}

#[derive(Clone, Copy)]
struct Explorer<'s> {
    printer: Printer,
    session: &'s Session<'s>,
}

impl Explorer<'_> {
    /// The right drill, which tells how long each step takes; then every break; then other moments. What ended it early, if
    /// anything did.
    async fn all(
        self,
        clean: &Compiled,
        args: &args::Explore,
        stages: &mut Stages,
        series: &mut Series,
    ) -> Option<Exit> {
        let run = match self.one(clean.clone(), Variant::Untouched, Some(stages), series).await {
            Ok(run) => run,
            Err(exit) => return Some(exit),
        };
        let lasted = match durations(&run) {
            Ok(lasted) => lasted,
            Err(error) => {
                self.printer.tell(&format!("error: {error}"));
                return Some(Exit::Software);
            }
        };
        let middle = |step: &StepName| lasted.get(step).filter(|lasted| **lasted >= SHORTEST).map(half);
        for at in breaks(&clean.plan, middle) {
            let Some(plan) = broken_off(&clean.plan, &at) else { continue };
            let compiled = Compiled { plan, stack_dir: clean.stack_dir.clone() };
            if let Err(exit) = self.one(compiled, Variant::Broken(at), Some(stages), series).await {
                return Some(exit);
            }
        }
        let mut dice = rand::rngs::StdRng::seed_from_u64(clean.plan.seed);
        for _ in 0..args.moments {
            let at = TimeOfDay { hour: dice.random_range(0..24), minute: dice.random_range(0..60) };
            let compiled = match compile(&args.scenario, &overrides(args, Some(at))) {
                Ok(compiled) => compiled,
                Err(refused) => {
                    problems::show(self.printer, &[refused]);
                    return Some(Exit::Usage);
                }
            };
            // Another moment means another history.
            if let Err(exit) = self.one(compiled, Variant::Moment(at), None, series).await {
                return Some(exit);
            }
        }
        None
    }

    /// One drill; where its evidence lies.
    async fn one(
        self,
        compiled: Compiled,
        variant: Variant,
        stages: Option<&mut Stages>,
        series: &mut Series,
    ) -> Result<std::path::PathBuf, Exit> {
        let after = match stages {
            Some(stages) => stages.before(&compiled.plan, self.session, self.printer).await?,
            None => None,
        };
        let judged = match self.session.drill(compiled, Course { after, ..Course::default() }).await {
            Ok(Some(judged)) => judged,
            Ok(None) => return Err(Exit::Unavailable),
            Err(error) => return Err(self.session.told(&error)),
        };
        let folder = judged.folder().to_owned();
        let row = Row::of(variant, judged.judgement(), &folder);
        self.printer.tell(&row.line());
        series.rows.push(row);
        if self.session.is_cancelled() { Err(Exit::Inconclusive) } else { Ok(folder) }
    }
}

/// In whole milliseconds: nobody wants to read or type more.
fn half(lasted: &Duration) -> Duration {
    Duration::from_millis(u64::try_from(lasted.as_millis() / 2).unwrap_or(u64::MAX))
}

/// How long each step took.
fn durations(run: &Path) -> Result<BTreeMap<StepName, Duration>, journal::ReadError> {
    let mut began: BTreeMap<StepName, Mono> = BTreeMap::new();
    let mut lasted = BTreeMap::new();
    for entry in journal::read(&run.join("journal.ndjson"))?.entries {
        match entry.event {
            Event::StepStarted { step } => drop(began.insert(step, entry.mono)),
            Event::StepEnded { step, .. } => {
                if let Some(from) = began.get(&step) {
                    lasted.insert(step, entry.mono.since(*from));
                }
            }
            _ => {}
        }
    }
    Ok(lasted)
}

fn finish(printer: Printer, args: &args::Explore, series: &Series, early: Option<Exit>) -> Exit {
    let json = match save(printer, &args.out, "explore", series) {
        Ok(json) => json,
        Err(exit) => return exit,
    };
    printer.result(&if printer.json { json } else { series.table() });
    if let Some(row) = series.shortest_failure() {
        match std::fs::read_to_string(&args.scenario) {
            Ok(text) => {
                let place = args.scenario.parent().unwrap_or(Path::new(".")).display();
                printer.result(&format!(
                    "\n# The shortest run that failed, as a scenario: save it in {place} and `ernstfall run` it.\n{}",
                    written::scenario(&text, &row.variant, &overrides(args, None))
                ));
            }
            Err(why) => printer.tell(&format!("cannot read {} again: {why}", args.scenario.display())),
        }
    }
    early.map_or(series.exit(), |early| series.exit().worst(early))
}
