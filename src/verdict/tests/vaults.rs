//! What is wrong with backups, mirrors, their encryption, and where things lie.

use super::*;
use crate::journal::sample::{datacenter, tenant};
use crate::journal::{Snapshot, VaultHit};
use crate::plan::Operation;
use crate::verdict::{CheckOutcome, NotTested, Reason};

/// Changes what `vault` lists for acme before the fault.
fn list(vault: &str, change: impl Fn(&mut Vec<Snapshot>, &mut bool)) -> Judgement {
    loss(|sample| {
        sample.change(|event| {
            if let Event::SnapshotsListed { vault: of, tenant, snapshots, readable } = event
                && of.as_str() == vault
                && tenant.as_str() == "acme"
            {
                change(snapshots, readable);
            }
        });
    })
}

#[test]
fn retention_is_judged_slot_by_slot() {
    let drop = list("falkenstein", |snapshots, _| drop(snapshots.remove(1)));
    fires(&drop, FindingCode::RetentionMissing, Some("acme"));
    // The number is right, an hour is not.
    let moved = list("falkenstein", |snapshots, _| {
        snapshots[2].time = snapshots[2].time.plus(std::time::Duration::from_secs(3600 / 2));
    });
    fires(&moved, FindingCode::RetentionMissing, Some("acme"));
    fires(&moved, FindingCode::RetentionSuperfluous, Some("acme"));
    let other = list("falkenstein", |snapshots, _| "another".clone_into(&mut snapshots[0].id));
    fires(&other, FindingCode::RetentionMissing, Some("acme"));
    let twice = list("falkenstein", |snapshots, _| snapshots.push(snapshots[0].clone()));
    fires(&twice, FindingCode::RetentionSuperfluous, Some("acme"));
    fires(&list("falkenstein", |_, readable| *readable = false), FindingCode::RetentionUnreadable, Some("acme"));
}

#[test]
fn the_mirror_must_be_a_true_copy() {
    fires(&list("helsinki", |snapshots, _| drop(snapshots.remove(0))), FindingCode::MirrorMissing, Some("acme"));
    fires(&list("helsinki", |snapshots, _| snapshots[0].original = None), FindingCode::MirrorDiffers, Some("acme"));
    fires(&list("helsinki", |snapshots, _| snapshots[0].tree.clear()), FindingCode::MirrorDiffers, Some("acme"));
    let twice = list("helsinki", |snapshots, _| snapshots.push(snapshots[0].clone()));
    fires(&twice, FindingCode::MirrorSuperfluous, Some("acme"));
    fires(&list("helsinki", |_, readable| *readable = false), FindingCode::MirrorUnreadable, Some("acme"));
}

#[test]
fn a_mirror_that_stopped_makes_the_repository_too_old() {
    let judgement = list("helsinki", |snapshots, _| drop(snapshots.pop()));
    fires(&judgement, FindingCode::TooOld, Some("acme"));
    fires(&judgement, FindingCode::ClaimWrong, Some("acme"));
}

#[test]
fn vaults_hold_ciphertext_only() {
    let hit = |what: &'static str| {
        loss(move |sample| {
            sample.change(|event| {
                if let Event::VaultSearched { vault, hits, .. } = event
                    && vault.as_str() == "helsinki"
                {
                    hits.push(VaultHit { path: "data/00/00ff".to_owned(), what: what.to_owned() });
                }
            });
        })
    };
    let canary = hit("canary of acme");
    fires(&canary, FindingCode::PlainTextInVault, None);
    assert_eq!(canary.findings[0].item.as_deref(), Some("helsinki: data/00/00ff"));
    fires(&hit("looks like gzip"), FindingCode::PlainTextInVault, None);
    fires(&hit("key of acme"), FindingCode::KeyInVault, None);
    let opened = loss(|sample| {
        sample.change(|event| {
            if let Event::KeyTried { tenant, opened, .. } = event {
                *opened = tenant.as_str() == "globex";
            }
        });
    });
    fires(&opened, FindingCode::ForeignKeyOpens, Some("globex"));
}

#[test]
fn without_the_means_nobody_asks_for_trials_of_keys_and_it_is_told() {
    let judgement = loss(|sample| {
        sample.change_plan(|plan| drop(plan.stack.operations.remove(&Operation::KeyTrial)));
        sample.drop_where(|event| matches!(event, Event::KeyTried { .. }));
    });
    assert_eq!(judgement.verdict, Verdict::Passed);
    let no_means = |told: &NotTested| matches!(told, NotTested::NoMeans { check: Check::Encryption, .. });
    assert!(judgement.not_tested.iter().any(no_means), "{:?}", judgement.not_tested);
    assert!(!loss(|_| {}).not_tested.iter().any(no_means));
}

