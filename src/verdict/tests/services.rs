//! What is wrong with search and PDF, the services that all tenants share.

use super::data::{without, written};
use super::*;
use crate::journal::sample::tenant;
use crate::journal::{Found, Surface, WriteInvoked};
use crate::plan::{AccessAction, Who};
use crate::verdict::{NotTested, Severity};

/// Changes the hits of a search of acme for `of_whom` after the recovery.
fn hits(of_whom: Option<&'static str>, to: &'static [&'static str]) -> Judgement {
    read_back(move |who, mut item| {
        if let Item::Search { of, hits } = &mut item
            && who.as_str() == "acme"
            && of.as_ref().map(Tenant::as_str) == of_whom
        {
            *hits = to.iter().map(|hit| (*hit).to_owned()).collect();
        }
        vec![item]
    })
}

#[test]
fn an_empty_or_stale_index_is_noticed() {
    fires(&hits(Some("acme"), &[]), FindingCode::NotFoundBySearch, Some("acme"));
    fires(&hits(None, &[]), FindingCode::NotFoundBySearch, Some("acme"));
    fires(&hits(Some("acme"), &["Page-1"]), FindingCode::NotFoundBySearch, Some("acme"));
    fires(&hits(Some("acme"), &["Canary", "Gone"]), FindingCode::SearchTooMuch, Some("acme"));
    fires(&hits(None, &["Canary", "Gone"]), FindingCode::SearchTooMuch, Some("acme"));
}

#[test]
fn a_hit_that_is_a_page_of_one_other_tenant_leaks() {
    // The first note, which is written by everybody but those.
    let note = |not: &'static [&'static str]| {
        loss(|sample| {
            let first = written(sample, |write| write.key.starts_with("Note")).remove(0).key;
            let theirs = |write: &WriteInvoked| write.key == first && not.contains(&write.tenant.as_str());
            without(sample, theirs);
            sample.rewrite(&RECOVERED, |of, mut item| match &mut item {
                Item::Revision { key, .. } | Item::Page { key, .. } if *key == first && not.contains(&of.as_str()) => {
                    vec![]
                }
                Item::Search { of: None, hits } if of.as_str() == "acme" => {
                    hits.push(first.to_string());
                    vec![item]
                }
                _ => vec![item],
            });
        })
    };
    let leaked = note(&["acme", "acme-prod"]);
    fires(&leaked, FindingCode::Leaked, Some("acme"));
    let found = leaked.findings.iter().find(|finding| finding.code == FindingCode::Leaked).expect("it");
    assert_eq!(found.item.as_deref().map(|item| item.starts_with("search hit Note-")), Some(true), "{found:?}");
    // A page of its own that is gone by right tells of a stale index.
    let own = loss(|sample| {
        let last = written(sample, |write| write.key.starts_with("Note")).pop().expect("a note").key;
        without(sample, |write| write.key == last && write.tenant.as_str() != "acme");
        sample.rewrite(&RECOVERED, |of, mut item| {
            if let (Item::Search { of: None, hits }, "acme") = (&mut item, of.as_str()) {
                hits.push(last.to_string());
            }
            vec![item]
        });
    });
    fires(&own, FindingCode::SearchTooMuch, Some("acme"));
    assert!(!codes(&own).contains(&FindingCode::Leaked), "{:#?}", own.findings);
    // What two others have tells of nobody.
    let two = note(&["acme"]);
    fires(&two, FindingCode::SearchTooMuch, Some("acme"));
    assert!(!codes(&two).contains(&FindingCode::Leaked), "{:#?}", two.findings);
}

#[test]
fn a_search_that_nobody_tried_is_missed_by_the_check_that_wanted_it() {
    let untried = |of_whom: &'static str| {
        let judgement = read_back(|who, item| match &item {
            Item::Search { of: Some(of), .. } if who.as_str() == "acme" && of.as_str() == of_whom => vec![],
            _ => vec![item],
        });
        doubts(&judgement, ReasonCode::CheckIncomplete);
        judgement.reasons[0].check
    };
    assert_eq!((untried("acme"), untried("globex")), (Some(Check::Search), Some(Check::Isolation)));
}

#[test]
fn another_tenants_canary_must_not_be_found() {
    fires(&hits(Some("globex"), &["Canary"]), FindingCode::Leaked, Some("acme"));
}

fn pdf(change: impl Fn(&mut u64, &mut Found)) -> Judgement {
    read_back(move |who, mut item| {
        if let (true, Item::Pdf { bytes, found, .. }) = (who.as_str() == "acme", &mut item) {
            change(bytes, found);
        }
        vec![item]
    })
}

