//! Recovery points: newer, older, torn and different ones.

use super::data::{DAILY, add, before, revision, without, written};
use super::*;
use crate::clock::DrillTime;
use crate::journal::sample::{drill_time, tenant};
use crate::journal::{WriteInvoked, WriteKind};

#[test]
fn what_the_claimed_backup_cannot_contain_is_too_new() {
    let judgement = loss(|sample| {
        let note = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key.starts_with("Note") && !before(w, DAILY);
        let write = written(sample, note).remove(0);
        add(sample, &[revision(&write, 0)]);
    });
    fires(&judgement, FindingCode::TooNew, Some("acme"));
}

#[test]
fn between_the_claimed_backup_and_the_fault_a_write_without_an_answer_is_too_new_as_well() {
    let judgement = loss(|sample| {
        let note = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key.starts_with("Note") && !before(w, DAILY);
        let write = written(sample, note).remove(0);
        sample.drop_where(|event| matches!(event, Event::WriteEnded { write: of, .. } if *of == write.write));
        add(sample, &[revision(&write, 0)]);
    });
    fires(&judgement, FindingCode::TooNew, Some("acme"));
}

#[test]
fn a_write_without_an_answer_that_was_begun_after_the_fault_tells_nothing_of_the_age_of_a_store() {
    let judgement = loss(|sample| {
        let upload = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.kind == WriteKind::Upload;
        let last = written(sample, upload).pop().expect("a write");
        without(sample, |write| write.write == last.write);
        sample.insert_after(|event| matches!(event, Event::FaultInjecting { .. }), Event::WriteInvoked(last.clone()));
        sample.rewrite(&RECOVERED, |of, item| match &item {
            Item::Upload { key, .. } if of.as_str() == "acme" && key == "empty.txt" => vec![revision(&last, 9), item],
            _ => vec![item],
        });
    });
    let aged = [FindingCode::Skew, FindingCode::Hole, FindingCode::TooOld, FindingCode::TooNew];
    assert!(!codes(&judgement).iter().any(|code| aged.contains(code)), "{:#?}", judgement.findings);
}

/// Acme wrote nothing between the daily that it comes back from and the next hourly, apart from these.
fn quiet(sample: &mut Sample, but: impl Fn(&WriteInvoked) -> bool) {
    let next = drill_time("2026-01-07T12:00:00Z");
    without(sample, |w| w.tenant.as_str() == "acme" && !before(w, DAILY) && w.drill < next && !but(w));
}

fn found(judgement: &Judgement) -> Option<DrillTime> {
    judgement.tenants[&tenant("acme")].rpo.found
}

#[test]
fn of_two_generations_between_which_nobody_wrote_the_promised_one_is_meant() {
    let judgement = loss(|sample| quiet(sample, |_| false));
    assert_eq!(judgement.verdict, Verdict::Passed, "{:#?} {:#?}", judgement.findings, judgement.reasons);
    assert_eq!(found(&judgement), Some(drill_time(DAILY)));
    // One write in between, and it is there.
    let edit = |w: &WriteInvoked| w.key == "Page-1";
    let newer = loss(|sample| {
        quiet(sample, edit);
        let between = |w: &WriteInvoked| w.tenant.as_str() == "acme" && edit(w) && !before(w, DAILY);
        let write = written(sample, between).remove(0);
        add(sample, &[revision(&write, 9)]);
    });
    fires(&newer, FindingCode::TooNew, Some("acme"));
    assert_eq!(found(&newer), Some(drill_time("2026-01-07T12:00:00Z")));
}

#[test]
fn files_that_nobody_changed_since_the_backup_are_of_any_age() {
    let judgement = loss(|sample| {
        without(sample, |w| w.tenant.as_str() == "acme" && w.kind == WriteKind::Upload && !before(w, DAILY));
    });
    assert_eq!(judgement.verdict, Verdict::Passed, "{:#?} {:#?}", judgement.findings, judgement.reasons);
}

#[test]
fn a_write_of_the_prober_from_before_the_fault_is_too_new() {
    let judgement = loss(|sample| {
        let probe = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.kind == WriteKind::Probe;
        let write = written(sample, probe).remove(0);
        add(sample, &[revision(&write, 0)]);
    });
    fires(&judgement, FindingCode::TooNew, Some("acme"));
}

