//! What is wrong after the rarer kinds of writes: deletions of uploads, renamings, protections and blocks that come and go.

use super::data::{add, is, revision, written};
use super::rights::{block, protect};
use super::*;
use crate::journal::sample::tenant;
use crate::journal::{WriteInvoked, WriteKind, WriteResult};

/// What acme's writes of the key put there, oldest first, as it is read back.
fn contents(sample: &Sample, key: &str) -> Vec<Item> {
    let writes = written(sample, |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key == key && w.sha256.is_some());
    (0..).zip(&writes).map(|(index, write)| revision(write, index)).collect()
}

/// Whether an undone write of this name counts to acme's loss.
fn came_back(judgement: &Judgement, name: &str) -> bool {
    judgement.tenants[&tenant("acme")].rpo.came_back.iter().any(|item| item.starts_with(name))
}

#[test]
fn a_full_history_passes_and_what_came_after_the_recovery_point_is_undone() {
    let judgement = full(|_| {});
    assert_eq!(judgement.findings, Vec::new());
    assert_eq!(judgement.verdict, Verdict::Passed, "{:#?}", judgement.reasons);
    assert!(came_back(&judgement, "delete-upload scan-4.pdf"));
    assert!(!came_back(&judgement, "delete-upload scan-3.pdf"));
    let lost = &judgement.tenants[&tenant("acme")].rpo.lost_writes;
    let renamings: Vec<&str> =
        lost.iter().map(|write| write.item.as_str()).filter(|item| item.starts_with("rename")).collect();
    assert_eq!(renamings.len(), 3, "{renamings:?}");
    assert!(renamings[0].starts_with("rename Title-4 to Renamed-4 (workload "), "{renamings:?}");
    assert!(!lost.iter().any(|write| write.item.contains("create Title-4")), "{lost:#?}");
}

#[test]
fn a_deleted_upload_that_is_back_is_resurrected() {
    let judgement = full(|sample| {
        let back = contents(sample, "scan-3.pdf");
        add(sample, &back);
    });
    fires(&judgement, FindingCode::Resurrected, Some("acme"));
    assert_eq!(judgement.finding_counts[&FindingCode::Resurrected], 2);
    let in_files = |finding: &&Finding| finding.check == Some(Check::Files) && finding.code == FindingCode::Resurrected;
    assert_eq!(judgement.findings.iter().filter(in_files).count(), 2, "{:#?}", judgement.findings);
}

#[test]
fn an_upload_that_was_deleted_after_the_recovery_point_must_be_back() {
    let judgement = full(|sample| {
        sample.rewrite(&RECOVERED, |of, item| if is(of, "acme", &item, "scan-4.pdf") { vec![] } else { vec![item] });
    });
    fires(&judgement, FindingCode::Lost, Some("acme"));
}

/// Gives what acme has under one title another one, after the recovery.
fn retitle(sample: &mut Sample, from: &str, to: &str) {
    sample.rewrite(&RECOVERED, |of, mut item| {
        if let (true, Item::Revision { key, .. } | Item::Page { key, .. }) = (is(of, "acme", &item, from), &mut item) {
            *key = to.into();
        }
        vec![item]
    });
}

fn expects(judgement: &Judgement, code: FindingCode, what: &str) -> bool {
    judgement.findings.iter().any(|finding| {
        let says = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(what));
        finding.code == code && (says(&finding.item) || says(&finding.expected))
    })
}

#[test]
fn a_renamed_page_carries_all_its_revisions() {
    for index in 0..4 {
        let judgement = full(|sample| {
            sample.rewrite(&RECOVERED, |of, item| match &item {
                Item::Revision { index: at, .. } if is(of, "acme", &item, "Renamed-2") && *at == index => vec![],
                _ => vec![item],
            });
        });
        // The third one is the wiki's own note of the renaming.
        if index == 1 || index == 2 {
            assert_eq!(judgement.findings, Vec::new());
        } else {
            fires(&judgement, FindingCode::Lost, Some("acme"));
        }
    }
    let gone = full(|sample| {
        sample.rewrite(&RECOVERED, |of, item| if is(of, "acme", &item, "Renamed-2") { vec![] } else { vec![item] });
    });
    assert!(expects(&gone, FindingCode::Lost, "create Title-2"), "{:#?}", gone.findings);
    assert!(expects(&gone, FindingCode::Lost, "rename Title-2 to Renamed-2"), "{:#?}", gone.findings);
}

