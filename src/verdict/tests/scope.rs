//! What was looked at and what was not: unread surfaces, zero items, incomplete and absent checks.

use super::data::without;
use super::*;
use crate::journal::sample::tenant;
use crate::journal::{Surface, WriteKind};
use crate::plan::{Action, TestObject};
use crate::verdict::{CheckOutcome, Limit, NotTested};

#[test]
fn what_could_not_be_read_is_not_passed() {
    let of = |event: &Event, at: Surface| match event {
        Event::SurfaceRead { moment: Moment::Health, tenant, surface, .. } => {
            tenant.as_str() == "acme" && *surface == at
        }
        _ => false,
    };
    let missing = loss(|sample| {
        sample.drop_where(|event| of(event, Surface::Uploads));
    });
    doubts(&missing, ReasonCode::ReadbackMissing);
    let at = missing.reasons.iter().find(|reason| reason.code == ReasonCode::ReadbackMissing);
    assert_eq!(at.and_then(|reason| reason.item.as_deref()), Some("health uploads"));
    assert_eq!(missing.tenants[&tenant("acme")].rto, None);
    assert_eq!(missing.tenants[&tenant("acme")].rpo.loss, None);
    let failed = loss(|sample| {
        sample.change(|event| {
            if of(event, Surface::Users) {
                *event = Event::SurfaceFailed {
                    moment: Moment::Health,
                    tenant: tenant("acme"),
                    surface: Surface::Users,
                    why: "500".to_owned(),
                };
            }
        });
    });
    doubts(&failed, ReasonCode::SurfaceFailed);
    let uncounted = loss(|sample| {
        sample.change(|event| {
            if of(event, Surface::Pages)
                && let Event::SurfaceRead { items, .. } = event
            {
                *items += 1;
            }
        });
    });
    doubts(&uncounted, ReasonCode::ReadbackIncomplete);
    let nobody = loss(|sample| {
        sample.drop_where(|event| is_readback(event, &[Moment::Restart]));
    });
    doubts(&nobody, ReasonCode::ReadbackMissing);
    // Nobody misses what was not to be read: only that nothing is known of the restart then.
    let late = [Moment::Restart, Moment::Soak];
    let unplanned = loss(|sample| {
        sample.drop_where(|event| is_readback(event, &late));
        sample.drop_where(|event| match event {
            Event::StepStarted { step } | Event::StepEnded { step, .. } => {
                ["restart/readback", "soak/readback"].contains(&step.0.as_str())
            }
            _ => false,
        });
        let read = |action: &Action| matches!(action, Action::Readback { moment } if late.contains(moment));
        sample.change_plan(|plan| plan.steps.retain(|step| !read(&step.action)));
    });
    assert!(!reasons(&unplanned).contains(&ReasonCode::ReadbackMissing), "{:#?}", unplanned.reasons);
    assert!(reasons(&unplanned).contains(&ReasonCode::ZeroItems), "{:#?}", unplanned.reasons);
}

#[test]
fn zero_items_prove_nothing() {
    let empty = loss(|sample| {
        sample.change(|event| {
            if let Event::VaultSearched { files, .. } = event {
                *files = 0;
            }
        });
    });
    doubts(&empty, ReasonCode::ZeroItems);
    // An enumeration that finds nothing where the ledger expects something is worse: everything is lost.
    let blind = read_back(|of, item| match item {
        Item::Revision { .. } | Item::Page { .. } if of.as_str() == "acme" => vec![],
        _ => vec![item],
    });
    fires(&blind, FindingCode::Lost, Some("acme"));
    assert!(reasons(&blind).contains(&ReasonCode::ZeroItems));
}