/// Drops everything of acme that was written at `from` or later.
fn older(judge_uploads: bool, judge_pages: bool) -> Judgement {
    loss(|sample| {
        let from: DrillTime = drill_time("2026-01-06T23:00:00Z");
        let young = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.drill >= from;
        let tokens: Vec<Token> = written(sample, young).into_iter().map(|write| write.token).collect();
        sample.rewrite(&RECOVERED, |of, item| {
            let found = match &item {
                Item::Revision { found, .. } if judge_pages => found,
                Item::Upload { found, .. } if judge_uploads => found,
                _ => return vec![item],
            };
            let young = found.tokens.iter().any(|mark| tokens.contains(mark));
            if of.as_str() == "acme" && young { vec![] } else { vec![item] }
        });
    })
}

#[test]
fn an_older_generation_is_too_old() {
    let judgement = older(true, true);
    fires(&judgement, FindingCode::TooOld, Some("acme"));
    fires(&judgement, FindingCode::Lost, Some("acme"));
    assert!(!codes(&judgement).contains(&FindingCode::Skew));
    assert_eq!(judgement.tenants[&tenant("acme")].rpo.found, Some(drill_time("2026-01-06T13:00:00Z")));
    assert!(judgement.tenants[&tenant("acme")].rpo.met);
}

#[test]
fn database_and_files_from_different_times_are_skewed() {
    for (uploads, pages) in [(true, false), (false, true)] {
        let judgement = older(uploads, pages);
        fires(&judgement, FindingCode::Skew, Some("acme"));
    }
    assert!(!codes(&older(false, false)).contains(&FindingCode::Skew));
}

/// The uploads of acme that were written after `from`, as if nobody had set them aside.
fn uploads_left(sample: &mut Sample, from: &str) {
    let from: DrillTime = drill_time(from);
    let young = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.kind == WriteKind::Upload && w.drill > from;
    let versions: Vec<Item> = (100..).zip(&written(sample, young)).map(|(at, write)| revision(write, at)).collect();
    assert!(!versions.is_empty(), "somebody uploads after the backup");
    sample.rewrite(&RECOVERED, |of, item| match &item {
        Item::Upload { key, .. } if of.as_str() == "acme" && key == "empty.txt" => [&versions[..], &[item]].concat(),
        _ => vec![item],
    });
}

#[test]
fn uploads_that_are_left_newer_than_the_database_are_skewed() {
    // Nothing of the uploads is lost, and all pages are from the daily.
    let judgement = loss(|sample| uploads_left(sample, DAILY));
    fires(&judgement, FindingCode::Skew, Some("acme"));
    let skew = judgement.findings.iter().find(|finding| finding.code == FindingCode::Skew).expect("it fired");
    assert_eq!(skew.expected.as_deref(), Some("daily 2026-01-07T00:05:00Z"));
    assert_eq!(skew.seen.as_deref(), Some("the moment of the fault"));
    // The same after a recovery from the newest hourly.
    let judgement = deletion(|sample| uploads_left(sample, "2026-01-07T13:00:00Z"));
    fires(&judgement, FindingCode::Skew, Some("acme"));
}

#[test]
fn a_gap_with_newer_survivors_is_a_hole() {
    let judgement = loss(|sample| {
        let edit = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key == "Page-1" && w.kind == WriteKind::Edit;
        let gone = written(sample, edit).remove(1).token;
        sample.rewrite(&RECOVERED, |_, item| match &item {
            Item::Revision { found, .. } if found.tokens.contains(&gone) => vec![],
            _ => vec![item],
        });
    });
    fires(&judgement, FindingCode::Hole, Some("acme"));
    fires(&judgement, FindingCode::Lost, Some("acme"));
}

#[test]
fn a_gap_is_a_hole_even_if_what_is_missing_was_deleted_after_the_recovery_point() {
    let judgement = full(|sample| {
        let upload = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key == "scan-6.pdf" && w.sha256.is_some();
        let gone = written(sample, upload).remove(0).token;
        sample.rewrite(&RECOVERED, |_, item| match &item {
            Item::Upload { found, .. } if found.tokens.contains(&gone) => vec![],
            _ => vec![item],
        });
    });
    fires(&judgement, FindingCode::Hole, Some("acme"));
    fires(&judgement, FindingCode::Lost, Some("acme"));
}
