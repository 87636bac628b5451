//! `ernstfall sabotage`: wrong recoveries one at a time, right ones in between, and a table of what was noticed.

mod series;

use super::exit::Exit;
use super::printer::Printer;
use super::series_file::save;
use super::session::{Course, Session};
use super::stages::Stages;
use super::{args, problems};
use crate::clock::{Clock as _, SystemClock};
use crate::plan::{Codes, Compiled, compile_sabotages};
use crate::verdict::{FindingCode, ReasonCode};
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use series::{RowResult, SERIES_VERSION, Series, expected, line, row, table};

/// Runs the series.
pub async fn sabotage(printer: Printer, args: &args::Sabotage) -> Exit {
    let overrides = args.overrides.resolved();
    let codes = Codes {
        findings: FindingCode::ALL.iter().map(|code| code.name()).collect(),
        reasons: ReasonCode::ALL.iter().map(|code| code.name()).collect(),
    };
    let all = match compile_sabotages(&args.scenario, &overrides, &args.with, &codes) {
        Ok(all) => all,
        Err(refused) => {
            problems::show(printer, &[refused]);
            return Exit::Usage;
        }
    };
    if let Some(name) = args.only.iter().find(|name| all.wrong.iter().all(|wrong| wrong.name != **name)) {
        printer.tell(&format!("no sabotage is called {name:?}; `ernstfall sabotage SCENARIO --list` lists them"));
        return Exit::Usage;
    }
    let chosen = |name: &str| args.only.is_empty() || args.only.iter().any(|only| only == name);
    let (mut wrong, mut not_applicable) = (Vec::new(), Vec::new());
    for one in all.wrong.into_iter().filter(|one| chosen(&one.name)) {
        match one.compiled {
            Some(compiled) => wrong.push(compiled),
            None => not_applicable.push(one.name),
        }
    }
    if args.list {
        printer.result(&listed(&wrong, &not_applicable));
        return Exit::Passed;
    }
    if wrong.is_empty() {
        printer.tell("no sabotage fits this scenario: name files in stack.yaml under `sabotages`, or give --with FILE");
        return Exit::Usage;
    }
    let plan = &all.clean.plan;
    let mut series = Series {
        version: SERIES_VERSION,
        scenario: plan.name.clone(),
        stack: plan.stack.name.clone(),
        blind: args.blind,
        not_applicable,
        runs: Vec::new(),
        caught: 0,
        missed: 0,
        misblamed: 0,
        false_alarms: 0,
        void: 0,
    };
    let drills = in_order(wrong, &all.clean, args);
    let run = args::Run::quiet(&args.out, args.lang);
    let session = Session::new(printer, &run, true);
    let mut stages = Stages::new(all.clean, args.whole);
    let exit = carry_out(printer, &session, &mut stages, drills, &mut series).await;
    stages.end(&session);
    finish(printer, args, series, exit)
}

/// Clean drills spread evenly among the wrong ones; blind: shuffled by seed.
fn in_order(wrong: Vec<Compiled>, clean: &Compiled, args: &args::Sabotage) -> Vec<Compiled> {
    let cleans = args.clean as usize;
    let count = wrong.len();
    let mut drills = Vec::with_capacity(count + cleans);
    let mut done = 0;
    for (index, one) in wrong.into_iter().enumerate() {
        drills.push(one);
        let due = (index + 1) * cleans / count;
        drills.extend(std::iter::repeat_n(clean.clone(), due - done));
        done = due;
    }
    if args.blind {
        let mut dice = rand::rngs::StdRng::seed_from_u64(args.overrides.seed.unwrap_or(clean.plan.seed));
        drills.shuffle(&mut dice);
    }
    drills
}

/// One drill after the other; what ended the series early, if anything did.
async fn carry_out(
    printer: Printer,
    session: &Session<'_>,
    stages: &mut Stages,
    drills: Vec<Compiled>,
    series: &mut Series,
) -> Option<Exit> {
    if let Err(exit) = session.listen() {
        return Some(exit);
    }
    let (clock, count) = (SystemClock::start(), drills.len());
    for (number, compiled) in (1..).zip(drills) {
        let sabotage = compiled.plan.sabotage.clone();
        let after = match stages.before(&compiled.plan, session, printer).await {
            Ok(after) => after,
            Err(exit) => return Some(exit),
        };
        let began = clock.mono();
        let judged = match session.drill(compiled, Course { after, until_noticed: !stages.whole() }).await {
            Ok(Some(judged)) => judged,
            Ok(None) => return Some(Exit::Unavailable),
            Err(error) => return Some(session.told(&error)),
        };
        let seconds = clock.mono().since(began).as_secs_f64();
        let row = row(sabotage.as_ref(), &judged, seconds);
        printer.tell(&if series.blind {
            format!("{number}/{count}  done in {seconds:.0} s")
        } else {
            format!("{number}/{count}  {}  {seconds:.0} s", line(&row))
        });
        series.runs.push(row);
        if session.is_cancelled() {
            return Some(Exit::Inconclusive);
        }
    }
    None
}

fn listed(wrong: &[Compiled], not_applicable: &[String]) -> String {
    let mut lines: Vec<String> = wrong
        .iter()
        .filter_map(|one| one.plan.sabotage.as_ref())
        .map(|one| {
            let raises = expected(one);
            let (findings, reasons) = raises.split_at(one.findings.len());
            let told =
                |word: &str, codes: &[String]| (!codes.is_empty()).then(|| format!("{word} {}", codes.join(" or ")));
            let raises: Vec<String> =
                [told("the finding", findings), told("the reason", reasons)].into_iter().flatten().collect();
            format!("{:<28}  {}\n{:30}{}; raises {}", one.name, one.title.en, "", one.does, raises.join(", or "))
        })
        .collect();
    lines.extend(not_applicable.iter().map(|name| format!("{name:<28}  (for other faults)")));
    lines.join("\n")
}

fn finish(printer: Printer, args: &args::Sabotage, mut series: Series, early: Option<Exit>) -> Exit {
    let count = |result| series.runs.iter().filter(|row| row.result == result).count();
    (series.caught, series.missed) = (count(RowResult::Caught), count(RowResult::Missed));
    series.misblamed = count(RowResult::Misblamed);
    (series.false_alarms, series.void) = (count(RowResult::FalseAlarm), count(RowResult::Void));
    let json = match save(printer, &args.out, "sabotage", &series) {
        Ok(json) => json,
        Err(exit) => return exit,
    };
    printer.result(&if printer.json { json } else { table(&series) });
    let judged = if series.missed + series.misblamed + series.false_alarms > 0 {
        Exit::Failed
    } else if series.void > 0 {
        Exit::Inconclusive
    } else {
        Exit::Passed
    };
    early.map_or(judged, |early| judged.worst(early))
}