#[test]
fn a_ledger_without_a_write_before_the_recovery_point_proves_nothing() {
    let judgement = loss(|sample| {
        // All answers up to the daily become unknown.
        let daily = crate::journal::sample::drill_time("2026-01-07T00:05:00Z");
        let mut early = Vec::new();
        for (_, event) in &sample.events {
            match event {
                Event::WriteInvoked(write) if write.tenant.as_str() == "acme" && write.drill < daily => {
                    early.push(write.write);
                }
                _ => {}
            }
        }
        sample.change(|event| {
            if let Event::WriteEnded { write, result } = event
                && early.contains(write)
            {
                *result = crate::journal::WriteResult::Info { why: "timeout".to_owned() };
            }
        });
    });
    doubts(&judgement, ReasonCode::ZeroItems);
}

#[test]
fn incomplete_checks_prove_nothing() {
    type Which = fn(&Event) -> bool;
    let drops: [Which; 5] = [
        |event| matches!(event, Event::KeyTried { tenant, .. } if tenant.as_str() == "acme"),
        |event| matches!(event, Event::VaultSearched { vault, .. } if vault.as_str() == "helsinki"),
        |event| matches!(event, Event::SnapshotsListed { vault, .. } if vault.as_str() == "falkenstein"),
        |event| matches!(event, Event::SnapshotsListed { vault, .. } if vault.as_str() == "helsinki"),
        |event| match event {
            Event::GenerationStarted { generation }
            | Event::SnapshotTaken { generation, .. }
            | Event::GenerationEnded { generation } => generation.time.to_string() == "2026-01-07T00:05:00Z",
            _ => false,
        },
    ];
    for which in drops {
        let judgement = loss(|sample| {
            sample.drop_where(which);
        });
        doubts(&judgement, ReasonCode::CheckIncomplete);
    }
    for trial in [
        |item: &Item| matches!(item, Item::Access { .. }),
        |item: &Item| matches!(item, Item::Search { of: Some(of), .. } if of.as_str() == "globex"),
    ] {
        let judgement = read_back(|of, item| match of.as_str() {
            "acme" if trial(&item) && !matches!(item, Item::Access { allowed: true, .. }) => vec![],
            _ => vec![item],
        });
        doubts(&judgement, ReasonCode::CheckIncomplete);
    }
}

#[test]
fn a_surface_that_the_stack_has_not_is_not_applicable_and_never_passed() {
    let absent = |moments: &'static [Moment]| {
        loss(move |sample| {
            sample.rewrite(moments, |_, item| if matches!(item, Item::Pdf { .. }) { vec![] } else { vec![item] });
            sample.change(|event| {
                if let Event::SurfaceRead { moment, tenant, surface: Surface::Pdf, .. } = event
                    && moments.contains(moment)
                {
                    *event = Event::SurfaceAbsent {
                        moment: *moment,
                        tenant: tenant.clone(),
                        surface: Surface::Pdf,
                        why: "no PDF here".to_owned(),
                    };
                }
            });
        })
    };
    let never = absent(&Moment::ALL);
    assert_eq!(never.verdict, Verdict::Passed, "{:#?}", never.reasons);
    let pdf = never.checks.iter().find(|result| result.check == Check::Pdf).expect("a result");
    assert_eq!(pdf.outcome, CheckOutcome::NotApplicable);
    let why = "no PDF here".to_owned();
    assert!(never.not_tested.contains(&NotTested::NotApplicable { check: Check::Pdf, why }));
    // It was there before the fault: that is no stack without PDF, that is a recovery without it.
    doubts(&absent(&RECOVERED), ReasonCode::SurfaceFailed);
}

#[test]
fn without_pages_nobody_knows_how_much_was_lost() {
    let all = &Moment::ALL;
    let judgement = loss(|sample| {
        let of_pages = |item: &Item| item.surface() == Surface::Pages;
        sample.rewrite(all, |_, item| if of_pages(&item) { vec![] } else { vec![item] });
        sample.change(|event| {
            if let Event::SurfaceRead { moment, tenant, surface: Surface::Pages, .. } = event {
                let (moment, tenant) = (*moment, tenant.clone());
                let why = "no pages here".to_owned();
                *event = Event::SurfaceAbsent { moment, tenant, surface: Surface::Pages, why };
            }
        });
    });
    assert!(reasons(&judgement).contains(&ReasonCode::RpoUnknown), "{:?}", judgement.reasons);
    assert_ne!(judgement.verdict, Verdict::Passed);
}

