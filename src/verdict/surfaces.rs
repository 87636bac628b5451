//! Search, PDF, the role matrix and logins of others: what comes out of the services that all tenants share.

use super::bench::Bench;
use super::codes::{FindingCode, ReasonCode, Severity};
use super::marks::{Marks, leaked};
use super::model::{Finding, Reason};
use super::subject::Subject;
use crate::ids::Tenant;
use crate::journal::Item;
use crate::plan::{AccessAction, AccessRule, Check, Plan, Who};
use hashbrown::HashSet;
use std::collections::BTreeSet;

/// Judges the searches of one tenant. `pages` are its pages in the same readback, if they were read.
pub(super) fn search<'a>(
    bench: &mut Bench<'_>,
    subject: &Subject<'_, 'a>,
    tenants: &[Tenant],
    items: &[&'a Item],
    pages: Option<&[&'a Item]>,
) {
    let finding = |code| Finding::new(code).check(Check::Search).tenant(subject.tenant);
    let with_canary = pages.map(|pages| canary_pages(subject.tenant, pages));
    let shared = |item: &&'a Item| if let Item::Search { of: None, hits } = item { Some(hits) } else { None };
    let hits: HashSet<&str> = items.iter().filter_map(shared).flatten().map(String::as_str).collect();
    let own_hits = pages.map(|pages| keys_of_pages(pages).filter(|key| hits.contains(key)).collect::<HashSet<_>>());
    let mut searched = BTreeSet::new();
    for item in items {
        let Item::Search { of, hits } = item else { continue };
        searched.insert(of.as_ref());
        match of {
            Some(of) if of != subject.tenant => {
                for hit in hits {
                    leaked(bench, subject.tenant, of, &format!("search hit {hit}"));
                }
            }
            Some(_) => {
                if hits.is_empty() {
                    bench.find(finding(FindingCode::NotFoundBySearch).item("own canary"));
                    continue;
                }
                let Some(expected) = &with_canary else { continue };
                let seen: BTreeSet<&str> = hits.iter().map(String::as_str).collect();
                for page in expected.difference(&seen) {
                    bench.find(finding(FindingCode::NotFoundBySearch).item(format!("page {page}")));
                }
                for page in seen.difference(expected) {
                    bench.find(finding(FindingCode::SearchTooMuch).item(format!("page {page}")));
                }
            }
            None => {
                if hits.is_empty() {
                    bench.find(finding(FindingCode::NotFoundBySearch).item("shared word"));
                }
                let Some(own) = &own_hits else { continue };
                for hit in hits.iter().filter(|hit| !own.contains(hit.as_str())) {
                    match subject.ledger.owner_of_page(hit) {
                        Some(owner) if owner != subject.tenant => {
                            leaked(bench, subject.tenant, owner, &format!("search hit {hit}"));
                        }
                        Some(_) | None => {
                            bench.find(finding(FindingCode::SearchTooMuch).item(format!("page {hit}")));
                        }
                    }
                }
            }
        }
    }
    for wanted in tenants.iter().map(Some).chain([None]).filter(|wanted| !searched.contains(wanted)) {
        let foreign = wanted.is_some_and(|of| of != subject.tenant);
        let check = if foreign { Check::Isolation } else { Check::Search };
        if bench.wants(check) {
            let what = wanted.map_or_else(|| "search for the shared word".to_owned(), |of| format!("search for {of}"));
            let reason = Reason::new(ReasonCode::CheckIncomplete).check(check).tenant(subject.tenant);
            bench.doubt(reason.item(what));
        }
    }
}

fn canary_pages<'a>(tenant: &Tenant, pages: &[&'a Item]) -> BTreeSet<&'a str> {
    let canary = |item: &&'a Item| match item {
        Item::Revision { key, head: true, found, .. } if found.canaries.contains(tenant) => Some(key.as_str()),
        Item::Revision { .. }
        | Item::Page { .. }
        | Item::Upload { .. }
        | Item::User { .. }
        | Item::Search { .. }
        | Item::Access { .. }
        | Item::ForeignLogin { .. }
        | Item::Pdf { .. } => None,
    };
    pages.iter().filter_map(canary).collect()
}

fn keys_of_pages<'a>(pages: &[&'a Item]) -> impl Iterator<Item = &'a str> {
    let key = |item: &&'a Item| match item {
        Item::Revision { key, .. } | Item::Page { key, .. } => Some(key.as_str()),
        Item::Upload { .. }
        | Item::User { .. }
        | Item::Search { .. }
        | Item::Access { .. }
        | Item::ForeignLogin { .. }
        | Item::Pdf { .. } => None,
    };
    pages.iter().filter_map(key)
}

