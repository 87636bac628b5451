//! After the recovery the next backups must be there, and be what users have.

use super::*;
use crate::journal::sample::{datacenter, tenant};
use crate::journal::{Outcome, SideRestored, Snapshot, WriteInvoked};
use crate::plan::{Phase, Tag};
use crate::verdict::{CheckOutcome, NotTested};

/// Which events belong to the steps after the recovery.
fn begun(sample: &Sample) -> usize {
    sample.position(|event| matches!(event, Event::PhaseStarted { phase: Phase::Soak }))
}

/// A deleted tenant, with one change of what happened after the recovery.
fn after(change: impl Fn(&mut Event)) -> Judgement {
    deletion(|sample| {
        let from = begun(sample);
        sample.events[from..].iter_mut().for_each(|(_, event)| change(event));
    })
}

/// What was listed for globex in `vault`, changed.
fn list(vault: &str, change: impl Fn(&mut Vec<Snapshot>, &mut bool)) -> Judgement {
    after(|event| {
        if let Event::SnapshotsListed { vault: of, tenant, snapshots, readable } = event
            && (of.as_str(), tenant.as_str()) == (vault, "globex")
        {
            change(snapshots, readable);
        }
    })
}

/// What was restored from the vault in `vault`, changed.
fn side(vault: &str, change: impl Fn(&mut SideRestored)) -> Judgement {
    after(|event| {
        if let Event::SideRestored(seen) = event
            && seen.vault.as_str() == vault
        {
            change(seen);
        }
    })
}

fn outcome(judgement: &Judgement) -> CheckOutcome {
    judgement.checks.iter().find(|result| result.check == Check::ProtectedAgain).expect("a result").outcome
}

#[test]
fn without_a_place_to_mirror_to_that_half_is_not_tested() {
    let judgement = loss(|_| {});
    assert_eq!(outcome(&judgement), CheckOutcome::Passed);
    let half = |told: &NotTested| matches!(told, NotTested::NoMeans { check: Check::ProtectedAgain, .. });
    assert!(judgement.not_tested.iter().any(half), "{:#?}", judgement.not_tested);
    assert!(!deletion(|_| {}).not_tested.iter().any(half));
}

#[test]
fn a_backup_that_fails_is_a_finding_and_no_failed_recovery() {
    let judgement = deletion(|sample| {
        let from = begun(sample);
        for (_, event) in &mut sample.events[from..] {
            if let Event::StepEnded { step, outcome } = event
                && step.0 == "soak/backup-hourly"
            {
                *outcome = Outcome::Failed { why: "exit code 1".to_owned() };
            }
        }
        let at = from
            + sample.events[from..]
                .iter()
                .position(
                    |(_, event)| matches!(event, Event::SnapshotTaken { tenant, .. } if tenant.as_str() == "globex"),
                )
                .expect("a snapshot");
        sample.events.remove(at);
    });
    fires(&judgement, FindingCode::NotProtectedAgain, Some("globex"));
    assert!(!codes(&judgement).contains(&FindingCode::RecoveryStepFailed), "{:#?}", judgement.findings);
    assert!(judgement.rto.is_some(), "what was recovered stays recovered");
    assert_eq!(outcome(&judgement), CheckOutcome::Failed);
}

#[test]
fn what_nobody_saw_is_inconclusive() {
    let untaken = deletion(|sample| {
        let from = begun(sample);
        let last = sample.events[from..].iter().position(|(_, event)| matches!(event, Event::SnapshotTaken { .. }));
        sample.events.remove(from + last.expect("a snapshot"));
    });
    doubts(&untaken, ReasonCode::CheckIncomplete);
    for which in [
        (|event| matches!(event, Event::SnapshotsListed { vault, .. } if vault.as_str() == "helsinki"))
            as fn(&Event) -> bool,
        |event| matches!(event, Event::SideRestored(_) | Event::SideRemoved { .. }),
        |event| matches!(event, Event::SideRemoved { .. }),
    ] {
        let judgement = deletion(|sample| {
            let from = begun(sample);
            let mut later = sample.events.split_off(from);
            later.retain(|(_, event)| !which(event));
            sample.events.extend(later);
        });
        doubts(&judgement, ReasonCode::CheckIncomplete);
    }
    let empty = side("helsinki", |seen| seen.files = 0);
    doubts(&empty, ReasonCode::ZeroItems);
    let unplanned = deletion(|sample| {
        sample.change_plan(|plan| plan.steps.retain(|step| !step.protects()));
    });
    doubts(&unplanned, ReasonCode::ZeroItems);
}

#[test]
fn a_new_generation_must_be_listed_where_it_belongs() {
    fires(
        &list("falkenstein", |snapshots, _| {
            snapshots.retain(|one| one.tags != [Tag::Hourly] || one.time < snapshot_time());
        }),
        FindingCode::NotProtectedAgain,
        Some("globex"),
    );
    fires(&list("helsinki", |snapshots, _| drop(snapshots.pop())), FindingCode::NotProtectedAgain, Some("globex"));
    let newest = |change: fn(&mut Snapshot)| {
        list("helsinki", move |snapshots, _| change(snapshots.last_mut().expect("a snapshot")))
    };
    fires(&newest(|copy| copy.original = None), FindingCode::NotProtectedAgain, Some("globex"));
    fires(&newest(|copy| copy.tree.clear()), FindingCode::NotProtectedAgain, Some("globex"));
    fires(&newest(|copy| copy.tags.clear()), FindingCode::NotProtectedAgain, Some("globex"));
    fires(&list("falkenstein", |_, readable| *readable = false), FindingCode::NotProtectedAgain, Some("globex"));
}

fn snapshot_time() -> crate::clock::DrillTime {
    crate::journal::sample::drill_time("2026-01-07T14:00:00Z")
}

#[test]
fn what_comes_out_of_a_new_backup_must_be_what_users_see() {
    for vault in ["falkenstein", "helsinki"] {
        let differs = |change: fn(&mut SideRestored)| {
            fires(&side(vault, change), FindingCode::SideRestoreDiffers, Some("acme"));
        };
        differs(|seen| {
            seen.found.tokens.remove(0);
        });
        differs(|seen| {
            seen.contents.pop();
        });
        differs(|seen| seen.found.canaries.clear());
        differs(|seen| seen.claim.time = seen.claim.time.minus(std::time::Duration::from_secs(3600)));
        differs(|seen| "another".clone_into(&mut seen.claim.snapshot));
        differs(|seen| seen.claim.vault = datacenter("virginia"));
    }
    let original = side("helsinki", |seen| seen.claim.original = None);
    fires(&original, FindingCode::SideRestoreDiffers, Some("acme"));
}

#[test]
fn nothing_of_another_tenant_comes_out_of_a_backup() {
    let canary = side("falkenstein", |seen| seen.found.canaries.push(tenant("globex")));
    fires(&canary, FindingCode::Leaked, Some("acme"));
    let theirs = |w: &WriteInvoked| w.tenant.as_str() == "globex";
    let token = data::written(&Sample::tenant_deleted(), theirs).remove(0).token;
    let mark = side("falkenstein", |seen| seen.found.tokens.push(token));
    fires(&mark, FindingCode::Leaked, Some("acme"));
}

#[test]
fn nothing_is_left_on_the_side() {
    let judgement = after(|event| {
        if let Event::SideRemoved { files, .. } = event {
            *files = 3;
        }
    });
    fires(&judgement, FindingCode::Leftovers, Some("acme"));
}