#[test]
fn what_was_not_requested_is_named() {
    let judgement = loss(|sample| {
        sample.change_plan(|plan| plan.checks = vec![Check::Data]);
    });
    assert_eq!(judgement.verdict, Verdict::Passed, "{:#?}", judgement.reasons);
    assert_eq!(judgement.checks.len(), 1);
    assert!(judgement.not_tested.contains(&NotTested::NotRequested { check: Check::Isolation }));
    // Where things lie does not tell whether anything was recovered.
    for asked in [vec![], vec![Check::Residency]] {
        let nothing = loss(|sample| {
            sample.change_plan(|plan| plan.checks = asked);
        });
        doubts(&nothing, ReasonCode::ZeroItems);
    }
}

#[test]
fn what_no_drill_on_such_a_test_object_shows_is_told() {
    let limits = |object: TestObject| {
        let judgement = loss(|sample| {
            sample.change_plan(|plan| plan.stack.test_object = object);
        });
        let limit = |told: &NotTested| match told {
            NotTested::Limit(limit) => Some(*limit),
            _ => None,
        };
        judgement.not_tested.iter().filter_map(limit).collect::<Vec<_>>()
    };
    let but = |not: &[Limit]| Limit::ALL.into_iter().filter(|limit| !not.contains(limit)).collect::<Vec<_>>();
    let of_production = [Limit::ProductionData, Limit::ProductionConfiguration, Limit::ProductionScale];
    assert_eq!(limits(TestObject::Model), Limit::ALL);
    assert_eq!(limits(TestObject::StagingCopy), but(&of_production[..2]));
    assert_eq!(limits(TestObject::RealBackups), but(&of_production));
}

#[test]
fn in_a_stack_without_files_the_pages_tell_how_much_was_lost() {
    let judgement = loss(|sample| {
        without(sample, |write| write.kind == WriteKind::Upload);
        let all = &Moment::ALL;
        sample.rewrite(all, |_, item| if matches!(item, Item::Upload { .. }) { vec![] } else { vec![item] });
        sample.change(|event| {
            if let Event::SurfaceRead { moment, tenant, surface: Surface::Uploads, .. } = event {
                let (moment, tenant) = (*moment, tenant.clone());
                let why = "no files here".to_owned();
                *event = Event::SurfaceAbsent { moment, tenant, surface: Surface::Uploads, why };
            }
        });
    });
    assert_eq!(judgement.findings, Vec::new());
    assert!(!reasons(&judgement).contains(&ReasonCode::RpoUnknown), "{:#?}", judgement.reasons);
    assert!(judgement.tenants[&tenant("acme")].rpo.lost > 0);
}

/// Nobody asked about rights, and what is wrong with them is no finding; a leak always is one.
#[test]
fn what_was_not_requested_is_not_found_except_a_leak() {
    let changed = |sample: &mut Sample, change: fn(Item) -> Item| {
        sample.rewrite(&RECOVERED, |of, item| vec![if of.as_str() == "acme" { change(item) } else { item }]);
    };
    let unasked = |change| {
        loss(|sample| {
            let asked = |check: &Check| !matches!(check, Check::Isolation | Check::Permissions);
            sample.change_plan(|plan| plan.checks.retain(asked));
            changed(sample, change);
        })
    };
    let widen: fn(Item) -> Item = |mut item| {
        if let Item::Access { allowed, .. } = &mut item {
            *allowed = true;
        }
        item
    };
    fires(&loss(|sample| changed(sample, widen)), FindingCode::PermissionWidened, Some("acme"));
    let widened = unasked(widen);
    assert!(!widened.finding_counts.contains_key(&FindingCode::PermissionWidened), "{:#?}", widened.findings);
    let leaked = unasked(|mut item| {
        if let Item::Revision { key, found, .. } = &mut item
            && key == "Page-2"
        {
            found.canaries.push(tenant("globex"));
        }
        item
    });
    fires(&leaked, FindingCode::Leaked, Some("acme"));
}