#[test]
fn an_old_title_that_is_back_is_resurrected() {
    let beside = full(|sample| {
        let back = contents(sample, "Title-2");
        add(sample, &back);
    });
    fires(&beside, FindingCode::Resurrected, Some("acme"));
    assert!(expects(&beside, FindingCode::Resurrected, "rename Title-2 to Renamed-2"), "{:#?}", beside.findings);
    let instead = full(|sample| retitle(sample, "Renamed-2", "Title-2"));
    fires(&instead, FindingCode::Resurrected, Some("acme"));
    assert!(expects(&instead, FindingCode::Lost, "rename Title-2 to Renamed-2"), "{:#?}", instead.findings);
    // A redirect that was left behind: nobody wrote it.
    let redirect = full(|sample| {
        let mut left = contents(sample, "Title-2");
        left.truncate(1);
        if let Some(Item::Revision { sha256, found, .. }) = left.first_mut() {
            *sha256 = digits("4");
            found.tokens.clear();
        }
        add(sample, &left);
    });
    fires(&redirect, FindingCode::Alien, Some("acme"));
}

#[test]
fn a_renaming_that_is_undone_does_not_undo_the_protection_that_came_before_it() {
    let judgement = full(|sample| retitle(sample, "Renamed-0", "Title-0"));
    let lost = judgement.tenants[&tenant("acme")].rpo.lost_writes.iter().map(|write| write.item.as_str());
    let of_it: Vec<_> = lost.filter(|item| item.contains("Title-0")).collect();
    assert!(matches!(of_it[..], [one] if one.starts_with("rename Title-0 to Renamed-0 ")), "{of_it:?}");
}

#[test]
fn a_page_that_was_renamed_there_and_back_has_all_its_revisions_and_lies_nowhere_else() {
    for index in 0..4 {
        let judgement = full(|sample| {
            sample.rewrite(&RECOVERED, |of, item| match &item {
                Item::Revision { index: at, .. } if is(of, "acme", &item, "Roamer") && *at == index => vec![],
                _ => vec![item],
            });
        });
        // The second text stands in the wiki's own notes, too.
        if index == 0 {
            fires(&judgement, FindingCode::Lost, Some("acme"));
        } else {
            assert_eq!(judgement.findings, Vec::new());
        }
    }
    // The wiki notes the protection and both renamings, each with the text as it stood: once more is one too many.
    let repeated = full(|sample| {
        let text = contents(sample, "Roamer").remove(1);
        add(sample, &[text]);
    });
    fires(&repeated, FindingCode::Duplicated, Some("acme"));
    let astray = full(|sample| retitle(sample, "Roamer", "Astray"));
    assert!(expects(&astray, FindingCode::Resurrected, "rename Astray to Roamer"), "{:#?}", astray.findings);
    assert!(expects(&astray, FindingCode::Lost, "rename Astray to Roamer"), "{:#?}", astray.findings);
}

#[test]
fn an_old_text_on_top_of_a_renamed_page_is_stale() {
    let judgement = full(|sample| {
        sample.rewrite(&RECOVERED, |of, mut item| {
            let renamed = is(of, "acme", &item, "Renamed-2");
            if let (true, Item::Revision { index, head, .. }) = (renamed, &mut item) {
                *head = *index == 0;
            }
            vec![item]
        });
    });
    fires(&judgement, FindingCode::StaleHead, Some("acme"));
}

#[test]
fn a_renaming_after_the_recovery_point_is_too_new_and_a_refused_one_must_not_show() {
    let judgement = full(|sample| retitle(sample, "Title-4", "Renamed-4"));
    fires(&judgement, FindingCode::TooNew, Some("acme"));
    assert!(expects(&judgement, FindingCode::TooNew, "rename Title-4 to Renamed-4"), "{:#?}", judgement.findings);
    let judgement = full(|sample| {
        let renamings = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.to.as_deref() == Some("Renamed-2");
        let refused = written(sample, renamings).remove(0).write;
        sample.change(|event| match event {
            Event::WriteEnded { write, result } if *write == refused => {
                *result = WriteResult::Fail { why: "refused".to_owned() };
            }
            _ => {}
        });
    });
    fires(&judgement, FindingCode::AbortedVisible, Some("acme"));
    assert!(expects(&judgement, FindingCode::AbortedVisible, "rename Title-2"), "{:#?}", judgement.findings);
}

#[test]
fn a_refused_write_that_shows_under_a_later_title_is_aborted_visible() {
    let judgement = full(|sample| {
        let first = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key == "Title-2" && w.kind == WriteKind::Create;
        let refused = written(sample, first).remove(0).write;
        field::refuse(sample, refused);
    });
    assert_eq!(codes(&judgement), [FindingCode::AbortedVisible, FindingCode::NotRecovered]);
    assert!(expects(&judgement, FindingCode::AbortedVisible, "create Title-2"), "{:#?}", judgement.findings);
}