#[test]
fn an_empty_old_or_foreign_pdf_is_wrong() {
    fires(&pdf(|bytes, _| *bytes = 0), FindingCode::PdfWrong, Some("acme"));
    fires(&pdf(|_, found| found.tokens.clear()), FindingCode::PdfWrong, Some("acme"));
    fires(&pdf(|_, found| found.canaries.push(tenant("globex"))), FindingCode::Leaked, Some("acme"));
}

/// Says at acme's door whether the accounts of `of_whom` are let in after the recovery.
fn let_in(sample: &mut Sample, of_whom: &'static str) {
    sample.rewrite(&RECOVERED, |who, mut item| {
        if let (true, Item::ForeignLogin { of, allowed, .. }) = (who.as_str() == "acme", &mut item) {
            *allowed = of.as_str() == of_whom;
        }
        vec![item]
    });
}

/// Nothing of acme can be enumerated after the recovery, apart from the surfaces `kept`.
fn shut(sample: &mut Sample, kept: &[Surface]) {
    let of_acme = |tenant: &Tenant, surface| tenant.as_str() == "acme" && !kept.contains(&surface);
    sample.rewrite(&RECOVERED, |who, item| if of_acme(who, item.surface()) { vec![] } else { vec![item] });
    sample.change(|event| match event {
        Event::SurfaceRead { moment, tenant, surface, .. }
            if RECOVERED.contains(moment) && of_acme(tenant, *surface) =>
        {
            let why = "login refused".to_owned();
            *event = Event::SurfaceFailed { moment: *moment, tenant: tenant.clone(), surface: *surface, why };
        }
        _ => {}
    });
}

#[test]
fn an_account_of_another_tenant_that_is_let_in_leaks() {
    let judgement = loss(|sample| let_in(sample, "globex"));
    fires(&judgement, FindingCode::Leaked, Some("acme"));
    assert_eq!(judgement.finding_counts[&FindingCode::Leaked], 1);
    let leaked = judgement.findings.iter().find(|finding| finding.code == FindingCode::Leaked).expect("it");
    assert_eq!(leaked.item.as_deref(), Some("Reader of globex reads Canary"));
    assert_eq!((leaked.severity, leaked.check), (Severity::Critical, Some(Check::Isolation)));
}

#[test]
fn swapped_databases_leak_although_nobody_of_the_tenant_gets_in() {
    let judgement = loss(|sample| {
        let_in(sample, "globex");
        shut(sample, &[Surface::Access, Surface::ForeignLogin]);
    });
    fires(&judgement, FindingCode::Leaked, Some("acme"));
    fires(&judgement, FindingCode::NotRecovered, Some("acme"));
    assert!(reasons(&judgement).contains(&ReasonCode::SurfaceFailed));
}

#[test]
fn a_door_that_was_not_tried_with_every_other_tenant_proves_nothing() {
    let untried = loss(|sample| {
        sample.rewrite(&RECOVERED, |who, item| match &item {
            Item::ForeignLogin { of, .. } if who.as_str() == "acme" && of.as_str() == "globex" => vec![],
            _ => vec![item],
        });
    });
    doubts(&untried, ReasonCode::CheckIncomplete);
    let others = Surface::ALL.into_iter().filter(|surface| *surface != Surface::ForeignLogin).collect::<Vec<_>>();
    doubts(&loss(|sample| shut(sample, &others)), ReasonCode::SurfaceFailed);
}

#[test]
fn where_strangers_may_read_the_accounts_of_others_prove_nothing() {
    let judgement = loss(|sample| {
        sample.change_plan(|plan| {
            let strangers = plan.stack.access.iter_mut().filter(|rule| rule.who == Who::Stranger);
            strangers.for_each(|rule| rule.may.push(AccessAction::Read));
        });
        sample.rewrite(&[Moment::Steady, Moment::Health, Moment::Restart, Moment::Soak], |_, mut item| {
            match &mut item {
                Item::Access { who: Who::Stranger, action: AccessAction::Read, allowed, .. }
                | Item::ForeignLogin { allowed, .. } => *allowed = true,
                _ => {}
            }
            vec![item]
        });
    });
    assert_eq!(judgement.findings, Vec::new());
    assert_eq!(judgement.verdict, Verdict::Passed, "{:#?}", judgement.reasons);
    let said = |what: &NotTested| matches!(what, NotTested::NoMeans { check: Check::Isolation, .. });
    assert!(judgement.not_tested.iter().any(said), "{:#?}", judgement.not_tested);
}
