//! After the restart everything must stay as it is, and somebody must have watched that it did.

use super::drill::{BOTH, break_probes, time_of};
use super::*;
use crate::clock::Mono;
use crate::journal::{ProbeKind, Surface};
use crate::plan::{Action, Phase};

fn begins(sample: &Sample) -> Mono {
    time_of(sample, |event| matches!(event, Event::PhaseStarted { phase: Phase::Soak }))
}

fn of_soak(event: &Event) -> bool {
    match event {
        Event::ReadbackStarted { moment, .. } | Event::Seen { moment, .. } | Event::SurfaceRead { moment, .. } => {
            *moment == Moment::Soak
        }
        _ => false,
    }
}

/// What the last readback says about acme, changed.
fn later(change: impl Fn(Item) -> Vec<Item>) -> Judgement {
    loss(|sample| {
        sample.rewrite(&[Moment::Soak], |of, item| if of.as_str() == "acme" { change(item) } else { vec![item] });
    })
}

#[test]
fn what_changes_in_the_soak_is_noticed() {
    let gone = later(|item| if key_of(&item) == Some("drawing.png") { vec![] } else { vec![item] });
    fires(&gone, FindingCode::SoakChanged, Some("acme"));
    assert!(!codes(&gone).contains(&FindingCode::RestartChanged), "{:#?}", gone.findings);
    // What the prober wrote belongs to the users, too.
    let forgotten = later(|item| if key_of(&item) == Some("Probe") { vec![] } else { vec![item] });
    fires(&forgotten, FindingCode::SoakChanged, Some("acme"));
    let granted = later(|mut item| {
        if let Item::Access { allowed, .. } = &mut item {
            *allowed = true;
        }
        vec![item]
    });
    fires(&granted, FindingCode::SoakChanged, Some("acme"));
}

#[test]
fn what_changed_in_the_restart_did_not_change_in_the_soak() {
    let judgement = loss(|sample| {
        sample.rewrite(&[Moment::Restart, Moment::Soak], |of, item| {
            if of.as_str() == "acme" && key_of(&item) == Some("Page-2") { vec![] } else { vec![item] }
        });
    });
    fires(&judgement, FindingCode::RestartChanged, Some("acme"));
    assert!(!codes(&judgement).contains(&FindingCode::SoakChanged), "{:#?}", judgement.findings);
}

#[test]
fn in_the_soak_no_slot_may_be_bad() {
    for kind in BOTH {
        let judgement = loss(|sample| {
            let from = begins(sample);
            break_probes(sample, "globex", &[kind], from, Mono(from.0 + 3_000_000));
        });
        fires(&judgement, FindingCode::Unstable, Some("globex"));
    }
}

#[test]
fn a_soak_that_nobody_watched_proves_nothing() {
    let unused = loss(|sample| {
        let from = begins(sample);
        sample.drop_where(|event| match event {
            Event::Probe(probe) => {
                probe.kind == ProbeKind::Full && probe.tenant.as_str() == "acme" && probe.intended >= from
            }
            _ => false,
        });
    });
    doubts(&unused, ReasonCode::ProberGap);
    let gap = loss(|sample| {
        let from = begins(sample);
        let second = from.0 + 1_000_000..from.0 + 2_000_000;
        sample.drop_where(|event| match event {
            Event::Probe(probe) => {
                probe.kind == ProbeKind::Light
                    && probe.tenant.as_str() == "globex"
                    && second.contains(&probe.intended.0)
            }
            _ => false,
        });
    });
    doubts(&gap, ReasonCode::ProberGap);
    assert!(gap.reasons.iter().all(|reason| reason.item.as_deref() == Some("in the soak")), "{:#?}", gap.reasons);
}

#[test]
fn without_the_last_readback_nothing_is_known_of_the_soak() {
    let unread = loss(|sample| {
        sample.drop_where(of_soak);
    });
    doubts(&unread, ReasonCode::ReadbackMissing);
    // Not planned is no excuse.
    let unplanned = loss(|sample| {
        sample.drop_where(of_soak);
        sample.change_plan(|plan| plan.steps.retain(|step| step.action != Action::Readback { moment: Moment::Soak }));
    });
    doubts(&unplanned, ReasonCode::ReadbackMissing);
    // What could not be read is unknown, not gone.
    let failed = loss(|sample| {
        sample.drop_where(|event| {
            of_soak(event) && matches!(event, Event::Seen { item, .. } if item.surface() == Surface::Pages)
        });
        sample.change(|event| {
            if let Event::SurfaceRead { moment: Moment::Soak, tenant, surface: Surface::Pages, .. } = event {
                let (tenant, why) = (tenant.clone(), "502".to_owned());
                *event = Event::SurfaceFailed { moment: Moment::Soak, tenant, surface: Surface::Pages, why };
            }
        });
    });
    doubts(&failed, ReasonCode::SurfaceFailed);
}
