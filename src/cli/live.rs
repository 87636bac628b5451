//! What one sees while a drill runs: on a terminal one live view, elsewhere plain lines. A fold over the journal's events.

use super::printer::Printer;
use crate::clock::Mono;
use crate::ids::{StepName, Tenant};
use crate::journal::{Entry, Event, Outcome, Probe, ProbeKind};
use crate::plan::{Phase, Plan};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Shows the events of one run; handed to the journal as a listener.
pub struct Live {
    printer: Printer,
    state: Mutex<State>,
}

struct State {
    screen: Option<Screen>,
    phase: Option<Phase>,
    done: u64,
    steps_began: BTreeMap<StepName, Mono>,
    t0: Option<Mono>,
    declared: Duration,
    objective: Duration,
}

/// The bars of the live view.
struct Screen {
    all: MultiProgress,
    step: ProgressBar,
    clock: ProgressBar,
    tenants: BTreeMap<Tenant, ProgressBar>,
}

impl Live {
    #[must_use]
    pub fn new(printer: Printer, plan: &Plan) -> Self {
        let state = State {
            screen: printer.live.then(|| Screen::new(plan)),
            phase: None,
            done: 0,
            steps_began: BTreeMap::new(),
            t0: None,
            declared: plan.allowances.iter().map(|allowance| allowance.takes).sum(),
            objective: plan.objectives.rto,
        };
        Self { printer, state: Mutex::new(state) }
    }

    /// Takes note of one event.
    pub fn see(&self, entry: &Entry) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = state.see(entry) {
            match &state.screen {
                // A line that cannot be shown on the terminal is in the journal all the same.
                Some(screen) => drop(screen.all.println(line)),
                None if self.printer.json => {}
                None => self.printer.tell(&line),
            }
        }
    }

    /// Takes the live view off the screen.
    pub fn end(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(screen) = &state.screen {
            drop(screen.all.clear());
        }
    }
}

impl State {
    /// Updates the view; returns a line for the log, if there is something to say.
    fn see(&mut self, entry: &Entry) -> Option<String> {
        let at = seconds(entry.mono);
        match &entry.event {
            Event::PhaseStarted { phase } => {
                self.phase = Some(*phase);
                None
            }
            Event::PhaseEnded { phase, outcome } => {
                Some(format!("{at:>7.1} s  {:<9} {}", phase.name(), shown(outcome)))
            }
            Event::StepStarted { step } => {
                self.steps_began.insert(step.clone(), entry.mono);
                if let Some(screen) = &self.screen {
                    screen.step.set_message(step.to_string());
                }
                None
            }
            Event::StepEnded { step, outcome } => {
                self.done += 1;
                if let Some(screen) = &self.screen {
                    screen.step.set_position(self.done);
                }
                let began = self.steps_began.get(step).copied().unwrap_or(entry.mono);
                let took = entry.mono.since(began).as_secs_f64();
                let quick = outcome.is_done() && took < 0.05;
                (!quick).then(|| format!("{at:>7.1} s    {step:<44} {took:>6.1} s  {}", shown(outcome)))
            }
            Event::FaultInjecting { .. } => {
                self.t0 = Some(entry.mono);
                Some(format!("{at:>7.1} s  *** the disaster begins: the clock runs"))
            }
            Event::FaultConfirmed { evidence, .. } => Some(format!("{at:>7.1} s  fault confirmed: {evidence}")),
            Event::FaultUnconfirmed { why, .. } => Some(format!("{at:>7.1} s  fault NOT confirmed: {why}")),
            Event::Detected { by } => Some(format!("{at:>7.1} s  detected: {by}")),
            Event::CutShort { why } => Some(format!("{at:>7.1} s  ended here: {why}")),
            Event::Interrupted { by } => Some(format!("{at:>7.1} s  interrupted: {by}")),
            Event::Gate { ready: false, problems } => Some(format!("{at:>7.1} s  gate: {}", problems.join("; "))),
            Event::Note { text } => Some(format!("{at:>7.1} s  note: {text}")),
            Event::Probe(probe) => {
                self.probe(entry.mono, probe);
                None
            }
            Event::RunStarted(_)
            | Event::Continued(_)
            | Event::Versions { .. }
            | Event::ClockSet { .. }
            | Event::TaskStarted { .. }
            | Event::TaskEnded { .. }
            | Event::KeyDisclosed { .. }
            | Event::RunEnded { .. }
            | Event::Created { .. }
            | Event::Removed { .. }
            | Event::LogsKept { .. }
            | Event::Leftovers { .. }
            | Event::WriteInvoked(_)
            | Event::WriteEnded { .. }
            | Event::GenerationStarted { .. }
            | Event::SnapshotTaken { .. }
            | Event::GenerationEnded { .. }
            | Event::SnapshotsListed { .. }
            | Event::VaultSearched { .. }
            | Event::KeyTried { .. }
            | Event::UndoPlanned { .. }
            | Event::FaultTargets { .. }
            | Event::UndoDone { .. }
            | Event::Declared { .. }
            | Event::RestoreClaimed { .. }
            | Event::Fingerprinted { .. }
            | Event::SideRestored(_)
            | Event::SideRemoved { .. }
            | Event::Gate { ready: true, .. }
            | Event::MaintenanceStarted
            | Event::MaintenanceEnded
            | Event::ReadbackStarted { .. }
            | Event::SurfaceRead { .. }
            | Event::SurfaceFailed { .. }
            | Event::SurfaceAbsent { .. }
            | Event::Seen { .. } => None,
        }
    }

    fn probe(&self, now: Mono, probe: &Probe) {
        let Some(screen) = &self.screen else { return };
        if let (Some(bar), ProbeKind::Light) = (screen.tenants.get(&probe.tenant), probe.kind) {
            bar.set_message(probe.bad.as_ref().map_or_else(|| "up".to_owned(), |why| format!("DOWN  {why}")));
        }
        if let Some(t0) = self.t0 {
            let counted = now.since(t0) + self.declared;
            screen.clock.set_position(counted.as_secs().min(self.objective.as_secs()));
            let (machine, declared) = (now.since(t0).as_secs(), humantime::format_duration(self.declared));
            screen.clock.set_message(format!("{machine} s + declared {declared}"));
        }
    }
}

impl Screen {
    fn new(plan: &Plan) -> Self {
        let all = MultiProgress::new();
        let style = |template: &str| {
            ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("━╸─")
        };
        let step = all.add(ProgressBar::new(plan.steps.len() as u64));
        step.set_style(style("{spinner} {elapsed_precise} [{bar:30}] {pos}/{len}  {msg}"));
        step.enable_steady_tick(Duration::from_millis(250));
        let clock = all.add(ProgressBar::new(plan.objectives.rto.as_secs()));
        let objective = humantime::format_duration(plan.objectives.rto);
        clock.set_style(style(&format!("  RTO      [{{bar:30}}] {{msg}} of {objective}")));
        let tenants = plan.tenants.iter().map(|tenant| {
            let bar = all.add(ProgressBar::new_spinner());
            bar.set_style(style(&format!("  {tenant:<24} {{msg}}")));
            (tenant.clone(), bar)
        });
        Self { step, clock, tenants: tenants.collect(), all }
    }
}

fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done => "done".to_owned(),
        Outcome::Failed { why } => format!("FAILED: {why}"),
        Outcome::TimedOut { after_seconds } => format!("TIMED OUT after {after_seconds} s"),
        Outcome::Cancelled => "cancelled".to_owned(),
        Outcome::Broken { why } => format!("BROKEN: {why}"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds for display")]
fn seconds(mono: Mono) -> f64 {
    mono.0 as f64 / 1e6
}
