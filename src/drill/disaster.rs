//! The disaster: inject, notice, decide.

use super::act::{Drill, until_met};
use super::error::StepError;
use crate::fault::{self, Scene};
use crate::journal::Event;
use crate::plan::{Detection, Step};
use crate::probe::{self, Detector};

impl Drill {
    pub(super) async fn fault(&mut self, step: &Step, index: usize) -> Result<(), StepError> {
        let plan = &self.setup.plan;
        if let Detection::Probe { bad, deadline: _ } = plan.detection {
            let detector = Detector::new(&plan.affected, bad, self.setup.journal.clock().mono());
            self.detector.get_or_insert_with(|| probe::attach(&self.setup.journal, detector));
        }
        let scene = Scene {
            site: &self.site,
            plan: &self.setup.plan,
            journal: &self.setup.journal,
            clock: &self.clock,
            step: &step.name,
            turned: plan.sabotage.as_ref().and_then(|sabotage| sabotage.harness),
        };
        fault::inject(&scene, index, || self.injected.push(index)).await?;
        Ok(())
    }

    pub(super) async fn detect(&self) -> Result<(), StepError> {
        let by = match &self.setup.plan.detection {
            Detection::Probe { .. } => {
                let detector = self.detector.clone().ok_or(StepError::OutOfOrder("detecting"))?;
                until_met(detector).await
            }
            Detection::Oracle => "the harness, at once".to_owned(),
            Detection::Fixed { after } => {
                let declared = Event::Declared { what: "detection".to_owned(), takes_seconds: after.as_secs() };
                self.setup.journal.write(declared)?;
                format!("declared: {}", humantime::format_duration(*after))
            }
        };
        self.setup.journal.write(Event::Detected { by })?;
        Ok(())
    }

    pub(super) fn decide(&self) -> Result<(), StepError> {
        for allowance in &self.setup.plan.allowances {
            let declared = Event::Declared { what: allowance.what.clone(), takes_seconds: allowance.takes.as_secs() };
            self.setup.journal.write(declared)?;
        }
        Ok(())
    }
}