#[test]
fn a_tenant_alone_has_no_other_whose_key_could_be_tried() {
    let wanted = |tenants: usize| {
        let judgement = loss(|sample| {
            sample.change_plan(|plan| plan.tenants.truncate(tenants));
            sample.events.truncate(1);
        });
        let trial = |reason: &&Reason| reason.item.as_deref() == Some("trial of another tenant's key");
        judgement.reasons.iter().filter(trial).count()
    };
    assert_eq!((wanted(1), wanted(2)), (0, 2));
}

#[test]
fn what_is_missing_of_the_encryption_is_named() {
    let missing = |which: fn(&Event) -> bool| {
        let judgement = loss(|sample| {
            sample.drop_where(which);
        });
        doubts(&judgement, ReasonCode::CheckIncomplete);
        let encryption =
            judgement.checks.iter().find(|result| result.check == Check::Encryption).expect("it is asked for");
        assert_eq!((encryption.outcome, encryption.items > 0), (CheckOutcome::Inconclusive, true));
        let of = |reason: &Reason| Some((reason.tenant.clone(), reason.item.clone()?));
        judgement.reasons.iter().filter_map(of).collect::<Vec<_>>()
    };
    let searches = missing(|event| matches!(event, Event::VaultSearched { vault, .. } if vault.as_str() == "helsinki"));
    assert_eq!(searches, [(None, "search of helsinki".to_owned())]);
    let trials = missing(|event| matches!(event, Event::KeyTried { tenant, .. } if tenant.as_str() == "acme"));
    assert_eq!(trials, [(Some(tenant("acme")), "trial of another tenant's key".to_owned())]);
}

#[test]
fn what_is_declared_as_plain_is_told() {
    let because = "JSON by design".to_owned();
    let plain = crate::plan::VaultPlain { path: "*/keys/*".to_owned(), because: because.clone() };
    let judgement = loss(|sample| {
        sample.change_plan(|plan_of| plan_of.stack.vault_plain.push(plain));
    });
    assert_eq!(judgement.verdict, Verdict::Passed);
    let told = NotTested::DeclaredPlain { path: "*/keys/*".to_owned(), because };
    assert!(judgement.not_tested.contains(&told));
}

#[test]
fn everything_lies_where_it_may() {
    let country = loss(|sample| {
        sample.change_plan(|plan| plan.stack.residency.countries.retain(|country| country != "FI"));
    });
    fires(&country, FindingCode::ResidencyViolated, None);
    let seat = loss(|sample| {
        sample.change_plan(|plan| plan.stack.residency.seats.retain(|seat| seat != "DE"));
    });
    fires(&seat, FindingCode::ResidencyViolated, None);
    let unknown = loss(|sample| {
        sample.change(|event| {
            if let Event::Created { name, datacenter: at, .. } = event
                && name == "helsinki-database"
            {
                *at = Some(datacenter("virginia"));
            }
        });
    });
    fires(&unknown, FindingCode::ResidencyViolated, None);
}

/// Changes what the restore tool claims for acme.
fn claim(change: impl Fn(&mut crate::journal::Claim)) -> Judgement {
    loss(|sample| {
        sample.change(|event| {
            if let Event::RestoreClaimed { tenant: of, claim } = event
                && *of == tenant("acme")
            {
                change(claim);
            }
        });
    })
}

#[test]
fn a_claim_must_be_possible_and_the_promised_one() {
    let older = claim(|claim| claim.time = claim.time.minus(std::time::Duration::from_secs(86_400)));
    fires(&older, FindingCode::TooOld, Some("acme"));
    fires(&older, FindingCode::ClaimWrong, Some("acme"));
    fires(&claim(|claim| claim.vault = datacenter("falkenstein")), FindingCode::ClaimWrong, Some("acme"));
    fires(&claim(|claim| "unheard of".clone_into(&mut claim.snapshot)), FindingCode::ClaimWrong, Some("acme"));
    fires(&claim(|claim| claim.original = None), FindingCode::ClaimWrong, Some("acme"));
    let other = claim(|claim| claim.tags.clear());
    fires(&other, FindingCode::ClaimWrong, Some("acme"));
    assert!(!codes(&other).contains(&FindingCode::TooOld), "of the same time");
}
