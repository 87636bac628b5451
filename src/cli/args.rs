//! What can be typed.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Disaster recovery drills on real container stacks: start, back up, destroy, restore, check, measure.
#[derive(Debug, Parser)]
#[command(name = "ernstfall", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Print machine-readable JSON on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more on stderr (twice: everything)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

const EXIT_CODES: &str = "\
Exit codes:
    0  passed
    1  failed: an objective was missed, or there is a finding
    2  inconclusive or aborted
   64  wrong usage, or an invalid scenario
   69  no container engine, or this host cannot run this scenario
   70  a bug of Ernstfall
  130  interrupted twice";

const ABOUT_CALIBRATION: &str = "\
The prober of the drills looks at a stub on the loopback address that goes wrong by a programme: outages of
0.2, 1, 5 and 30 seconds, flapping, slow answers, half-open connections, a page that says sorry with status
200, a redirect to another tenant, a restart loop that looks healthy between its crashes. What the verdict
makes of its slots is compared with the programme:

  recovery       the interval of the recovery time, from the last bad slot to the end of the first good full one
  outage began,  as the light slots saw it, each between two slots
  outage ended

Limits: every true value lies inside its interval; no interval is wider than the grid that decides (recovery:
full slots; outages: light ones) and the answer that ends it by more than 10 ms; the mean error of the
estimates is at most 25 ms. The answer's time is the system's and not the prober's: next to nothing on a quiet
machine, and the timeout where connections hang. The estimate is the middle between the last bad slot and the first good one after it, of either kind: outages end
anywhere between two slots, evenly spread by the seed, so that it is right on average. The upper end of the
recovery time, on which objectives are judged, is above the truth by design; by how much is printed, too.

It takes about a minute and a half, and wants a machine that does nothing else. The last calibration in the
folder of the runs goes into the journal and the reports of every later run.

Exit codes: 0 all limits hold, 1 they do not.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run drills and write their evidence
    Run(Run),
    /// Check scenario files with everything that they refer to; needs no container engine
    Validate(Validate),
    /// Print the plan of a scenario: every step, target and deadline; touches nothing
    Plan(Plan),
    /// Rebuild all reports of a run from its journal; needs no container engine
    Report(Report),
    /// Run deliberately wrong recoveries, one at a time, and see whether each is noticed
    Sabotage(Sabotage),
    /// Break the runbook off after and in each of its steps, begin it again, and see whether the end is right
    Explore(Explore),
    /// Remove what killed runs left behind, and nothing else
    Sweep(Sweep),
    /// Measure outages of known length with the real prober: are its figures right on this machine?
    #[command(after_long_help = ABOUT_CALIBRATION)]
    Calibrate(Calibrate),
    /// Examine this host: engine, disk, memory, clock, images, leftovers
    Doctor(Doctor),
}

#[derive(Debug, Args)]
pub struct Overrides {
    /// Seed instead of the scenario's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Number of tenants (t-01, t-02 ...) instead of the scenario's
    #[arg(long, value_name = "N")]
    pub tenants: Option<u32>,
}

impl Overrides {
    pub fn resolved(&self) -> crate::plan::Overrides {
        crate::plan::Overrides { seed: self.seed, tenants: self.tenants, disaster: None }
    }
}

#[derive(Debug, Args)]
pub struct Run {
    /// Scenario files, run one after the other
    #[arg(required = true, value_name = "SCENARIO")]
    pub scenarios: Vec<PathBuf>,
    /// Folder in which each run gets a folder of its own
    #[arg(long, default_value = "drills", value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub overrides: Overrides,
    /// Stop after this step (`ernstfall plan` lists them)
    #[arg(long, value_name = "STEP")]
    pub until: Option<String>,
    /// Bound of the whole run, all scenarios together, such as 20m
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub deadline: Option<Duration>,
    /// Keep the stack after the drill; `ernstfall sweep` ends it
    #[arg(long, value_enum, default_value_t = Keep::Never)]
    pub keep: Keep,
    /// Language of the reports
    #[arg(long, value_enum, default_value_t = Lang::En)]
    pub lang: Lang,
}

impl Run {
    /// For drills of a series, which say themselves what they run.
    pub fn quiet(out: &Path, lang: Lang) -> Self {
        let overrides = Overrides { seed: None, tenants: None };
        let (scenarios, out) = (Vec::new(), out.to_owned());
        Self { scenarios, out, overrides, until: None, deadline: None, keep: Keep::Never, lang }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Keep {
    Never,
    OnFailure,
    Always,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    En,
    De,
}

impl From<Lang> for crate::report::Lang {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::En,
            Lang::De => Self::De,
        }
    }
}

#[derive(Debug, Args)]
pub struct Sabotage {
    /// Scenario file; its stack names the sabotages that fit it
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// Further files of sabotages
    #[arg(long, value_name = "FILE")]
    pub with: Vec<PathBuf>,
    /// Only these, by name
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Right drills in between, which must pass
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub clean: u32,
    /// Draw the order by seed and tell what was what only at the end
    #[arg(long)]
    pub blind: bool,
    /// Carry out every drill from its first step instead of from a checkpoint
    #[arg(long)]
    pub whole: bool,
    /// List the sabotages that fit the scenario and what they must raise; runs nothing
    #[arg(long)]
    pub list: bool,
    /// Folder in which each run gets a folder of its own
    #[arg(long, default_value = "drills", value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub overrides: Overrides,
    /// Language of the reports
    #[arg(long, value_enum, default_value_t = Lang::En)]
    pub lang: Lang,
}

#[derive(Debug, Args)]
pub struct Explore {
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// Also let the disaster come at so many moments of the day, drawn by the seed; each is a whole drill
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub moments: u32,
    /// Folder in which each run gets a folder of its own
    #[arg(long, default_value = "drills", value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub overrides: Overrides,
    /// Language of the reports
    #[arg(long, value_enum, default_value_t = Lang::En)]
    pub lang: Lang,
}

#[derive(Debug, Args)]
pub struct Validate {
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Plan {
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub overrides: Overrides,
}

#[derive(Debug, Args)]
pub struct Report {
    /// Folder of the run, or its journal.ndjson
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    #[arg(long, value_enum, default_value_t = Lang::En)]
    pub lang: Lang,
}

#[derive(Debug, Args)]
pub struct Sweep {
    /// Only say what would be removed
    #[arg(long)]
    pub dry_run: bool,
    /// Also remove runs whose lock cannot be seen from here (after a reboot, or of other hosts): only where no drill runs
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct Calibrate {
    /// Folder of the runs, where the next run looks for it
    #[arg(long, default_value = "drills", value_name = "DIR")]
    pub out: PathBuf,
    /// Where between two slots outages end
    #[arg(long, default_value_t = 42, value_name = "N")]
    pub seed: u64,
    /// Leave out outages that last longer, such as 1s: quicker, and proves less
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub longest: Option<Duration>,
    /// The check of the check: the stub comes back so much later than it says
    #[arg(long, hide = true, default_value = "0s", value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub late_by: Duration,
}

#[derive(Debug, Args)]
pub struct Doctor {
    /// Also examine whether this host can run this scenario
    #[arg(value_name = "SCENARIO")]
    pub scenario: Vec<PathBuf>,
}