#[test]
fn a_page_whose_renaming_was_not_answered_may_be_here_or_there() {
    for there in [true, false] {
        let judgement = full(|sample| {
            let of_two = |w: &WriteInvoked| w.to.as_deref() == Some("Renamed-2") || w.key == "Renamed-2";
            // Without the edit that came after it, which would prove where the page is.
            let [renaming, edit] = [WriteKind::Rename, WriteKind::Edit].map(|kind| {
                let which = |w: &WriteInvoked| w.tenant.as_str() == "acme" && of_two(w) && w.kind == kind;
                written(sample, which).remove(0)
            });
            sample.drop_where(|event| match event {
                Event::WriteInvoked(write) => write.write == edit.write,
                Event::WriteEnded { write, .. } => *write == edit.write || *write == renaming.write,
                Event::Seen { item: Item::Revision { found, .. }, .. } => found.tokens.contains(&edit.token),
                _ => false,
            });
            sample.rewrite(&Moment::ALL, |_, mut item| {
                if let Item::Revision { key, index: 2, head, .. } = &mut item
                    && key == "Renamed-2"
                {
                    *head = true;
                }
                vec![item]
            });
            if !there {
                // Then the wiki has no note of it either.
                let moments = Moment::ALL;
                sample.rewrite(&moments, |of, mut item| {
                    if !is(of, "acme", &item, "Renamed-2") {
                        return vec![item];
                    }
                    match &mut item {
                        Item::Revision { index: 2, .. } => return vec![],
                        Item::Revision { key, index, head, .. } => {
                            *key = "Title-2".into();
                            *head = *index == 1;
                        }
                        Item::Page { key, .. } => *key = "Title-2".into(),
                        _ => {}
                    }
                    vec![item]
                });
            }
        });
        assert_eq!(judgement.findings, Vec::new());
        assert_eq!(judgement.verdict, Verdict::Passed, "{:#?}", judgement.reasons);
    }
}

#[test]
fn a_protection_is_as_its_last_change_before_the_recovery_point_left_it() {
    let protect = |page, to| full(|sample| protect(sample, &RECOVERED, page, to));
    for page in ["Guarded-3", "Renamed-0"] {
        let open = protect(page, false);
        fires(&open, FindingCode::RightLost, Some("acme"));
        assert!(expects(&open, FindingCode::RightLost, &format!("protection of {page}")), "{:#?}", open.findings);
    }
    let back = protect("Guarded-2", true);
    fires(&back, FindingCode::Resurrected, Some("acme"));
    assert!(expects(&back, FindingCode::Resurrected, "unprotect Guarded-2"), "{:#?}", back.findings);
    fires(&protect("Guarded-4", true), FindingCode::TooNew, Some("acme"));
    let undone = full(|_| {});
    let lost = &undone.tenants[&tenant("acme")].rpo.lost_writes;
    assert!(lost.iter().any(|write| write.item.starts_with("unprotect Guarded-3")), "{lost:#?}");
    assert!(!came_back(&undone, "unprotect"));
}

#[test]
fn whoever_was_blocked_stays_blocked_and_nobody_else_is() {
    let free = full(|sample| block(sample, &RECOVERED, "Guest-3", false));
    fires(&free, FindingCode::Resurrected, Some("acme"));
    assert!(expects(&free, FindingCode::Resurrected, "block Guest-3"), "{:#?}", free.findings);
    assert!(free.findings.iter().any(|finding| finding.severity == crate::verdict::Severity::Critical));
    for user in ["Guest-2", "Reader", "Admin"] {
        let shut = full(|sample| block(sample, &RECOVERED, user, true));
        fires(&shut, FindingCode::PermissionMissing, Some("acme"));
    }
    fires(&full(|sample| block(sample, &RECOVERED, "Guest-4", true)), FindingCode::TooNew, Some("acme"));
    // A user of the system's own who had been blocked.
    let own = full(|sample| block(sample, &[Moment::Steady], "Admin", true));
    fires(&own, FindingCode::PermissionWidened, Some("acme"));
    let restarted = full(|sample| block(sample, &[Moment::Restart], "Admin", true));
    fires(&restarted, FindingCode::RestartChanged, Some("acme"));
    let undone = full(|_| {});
    assert!(came_back(&undone, "block Guest-6") && !came_back(&undone, "block Guest-3"));
}
