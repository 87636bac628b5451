//! Tokens and canaries found in raw bytes: whose they are tells what has leaked, whoever holds them now.

use super::bench::Bench;
use super::codes::FindingCode;
use super::ledger::Ledger;
use super::model::Finding;
use crate::ids::Tenant;
use crate::journal::{Found, Stamp, WriteKind, tokens_in};
use crate::plan::Check;
use crate::timeline::Timeline;
use std::collections::{BTreeMap, BTreeSet};

/// So many unknown tokens of a tenant are tried against the run key; each costs some thousand hashes.
const TRIED: usize = 16;

/// Looks at the marks of everything that is read back.
#[derive(Clone)]
pub(super) struct Marks<'t, 'a> {
    ledger: &'t Ledger<'t, 'a>,
    timeline: &'t Timeline<'a>,
    key: Option<&'t [u8]>,
    /// By token and name.
    tried: BTreeMap<(String, String), bool>,
}

impl<'t, 'a> Marks<'t, 'a> {
    pub const fn new(timeline: &'t Timeline<'a>, ledger: &'t Ledger<'t, 'a>, key: Option<&'t [u8]>) -> Self {
        Self { ledger, timeline, key, tried: BTreeMap::new() }
    }

    /// Judges what was found in `item`, which stands under `key` of `tenant`. `own` is a token that is known to belong there.
    /// True if something of another tenant was in it.
    pub fn judge(
        &mut self,
        bench: &mut Bench<'_>,
        tenant: &Tenant,
        key: &str,
        item: impl Fn() -> String,
        found: &Found,
        own: Option<&str>,
    ) -> bool {
        let mut foreign = BTreeSet::new();
        for mark in found.tokens.iter().filter(|mark| Some(mark.as_str()) != own) {
            if let Some(at) = self.ledger.by_token(mark) {
                let owner = &self.ledger.writes[at].invoked.tenant;
                if owner != tenant {
                    foreign.insert(owner.clone());
                }
            } else {
                let code = if self.ours(mark, key) { FindingCode::Phantom } else { FindingCode::Alien };
                bench.find(Finding::new(code).check(Check::Data).tenant(tenant).item(item()).seen(mark.as_str()));
            }
        }
        // A name can carry the token of the write that made it.
        let named = tokens_in(key.as_bytes()).filter_map(|mark| self.ledger.by_token(&mark));
        let owners = named.map(|at| &self.ledger.writes[at].invoked.tenant);
        foreign.extend(owners.filter(|owner| *owner != tenant).cloned());
        foreign.extend(found.canaries.iter().filter(|owner| *owner != tenant).cloned());
        for owner in &foreign {
            leaked(bench, tenant, owner, &item());
        }
        !foreign.is_empty()
    }

    /// Whether a token that is not in the ledger was made with the run key all the same: a write that nobody recorded.
    fn ours(&mut self, mark: &str, name: &str) -> bool {
        let tried = (mark.to_owned(), name.to_owned());
        if let Some(known) = self.tried.get(&tried) {
            return *known;
        }
        let Some(key) = self.key.filter(|_| self.tried.len() < TRIED) else { return false };
        let stamp = Stamp::new(key, self.timeline.started.origin());
        let writers = self.ledger.writers();
        let sequences = 0..=writers.longest.saturating_add(1).min(1000);
        let made = writers.names.iter().any(|(tenant, writer)| {
            WriteKind::ALL
                .iter()
                .any(|kind| sequences.clone().any(|seq| stamp.token(tenant, writer, seq, *kind, name) == *mark))
        });
        self.tried.insert(tried, made);
        made
    }
}

/// Something of `owner` stands in `item` of `tenant`.
pub(super) fn leaked(bench: &mut Bench<'_>, tenant: &Tenant, owner: &Tenant, item: &str) {
    let finding = Finding::new(FindingCode::Leaked).check(Check::Isolation).tenant(tenant).item(item);
    bench.find(finding.expected(format!("nothing of {owner}")).seen(format!("something of {owner}")));
}
