//! The disaster: inject, notice, decide.

use super::act::{Drill, until_met};
use super::error::StepError;
use crate::fault::{self, Scene};
use crate::ids::Tenant;
use crate::journal::Event;
use crate::plan::{Detection, FaultPlan, Operation, Step};
use crate::probe::{self, Detector, FrontWatch, LookedWatch};
use crate::stack::Monitored;
use crate::workload::continuous::Continuous;
use std::time::Duration;

impl Drill {
    pub(super) async fn fault(&mut self, step: &Step, index: usize) -> Result<(), StepError> {
        let plan = self.plan();
        let (now, later) = plan.faults.get(index..).and_then(<[FaultPlan]>::split_first).unzip();
        let everybody = now.is_some_and(FaultPlan::stops_what_is_shared);
        let again = later.is_some_and(stop_what_is_shared);
        if !everybody && !again {
            self.watch_for_it(Detector::new);
        }
        let scene = Scene {
            site: &self.site,
            plan: &plan,
            journal: &self.setup.journal,
            clock: &self.clock,
            step: &step.name,
            turned: plan.sabotage.as_ref().and_then(|sabotage| sabotage.harness),
        };
        // Before the first only: whom it has not hit still writes then.
        if index == 0 {
            self.writing = Some(self.users_go_on_writing().await?);
        }
        let injected = fault::inject(&scene, index, || self.injected.push(index)).await;
        if let Some(writing) = &self.writing {
            writing.enough();
        }
        injected?;
        if everybody {
            // The injection lasts until those whom the fault does not hit are served again.
            let bystanders: Vec<Tenant> =
                plan.tenants.iter().filter(|tenant| !plan.affected.contains(tenant)).cloned().collect();
            let back = FrontWatch::new(&bystanders, self.setup.journal.clock().mono());
            until_met(probe::attach(&self.setup.journal, back)).await;
        }
        if everybody && !again {
            // That nothing answered meanwhile is no sign of what stays.
            self.watch_for_it(Detector::after);
        }
        Ok(())
    }

    /// Users of every tenant write from now on, into the disaster.
    async fn users_go_on_writing(&self) -> Result<Continuous, StepError> {
        let driver = self.driver.as_ref().ok_or(StepError::OutOfOrder("the disaster"))?;
        Ok(Continuous::begin(&self.ledger, driver, &self.clock, &self.known).await)
    }

    /// From now on the prober's slots are watched for what users would notice.
    fn watch_for_it(&mut self, detector: fn(&[Tenant], u32, crate::clock::Mono) -> Detector) {
        if let Detection::Probe { bad, deadline: _ } = self.setup.plan.detection {
            let detector = detector(&self.setup.plan.affected, bad, self.setup.journal.clock().mono());
            self.detector.get_or_insert_with(|| probe::attach(&self.setup.journal, detector));
        }
    }

    pub(super) async fn detect(&mut self, step: &Step) -> Result<(), StepError> {
        let plan = &self.setup.plan;
        if stop_what_is_shared(&plan.faults) {
            // Otherwise a quick recovery would leave no slot that shows what the fault does to users.
            let looked = LookedWatch::new(&plan.affected, self.setup.journal.clock().mono());
            until_met(probe::attach(&self.setup.journal, looked)).await;
        }
        let by = match &plan.detection {
            Detection::Probe { .. } => {
                let detector = self.detector.clone().ok_or(StepError::OutOfOrder("detecting"))?;
                until_met(detector).await
            }
            Detection::Monitor { every, deadline: _ } => self.monitored(step, *every).await?,
            Detection::Oracle => "the harness, at once".to_owned(),
            Detection::Fixed { after } => {
                let declared = Event::Declared { what: "detection".to_owned(), takes_seconds: after.as_secs() };
                self.setup.journal.write(declared)?;
                self.clock.run_from(plan.detection.noticed(plan.calendar.disaster).max(self.clock.now()))?;
                format!("declared: {}", humantime::format_duration(*after))
            }
        };
        // What is not answered by now is given up, before it could reach the recovered system.
        self.stop_writing().await;
        self.setup.journal.write(Event::Detected { by })?;
        Ok(())
    }

    /// Runs the stack's integrity job until it finds damage at a tenant that the fault hits; the step's deadline ends it.
    async fn monitored(&self, step: &Step, every: Duration) -> Result<String, StepError> {
        let plan = &self.setup.plan;
        let commands = plan.stack.operations.get(&Operation::Monitor).map_or(&[][..], Vec::as_slice);
        let hit = |tenant: &Option<Tenant>| tenant.as_ref().is_none_or(|tenant| plan.affected.contains(tenant));
        loop {
            let looks = self.site.ask::<Monitored>(&step.name, commands).await?;
            let mut found = looks.iter().filter(|(ended, seen)| seen.damaged > 0 && hit(&ended.tenant));
            if let Some((ended, Monitored { checked, damaged })) = found.next() {
                let whose = ended.tenant.as_ref().map(|tenant| format!("{tenant}: ")).unwrap_or_default();
                return Ok(format!("{whose}the monitor of {} finds {damaged} of {checked} parts damaged", ended.at));
            }
            tokio::time::sleep(every).await;
        }
    }

    pub(super) fn decide(&self) -> Result<(), StepError> {
        for allowance in &self.setup.plan.allowances {
            let declared = Event::Declared { what: allowance.what.clone(), takes_seconds: allowance.takes.as_secs() };
            self.setup.journal.write(declared)?;
        }
        Ok(())
    }
}

fn stop_what_is_shared(faults: &[FaultPlan]) -> bool {
    faults.iter().any(FaultPlan::stops_what_is_shared)
}
