//! What is wrong after the rarer kinds of writes: deletions of uploads.

use super::data::{add, is, revision, written};
use super::*;
use crate::journal::WriteInvoked;
use crate::journal::sample::tenant;

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
