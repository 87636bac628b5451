//! `ernstfall sabotage`: wrong recoveries one at a time, right ones in between, and a table of what was noticed.

use super::exit::Exit;
use super::printer::Printer;
use super::run::{Drilled, Session, new_run_id};
use super::{args, problems};
use crate::clock::{Clock as _, SystemClock};
use crate::plan::{Codes, Compiled, Overrides, SabotagePlan, compile_sabotages};
use crate::verdict::{Catch, Counterproof, FindingCode, Judgement, ReasonCode, Verdict, counterproof};
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use serde::Serialize;
use std::path::PathBuf;

/// Version of the shape of [`Series`].
const SERIES_VERSION: u32 = 1;

/// The result as a file: `sabotage-<id>.json` beside the runs.
#[derive(Debug, Serialize)]
struct Series {
    version: u32,
    scenario: String,
    stack: String,
    blind: bool,
    /// Sabotages of the files that are for other faults.
    not_applicable: Vec<String>,
    runs: Vec<Row>,
    caught: usize,
    missed: usize,
    false_alarms: usize,
    void: usize,
}

/// One drill of the series.
#[derive(Debug, Serialize)]
struct Row {
    /// Name of the sabotage; none for a clean run.
    sabotage: Option<String>,
    does: Option<String>,
    /// Codes of which one must be raised, with the tenant.
    expected: Vec<String>,
    result: RowResult,
    verdict: Verdict,
    hits: Vec<String>,
    others: Vec<String>,
    run: PathBuf,
    seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum RowResult {
    Caught,
    Missed,
    /// A right drill that passed.
    Clean,
    /// A right drill that did not.
    FalseAlarm,
    /// The sabotage did not take place.
    Void,
}

/// Runs the series.
pub async fn sabotage(printer: Printer, args: &args::Sabotage) -> Exit {
    let overrides = Overrides { seed: args.overrides.seed, tenants: args.overrides.tenants };
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
        false_alarms: 0,
        void: 0,
    };
    let drills = in_order(wrong, &all.clean, args);
    let run = args::Run {
        scenarios: Vec::new(),
        out: args.out.clone(),
        overrides: args::Overrides { seed: None, tenants: None },
        until: None,
        deadline: None,
        keep: args::Keep::Never,
        lang: args.lang,
    };
    let exit = carry_out(printer, &Session::new(printer, &run, true), drills, &mut series).await;
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
    drills: Vec<Compiled>,
    series: &mut Series,
) -> Option<Exit> {
    if let Err(exit) = session.listen() {
        return Some(exit);
    }
    let (clock, count) = (SystemClock::start(), drills.len());
    for (number, compiled) in (1..).zip(drills) {
        let sabotage = compiled.plan.sabotage.clone();
        let began = clock.mono();
        let judged = match session.drill(compiled).await {
            Ok(Drilled::Judged(judged)) => judged,
            Ok(Drilled::CannotRun) => return Some(Exit::Unavailable),
            Err(error) => return Some(session.told(&error)),
        };
        let seconds = clock.mono().since(began).as_secs_f64();
        let row = row(sabotage.as_ref(), judged.judgement(), judged.folder().to_owned(), seconds);
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

fn row(sabotage: Option<&SabotagePlan>, judgement: &Judgement, run: PathBuf, seconds: f64) -> Row {
    let Some(sabotage) = sabotage else {
        let result = if judgement.verdict == Verdict::Passed { RowResult::Clean } else { RowResult::FalseAlarm };
        let findings = judgement.findings.iter().map(|finding| finding.code.name().to_owned());
        let reasons = judgement.reasons.iter().map(|reason| reason.code.name().to_owned());
        let mut others: Vec<String> = findings.chain(reasons).collect();
        others.dedup();
        let verdict = judgement.verdict;
        return Row {
            sabotage: None,
            does: None,
            expected: Vec::new(),
            result,
            verdict,
            hits: Vec::new(),
            others,
            run,
            seconds,
        };
    };
    let Counterproof { catch, verdict, hits, others } = counterproof(sabotage, judgement);
    Row {
        sabotage: Some(sabotage.name.clone()),
        does: Some(sabotage.does.clone()),
        expected: expected(sabotage),
        result: match catch {
            Catch::Caught => RowResult::Caught,
            Catch::Missed => RowResult::Missed,
            Catch::Void => RowResult::Void,
        },
        verdict,
        hits: hits.into_iter().collect(),
        others: others.into_iter().collect(),
        run,
        seconds,
    }
}

fn expected(sabotage: &SabotagePlan) -> Vec<String> {
    let at = sabotage.tenant.as_ref().map(|tenant| format!(" {tenant}")).unwrap_or_default();
    sabotage.findings.iter().chain(&sabotage.reasons).map(|code| format!("{code}{at}")).collect()
}

/// `caught  uploads-missing  expected lost acme  seen lost acme`
fn line(row: &Row) -> String {
    let word = match row.result {
        RowResult::Caught => "caught",
        RowResult::Missed => "MISSED",
        RowResult::Clean => "clean",
        RowResult::FalseAlarm => "FALSE ALARM",
        RowResult::Void => "VOID",
    };
    let name = row.sabotage.as_deref().unwrap_or("(a right recovery)");
    let mut parts = vec![format!("{word:<11}"), format!("{name:<28}")];
    if !row.expected.is_empty() {
        parts.push(format!("expected {}", row.expected.join(" or ")));
    }
    if row.result != RowResult::Clean {
        let seen = if row.hits.is_empty() { &row.others } else { &row.hits };
        parts.push(format!("seen {}", if seen.is_empty() { "nothing".to_owned() } else { seen.join(", ") }));
    }
    parts.join("  ")
}

fn listed(wrong: &[Compiled], not_applicable: &[String]) -> String {
    let mut lines: Vec<String> = wrong
        .iter()
        .filter_map(|one| one.plan.sabotage.as_ref())
        .map(|one| {
            format!("{:<28}  {}\n{:30}{}; raises {}", one.name, one.title.en, "", one.does, expected(one).join(" or "))
        })
        .collect();
    lines.extend(not_applicable.iter().map(|name| format!("{name:<28}  (for other faults)")));
    lines.join("\n")
}

fn finish(printer: Printer, args: &args::Sabotage, mut series: Series, early: Option<Exit>) -> Exit {
    let count = |result| series.runs.iter().filter(|row| row.result == result).count();
    (series.caught, series.missed) = (count(RowResult::Caught), count(RowResult::Missed));
    (series.false_alarms, series.void) = (count(RowResult::FalseAlarm), count(RowResult::Void));
    let json = match (serde_json::to_string_pretty(&series), new_run_id()) {
        (Ok(json), Ok(id)) => {
            let path = args.out.join(format!("sabotage-{id}.json"));
            if let Err(why) = std::fs::create_dir_all(&args.out).and_then(|()| std::fs::write(&path, &json)) {
                printer.tell(&format!("error: cannot write {}: {why}", path.display()));
                return Exit::Software;
            }
            printer.tell(&format!("result in {}", path.display()));
            json
        }
        (Err(error), _) => {
            printer.tell(&format!("error: cannot print the result as JSON: {error}"));
            return Exit::Software;
        }
        (_, Err(error)) => {
            printer.tell(&format!("error: {error}"));
            return Exit::Software;
        }
    };
    printer.result(&if printer.json { json } else { table(&series) });
    let judged = if series.missed + series.false_alarms > 0 {
        Exit::Failed
    } else if series.void > 0 {
        Exit::Inconclusive
    } else {
        Exit::Passed
    };
    early.map_or(judged, |early| judged.worst(early))
}

fn table(series: &Series) -> String {
    let mut lines: Vec<String> = series.runs.iter().map(line).collect();
    let clean = series.runs.iter().filter(|row| row.sabotage.is_none()).count();
    lines.push(format!(
        "\n{} on {}: {} of {} sabotages caught, {} missed, {} void; {} of {clean} right recoveries passed",
        series.scenario,
        series.stack,
        series.caught,
        series.runs.len() - clean,
        series.missed,
        series.void,
        clean - series.false_alarms,
    ));
    if !series.not_applicable.is_empty() {
        lines.push(format!("for other faults: {}", series.not_applicable.join(", ")));
    }
    lines.join("\n")
}
