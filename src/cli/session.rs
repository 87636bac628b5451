//! One drill from plan to report: engine, folder, journal and key around `drill`, then the judging of what it wrote.

use super::applications::Applications;
use super::args;
use super::exit::Exit;
use super::judging;
use super::live::Live;
use super::printer::Printer;
use super::signals::{self, Interruption};
use crate::calibrate;
use crate::clock::{SystemClock, unix_now, wall_now};
use crate::drill::{self, Checkpoint, Ending, Enough, GateAnswer, Keep, Limits, Setup};
use crate::engine::{DockerEngine, Ownership};
use crate::ids::{Datacenter, RunId, StepName};
use crate::journal::{self, Calibration, RunStarted, Writer, checksum};
use crate::ledger::{RunKey, canary_of, decoy_of};
use crate::plan::{Compiled, Plan};
use crate::stack::{Handles, Place};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a run's containers are spared by other hosts' sweeps.
const EXPIRES_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Time for undo and teardown: an interrupted run must have ended within 7 s.
const TEARDOWN: Duration = Duration::from_secs(60);

/// Why a run could not begin or could not be finished.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    #[error(transparent)]
    Engine(#[from] crate::engine::EngineError),
    #[error(transparent)]
    Journal(#[from] journal::WriteError),
    #[error(transparent)]
    Place(#[from] crate::stack::PlaceError),
    #[error(transparent)]
    NoRandom(#[from] crate::ledger::NoRandom),
    #[error(transparent)]
    Judging(#[from] judging::JudgingError),
    #[error("cannot make the folder {path} for the evidence: {why}")]
    Folder { path: PathBuf, why: std::io::Error },
    #[error("cannot print the plan as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot make a name for the run: {0}")]
    Name(#[from] crate::ids::BadName),
}

impl RunError {
    const fn exit(&self) -> Exit {
        match self {
            Self::Engine(_) => Exit::Unavailable,
            Self::Journal(_)
            | Self::Place(_)
            | Self::NoRandom(_)
            | Self::Judging(_)
            | Self::Folder { .. }
            | Self::Json(_)
            | Self::Name(_) => Exit::Software,
        }
    }
}

/// Where a drill begins and how far it goes; by default from its first step to its last.
#[derive(Default)]
pub(super) struct Course {
    pub after: Option<Arc<Checkpoint>>,
    /// End it in its verification once its sabotage is noticed.
    pub until_noticed: bool,
}

/// A checkpoint, and the folder of the run that holds its files.
pub(super) struct Stage {
    pub checkpoint: Arc<Checkpoint>,
    pub place: Place,
}

/// What one run needs beside its plan.
pub(super) struct Session<'a> {
    printer: Printer,
    /// Nothing is told while a drill runs.
    quiet: bool,
    args: &'a args::Run,
    pub interruption: Interruption,
    host: String,
}

impl<'a> Session<'a> {
    pub(super) fn new(printer: Printer, args: &'a args::Run, quiet: bool) -> Self {
        Self { printer, quiet, args, interruption: Interruption::default(), host: host_name() }
    }

    /// From here on signals end the drills.
    pub(super) fn listen(&self) -> Result<(), Exit> {
        let printer = self.printer;
        signals::listen(self.interruption.clone(), move |text| printer.tell(text)).map_err(|error| {
            printer.tell(&format!("cannot listen to signals: {error}"));
            Exit::Software
        })
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.interruption.by().is_some()
    }

    /// Says why a drill could not begin or be finished, and how the program ends then.
    pub(super) fn told(&self, error: &RunError) -> Exit {
        self.printer.tell(&format!("error: {error}"));
        if matches!(error, RunError::Engine(_)) {
            let help = "help: `make engine` brings an engine where it may; `ernstfall doctor` examines this host";
            self.printer.tell(help);
        }
        error.exit()
    }

    /// Carries a drill out and judges it. `None`: this host cannot run it; why has been said.
    pub(super) async fn drill(&self, compiled: Compiled, course: Course) -> Result<Option<judging::Judged>, RunError> {
        Ok(self.carry_out(compiled, course, None).await?.map(|(judged, _)| judged))
    }

    /// Carries a drill out up to a step and freezes it there, for others to go on from; `None` in the stage: it did not get so far.
    pub(super) async fn freeze(
        &self,
        compiled: Compiled,
        after: Option<Arc<Checkpoint>>,
        step: StepName,
    ) -> Result<Option<(judging::Judged, Option<Stage>)>, RunError> {
        self.carry_out(compiled, Course { after, until_noticed: false }, Some(step)).await
    }

    async fn carry_out(
        &self,
        compiled: Compiled,
        course: Course,
        freeze_after: Option<StepName>,
    ) -> Result<Option<(judging::Judged, Option<Stage>)>, RunError> {
        let Compiled { plan, stack_dir } = compiled;
        let plan = Arc::new(plan);
        let run = new_run_id()?;
        let expires = unix_now() + i64::try_from(EXPIRES_AFTER.as_secs()).unwrap_or(i64::MAX);
        let ownership = Ownership { run: run.clone(), owner: self.host.clone(), expires, datacenter: None };
        let engine = DockerEngine::connect(ownership).await?;
        if let Some(why) = super::doctor::cannot_run(&engine, &plan).await {
            self.printer.tell(&format!("error: this host cannot run {}: {why}", plan.name));
            return Ok(None);
        }

        let folder = self.args.out.join(run.as_str());
        std::fs::create_dir_all(&folder).map_err(|why| RunError::Folder { path: folder.clone(), why })?;
        let place = Place::make(&run)?;
        let journal_path = folder.join("journal.ndjson");
        let clock = course.after.as_ref().map_or_else(SystemClock::start, |after| SystemClock::resume(after.at()));
        let journal = Writer::create(&journal_path, Arc::new(clock))?;
        let live = (!self.quiet).then(|| Arc::new(Live::new(self.printer, &plan)));
        if let Some(shown) = live.clone() {
            journal.listen(move |entry| shown.see(entry));
            let (name, stack) = (&plan.name, &plan.stack.name);
            self.printer.tell(&format!("run {run}: {name} on {stack}, evidence in {}", folder.display()));
        }

        let key = course.after.as_ref().map_or_else(RunKey::draw, |after| Ok(after.key().clone()))?;
        let started = RunStarted {
            calibration: self.calibration(),
            parent: course.after.as_ref().map(|after| after.parent().clone()),
            ..started(&run, &plan, &key, &self.host)?
        };
        let gate_path = journal_path.clone();
        let enough = plan.sabotage.clone().filter(|_| course.until_noticed).map(|sabotage| Enough {
            is: Arc::new(move || judging::noticed(&journal_path, &sabotage)),
            why: "the sabotage is noticed".to_owned(),
        });
        let interruption = self.interruption.clone();
        let setup = Setup {
            plan: Arc::clone(&plan),
            run: run.clone(),
            started,
            journal: journal.clone(),
            key,
            handles: handles(&engine, &plan),
            stack_dir: stack_dir.clone(),
            secrets: course.after.as_ref().map_or_else(|| place.secrets(), |after| after.secrets().to_owned()),
            logs: folder.join("logs"),
            connect: Arc::new(Applications {
                engine: engine.for_datacenter(None),
                stack_dir,
                journal: journal.clone(),
            }),
            gate: Arc::new(move || gate(&gate_path)),
            enough,
            limits: Limits {
                freeze: freeze_after.is_some().then(|| place.checkpoint()),
                until: freeze_after.or_else(|| self.args.until.clone().map(StepName)),
                teardown: TEARDOWN,
            },
            after: course.after,
            interrupted_by: Arc::new(move || interruption.by().unwrap_or_else(|| "unknown".to_owned())),
            token: self.interruption.token(),
        };
        let keep = keep(self.args.keep);
        let kept = std::sync::atomic::AtomicBool::new(false);
        let work = drill::carry_out(setup, |ending| {
            let keeps = match keep {
                Keep::Never => false,
                Keep::OnFailure => *ending != Ending::Complete,
                Keep::Always => true,
            };
            kept.store(keeps, std::sync::atomic::Ordering::Relaxed);
            keeps
        });
        // A drill is long in every sense.
        let mut ended = Box::pin(work).await;
        if let Some(live) = live {
            live.end();
        }
        let (front, checkpoint) = match &mut ended {
            Ok(ended) => (ended.front, ended.checkpoint.take()),
            Err(_) => (None, None),
        };
        let frozen = match (checkpoint, kept.into_inner()) {
            (Some(checkpoint), _) => Some(Stage { checkpoint: Arc::new(checkpoint), place }),
            (None, true) => {
                self.tell_kept(&run, &place, front);
                None
            }
            (None, false) => {
                self.remove(place);
                None
            }
        };
        ended?;
        let result = judging::judge_and_report(&folder, self.args.lang.into(), self.printer.colour_of_result())?;
        Ok(Some((result, frozen)))
    }

    /// No secret outlives its run.
    pub(super) fn remove(&self, place: Place) {
        if let Err(error) = place.remove() {
            self.printer.tell(&format!("warning: the run's secrets are still there: {error}"));
        }
    }

    /// The last one in the folder of the runs. One that cannot be read is none, and the reports say so.
    fn calibration(&self) -> Option<Calibration> {
        calibrate::load(&self.args.out).unwrap_or_else(|mistake| {
            self.printer.tell(&format!("warning: no calibration: {mistake}"));
            None
        })
    }

    fn tell_kept(&self, run: &RunId, place: &Place, front: Option<SocketAddr>) {
        let front = front.map_or_else(|| "not published".to_owned(), |address| format!("https://{address}"));
        self.printer.tell(&format!(
            "kept: the stack of run {run}\n  front door   {front}\n  credentials  {}\n  `ernstfall sweep` ends it",
            place.secrets().display()
        ));
    }
}

/// One handle for each datacenter, and one for what belongs to none.
fn handles(engine: &DockerEngine, plan: &Plan) -> Handles {
    let of = |name: &Datacenter| (name.clone(), engine.for_datacenter(Some(name.clone())));
    Handles { run: engine.for_datacenter(None), datacenters: plan.stack.datacenters.keys().map(of).collect() }
}

fn gate(journal: &Path) -> GateAnswer {
    match judging::gate(journal) {
        Ok(answer) => answer,
        Err(error) => GateAnswer { ready: false, problems: vec![error.to_string()] },
    }
}

fn started(run: &RunId, plan: &Plan, key: &RunKey, host: &str) -> Result<RunStarted, RunError> {
    let plan_sha256 = checksum(&serde_json::to_vec(plan)?).to_string();
    let in_ci = std::env::var_os("CI").is_some();
    let commit = ["CI_COMMIT_SHA", "GITHUB_SHA"].into_iter().find_map(|name| std::env::var(name).ok());
    Ok(RunStarted {
        run: run.clone(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        host: host.to_owned(),
        trigger: if in_ci { "ci" } else { "terminal" }.to_owned(),
        commit,
        plan: plan.clone(),
        plan_sha256,
        key_sha256: key.commitment(),
        canaries: plan.tenants.iter().map(|tenant| (tenant.clone(), canary_of(key, tenant))).collect(),
        decoy: decoy_of(key),
        calibration: None,
        parent: None,
    })
}

const fn keep(keep: args::Keep) -> Keep {
    match keep {
        args::Keep::Never => Keep::Never,
        args::Keep::OnFailure => Keep::OnFailure,
        args::Keep::Always => Keep::Always,
    }
}

/// Date, time and four random digits: `260105-133700-7f3a`.
pub(super) fn new_run_id() -> Result<RunId, RunError> {
    let wall: String = wall_now().chars().filter(char::is_ascii_digit).collect();
    let suffix: u16 = rand::random();
    Ok(RunId::new(format!("{}-{}-{suffix:04x}", wall.get(2..8).unwrap_or("0"), wall.get(8..14).unwrap_or("0")))?)
}

pub(super) fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "unknown".to_owned() } else { name.to_owned() }
}
