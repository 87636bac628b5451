//! What is wrong with the versions of one page or upload: twice, out of order, under a wrong name.

use super::data::{DAILY, add, before, is, written};
use super::*;
use crate::journal::{WriteInvoked, WriteKind};

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
        let drawing =
            |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.kind == WriteKind::Upload && w.key == "drawing.png";
        let write = written(sample, drawing).remove(0);
        let (sha256, found) = (write.sha256.expect("a body"), holding(write.token));
        add(sample, &[Item::Revision { key: write.key, index: 0, head: true, sha256, found }]);
    });
    fires(&judgement, FindingCode::Corrupt, Some("acme"));
    assert_eq!(judgement.findings[0].item.as_deref(), Some("page drawing.png #0"));
}

#[test]
fn of_several_versions_with_one_content_the_next_is_meant() {
    let judgement = loss(|sample| {
        // The first and the third version of the drawing are empty, the second is not. The first is lost.
        let empty = |number: u32| number == 0 || number == 2;
        let drawing =
            |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.kind == WriteKind::Upload && w.key == "drawing.png";
        let writes: Vec<u64> = written(sample, drawing).iter().map(|write| write.write).collect();
        let nothing = crate::journal::checksum(b"");
        sample.change(|event| {
            if let Event::WriteInvoked(write) = event
                && (0..).zip(&writes).any(|(number, of)| empty(number) && *of == write.write)
            {
                write.sha256 = Some(nothing);
            }
        });
        sample.rewrite(&Moment::ALL, |of, mut item| {
            if let Item::Upload { key, index, sha256, found, bytes, .. } = &mut item
                && of.as_str() == "acme"
                && key == "drawing.png"
                && empty(*index)
            {
                (*sha256, *bytes) = (nothing, 0);
                found.tokens.clear();
            }
            vec![item]
        });
        sample.rewrite(&RECOVERED, |of, item| match &item {
            Item::Upload { index: 0, .. } if is(of, "acme", &item, "drawing.png") => vec![],
            _ => vec![item],
        });
    });
    fires(&judgement, FindingCode::Lost, Some("acme"));
    let lost = judgement
        .findings
        .iter()
        .find(|finding| finding.code == FindingCode::Lost)
        .and_then(|finding| finding.item.clone());
    let first =
        written(&Sample::datacenter_loss(), |w| w.tenant.as_str() == "acme" && w.key == "drawing.png").remove(0);
    assert_eq!(lost, Some(format!("upload drawing.png (workload {})", first.seq)));
    assert!(!codes(&judgement).contains(&FindingCode::StaleHead), "{:#?}", judgement.findings);
}
