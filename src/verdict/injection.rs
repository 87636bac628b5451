//! The time in which a fault itself takes away what all tenants share: the stop of their database server, for example.
//!
//! It begins with the first injection call and ends with the step of the fault, which waits until those whom the fault does not
//! hit are served again. What they miss meanwhile is shown, and is nobody's failure; what they miss later is the recovery's. And
//! what the affected tenant misses meanwhile does not show that users would have noticed the fault itself.

use super::slots::Mark;
use crate::clock::Mono;
use crate::plan::{Action, FaultPlan};
use crate::timeline::Timeline;

/// The injections of one drill that hit everybody.
#[derive(Debug, Clone, Default)]
pub(super) struct Injections(Vec<(Mono, Mono)>);

impl Injections {
    pub fn of(timeline: &Timeline<'_>) -> Self {
        let plan = timeline.plan();
        let of_step = |step: &crate::plan::Step| {
            let Action::Fault { index } = step.action else { return None };
            let from = timeline.faults.get(index)?.injecting?;
            let hits_all = plan.faults.get(index).is_some_and(FaultPlan::stops_what_is_shared);
            let to = timeline.step(&step.name).and_then(|run| run.span.to()).unwrap_or(timeline.last);
            hits_all.then_some((from, to))
        };
        Self(plan.steps.iter().filter_map(of_step).collect())
    }

    /// Whether the slot, or a part of it, lies in one.
    pub fn touch(&self, mark: &Mark) -> bool {
        self.0.iter().any(|(from, to)| mark.intended <= *to && *from <= mark.ended)
    }

    /// When the last one was over; `None` if there was none.
    pub fn over(&self) -> Option<Mono> {
        self.0.iter().map(|(_, to)| *to).max()
    }
}
