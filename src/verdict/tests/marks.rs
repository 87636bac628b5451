//! Whose tokens and canaries stand where.

use super::data::{add, is, written};
use super::*;
use crate::journal::sample::{KEY, tenant};
use crate::journal::{WriteKind, token};

#[test]
fn a_foreign_canary_alone_leaks_critically() {
    let judgement = read_back(|of, mut item| {
        if let (true, Item::Upload { found, .. }) = (is(of, "acme", &item, "drawing.png"), &mut item) {
            found.canaries.push(tenant("acme-prod"));
        }
        vec![item]
    });
    fires(&judgement, FindingCode::Leaked, Some("acme"));
    let leaked = judgement.findings.iter().find(|finding| finding.code == FindingCode::Leaked).expect("it");
    assert_eq!(leaked.severity, crate::verdict::Severity::Critical);
}

#[test]
fn unknown_tokens_are_alien_and_unrecorded_writes_of_ours_phantoms() {
    let stray = |mark: Token| Item::Revision {
        key: "Page-9".into(),
        index: 0,
        head: true,
        sha256: digits("1"),
        found: holding(mark),
    };
    let judgement = loss(|sample| add(sample, &[stray(format!("EF{}", "A".repeat(26)).parse().expect("a token"))]));
    fires(&judgement, FindingCode::Alien, Some("acme"));
    assert!(!codes(&judgement).contains(&FindingCode::Phantom), "{:#?}", judgement.findings);
    let run = crate::ids::RunId::new("sample-1").expect("a name");
    let ours = token(KEY, &run, &tenant("acme"), "workload", 3, WriteKind::Create, "Page-9");
    let judgement = loss(|sample| add(sample, &[stray(ours)]));
    fires(&judgement, FindingCode::Phantom, Some("acme"));
    // Each costs time: after so many, one more is called a stranger without being tried.
    let many = loss(|sample| {
        let of_ours = |number: u64| {
            let key = format!("Page-{number}");
            let mark = token(KEY, &run, &tenant("acme"), "workload", 3, WriteKind::Create, &key);
            Item::Revision { key: key.into(), index: 0, head: true, sha256: digits("1"), found: holding(mark) }
        };
        add(sample, &(100..117).map(of_ours).collect::<Vec<_>>());
    });
    assert_eq!(many.finding_counts[&FindingCode::Phantom], 16);
}

#[test]
fn a_foreign_token_in_a_name_leaks() {
    let sample = Sample::datacenter_loss();
    let mark = written(&sample, |w| w.tenant.as_str() == "globex" && w.key == "Page-1").remove(0).token;
    let judgement = loss(|sample| {
        let item = Item::Revision {
            key: format!("Note {mark}").into(),
            index: 0,
            head: true,
            sha256: digits("3"),
            found: Found::default(),
        };
        add(sample, &[item]);
    });
    fires(&judgement, FindingCode::Leaked, Some("acme"));
}
