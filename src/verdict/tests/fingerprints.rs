//! Past the application, everything must be what it was.

use super::*;
use crate::journal::sample::tenant;
use crate::journal::{FingerprintOf, Print};
use crate::plan::{Tag, Volatile};
use crate::verdict::NotTested;
use std::collections::BTreeMap;

/// Changes the fingerprints of one tenant at some moments.
fn at(sample: &mut Sample, of: &str, moments: &[Moment], change: impl Fn(&mut BTreeMap<String, Print>)) {
    sample.change(|event| {
        if let Event::Fingerprinted { of: FingerprintOf::Moment(moment), tenant, parts } = event
            && tenant.as_str() == of
            && moments.contains(moment)
        {
            change(parts);
        }
    });
}

fn one_row_less(parts: &mut BTreeMap<String, Print>) {
    let print = parts.get_mut("table users").expect("a part");
    (print.items, print.digest) = (print.items - 1, "0".repeat(64));
}

#[test]
fn a_row_that_is_missing_is_named_once_with_tenant_and_table() {
    let judgement = loss(|sample| at(sample, "globex", &RECOVERED, one_row_less));
    fires(&judgement, FindingCode::FingerprintDiffers, Some("globex"));
    assert_eq!(judgement.finding_counts[&FindingCode::FingerprintDiffers], 1);
    let found = &judgement.findings[0];
    assert_eq!(found.item.as_deref(), Some("table users, at health"));
    assert!(found.seen.as_ref().is_some_and(|seen| seen.contains(" items, 0000")), "{found:?}");
    assert_eq!(judgement.rto, None, "a tenant that lacks a row has not recovered");
}

#[test]
fn a_change_is_found_where_it_happens() {
    let judgement = loss(|sample| at(sample, "acme", &[Moment::Soak], one_row_less));
    fires(&judgement, FindingCode::FingerprintDiffers, Some("acme"));
    assert_eq!(judgement.findings[0].item.as_deref(), Some("table users, at soak"));
    let content = loss(|sample| {
        at(sample, "acme", &RECOVERED, |parts| {
            parts.get_mut("files uploads").expect("a part").digest = "f".repeat(64);
        });
    });
    fires(&content, FindingCode::FingerprintDiffers, Some("acme"));
    let gone = loss(|sample| at(sample, "acme", &RECOVERED, |parts| drop(parts.remove("table pages"))));
    fires(&gone, FindingCode::FingerprintDiffers, Some("acme"));
    let new = loss(|sample| {
        at(sample, "acme", &RECOVERED, |parts| {
            parts.insert("table spies".to_owned(), Print { items: 0, digest: String::new() });
        });
    });
    fires(&new, FindingCode::FingerprintDiffers, Some("acme"));
}

#[test]
fn a_bystander_is_compared_with_the_moment_before_the_fault() {
    let judgement = deletion(|sample| at(sample, "globex", &RECOVERED, one_row_less));
    fires(&judgement, FindingCode::FingerprintDiffers, Some("globex"));
    // The generation that the other one is restored from says nothing about it.
    let older = deletion(|sample| {
        sample.change(|event| {
            if let Event::Fingerprinted { of: FingerprintOf::Generation(_), tenant: of, parts } = event
                && *of == tenant("globex")
            {
                one_row_less(parts);
            }
        });
    });
    assert_eq!(older.verdict, Verdict::Passed);
}

#[test]
fn without_a_fingerprint_nothing_is_known() {
    for which in RECOVERED {
        let judgement = loss(|sample| {
            sample.drop_where(
                |event| matches!(event, Event::Fingerprinted { of, .. } if *of == FingerprintOf::Moment(which)),
            );
        });
        doubts(&judgement, ReasonCode::CheckIncomplete);
    }
    let unknown = loss(|sample| {
        sample.drop_where(|event| {
            matches!(event, Event::Fingerprinted { of: FingerprintOf::Generation(of), .. } if of.tag == Tag::Daily)
        });
    });
    doubts(&unknown, ReasonCode::CheckIncomplete);
    let untouched = deletion(|sample| {
        let steady = FingerprintOf::Moment(Moment::Steady);
        sample.drop_where(|event| matches!(event, Event::Fingerprinted { of, .. } if *of == steady));
    });
    doubts(&untouched, ReasonCode::CheckIncomplete);
    let empty = loss(|sample| {
        sample.change(|event| {
            if let Event::Fingerprinted { parts, .. } = event {
                for print in parts.values_mut() {
                    print.items = 0;
                }
            }
        });
    });
    doubts(&empty, ReasonCode::ZeroItems);
}

#[test]
fn what_is_declared_as_volatile_is_told() {
    let (table, because) = ("objectcache".to_owned(), "sessions".to_owned());
    let judgement = loss(|sample| {
        let volatile = Volatile { table: table.clone(), because: because.clone() };
        sample.change_plan(|plan| plan.stack.volatile.push(volatile));
    });
    assert_eq!(judgement.verdict, Verdict::Passed);
    assert!(judgement.not_tested.contains(&NotTested::DeclaredVolatile { table, because }));
}
