//! After the restart everything must stay as it is, and somebody must have watched that it did.

use super::drill::{BOTH, break_probes, time_of};
use super::*;
use crate::clock::Mono;
use crate::journal::{Found, ProbeKind, Surface};
use crate::plan::{Action, Phase};

fn begins(sample: &Sample) -> Mono {
    time_of(sample, |event| matches!(event, Event::PhaseStarted { phase: Phase::Soak }))
}

fn of_soak(event: &Event) -> bool {
    is_readback(event, &[Moment::Soak])
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
    assert!(changes(&granted).contains(&["access: stranger read page-2", "refused", "allowed"]), "{granted:#?}");
}

/// What changed in the soak: what, from what, to what.
fn changes(judgement: &Judgement) -> Vec<[&str; 3]> {
    let changed = judgement.findings.iter().filter(|finding| finding.code == FindingCode::SoakChanged);
    let said = changed.map(|finding| [&finding.item, &finding.expected, &finding.seen]);
    said.map(|said| said.map(|text| text.as_deref().unwrap_or_default())).collect()
}

#[test]
fn what_changes_in_the_soak_is_named_once_with_both_its_values() {
    let (old, new) = (digits("5"), digits("6"));
    let stray = |sha256| Item::Upload {
        key: "new.bin".into(),
        index: 0,
        head: true,
        sha256,
        bytes: 1,
        found: Found::default(),
    };
    let beside = |sample: &mut Sample, moment, sha256| {
        sample.rewrite(&[moment], |of, item| match &item {
            Item::Upload { key, .. } if of.as_str() == "acme" && key == "empty.txt" => vec![item, stray(sha256)],
            _ => vec![item],
        });
    };
    let (was, is) = (format!("{old} current"), format!("{new} current"));
    let what = "uploads: upload new.bin #0";
    let added = loss(|sample| beside(sample, Moment::Soak, new));
    assert_eq!(changes(&added), [[what, "absent", &is]]);
    let changed = loss(|sample| {
        beside(sample, Moment::Restart, old);
        beside(sample, Moment::Soak, new);
    });
    assert_eq!(changes(&changed), [[what, &was, &is]]);
    // Between two lists that differ at both ends nothing is called new that was there.
    let both = later(|item| match key_of(&item) {
        Some("Canary" | "Über uns / ß?") => vec![],
        _ => vec![item],
    });
    assert!(
        changes(&both).len() > 2 && changes(&both).iter().all(|[.., seen]| *seen == "absent"),
        "{:#?}",
        changes(&both)
    );
}

#[test]
fn hits_of_a_search_may_change_only_where_the_prober_writes() {
    let hits = |change: fn(&mut Vec<String>)| {
        later(move |mut item| {
            if let Item::Search { of: None, hits } = &mut item {
                change(hits);
            }
            vec![item]
        })
    };
    assert_eq!(changes(&hits(|hits| hits.push("Probe".to_owned()))), Vec::<[&str; 3]>::new());
    let fewer = hits(Vec::clear);
    assert_eq!(changes(&fewer), [["search: search for the shared word", "Canary", ""]]);
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
fn a_soak_that_was_too_short_for_anybody_to_use_the_system_proves_nothing() {
    let judgement = loss(|sample| {
        let slots = |sample: &Sample, kind| -> Vec<Mono> {
            let of = |event: &Event| match event {
                Event::Probe(probe) if probe.tenant.as_str() == "acme" && probe.kind == kind => Some(probe.intended),
                _ => None,
            };
            sample.events.iter().filter_map(|(_, event)| of(event)).collect()
        };
        // It begins after the last time that somebody used the system.
        let used = *slots(sample, ProbeKind::Full).last().expect("a slot");
        let later = slots(sample, ProbeKind::Light).into_iter().filter(|light| *light > used).collect::<Vec<_>>();
        assert!(later.len() > 1, "some light slots follow");
        let begins = sample.position(|event| matches!(event, Event::PhaseStarted { phase: Phase::Soak }));
        let moved: Vec<_> = sample.events.drain(begins..begins + 2).collect();
        assert!(matches!(moved[1].1, Event::StepStarted { .. }));
        let place = sample.events.iter().position(|(mono, _)| *mono > later[0]).expect("more events");
        sample.events.splice(place..place, moved.into_iter().map(|(_, event)| (later[0], event)));
    });
    doubts(&judgement, ReasonCode::ProberGap);
    assert_eq!(judgement.reasons[0].item.as_deref(), Some("in the soak"));
    assert_eq!(judgement.reasons[0].seen.as_deref(), Some("0"));
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
