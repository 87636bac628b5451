//! What each kind of step does. Nothing is judged here: what is seen goes into the journal.

use super::checkpoint::Checkpoint;
use super::error::StepError;
use super::observe::vault_variable;
use super::setup::Setup;
use crate::ids::Tenant;
use crate::journal::{DrillClock, Event, Outcome, WriteError, Writer};
use crate::ledger::{Ledger, Marks, RunKey};
use crate::plan::{Action, HarnessSabotage, Operation, Phase, Plan, ServiceKey, Step};
use crate::probe::{self, FrontWatch, Prober, Progress, SustainWatch};
use crate::runbook;
use crate::secret::Secret;
use crate::stack::{Names, Printed, Site, SiteError};
use crate::workload::Driver;
use crate::workload::continuous::Continuous;
use crate::workload::corpus::Known;
use crate::workload::history::History;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Shorter words of the secrets folder are names and headings.
const SECRET: usize = 16;

/// What is waited for.
type Waiting = tokio::sync::watch::Receiver<Progress>;

/// A drill on its way.
pub(super) struct Drill {
    pub(super) setup: Setup,
    pub(super) site: Arc<Site>,
    pub(super) clock: DrillClock,
    pub(super) ledger: Ledger,
    pub(super) detector: Option<Waiting>,
    /// Every tenant had a good full probe since the prober began.
    pub(super) looked: Option<Waiting>,
    pub(super) sustain: Option<Waiting>,
    pub(super) driver: Option<Arc<dyn Driver>>,
    pub(super) marks: Option<Marks>,
    pub(super) known: BTreeMap<Tenant, Known>,
    pub(super) history: Option<History>,
    /// Users who write into the disaster.
    pub(super) writing: Option<Continuous>,
    pub(super) prober: Option<Prober>,
    /// Faults whose undo is planned.
    pub(super) injected: Vec<usize>,
    /// Declared maintenance is going on.
    pub(super) maintenance: bool,
}

impl Drill {
    pub(super) fn new(setup: Setup) -> Self {
        let journal = setup.journal.clone();
        let site = Site::new(
            Arc::clone(&setup.plan),
            journal.clone(),
            Names::of(&setup.run),
            setup.handles.clone(),
            setup.stack_dir.clone(),
            setup.secrets.clone(),
            setup.logs.clone(),
        );
        Self {
            clock: DrillClock::new(journal.clone(), setup.plan.calendar.begins),
            ledger: Ledger::new(journal, setup.key.clone(), setup.started.origin().clone()),
            site: Arc::new(site),
            detector: None,
            looked: None,
            sustain: None,
            driver: None,
            marks: None,
            known: BTreeMap::new(),
            history: None,
            writing: None,
            prober: None,
            injected: Vec::new(),
            maintenance: false,
            setup,
        }
    }

