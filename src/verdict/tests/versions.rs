//! What is wrong with the versions of one page or upload: twice, out of order, under a wrong name.

use super::data::{DAILY, add, before, is, written};
use super::*;
use crate::journal::{WriteInvoked, WriteKind};

/// Acme's uploads of its drawing, oldest first.
fn drawings(sample: &Sample) -> Vec<WriteInvoked> {
    written(sample, |w| w.tenant.as_str() == "acme" && w.kind == WriteKind::Upload && w.key == "drawing.png")
}

#[test]
fn a_write_twice_is_duplicated_unless_protecting_explains_it() {
    let seen = |judgement: &Judgement| {
        let twice = judgement.findings.iter().filter(|finding| finding.code == FindingCode::Duplicated);
        twice.map(|finding| finding.seen.clone()).collect::<Vec<_>>()
    };
    let judgement = read_back(|of, item| {
        let again = is(of, "acme", &item, "Page-2") && matches!(item, Item::Revision { .. });
        if again { vec![item.clone(), item] } else { vec![item] }
    });
    fires(&judgement, FindingCode::Duplicated, Some("acme"));
    assert_eq!(seen(&judgement), [Some("2".to_owned())]);
    // The sample's `Locked` has two equal revisions because it was protected once; a third is one too many.
    let judgement = read_back(|of, item| {
        let again = is(of, "acme", &item, "Locked") && matches!(item, Item::Revision { index: 1, .. });
        if again { vec![item.clone(), item] } else { vec![item] }
    });
    fires(&judgement, FindingCode::Duplicated, Some("acme"));
    assert_eq!(seen(&judgement), [Some("2".to_owned())]);
}

#[test]
fn what_is_on_top_because_a_newer_version_is_lost_is_not_stale() {
    let judgement = loss(|sample| {
        let edit = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key == "Page-1" && before(w, DAILY);
        let edits = written(sample, edit);
        let (last, top) = (edits[edits.len() - 1].token, u32::try_from(edits.len() - 2).expect("few edits"));
        sample.rewrite(&RECOVERED, |of, mut item| match &mut item {
            Item::Revision { key, found, .. }
                if of.as_str() == "acme" && key == "Page-1" && found.tokens.contains(&last) =>
            {
                vec![]
            }
            Item::Revision { key, index, head, .. } if of.as_str() == "acme" && key == "Page-1" => {
                *head = *index == top;
                vec![item]
            }
            _ => vec![item],
        });
    });
    fires(&judgement, FindingCode::Lost, Some("acme"));
    assert!(!codes(&judgement).contains(&FindingCode::StaleHead), "{:#?}", judgement.findings);
}

#[test]
fn a_text_that_was_changed_belongs_to_its_own_page_whatever_else_is_quoted_in_it() {
    let judgement = loss(|sample| {
        let page = |key: &'static str| move |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key == key;
        let later = written(sample, page("Canary")).remove(0).token;
        sample.rewrite(&RECOVERED, |of, mut item| {
            if let (true, Item::Revision { sha256, found, .. }) = (is(of, "acme", &item, "Page-2"), &mut item) {
                *sha256 = digits("8");
                found.tokens.push(later);
            }
            vec![item]
        });
    });
    fires(&judgement, FindingCode::Corrupt, Some("acme"));
    assert!(judgement.findings[0].item.as_deref().is_some_and(|item| item.starts_with("create Page-2 ")));
    assert!(!codes(&judgement).contains(&FindingCode::Lost), "{:#?}", judgement.findings);
}

#[test]
fn an_old_version_on_top_is_stale() {
    let judgement = read_back(|of, mut item| {
        let upload = is(of, "acme", &item, "drawing.png");
        if let (true, Item::Upload { index, head, .. }) = (upload, &mut item) {
            *head = *index == 0;
        }
        vec![item]
    });
    fires(&judgement, FindingCode::StaleHead, Some("acme"));
}

