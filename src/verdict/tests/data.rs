//! What is wrong with pages and uploads.

use super::*;
use crate::journal::sample::{KEY, drill_time, tenant};
use crate::journal::{Found, WriteInvoked, WriteKind, WriteResult, token};
use crate::verdict::{LISTED, TenantState};

pub(super) fn is(tenant: &Tenant, name: &str, item: &Item, key: &str) -> bool {
    tenant.as_str() == name && key_of(item) == Some(key)
}

/// Writes of the ledger, by what `which` says.
pub(super) fn written(sample: &Sample, which: impl Fn(&WriteInvoked) -> bool) -> Vec<WriteInvoked> {
    let write = |(_, event): &(_, Event)| match event {
        Event::WriteInvoked(invoked) if which(invoked) => Some(invoked.clone()),
        _ => None,
    };
    sample.events.iter().filter_map(write).collect()
}

/// Takes a write out of the ledger: its events, to be put elsewhere.
pub(super) fn take_out(sample: &mut Sample, write: &WriteInvoked) -> Vec<Event> {
    let of_it = |event: &Event| match event {
        Event::WriteInvoked(invoked) => invoked.write == write.write,
        Event::WriteEnded { write: of, .. } => *of == write.write,
        _ => false,
    };
    let taken = sample.events.iter().map(|(_, event)| event).filter(|event| of_it(event)).cloned().collect();
    sample.drop_where(of_it);
    taken
}

/// Lets a write be about something else, with the token that it would have.
pub(super) fn retarget(write: &mut WriteInvoked, key: &str) {
    let run = crate::ids::RunId::new("sample-1").expect("a name");
    write.key = key.into();
    write.token = token(KEY, &run, &write.tenant, &write.writer, write.seq, write.kind, &write.key);
}

/// One more write of acme, acknowledged after the recovery point.
pub(super) fn later(sample: &mut Sample, kind: WriteKind, key: &str) {
    another(sample, kind, key, "history/write-last");
}

/// One more write of acme without a body, acknowledged at the end of a step.
pub(super) fn another(sample: &mut Sample, kind: WriteKind, key: &str, step: &str) {
    let mut write = written(sample, |write| write.tenant.as_str() == "acme").pop().expect("a write");
    (write.write, write.writer, write.kind) = (1_000_000, "another".into(), kind);
    (write.sha256, write.group, write.to) = (None, None, None);
    retarget(&mut write, key);
    let result = WriteResult::Ok { revision: "another".to_owned() };
    let end = |event: &Event| is_step(event, step);
    sample.insert_before(end, Event::WriteInvoked(write));
    sample.insert_before(end, Event::WriteEnded { write: 1_000_000, result });
}

/// A history in which these writes never were: nobody sees versions, new pages or groups of theirs before the fault.
pub(super) fn without(sample: &mut Sample, which: impl Fn(&WriteInvoked) -> bool) {
    let gone = written(sample, which);
    for write in &gone {
        take_out(sample, write);
    }
    sample.rewrite(&[Moment::Steady], |of, mut item| {
        let mut own = gone.iter().filter(|write| write.tenant == *of);
        let shown = match &mut item {
            Item::Revision { found, .. } | Item::Upload { found, .. } => {
                !own.any(|write| found.tokens.contains(&write.token))
            }
            Item::Page { key, .. } => !own.any(|write| write.kind == WriteKind::Create && write.key == *key),
            Item::User { name, groups, .. } => {
                own.filter(|write| write.key == *name)
                    .for_each(|write| groups.retain(|group| write.group.as_ref() != Some(group)));
                true
            }
            _ => true,
        };
        if shown { vec![item] } else { vec![] }
    });
    // What is the newest version now is on top.
    let mut tops = std::collections::BTreeSet::new();
    for (_, event) in sample.events.iter_mut().rev() {
        if let Event::Seen { moment: Moment::Steady, tenant, item } = event
            && let (surface, Item::Revision { key, head, .. } | Item::Upload { key, head, .. }) = (item.surface(), item)
        {
            *head = tops.insert((tenant.clone(), surface, key.to_string()));
        }
    }
}

pub(super) fn revision(write: &WriteInvoked, index: u32) -> Item {
    let sha256 = write.sha256.expect("a body");
    let found = holding(write.token);
    let (key, head) = (write.key.clone(), true);
    match write.kind {
        WriteKind::Upload => Item::Upload { key, index, head, sha256, bytes: 64, found },
        _ => Item::Revision { key, index, head, sha256, found },
    }
}

/// Adds `items` to the pages of acme after the recovery.
pub(super) fn add(sample: &mut Sample, items: &[Item]) {
    sample.rewrite(&RECOVERED, |of, item| match &item {
        Item::Page { key, .. } if of.as_str() == "acme" && key == "Canary" => [items, &[item]].concat(),
        _ => vec![item],
    });
}

pub(super) fn before(write: &WriteInvoked, text: &str) -> bool {
    write.drill < drill_time(text)
}

pub(super) const DAILY: &str = "2026-01-07T00:05:00Z";

