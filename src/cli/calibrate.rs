//! `ernstfall calibrate`: plays the cases, prints the table and what it comes to.

use super::args;
use super::exit::Exit;
use super::printer::Printer;
use super::session::host_name;
use crate::calibrate::{self, BEYOND, BIAS, Breach, Group, Record, Value, What, Wish};

/// Exit code 0 if all limits hold, 1 if not.
pub async fn calibrate(printer: Printer, args: &args::Calibrate) -> Exit {
    let wish = Wish { seed: args.seed, longest: args.longest, late_by: args.late_by, host: host_name() };
    let record = match calibrate::calibrate(&args.out, &wish, |text| printer.tell(text)).await {
        Ok(record) => record,
        Err(error) => {
            printer.tell(&format!("error: {error}"));
            return if matches!(error, calibrate::CalibrateError::Nothing) { Exit::Usage } else { Exit::Software };
        }
    };
    match serde_json::to_string_pretty(&record) {
        Ok(json) if printer.json => printer.result(&json),
        Ok(_) => {
            printer.result(&shown(&record));
            printer.tell(&format!("written to {}", args.out.join("calibration.json").display()));
        }
        Err(error) => {
            printer.tell(&format!("error: cannot print the calibration as JSON: {error}"));
            return Exit::Software;
        }
    }
    if record.calibration.passed { Exit::Passed } else { Exit::Failed }
}

fn shown(record: &Record) -> String {
    let mut lines =
        vec![row(["tenant", "value", "truth", "interval", "width", "answer", "inside", "error"].map(str::to_owned))];
    lines.extend(record.values.iter().map(line));
    lines.push(String::new());
    lines.extend(record.groups.iter().map(group));
    let (calibration, cost) = (&record.calibration, &record.cost);
    let late = calibration.lateness;
    lines.push(format!(
        "slots          {} ({} skipped); late: median {}, 99 % within {}, at most {}; unusable at {} tenants",
        cost.slots,
        cost.skipped,
        millis(late.p50_micros),
        millis(late.p99_micros),
        millis(late.max_micros),
        cost.doubtful
    ));
    let share = calibration.cpu_permille.map_or_else(
        || "processor time unknown".to_owned(),
        |share| format!("{}.{} % of one processor", share / 10, share % 10),
    );
    lines.push(format!("prober         {share}"));
    lines.push(format!(
        "as reported    on average, the upper end of a recovery time errs by {}, the sum of a tenant's outages by {}",
        signed(record.reported.recovery_above_micros),
        signed(record.reported.outages_above_micros)
    ));
    lines.push(String::new());
    lines.extend(record.breaches.iter().map(|breach| format!("limit broken: {}", broken(*breach))));
    let abridged = if calibration.abridged { " (abridged: some outages were left out)" } else { "" };
    lines.push(if calibration.passed {
        format!(
            "CALIBRATED: {} of {} true values inside, all limits hold{abridged}",
            calibration.inside, calibration.compared
        )
    } else {
        format!("NOT CALIBRATED: {} limits broken{abridged}", record.breaches.len())
    });
    lines.join("\n")
}

fn row([tenant, what, truth, interval, width, answer, inside, error]: [String; 8]) -> String {
    let text =
        format!("{tenant:<17} {what:<13} {truth:>9} {interval:>22} {width:>10} {answer:>10}  {inside:<6} {error:>9}");
    text.trim_end().to_owned()
}

fn line(value: &Value) -> String {
    let or = |text: Option<String>, other: &str| text.unwrap_or_else(|| other.to_owned());
    let seen = value.measured;
    row([
        value.tenant.to_string(),
        name(value.what).to_owned(),
        or(value.truth_micros.map(seconds), "never was"),
        or(seen.map(|seen| format!("{} – {}", seconds(seen.lo_micros), seconds(seen.hi_micros))), "not seen"),
        or(seen.map(|seen| millis(seen.width())), ""),
        or(seen.map(|seen| millis(seen.answer_micros)), ""),
        if value.is_inside() { "yes" } else { "NO" }.to_owned(),
        or(value.error().map(signed), ""),
    ])
}

fn group(group: &Group) -> String {
    format!(
        "{:<14} {} of {} inside; bias {} of at most {} ms; widest {}, beyond grid and answer {} of at most {} ms",
        name(group.what),
        group.inside,
        group.values,
        signed(group.bias_micros),
        BIAS.as_millis(),
        millis(group.widest_micros),
        signed(group.beyond_micros),
        BEYOND.as_millis()
    )
}

fn broken(breach: Breach) -> String {
    match breach {
        Breach::Nothing { what } => format!("{}: nothing was compared", name(what)),
        Breach::Outside { what, values } => format!("{}: {values} true values outside of their interval", name(what)),
        Breach::Bias { what, micros } => format!("{}: a bias of {}", name(what), signed(micros)),
        Breach::Width { what, beyond_micros } => {
            format!("{}: an interval that is {} wider than grid and answer", name(what), signed(beyond_micros))
        }
    }
}

const fn name(what: What) -> &'static str {
    match what {
        What::Recovery => "recovery",
        What::OutageBegan => "outage began",
        What::OutageEnded => "outage ended",
    }
}

fn seconds(micros: u64) -> String {
    format!("{}.{:03} s", micros / 1_000_000, micros / 1000 % 1000)
}

fn millis(micros: u64) -> String {
    format!("{}.{} ms", micros / 1000, micros / 100 % 10)
}

fn signed(micros: i64) -> String {
    format!("{}{}", if micros < 0 { '-' } else { '+' }, millis(micros.unsigned_abs()))
}
