//! What is wrong with search and PDF, the services that all tenants share.

use super::*;
use crate::journal::Found;
use crate::journal::sample::tenant;

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