#[test]
fn a_missing_page_is_lost() {
    let judgement = read_back(|of, item| if is(of, "acme", &item, "Page-2") { vec![] } else { vec![item] });
    fires(&judgement, FindingCode::Lost, Some("acme"));
    fires(&judgement, FindingCode::NotRecovered, Some("acme"));
    assert_eq!(judgement.finding_counts[&FindingCode::Lost], 1);
    assert_eq!(judgement.tenants[&tenant("acme")].state, TenantState::NotRecovered);
    assert_eq!(judgement.tenants[&tenant("acme")].rto, None);
    assert_eq!(judgement.rto, None);
    assert!(judgement.tenants[&tenant("globex")].rto.is_some());
}

#[test]
fn missing_uploads_are_lost_also_the_empty_one() {
    let judgement = read_back(|of, item| match item {
        Item::Upload { .. } if of.as_str() == "globex" => vec![],
        _ => vec![item],
    });
    fires(&judgement, FindingCode::Lost, Some("globex"));
    let empty = |finding: &&Finding| finding.item.as_deref().is_some_and(|item| item.contains("empty.txt"));
    assert!(judgement.findings.iter().any(|finding| empty(&finding)));
}

#[test]
fn a_page_of_the_system_that_is_gone_or_changed_is_noticed() {
    let judgement = read_back(|of, item| if is(of, "acme", &item, "Main Page") { vec![] } else { vec![item] });
    fires(&judgement, FindingCode::Lost, Some("acme"));
    let judgement = read_back(|of, mut item| {
        if let (true, Item::Revision { sha256, .. }) = (is(of, "acme", &item, "Main Page"), &mut item) {
            *sha256 = digits("6");
        }
        vec![item]
    });
    fires(&judgement, FindingCode::Corrupt, Some("acme"));
    let seen = judgement.findings.iter().find(|finding| finding.code == FindingCode::Corrupt);
    assert_eq!(seen.and_then(|finding| finding.seen.clone()), Some("6".repeat(64)));
}

#[test]
fn other_bytes_are_corrupt_with_and_without_a_token() {
    for keep in [true, false] {
        let judgement = read_back(|of, mut item| {
            if let (true, Item::Upload { sha256, found, .. }) = (is(of, "acme", &item, "drawing.png"), &mut item) {
                *sha256 = digits("0");
                if !keep {
                    found.tokens.clear();
                }
            }
            vec![item]
        });
        fires(&judgement, FindingCode::Corrupt, Some("acme"));
        assert!(!codes(&judgement).contains(&FindingCode::Lost));
    }
}

#[test]
fn swapped_tenants_leak() {
    let judgement = loss(|sample| {
        sample.change(|event| {
            let Event::Seen { moment: Moment::Health | Moment::Restart | Moment::Soak, tenant: of, item } = event
            else {
                return;
            };
            let swap = matches!(item, Item::Revision { .. } | Item::Page { .. });
            match of.as_str() {
                "acme" if swap => *of = tenant("globex"),
                "globex" if swap => *of = tenant("acme"),
                _ => {}
            }
        });
        // The items now stand under a readback that has ended or not begun: put them into the right one.
        let misplaced: Vec<_> = RECOVERED.into_iter().flat_map(|moment| regroup(sample, moment)).collect();
        assert!(!misplaced.is_empty());
    });
    fires(&judgement, FindingCode::Leaked, Some("acme"));
    fires(&judgement, FindingCode::Leaked, Some("globex"));
    fires(&judgement, FindingCode::Lost, Some("acme"));
}

/// Moves every item of a readback behind the beginning of its tenant's readback.
fn regroup(sample: &mut Sample, at: Moment) -> Vec<Event> {
    let mut moved = Vec::new();
    sample.events.retain(|(mono, event)| match event {
        Event::Seen { moment, .. } if *moment == at => {
            moved.push((*mono, event.clone()));
            false
        }
        _ => true,
    });
    for (_, event) in moved.iter().rev() {
        let Event::Seen { tenant, .. } = event else { continue };
        let begins = |event: &Event| matches!(event, Event::ReadbackStarted { moment, tenant: of } if *moment == at && of == tenant);
        sample.insert_after(begins, event.clone());
    }
    moved.into_iter().map(|(_, event)| event).collect()
}

#[test]
fn a_deleted_page_that_is_back_is_resurrected() {
    let judgement = loss(|sample| {
        let draft = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key.starts_with("Draft") && before(w, DAILY);
        let write = written(sample, draft).remove(0);
        add(sample, &[revision(&write, 0)]);
    });
    fires(&judgement, FindingCode::Resurrected, Some("acme"));
}

