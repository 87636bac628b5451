//! Where findings and reasons are laid down: without repetition, with exact counts and capped lists.

use super::LISTED;
use super::codes::{FindingCode, ReasonCode};
use super::ledger::At;
use super::model::{Finding, Reason};
use crate::ids::Tenant;
use crate::plan::Check;
use fixedbitset::FixedBitSet;
use hashbrown::{HashMap, HashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

/// Collects what the checks say.
#[derive(Debug)]
pub(super) struct Bench<'p> {
    requested: &'p [Check],
    /// Hashes of all findings that were laid down here: the same one from two readbacks counts once.
    known: HashSet<u64>,
    /// Those of forks that were absorbed.
    absorbed: Vec<HashSet<u64>>,
    /// Writes that were reported as lost.
    lost: FixedBitSet,
    listed: HashMap<(FindingCode, Option<Tenant>), usize>,
    pub findings: Vec<Finding>,
    pub counts: BTreeMap<FindingCode, u64>,
    by_check: BTreeMap<Check, u64>,
    by_tenant: HashSet<(Tenant, Check)>,
    pub reasons: BTreeSet<Reason>,
    items: BTreeMap<Check, u64>,
    absent: BTreeMap<Check, String>,
}

impl<'p> Bench<'p> {
    pub fn new(requested: &'p [Check]) -> Self {
        Self {
            requested,
            known: HashSet::new(),
            absorbed: Vec::new(),
            lost: FixedBitSet::new(),
            listed: HashMap::new(),
            findings: Vec::new(),
            counts: BTreeMap::new(),
            by_check: BTreeMap::new(),
            by_tenant: HashSet::new(),
            reasons: BTreeSet::new(),
            items: BTreeMap::new(),
            absent: BTreeMap::new(),
        }
    }

    /// One for a part that depends on nothing that is laid down meanwhile or in another fork, like what concerns a single tenant. It
    /// knows what was laid down here before, and lists only what is new.
    pub fn fork(&self) -> Self {
        let (known, by_tenant, reasons) = (self.known.clone(), self.by_tenant.clone(), self.reasons.clone());
        Self { known, by_tenant, reasons, ..Self::new(self.requested) }
    }

    /// Takes over what is new in a fork, none of which may have been laid down here meanwhile.
    pub fn absorb(&mut self, part: Self) {
        self.absorbed.extend(part.absorbed);
        self.absorbed.push(part.known);
        for (code, count) in part.counts {
            *self.counts.entry(code).or_default() += count;
        }
        for (check, count) in part.by_check {
            *self.by_check.entry(check).or_default() += count;
        }
        self.by_tenant.extend(part.by_tenant);
        part.findings.into_iter().for_each(|finding| self.list(finding));
        self.reasons.extend(part.reasons);
        for (check, count) in part.items {
            *self.items.entry(check).or_default() += count;
        }
        for (check, why) in part.absent {
            self.absent(check, &why);
        }
    }

    fn list(&mut self, finding: Finding) {
        let listed = self.listed.entry((finding.code, finding.tenant.clone())).or_default();
        if *listed < LISTED {
            *listed += 1;
            self.findings.push(finding);
        }
    }

    pub fn wants(&self, check: Check) -> bool {
        self.requested.contains(&check)
    }

    /// Lays down a finding. One of a check that was not requested is dropped, except a leak: that is never nobody's business.
    pub fn find(&mut self, finding: Finding) {
        let unwanted = finding.check.is_some_and(|check| !self.wants(check));
        if unwanted && finding.code != FindingCode::Leaked {
            return;
        }
        let Finding { code, tenant, item, expected, seen, .. } = &finding;
        // The same in every run: a judgement can be repeated.
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let hash = hasher.hash_one((code, tenant, item, expected, seen));
        if self.absorbed.iter().any(|known| known.contains(&hash)) || !self.known.insert(hash) {
            return;
        }
        self.count(finding.code, finding.check, finding.tenant.as_ref());
        self.list(finding);
    }

    fn count(&mut self, code: FindingCode, check: Option<Check>, tenant: Option<&Tenant>) {
        *self.counts.entry(code).or_default() += 1;
        if let Some(check) = check {
            *self.by_check.entry(check).or_default() += 1;
            if let Some(tenant) = tenant {
                self.by_tenant.insert((tenant.clone(), check));
            }
        }
    }

    /// Lays down that a write of this tenant is lost. Every readback says so again, but it counts once; and its `finding` is not even
    /// made where it would not be listed any more.
    pub fn find_lost(&mut self, check: Check, tenant: &Tenant, at: At, finding: impl FnOnce() -> Finding) {
        if self.lost.contains(at) {
            return;
        }
        self.lost.grow_and_insert(at);
        let code = FindingCode::Lost;
        if self.listed.get(&(code, Some(tenant.clone()))).is_none_or(|listed| *listed < LISTED) {
            self.find(finding());
        } else if self.wants(check) {
            self.count(code, Some(check), Some(tenant));
        }
    }