/// Judges pages as PDF: the newest surviving text must be in it, and nobody else's.
pub(super) fn pdf<'a>(bench: &mut Bench<'_>, marks: &mut Marks<'_, 'a>, subject: &Subject<'_, 'a>, items: &[&'a Item]) {
    for item in items {
        let Item::Pdf { key, bytes, found } = item else { continue };
        let name = || format!("PDF of {key}");
        marks.judge(bench, subject.tenant, key, name, found, None);
        let wrong = || Finding::new(FindingCode::PdfWrong).check(Check::Pdf).tenant(subject.tenant).item(name());
        if *bytes == 0 {
            bench.find(wrong().seen("empty"));
            continue;
        }
        let Some(line) = subject.survivors.pages.get(key) else { continue };
        let Some(newest) = line.versions.iter().rposition(|version| version.required) else { continue };
        let token = |at: usize| subject.ledger.writes[at].invoked.token.as_str();
        let current = line.versions[newest..].iter().map(|version| token(version.at));
        let shows = current.into_iter().any(|token| found.tokens.iter().any(|seen| seen == token));
        if !shows {
            let expected = subject.ledger.name(line.versions[newest].at);
            let seen = found.tokens.iter().filter_map(|token| subject.ledger.by_token(token));
            let seen: Vec<String> = seen.map(|at| subject.ledger.name(at)).collect();
            bench.find(wrong().expected(expected).seen(seen.join(", ")));
        }
    }
}

/// Judges who may do what, in both directions.
pub(super) fn access<'a>(bench: &mut Bench<'_>, tenant: &'a Tenant, matrix: &[AccessRule], items: &[&'a Item]) {
    let mut tried = BTreeSet::new();
    for item in items {
        let Item::Access { who, action, key, allowed } = item else { continue };
        tried.insert((*who, *action));
        // What is not listed must be refused.
        let may = matrix.iter().any(|rule| rule.who == *who && rule.may.contains(action));
        let finding = |code| {
            let item = format!("{} {} {key}", who_name(*who), action_name(*action));
            Finding::new(code).check(Check::Permissions).tenant(tenant).item(item)
        };
        match (may, *allowed) {
            (true, true) | (false, false) => {}
            (true, false) => bench.find(finding(FindingCode::PermissionMissing).expected("allowed").seen("refused")),
            (false, true) => {
                let severity = if *who == Who::Stranger { Severity::Critical } else { Severity::Major };
                let widened = finding(FindingCode::PermissionWidened).severity(severity);
                bench.find(widened.expected("refused").seen("allowed"));
            }
        }
    }
    if !bench.wants(Check::Permissions) {
        return;
    }
    for who in [Who::Stranger, Who::Reader, Who::Editor, Who::Admin] {
        for action in [AccessAction::Read, AccessAction::Edit, AccessAction::EditProtected] {
            if !tried.contains(&(who, action)) {
                let what = format!("{} {}", who_name(who), action_name(action));
                let reason = Reason::new(ReasonCode::CheckIncomplete).check(Check::Permissions).tenant(tenant);
                bench.doubt(reason.item(what));
            }
        }
    }
}

/// Judges who of the other tenants was let in. Behind a door that lets them in stands what is theirs, even where the tenant's own
/// people are kept out and nothing can be enumerated.
pub(super) fn foreign_logins<'a>(bench: &mut Bench<'_>, tenant: &'a Tenant, plan: &Plan, items: &[&'a Item]) {
    let reads = |rule: &AccessRule| rule.who == Who::Stranger && rule.may.contains(&AccessAction::Read);
    if plan.stack.access.iter().any(reads) {
        bench.absent(Check::Isolation, "where strangers may read, an account of another tenant proves nothing");
        return;
    }
    let mut tried = BTreeSet::new();
    for item in items {
        let Item::ForeignLogin { of, account, key, allowed } = item else { continue };
        tried.insert(of);
        if *allowed {
            let finding = Finding::new(FindingCode::Leaked).check(Check::Isolation).tenant(tenant);
            let finding = finding.item(format!("{account} of {of} reads {key}"));
            bench.find(finding.expected("refused").seen("allowed"));
        }
    }
    if !bench.wants(Check::Isolation) {
        return;
    }
    for of in plan.tenants.iter().filter(|of| *of != tenant && !tried.contains(of)) {
        let reason = Reason::new(ReasonCode::CheckIncomplete).check(Check::Isolation).tenant(tenant);
        bench.doubt(reason.item(format!("login with an account of {of}")));
    }
}

const fn who_name(who: Who) -> &'static str {
    match who {
        Who::Stranger => "stranger",
        Who::Reader => "reader",
        Who::Editor => "editor",
        Who::Admin => "admin",
    }
}

const fn action_name(action: AccessAction) -> &'static str {
    match action {
        AccessAction::Read => "read",
        AccessAction::Edit => "edit",
        AccessAction::EditProtected => "edit-protected",
    }
}
