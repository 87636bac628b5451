//! Life before the disaster: the baseline, writes, generations.

use super::act::{Drill, printed};
use super::error::StepError;
use crate::clock::DrillTime;
use crate::ids::Tenant;
use crate::journal::{Event, FingerprintOf};
use crate::ledger::Marks;
use crate::plan::{Command, Generation, HarnessSabotage, Phase, Step, Tag, stop_backups_of};
use crate::stack::Taken;
use crate::workload::corpus::{Corpus, write_baseline};
use crate::workload::history::{self, History};
use crate::workload::{Account, Driver};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::time::Duration;

/// How often a stack that was just installed is asked whether its front door answers.
const OPEN_POLL: Duration = Duration::from_millis(200);

/// Writers and readers are patient; the prober is not.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

impl Drill {
    pub(super) async fn baseline(&mut self) -> Result<(), StepError> {
        let plan = self.plan();
        let driver = self.setup.connect.driver(&plan, &self.site, PATIENCE).await?;
        let admins = plan
            .tenants
            .iter()
            .map(|tenant| Ok((tenant.clone(), self.secret(&format!("tenants/{tenant}/admin-password"))?)))
            .collect::<Result<BTreeMap<_, _>, StepError>>()?;
        let accounts: Vec<(&Tenant, Account)> = admins
            .iter()
            .map(|(tenant, password)| (tenant, Account { name: "Admin".to_owned(), password: password.clone() }))
            .collect();
        let open = accounts.iter().map(|(tenant, admin)| until_open(driver.as_ref(), tenant, admin));
        join_all(open).await;
        let marks = Marks::new(&self.setup.key, &plan.tenants)?;
        let corpus = Corpus {
            ledger: &self.ledger,
            driver: driver.as_ref(),
            marks: &marks,
            plan: plan.workload,
            seed: plan.seed,
            at: self.clock.now(),
        };
        self.known = write_baseline(corpus, admins).await?;
        self.hide_passwords()?;
        self.history = Some(History::new(plan.seed, &self.known));
        self.marks = Some(marks);
        self.driver = Some(driver);
        Ok(())
    }

    pub(super) async fn write(&mut self, before: DrillTime) -> Result<(), StepError> {
        let writes = self.setup.plan.workload.writes;
        self.clock.stand_at(history::begins(before, writes).max(self.clock.now()))?;
        if self.turned(HarnessSabotage::WorkloadStalled) && self.idle(before) {
            return Ok(self.clock.stand_at(before)?);
        }
        let (Some(history), Some(driver)) = (&mut self.history, &self.driver) else {
            return Err(StepError::OutOfOrder("writing"));
        };
        let missed = history.write_before(&self.ledger, driver.as_ref(), before, writes).await?;
        for (tenant, written) in missed {
            let text =
                format!("{tenant}: {:?} of {:?} was not acknowledged: {:?}", written.kind, written.key, written.result);
            self.setup.journal.write(Event::Note { text })?;
        }
        self.clock.stand_at(before)?;
        Ok(())
    }

    /// Whether a stalled workload writes no more: after the last daily.
    fn idle(&self, before: DrillTime) -> bool {
        let dailies = self.setup.plan.calendar.generations.iter().filter(|generation| generation.tag == Tag::Daily);
        dailies.map(|generation| generation.time).max().is_some_and(|last| before > last)
    }

    pub(super) async fn backup(
        &self,
        step: &Step,
        generation: Generation,
        (commands, fingerprint): (&[Command], &[Command]),
    ) -> Result<(), StepError> {
        // After a recovery that took long it is later than the schedule said.
        self.clock.stand_at(generation.time.max(self.clock.now()))?;
        let journal = &self.setup.journal;
        journal.write(Event::GenerationStarted { generation })?;
        let none = BTreeMap::new();
        let all = commands.iter().map(|command| self.site.run_one(&step.name, command, &none));
        let mut failed = None;
        let beside = self.fingerprint(step, FingerprintOf::Generation(generation), fingerprint);
        let (all, prints) = futures_util::join!(join_all(all), beside);
        for (command, ended) in commands.iter().zip(all) {
            match ended
                .map_err(StepError::from)
                .and_then(|ended| Ok((printed(&ended.at, &ended.stdout)?, ended.tenant)))
            {
                Ok((Taken { snapshot, bytes }, Some(tenant))) => {
                    journal.write(Event::SnapshotTaken { generation, tenant, snapshot, bytes })?;
                }
                Ok((_, None)) => {}
                // There is nothing left to back up, and nobody has noticed yet.
                Err(error) if step.phase == Phase::Detect && self.is_stopped(command) && error.is_the_operators() => {
                    journal.write(Event::Note { text: format!("no {generation} of {}: {error}", command.at) })?;
                }
                // The others have their snapshots all the same.
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        prints?;
        journal.write(Event::GenerationEnded { generation })?;
        Ok(())
    }

    /// Whether a command works for a tenant of whom the faults leave nothing to back up.
    fn is_stopped(&self, command: &Command) -> bool {
        command.tenant.as_ref().is_some_and(|tenant| stop_backups_of(&self.setup.plan.faults, tenant))
    }
}

/// Waits until the front door answers right: health of a container says nothing about that.
pub(super) async fn until_open(driver: &dyn Driver, tenant: &Tenant, admin: &Account) {
    while driver.users(tenant, admin).await.is_err() {
        tokio::time::sleep(OPEN_POLL).await;
    }
}