#[test]
fn an_upload_that_is_a_page_is_corrupt_even_under_its_own_name() {
    let judgement = loss(|sample| {
        let write = drawings(sample).remove(0);
        let (sha256, found) = (write.sha256.expect("a body"), holding(write.token));
        add(sample, &[Item::Revision { key: write.key, index: 0, head: true, sha256, found }]);
    });
    fires(&judgement, FindingCode::Corrupt, Some("acme"));
    assert_eq!(judgement.findings[0].item.as_deref(), Some("page drawing.png #0"));
}

/// Empties some versions of acme's drawing, by their numbers.
fn emptied(sample: &mut Sample, numbers: &[u32]) {
    let writes: Vec<u64> = drawings(sample).iter().map(|write| write.write).collect();
    let empty = |write: u64| (0..).zip(&writes).any(|(number, of)| numbers.contains(&number) && *of == write);
    let nothing = crate::journal::checksum(b"");
    sample.change(|event| match event {
        Event::WriteInvoked(write) if empty(write.write) => write.sha256 = Some(nothing),
        _ => {}
    });
    sample.rewrite(&Moment::ALL, |of, mut item| {
        if let Item::Upload { key, index, sha256, found, bytes, .. } = &mut item
            && of.as_str() == "acme"
            && key == "drawing.png"
            && numbers.contains(index)
        {
            (*sha256, *bytes) = (nothing, 0);
            found.tokens.clear();
        }
        vec![item]
    });
}

/// Changes the version of acme's drawing that has this number.
fn version(sample: &mut Sample, moments: &[Moment], number: u32, change: impl Fn(&mut u32) -> bool) {
    sample.rewrite(moments, |of, mut item| match &mut item {
        Item::Upload { key, index, .. } if of.as_str() == "acme" && key == "drawing.png" && *index == number => {
            if change(index) {
                vec![item]
            } else {
                vec![]
            }
        }
        _ => vec![item],
    });
}

#[test]
fn of_several_versions_with_one_content_the_next_is_meant() {
    let judgement = loss(|sample| {
        emptied(sample, &[0, 2]);
        version(sample, &RECOVERED, 0, |_| false);
    });
    fires(&judgement, FindingCode::Lost, Some("acme"));
    let lost = judgement.findings.iter().find(|finding| finding.code == FindingCode::Lost);
    let first = drawings(&Sample::datacenter_loss()).remove(0);
    let name = format!("upload drawing.png (workload {})", first.seq);
    assert_eq!(lost.and_then(|finding| finding.item.clone()), Some(name));
    assert!(!codes(&judgement).contains(&FindingCode::StaleHead), "{:#?}", judgement.findings);
}

#[test]
fn of_several_versions_with_one_content_out_of_order_none_that_was_deleted_is_meant() {
    let judgement = loss(|sample| {
        emptied(sample, &[0, 1, 3]);
        data::another(sample, WriteKind::DeleteUpload, "drawing.png", "baseline/corpus");
        version(sample, &Moment::ALL, 0, |_| false);
        version(sample, &RECOVERED, 1, |index| {
            *index = 9;
            true
        });
    });
    let wrong = [FindingCode::Resurrected, FindingCode::Lost];
    assert!(!codes(&judgement).iter().any(|code| wrong.contains(code)), "{:#?}", judgement.findings);
}

#[test]
fn of_several_versions_with_one_content_one_too_many_is_the_deleted_one() {
    let judgement = full(|sample| {
        sample.rewrite(&RECOVERED, |of, item| match &item {
            Item::Upload { index: 1, .. } if is(of, "acme", &item, "empty-again.txt") => vec![item.clone(), item],
            _ => vec![item],
        });
    });
    fires(&judgement, FindingCode::Resurrected, Some("acme"));
    assert!(!codes(&judgement).contains(&FindingCode::Duplicated), "{:#?}", judgement.findings);
}