    pub(super) fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.setup.plan)
    }

    pub(super) fn journal(&self) -> Writer {
        self.setup.journal.clone()
    }

    pub(super) fn token(&self) -> CancellationToken {
        self.setup.token.clone()
    }

    /// Whether the harness itself is turned this way.
    pub(super) fn turned(&self, how: HarnessSabotage) -> bool {
        self.setup.plan.sabotage.as_ref().is_some_and(|sabotage| sabotage.harness == Some(how))
    }

    pub(super) const fn key(&self) -> &RunKey {
        &self.setup.key
    }

    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    /// Faults whose undo is planned, in order.
    pub(super) fn injected(&self) -> &[usize] {
        &self.injected
    }

    pub(super) const fn teardown_limit(&self) -> Duration {
        self.setup.limits.teardown
    }

    pub(super) fn interrupted_by(&self) -> String {
        (self.setup.interrupted_by)()
    }

    pub(super) fn after(&self) -> Option<Arc<Checkpoint>> {
        self.setup.after.clone()
    }

    /// Why the drill need not go on, if what it was to show is in the journal.
    pub(super) fn enough(&self) -> Option<String> {
        let enough = self.setup.enough.as_ref()?;
        (enough.is)().then(|| enough.why.clone())
    }

    pub(super) fn ends_after(&self, step: &Step) -> bool {
        self.setup.limits.until.as_ref() == Some(&step.name)
    }

    pub(super) async fn note_unhealthy(&self) {
        self.site.note_unhealthy().await;
    }

    /// The first lines of the journal.
    pub(super) fn begin(&self) -> Result<(), WriteError> {
        if let Some(checkpoint) = &self.setup.after {
            return self.begin_after(checkpoint);
        }
        self.setup.journal.write(Event::RunStarted(Box::new(self.setup.started.clone())))?;
        self.clock.stand_at(self.setup.plan.calendar.begins)
    }

    pub(super) fn phase_started(&mut self, phase: Phase) -> Result<(), WriteError> {
        let begun = self.setup.journal.write(Event::PhaseStarted { phase })?;
        let plan = &self.setup.plan;
        if phase == Phase::Verify {
            let watch = SustainWatch::new(&plan.tenants, plan.probe.sustain, begun);
            self.sustain = Some(probe::attach(&self.setup.journal, watch));
        }
        if phase == Phase::Restart {
            self.setup.journal.write(Event::MaintenanceStarted)?;
            self.maintenance = true;
        }
        Ok(())
    }

    fn maintenance_ended(&mut self) -> Result<(), WriteError> {
        if std::mem::take(&mut self.maintenance) {
            self.setup.journal.write(Event::MaintenanceEnded)?;
        }
        Ok(())
    }

    pub(super) fn phase_ended(&mut self, phase: Option<Phase>, outcome: Outcome) -> Result<(), WriteError> {
        let Some(phase) = phase else { return Ok(()) };
        self.maintenance_ended()?;
        self.setup.journal.write(Event::PhaseEnded { phase, outcome }).map(|_| ())
    }

    /// Nothing of the users who write into the disaster reaches the journal after this.
    pub(super) async fn stop_writing(&mut self) {
        if let Some(writing) = self.writing.take() {
            writing.stop().await;
        }
    }

    pub(super) async fn stop_prober(&mut self) {
        let Some(prober) = self.prober.take() else { return };
        if let Err(error) = prober.stop().await {
            let text = format!("the prober ended badly: {error}");
            // A note is for people; if the journal is gone, the drill stops at its next event.
            let _ = self.setup.journal.write(Event::Note { text });
        }
    }

    /// Does what the step says.
    pub(super) async fn perform(&mut self, step: &Step) -> Result<(), StepError> {
        let plan = self.plan();
        match &step.action {
            Action::Images => self.images().await,
            Action::Networks => Ok(self.site.create_networks().await?),
            Action::Secrets => {
                let commands = plan.stack.operations.get(&Operation::Secrets);
                self.site.make_secrets(&step.name, commands.map_or(&[][..], Vec::as_slice)).await?;
                self.hide_secrets()
            }
            Action::Start { services } => Ok(self.site.start(&step.name, services).await?),
            Action::Restart { services } => Ok(self.site.restart(&step.name, services).await?),
            Action::Run { commands } => {
                Ok(runbook::commands(&self.site, &self.setup.journal, &step.name, commands).await?)
            }
            Action::BreakOff { commands, after } => {
                Ok(runbook::break_off(&self.site, &step.name, commands, *after).await?)
            }
            Action::Sabotage { commands } => {
                let done = self.site.run(&step.name, commands).await;
                // What a sabotage cannot do is no failed recovery.
                done.map(|_| ()).map_err(|error| StepError::Sabotage(error.to_string()))
            }
            Action::Baseline => self.baseline().await,
            Action::Write { before } => self.write(*before).await,
            Action::Backup { generation, commands, fingerprint } => {
                self.backup(step, *generation, (commands, fingerprint)).await
            }
            Action::Fingerprint { moment, commands } => self.fingerprint_now(step, *moment, commands).await,
            Action::Mirror { commands } => {
                self.site.run(&step.name, commands).await?;
                Ok(())
            }
            Action::Retention { vault, commands } => {
                self.site.run_with(&step.name, commands, &vault_variable(vault)).await?;
                Ok(())
            }
            Action::Snapshots { vault, commands } => self.snapshots(step, vault, commands).await,
            Action::SideRestore { vault, restore, remove } => self.side_restore(step, vault, restore, remove).await,
            Action::Encryption { vaults, commands } => self.encryption(step, vaults, commands).await,
            Action::Probe => self.probe().await,
            Action::Gate => self.gate().await,
            Action::Fault { index } => self.fault(step, *index).await,
            Action::Detect => self.detect(step).await,
            Action::Decide => self.decide(),
            Action::WaitFront => {
                // A restart hits everybody; the declared maintenance is over when all are back.
                let whom = if step.phase == Phase::Restart { &plan.tenants } else { &plan.affected };
                let watch = FrontWatch::new(whom, self.setup.journal.clock().mono());
                until_met(probe::attach(&self.setup.journal, watch)).await;
                Ok(self.maintenance_ended()?)
            }
            Action::Readback { moment } => self.readback(*moment).await,
            Action::Sustain => {
                let sustain = self.sustain.clone().ok_or(StepError::OutOfOrder("waiting for sustained probes"))?;
                until_met(sustain).await;
                Ok(())
            }
            Action::Soak { takes } => {
                tokio::time::sleep(*takes).await;
                Ok(())
            }
            Action::ProbeEnd => {
                self.stop_prober().await;
                Ok(())
            }
        }
    }

    /// Whatever a command prints later on, no secret of this run reaches the journal.
    pub(super) fn hide_secrets(&self) -> Result<(), StepError> {
        let named = |word: &str| self.setup.plan.tenants.iter().any(|tenant| tenant.as_str() == word);
        let secret = |word: &&str| word.len() >= SECRET && !named(word);
        let mut words: Vec<String> = Vec::new();
        let mut folders = vec![self.setup.secrets.clone()];
        while let Some(folder) = folders.pop() {
            let unreadable = |why| StepError::Secret { path: folder.clone(), why };
            for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
                let path = entry.map_err(unreadable)?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let text = std::fs::read_to_string(&path).map_err(unreadable)?;
                    words.extend(text.split_whitespace().filter(secret).map(str::to_owned));
                }
            }
        }
        Ok(self.setup.journal.hide(&words)?)
    }

    /// The same for the accounts that the corpus has made.
    pub(super) fn hide_passwords(&self) -> Result<(), StepError> {
        let accounts = self.known.values().map(|known| &known.accounts);
        let people = accounts.flat_map(|of| [&of.admin, &of.reader, &of.editor, &of.leaver]);
        let words = people.map(|account| account.password.expose()).filter(|word| word.len() >= SECRET);
        let words: Vec<String> = words.cloned().collect();
        Ok(self.setup.journal.hide(&words)?)
    }

    async fn images(&self) -> Result<(), StepError> {
        let (images, versions) = self.setup.connect.images(&self.setup.plan).await?;
        self.site.use_images(images);
        self.setup.journal.write(Event::Versions { versions })?;
        Ok(())
    }

    pub(super) fn secret(&self, name: &str) -> Result<Secret<String>, StepError> {
        let path = self.setup.secrets.join(name);
        let text =
            std::fs::read_to_string(&path).map_err(|why| StepError::Secret { path: PathBuf::from(name), why })?;
        Ok(Secret::new(text.trim_end().to_owned()))
    }
}

/// Waits until what is watched has happened; says what was seen. The step's deadline ends the wait.
pub(super) async fn until_met(mut waiting: Waiting) -> String {
    match waiting.wait_for(Progress::is_met).await.as_deref() {
        Ok(Progress::Met(seen)) => seen.clone(),
        // The watch is fed by the journal, which outlives it.
        Ok(Progress::Waiting(_)) | Err(_) => std::future::pending().await,
    }
}

pub(super) fn printed<T: Printed>(at: &ServiceKey, stdout: &str) -> Result<T, SiteError> {
    T::from_output(stdout).map_err(|source| SiteError::Printed { at: at.clone(), source })
}