    pub fn doubt(&mut self, reason: Reason) {
        self.reasons.insert(reason);
    }

    /// A check looked at so many items of a tenant; none proves nothing.
    pub fn looked(&mut self, check: Check, tenant: Option<&Tenant>, items: usize) {
        if !self.wants(check) {
            return;
        }
        *self.items.entry(check).or_default() += items as u64;
        if items == 0 {
            let mut reason = Reason::new(ReasonCode::ZeroItems).check(check);
            reason.tenant = tenant.cloned();
            self.doubt(reason);
        }
    }

    /// The stack has nothing that this check could look at.
    pub fn absent(&mut self, check: Check, why: &str) {
        self.absent.entry(check).or_insert_with(|| why.to_owned());
    }

    pub fn why_absent(&self, check: Check) -> Option<&str> {
        self.absent.get(&check).map(String::as_str)
    }

    pub fn items(&self, check: Check) -> u64 {
        self.items.get(&check).copied().unwrap_or_default()
    }

    pub fn of_check(&self, check: Check) -> u64 {
        self.by_check.get(&check).copied().unwrap_or_default()
    }

    pub fn doubts(&self, check: Check) -> bool {
        self.reasons.iter().any(|reason| reason.check == Some(check))
    }

    /// Whether one of `checks` found something of this tenant.
    pub fn blames(&self, tenant: &Tenant, checks: &[Check]) -> bool {
        checks.iter().any(|check| self.by_tenant.contains(&(tenant.clone(), *check)))
    }

    /// Whether one of `checks` could not look at this tenant.
    pub fn doubts_about(&self, tenant: &Tenant, checks: &[Check]) -> bool {
        let concerns = |reason: &Reason| reason.check.is_some_and(|check| checks.contains(&check));
        self.reasons.iter().any(|reason| reason.tenant.as_ref() == Some(tenant) && concerns(reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_fork_laid_down_counts_once() {
        let lost = || Finding::new(FindingCode::Lost).item("edit Page-1");
        let mut bench = Bench::new(&[]);
        let (mut part, mut deeper) = (bench.fork(), bench.fork());
        deeper.find(lost());
        part.absorb(deeper);
        part.find(lost());
        bench.absorb(part);
        bench.find(lost());
        bench.find(lost().seen("something else"));
        assert_eq!((bench.counts[&FindingCode::Lost], bench.findings.len()), (2, 2));
    }

    #[test]
    fn lost_writes_count_once_and_beyond_the_list_are_only_counted() {
        let acme = Tenant::new("acme").expect("a name");
        // How many findings are made of so many lost writes.
        let lose = |bench: &mut Bench<'_>, check: Check, writes: std::ops::Range<At>| {
            let mut made = 0;
            for at in writes {
                bench.find_lost(check, &acme, at, || {
                    made += 1;
                    Finding::new(FindingCode::Lost).check(check).tenant(&acme).item(at.to_string())
                });
            }
            made
        };
        let mut bench = Bench::new(&[Check::Data, Check::Files]);
        assert_eq!(lose(&mut bench, Check::Data, 0..LISTED + 5), LISTED);
        assert_eq!(lose(&mut bench, Check::Data, 0..LISTED + 5), 0, "said again by the next readback");
        assert_eq!(lose(&mut bench, Check::Files, 100..103), 0);
        assert_eq!((bench.findings.len(), bench.counts[&FindingCode::Lost]), (LISTED, LISTED as u64 + 8));
        assert_eq!((bench.of_check(Check::Data), bench.of_check(Check::Files)), (LISTED as u64 + 5, 3));
        assert!(bench.blames(&acme, &[Check::Files]));

        let mut bench = Bench::new(&[Check::Data]);
        lose(&mut bench, Check::Files, 0..3);
        lose(&mut bench, Check::Data, 10..10 + LISTED);
        lose(&mut bench, Check::Files, 100..103);
        assert_eq!(bench.of_check(Check::Files), 0, "nobody asked");
        assert_eq!(bench.counts[&FindingCode::Lost], LISTED as u64);
    }

    #[test]
    fn a_fork_knows_what_was_laid_down_before_and_of_whom() {
        let [acme, globex] = ["acme", "globex"].map(|name| Tenant::new(name).expect("a name"));
        let (check, checks) = (Check::Encryption, [Check::Encryption]);
        let (lost, unread) = (|| Finding::new(FindingCode::Lost).check(check).tenant(&acme), ReasonCode::ZeroItems);
        let mut bench = Bench::new(&checks);
        bench.find(lost());
        bench.doubt(Reason::new(unread).check(check).tenant(&acme));
        let mut part = bench.fork();
        assert!(part.blames(&acme, &checks) && part.doubts_about(&acme, &checks));
        assert!(!part.doubts_about(&globex, &checks) && !part.doubts_about(&acme, &[Check::Data]));
        part.find(lost());
        assert_eq!((part.findings.len(), part.of_check(check)), (0, 0), "only what is new is listed");
        bench.absorb(part);
        assert_eq!(bench.of_check(check), 1);
    }
}
