//! What is looked at: the vaults, the front door, everything that came back. Nothing is judged here.

use super::act::{Drill, printed, until_met};
use super::error::StepError;
use crate::engine::EngineError;
use crate::ids::Datacenter;
use crate::journal::{Event, FingerprintOf};
use crate::plan::{Command, HarnessSabotage, Moment, Step};
use crate::probe::{self, FrontWatch, ProbeTarget, Prober};
use crate::stack::{Fingerprint, Forbidden, KeyTrial, Listed};
use crate::workload::pdf_text;
use crate::workload::readback::{Readback, read_all, read_nothing};
use futures_util::future::try_join_all;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Drill {
    pub(super) async fn snapshots(
        &self,
        step: &Step,
        vault: &Datacenter,
        commands: &[Command],
    ) -> Result<(), StepError> {
        for ended in self.site.run_with(&step.name, commands, &vault_variable(vault)).await? {
            let listed = printed::<Listed>(&ended.at, &ended.stdout)?;
            let snapshots = listed.snapshots().map_err(|why| {
                StepError::Site(
                    EngineError::Failed { action: "read", what: format!("the list of {vault}"), why }.into(),
                )
            })?;
            if let Some(tenant) = ended.tenant {
                let (vault, readable) = (vault.clone(), listed.readable);
                self.setup.journal.write(Event::SnapshotsListed { vault, tenant, snapshots, readable })?;
            }
        }
        Ok(())
    }

    /// Searches the bytes of the vaults, and tries the key of each tenant's neighbour.
    pub(super) async fn encryption(
        &self,
        step: &Step,
        vaults: &[Datacenter],
        commands: &[Command],
    ) -> Result<(), StepError> {
        let marks = self.marks.as_ref().ok_or(StepError::OutOfOrder("searching the vaults"))?;
        let mut forbidden: Vec<Forbidden> = Vec::new();
        for (tenant, canary) in marks.canaries() {
            forbidden.push(Forbidden { bytes: canary.clone().into_bytes(), what: format!("canary of {tenant}") });
            let key = self.secret(&format!("tenants/{tenant}/restic-password"))?;
            forbidden.push(Forbidden { bytes: key.expose().clone().into_bytes(), what: format!("key of {tenant}") });
        }
        try_join_all(vaults.iter().map(|vault| self.site.search_vault(vault, &forbidden))).await?;
        try_join_all(commands.iter().map(|command| self.try_key(step, command))).await?;
        Ok(())
    }

    /// Tries the key of the next tenant on the repository of the command's.
    async fn try_key(&self, step: &Step, command: &Command) -> Result<(), StepError> {
        let tenants = &self.setup.plan.tenants;
        let Some(tenant) = &command.tenant else { return Ok(()) };
        let position = tenants.iter().position(|other| other == tenant).unwrap_or(0);
        let neighbour = &tenants[(position + 1) % tenants.len()];
        if neighbour == tenant {
            return Ok(());
        }
        let environment = BTreeMap::from([("KEY_OF".to_owned(), neighbour.to_string())]);
        let ended = self.site.run_one(&step.name, command, &environment).await?;
        let opened = printed::<KeyTrial>(&ended.at, &ended.stdout)?.opened;
        self.setup.journal.write(Event::KeyTried { tenant: tenant.clone(), key_of: neighbour.clone(), opened })?;
        Ok(())
    }

    /// What the operator's tool says of every tenant's database and files.
    pub(super) async fn fingerprint(
        &self,
        step: &Step,
        of: FingerprintOf,
        commands: &[Command],
    ) -> Result<(), StepError> {
        for ended in self.site.run(&step.name, commands).await? {
            let Fingerprint { parts } = printed(&ended.at, &ended.stdout)?;
            if let Some(tenant) = ended.tenant {
                self.setup.journal.write(Event::Fingerprinted { of, tenant, parts })?;
            }
        }
        Ok(())
    }

    /// A recovered system that cannot be looked at is none that failed: without a fingerprint the check is inconclusive.
    pub(super) async fn fingerprint_now(
        &self,
        step: &Step,
        moment: Moment,
        commands: &[Command],
    ) -> Result<(), StepError> {
        match self.fingerprint(step, FingerprintOf::Moment(moment), commands).await {
            Err(error) if step.phase.tries_the_recovery() && error.is_the_operators() => {
                self.setup.journal.write(Event::Note { text: format!("no fingerprint: {error}") })?;
                Ok(())
            }
            done => done,
        }
    }

    /// The prober has a driver of its own: its connections live on its own thread.
    pub(super) async fn probe(&mut self) -> Result<(), StepError> {
        let plan = self.plan();
        let driver = self.setup.connect.driver(&plan, &self.site, plan.probe.timeout).await?;
        let clock = self.clock.clone();
        let targets = self.known.iter().map(|(tenant, known)| ProbeTarget::new(tenant, known)).collect();
        let journal = self.setup.journal.clone();
        let now = Arc::new(move || clock.now());
        let looked = FrontWatch::new(&plan.tenants, journal.clock().mono());
        self.looked = Some(probe::attach(&journal, looked));
        self.prober = Some(Prober::start(driver, journal, self.ledger.clone(), self.setup.plan.probe, targets, now)?);
        Ok(())
    }

    /// Asks the gate once every tenant was looked at, or should have been.
    pub(super) async fn gate(&self) -> Result<(), StepError> {
        let probe = self.setup.plan.probe;
        if let Some(looked) = self.looked.clone() {
            // Whether it was is for the gate to say.
            let _ = tokio::time::timeout(probe.full * 2 + probe.timeout, until_met(looked)).await;
        }
        let answer = (self.setup.gate)();
        let problems = answer.problems.clone();
        self.setup.journal.write(Event::Gate { ready: answer.ready, problems: answer.problems })?;
        if answer.ready { Ok(()) } else { Err(StepError::Gate(problems.join("; "))) }
    }

    pub(super) async fn readback(&self, moment: Moment) -> Result<(), StepError> {
        let (Some(driver), Some(marks)) = (&self.driver, &self.marks) else {
            return Err(StepError::OutOfOrder("reading back"));
        };
        driver.forget().await;
        if moment != Moment::Steady && self.turned(HarnessSabotage::ReadNothing) {
            return Ok(read_nothing(&self.setup.journal, moment, self.known.keys())?);
        }
        let with = Readback {
            driver: driver.as_ref(),
            journal: &self.setup.journal,
            marks,
            moment,
            pdf_text: |bytes| pdf_text(bytes).map_err(|error| error.to_string()),
        };
        read_all(with, &self.known).await?;
        Ok(())
    }
}

/// What commands on a vault are told.
pub(super) fn vault_variable(vault: &Datacenter) -> BTreeMap<String, String> {
    BTreeMap::from([("VAULT".to_owned(), vault.to_string())])
}
