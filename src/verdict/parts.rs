//! Where the time of a recovery went, step by step. Reported next to the RTO, never instead.

use super::model::Parts;
use super::recovery::replaced;
use crate::clock::Mono;
use crate::ids::Tenant;
use crate::plan::Part;
use crate::timeline::{Span, Timeline};
use std::time::Duration;

/// The parts of one tenant's recovery, which was complete at `hi`.
pub(super) fn of(timeline: &Timeline<'_>, tenant: &Tenant, zero: Mono, hi: Mono) -> Parts {
    let plan = timeline.plan();
    let mut parts = Parts::default();
    let within = |span: &Span<'_>| span.to().unwrap_or(hi).min(hi).since(span.from.max(zero));
    let mut measured = Duration::ZERO;
    for step in &plan.steps {
        let (Some(part), Some(run)) = (step.part, timeline.step(&step.name)) else { continue };
        let took = within(&run.span);
        measured += took;
        let slot = match part {
            Part::Provisioning => &mut parts.provisioning,
            Part::Fetch => &mut parts.fetch,
            Part::Restore => &mut parts.restore,
            Part::Reindex => &mut parts.reindex,
            Part::Switch => &mut parts.switch,
            Part::Verification => &mut parts.verification,
        };
        *slot += took;
        if matches!(part, Part::Fetch | Part::Restore) {
            let own = timeline.tasks.iter().filter(|task| *task.step == step.name);
            let own = own.filter(|task| task.at.tenant.as_ref() == Some(tenant));
            // A tenant's commands in one step run side by side.
            parts.restore_tool += own.map(|task| within(&task.span)).max().unwrap_or_default();
        }
    }
    let detected = timeline.detected.map_or(Duration::ZERO, |noticed| noticed.mono.min(hi).since(zero));
    let declared = plan.detection.declared();
    parts.detection = declared.unwrap_or(detected);
    parts.decision = plan.allowances.iter().map(|allowance| allowance.takes).sum();
    let machine_detection = declared.map_or(detected, |_| replaced(timeline, hi));
    parts.other = hi.since(zero).saturating_sub(measured + machine_detection);
    parts
}
