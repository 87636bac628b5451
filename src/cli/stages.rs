//! Checkpoints of a series: what all its drills have in common is carried out once.
//!
//! The right drill is frozen where it has its baseline, and where its history is done and read back: before the prober
//! starts. Each drill of the series goes on from the last of these that lies before what is special about it. A stage is
//! frozen when it is first needed, and goes on from the one before it.

use super::exit::Exit;
use super::printer::Printer;
use super::session::{Session, Stage};
use crate::drill::Checkpoint;
use crate::plan::{Action, Compiled, Phase, Plan};
use std::sync::Arc;

pub(super) struct Stages {
    clean: Compiled,
    /// How many steps come before each, and the frozen drill once there is one.
    stages: Vec<(usize, Option<Stage>)>,
}

impl Stages {
    /// None if every drill shall be a whole one.
    pub fn new(clean: Compiled, whole: bool) -> Self {
        let steps = if whole { Vec::new() } else { candidates(&clean.plan) };
        Self { clean, stages: steps.into_iter().map(|steps| (steps, None)).collect() }
    }

    /// Whether every drill is a whole one.
    pub fn whole(&self) -> bool {
        self.stages.is_empty()
    }

    /// Where a drill by `plan` goes on from; nothing if it must begin at its beginning.
    pub async fn before(
        &mut self,
        plan: &Plan,
        session: &Session<'_>,
        printer: Printer,
    ) -> Result<Option<Arc<Checkpoint>>, Exit> {
        let fits = |(steps, _): &(usize, Option<Stage>)| plan.same_until(&self.clean.plan, *steps);
        let Some(wanted) = self.stages.iter().rposition(fits) else { return Ok(None) };
        let mut after: Option<Arc<Checkpoint>> = None;
        for (steps, stage) in &mut self.stages[..=wanted] {
            if stage.is_none() {
                let name = self.clean.plan.steps[*steps - 1].name.clone();
                printer.tell(&format!("freezing a right drill after {name}"));
                *stage = match session.freeze(self.clean.clone(), after.clone(), name).await {
                    Ok(Some((_, Some(frozen)))) => Some(frozen),
                    Ok(Some((judged, None))) => {
                        let place = judged.folder().display().to_string();
                        printer.tell(&format!("the right drill did not get so far: see {place}"));
                        return Err(Exit::Inconclusive);
                    }
                    Ok(None) => return Err(Exit::Unavailable),
                    Err(error) => return Err(session.told(&error)),
                };
            }
            after = stage.as_ref().map(|stage| Arc::clone(&stage.checkpoint));
        }
        Ok(after)
    }

    /// Removes what was frozen, secrets included.
    pub fn end(self, session: &Session<'_>) {
        for stage in self.stages.into_iter().filter_map(|(_, stage)| stage) {
            session.remove(stage.place);
        }
    }
}

/// After the baseline, and before the prober starts.
fn candidates(plan: &Plan) -> Vec<usize> {
    let baseline = plan.steps.iter().rposition(|step| step.phase == Phase::Baseline).map(|at| at + 1);
    let prober = plan.steps.iter().position(|step| step.action == Action::Probe);
    [baseline, prober].into_iter().flatten().filter(|steps| *steps > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Overrides, compile};

    #[test]
    fn a_drill_is_frozen_after_its_baseline_and_before_its_prober() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/notes-datacenter-loss.yaml");
        let plan = compile(&path, &Overrides::default()).expect("a plan").plan;
        let names = candidates(&plan).into_iter().map(|steps| plan.steps[steps - 1].name.0.clone());
        assert_eq!(names.collect::<Vec<_>>(), ["baseline/corpus", "steady/fingerprint"]);
    }
}
