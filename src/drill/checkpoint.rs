//! A drill frozen after a step, and drills that go on from there.
//!
//! Each continued drill is a run of its own: its journal begins with what its parent had journalled until then, then names
//! the parent; its stack is made anew from the frozen volumes, under its own names and labels.

use super::act::Drill;
use super::error::StepError;
use super::history::{PATIENCE, until_open};
use crate::clock::{DrillTime, Mono, wall_now};
use crate::ids::{StepName, Tenant};
use crate::journal::{self, Entry, Event, Parent, WriteError};
use crate::ledger::{Marks, RunKey};
use crate::plan::Plan;
use crate::stack::Frozen;
use crate::workload::corpus::Known;
use crate::workload::history::History;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// For making a stack from its volumes, or volumes from a stack.
pub(super) const DEADLINE: Duration = Duration::from_secs(600);

/// A drill as it stood after a step. Its files lie in the folder of the run that froze it.
pub struct Checkpoint {
    parent: Parent,
    /// The journal until then: begins with the start of the run.
    past: Vec<Entry>,
    key: RunKey,
    secrets: PathBuf,
    frozen: Frozen,
    known: BTreeMap<Tenant, Known>,
    history: History,
}

impl Checkpoint {
    #[must_use]
    pub const fn parent(&self) -> &Parent {
        &self.parent
    }

    /// The key of all tokens in the frozen data.
    #[must_use]
    pub const fn key(&self) -> &RunKey {
        &self.key
    }

    /// The secrets that the frozen volumes were made with.
    #[must_use]
    pub fn secrets(&self) -> &Path {
        &self.secrets
    }

    /// When it was frozen, on the clock of its journal.
    #[must_use]
    pub fn at(&self) -> Mono {
        self.past.last().map(|entry| entry.mono).unwrap_or_default()
    }

    /// How many steps of `plan` this checkpoint stands for; `None` if a drill by that plan would have had another past.
    #[must_use]
    pub fn steps_of(&self, plan: &Plan) -> Option<usize> {
        let Event::RunStarted(started) = &self.past.first()?.event else { return None };
        let done = started.plan.steps.iter().position(|step| step.name == self.parent.step)? + 1;
        plan.same_until(&started.plan, done).then_some(done)
    }

    /// The number of the next task.
    fn tasks(&self) -> u64 {
        let number =
            |entry: &Entry| if let Event::TaskStarted { task, .. } = &entry.event { Some(*task + 1) } else { None };
        self.past.iter().filter_map(number).max().unwrap_or(0)
    }

    /// Where the drill clock stood.
    fn drill_time(&self) -> Option<DrillTime> {
        self.past.iter().rev().find_map(|entry| match entry.event {
            Event::ClockSet { drill, .. } => Some(drill),
            _ => None,
        })
    }
}

impl Drill {
    /// The step after which this drill is frozen, and the folder for that, if it is.
    pub(super) fn freezes(&self) -> Option<(StepName, PathBuf)> {
        let limits = &self.setup.limits;
        limits.until.clone().zip(limits.freeze.clone())
    }

    /// Stops the stack and keeps all that a drill needs to go on from here.
    pub(super) async fn freeze(&mut self, after: StepName, folder: &Path) -> Result<Checkpoint, StepError> {
        let (Some(history), false) = (self.history.clone(), self.known.is_empty()) else {
            return Err(StepError::OutOfOrder("freezing"));
        };
        self.stop_prober().await;
        self.driver = None;
        let frozen = self.site.freeze(folder).await?;
        let journal = &self.setup.journal;
        let text = format!("frozen after {after}: {} MiB of volumes", frozen.bytes >> 20);
        journal.write(Event::Note { text })?;
        let mut past = journal::read(&journal.path())?.entries;
        let ended = |entry: &Entry| matches!(&entry.event, Event::StepEnded { step, .. } if *step == after);
        let last = past.iter().rposition(ended).ok_or(StepError::OutOfOrder("freezing"))?;
        past.truncate(last + 1);
        let head = past.last().map(|entry| entry.hash.clone()).unwrap_or_default();
        let (run, origin) = (self.setup.run.clone(), self.setup.started.origin().clone());
        Ok(Checkpoint {
            parent: Parent { run, origin, step: after, head },
            past,
            key: self.setup.key.clone(),
            secrets: self.setup.secrets.clone(),
            frozen,
            known: self.known.clone(),
            history,
        })
    }

    /// The beginning of a continued journal: the parent's past, then a line that says whose it is.
    pub(super) fn begin_after(&self, checkpoint: &Checkpoint) -> Result<(), WriteError> {
        let journal = &self.setup.journal;
        let began = checkpoint.past.first().map(|entry| entry.mono).unwrap_or_default();
        journal.write_past(began, wall_now(), Event::RunStarted(Box::new(self.setup.started.clone())))?;
        for Entry { mono, wall, event, .. } in checkpoint.past.iter().skip(1) {
            journal.write_past(*mono, wall.clone(), event.clone())?;
        }
        self.site.count_from(checkpoint.tasks());
        self.ledger.resume(checkpoint.past.iter().map(|entry| &entry.event));
        journal.write(Event::Continued(checkpoint.parent.clone()))?;
        self.clock.stand_at(checkpoint.drill_time().unwrap_or(self.setup.plan.calendar.begins))
    }

    /// The stack as it was, and all that the harness knew of it.
    pub(super) async fn thaw(&mut self, step: &StepName, checkpoint: &Checkpoint) -> Result<(), StepError> {
        self.hide_secrets()?;
        self.site.thaw(step, &checkpoint.frozen).await?;
        self.known.clone_from(&checkpoint.known);
        self.hide_passwords()?;
        self.history = Some(checkpoint.history.clone());
        self.marks = Some(Marks::new(&self.setup.key, &self.setup.plan.tenants)?);
        let driver = self.setup.connect.driver(&self.setup.plan, &self.site, PATIENCE).await?;
        let open = self.known.iter().map(|(tenant, known)| until_open(driver.as_ref(), tenant, &known.accounts.admin));
        join_all(open).await;
        self.driver = Some(driver);
        Ok(())
    }
}