#[test]
fn a_deletion_after_the_recovery_point_is_undone_without_a_finding() {
    let judgement = loss(|sample| {
        // The last deletion of the history is made to hit a page that the daily has, instead of its draft.
        let of_acme = |w: &WriteInvoked| w.tenant.as_str() == "acme";
        let last = written(sample, |w| of_acme(w) && w.kind == WriteKind::Delete).pop().expect("a deletion");
        let draft = written(sample, |w| of_acme(w) && w.kind == WriteKind::Create && w.key == last.key).remove(0);
        sample.drop_where(|event| match event {
            Event::WriteInvoked(write) => write.write == draft.write,
            Event::WriteEnded { write, .. } => *write == draft.write,
            _ => false,
        });
        sample.change(|event| {
            if let Event::WriteInvoked(w) = event
                && w.write == last.write
            {
                retarget(w, "Page-2");
            }
        });
        let steady = [Moment::Steady];
        sample.rewrite(&steady, |of, item| if is(of, "acme", &item, "Page-2") { vec![] } else { vec![item] });
    });
    assert_eq!(judgement.findings, Vec::new());
    assert_eq!(judgement.verdict, Verdict::Passed, "{:#?}", judgement.reasons);
    assert_eq!(judgement.tenants[&tenant("acme")].rpo.came_back.len(), 1);
}

#[test]
fn a_refused_write_that_shows_is_aborted_visible() {
    let judgement = loss(|sample| {
        let note = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key.starts_with("Note") && before(w, DAILY);
        let refused = written(sample, note).remove(0).write;
        sample.change(|event| match event {
            Event::WriteEnded { write, result } if *write == refused => {
                *result = WriteResult::Fail { why: "refused".to_owned() };
            }
            _ => {}
        });
    });
    fires(&judgement, FindingCode::AbortedVisible, Some("acme"));
}

#[test]
fn an_unanswered_write_may_be_there_or_not() {
    for there in [true, false] {
        let judgement = loss(|sample| {
            let note = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key.starts_with("Note") && before(w, DAILY);
            let unknown = written(sample, note).remove(0);
            sample.change(|event| match event {
                Event::WriteEnded { write, result } if *write == unknown.write => {
                    *result = WriteResult::Info { why: "timeout".to_owned() };
                }
                _ => {}
            });
            if !there {
                let moments = Moment::ALL;
                sample.rewrite(
                    &moments,
                    |of, item| {
                        if is(of, "acme", &item, &unknown.key) { vec![] } else { vec![item] }
                    },
                );
            }
        });
        assert_eq!(judgement.findings, Vec::new());
        assert_eq!(judgement.verdict, Verdict::Passed);
    }
}

#[test]
fn a_page_that_nobody_wrote_is_alien() {
    let stray =
        Item::Revision { key: "Hello".into(), index: 0, head: true, sha256: digits("1"), found: Found::default() };
    let judgement = loss(|sample| add(sample, &[stray]));
    fires(&judgement, FindingCode::Alien, Some("acme"));
    let items = judgement.findings.iter().filter_map(|finding| finding.item.as_deref());
    assert!(items.into_iter().any(|item| item == "page Hello #0"), "{:#?}", judgement.findings);
}

#[test]
fn counts_are_exact_where_lists_are_capped() {
    let judgement = loss(|sample| {
        let strays: Vec<Item> = (0..200)
            .map(|at| Item::Revision {
                key: format!("Stray {at}").into(),
                index: 0,
                head: true,
                sha256: digits("1"),
                found: Found::default(),
            })
            .collect();
        add(sample, &strays);
    });
    assert_eq!(judgement.finding_counts[&FindingCode::Alien], 200);
    assert_eq!(judgement.findings.iter().filter(|finding| finding.code == FindingCode::Alien).count(), LISTED);
    let data = judgement.checks.iter().find(|result| result.check == Check::Data).expect("a result");
    assert_eq!(data.findings, 200);
}

#[test]
fn what_changes_in_the_restart_is_noticed() {
    let judgement = loss(|sample| {
        sample
            .rewrite(&[Moment::Restart], |of, item| if is(of, "acme", &item, "Page-2") { vec![] } else { vec![item] });
    });
    fires(&judgement, FindingCode::RestartChanged, Some("acme"));
    // A volatile store: what the prober wrote after the recovery is gone after the restart.
    let judgement = loss(|sample| {
        sample.rewrite(&[Moment::Restart], |of, item| if is(of, "acme", &item, "Probe") { vec![] } else { vec![item] });
    });
    fires(&judgement, FindingCode::RestartChanged, Some("acme"));
}

#[test]
fn an_untouched_tenant_must_keep_everything() {
    let judgement = deletion(|sample| {
        sample.rewrite(&RECOVERED, |of, item| {
            let last = key_of(&item).is_some_and(|key| key.starts_with("Note"));
            if of.as_str() == "globex" && last { vec![] } else { vec![item] }
        });
    });
    fires(&judgement, FindingCode::Lost, Some("globex"));
    assert!(judgement.tenants[&tenant("globex")].rpo.lost > 0);
}

#[test]
fn a_page_that_was_defaced_is_found_even_where_rights_are_tried() {
    let defaced =
        Item::Revision { key: "Locked".into(), index: 9, head: true, sha256: digits("2"), found: Found::default() };
    let judgement = loss(|sample| add(sample, std::slice::from_ref(&defaced)));
    let found =
        judgement.findings.iter().any(|finding| finding.item.as_ref().is_some_and(|item| item.contains("Locked")));
    assert!(found, "{:?}", judgement.findings);
}
