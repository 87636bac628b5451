//! After the recovery the system must be protected again: the next generations are taken, listed and mirrored, and what is
//! restored from them on the side is what users see.

use super::bench::Bench;
use super::claims::lost_datacenters;
use super::codes::{FindingCode, ReasonCode};
use super::ledger::Ledger;
use super::marks::leaked;
use super::model::{Finding, Reason};
use crate::ids::{Datacenter, Tenant};
use crate::journal::{Checksum, Claim, Item, Outcome, SideRestored, Snapshot, Surface, Token};
use crate::plan::{Action, Check, Generation, Moment, Step, Tag};
use crate::timeline::Timeline;
use hashbrown::HashSet;
use std::collections::{BTreeMap, BTreeSet};

const CHECK: Check = Check::ProtectedAgain;

/// Judges the steps that protect the system again.
pub(super) fn judge<'a>(bench: &mut Bench<'_>, timeline: &Timeline<'a>, ledger: &Ledger<'_, 'a>) {
    let stack = &timeline.plan().stack;
    let lost = lost_datacenters(timeline.plan()).contains(&&stack.primary);
    let home = if lost { &stack.mirror } else { &stack.primary };
    let again = Again { timeline, ledger, home };
    let steps: Vec<&Step> = timeline.plan().steps.iter().filter(|step| step.protects()).collect();
    for step in &steps {
        let Some((_, outcome)) = timeline.step(&step.name).and_then(|run| run.span.end) else { continue };
        let failed = match outcome {
            Outcome::Done => None,
            Outcome::Failed { why } => Some(why.clone()),
            Outcome::TimedOut { after_seconds } => Some(format!("timed out after {after_seconds} s")),
            // The drill's own fault, and told as that.
            Outcome::Cancelled | Outcome::Broken { .. } => continue,
        };
        let tried = Tried { failed: failed.is_some() };
        if let Some(why) = failed {
            bench.find(Finding::new(FindingCode::NotProtectedAgain).check(CHECK).item(step.name.0.as_str()).seen(why));
        }
        // What the mirror job did shows in what the mirror lists.
        if let Action::Backup { generation, .. } = &step.action {
            again.taken(bench, tried, *generation);
        } else if let Action::Snapshots { vault, .. } = &step.action {
            again.listed(bench, tried, vault);
        } else if let Action::SideRestore { vault, .. } = &step.action {
            again.restored(bench, tried, vault);
        }
    }
    if !steps.is_empty() && !steps.iter().any(|step| matches!(step.action, Action::Mirror { .. })) {
        bench.absent(CHECK, "after the fault no datacenter is left to mirror to");
    }
}

/// A step that was carried out.
#[derive(Clone, Copy)]
struct Tried {
    failed: bool,
}

impl Tried {
    /// What a step did not bring: because it failed, which is a finding, or nobody knows why.
    fn without(self, bench: &mut Bench<'_>, tenant: &Tenant, item: String) {
        if self.failed {
            bench.find(wrong(tenant, item).seen("none"));
        } else {
            bench.doubt(Reason::new(ReasonCode::CheckIncomplete).check(CHECK).tenant(tenant).item(item));
        }
    }
}

fn wrong(tenant: &Tenant, item: impl Into<String>) -> Finding {
    Finding::new(FindingCode::NotProtectedAgain).check(CHECK).tenant(tenant).item(item)
}

struct Again<'j, 't, 'a> {
    timeline: &'j Timeline<'a>,
    ledger: &'j Ledger<'t, 'a>,
    /// The datacenter that serves, and takes the backups.
    home: &'j Datacenter,
}

impl<'a> Again<'_, '_, 'a> {
    /// The generations that a vault must hold by now.
    fn expected(&self, vault: &Datacenter) -> impl Iterator<Item = Generation> {
        let at_home = vault == self.home;
        let steps = self.timeline.plan().steps.iter().filter(|step| step.protects());
        let taken = steps.filter_map(|step| {
            if let Action::Backup { generation, .. } = &step.action { Some(*generation) } else { None }
        });
        taken.filter(move |generation| at_home || generation.tag == Tag::Daily)
    }

    fn snapshot(&self, generation: Generation, tenant: &Tenant) -> Option<&'a str> {
        self.timeline.generation(generation)?.snapshots.get(tenant).copied()
    }

    fn listing(&self, vault: &Datacenter, tenant: &Tenant) -> Option<&'a [Snapshot]> {
        Some(self.timeline.listed_again.get(vault)?.get(tenant)?.snapshots)
    }

    fn taken(&self, bench: &mut Bench<'_>, tried: Tried, generation: Generation) {
        for tenant in &self.timeline.plan().tenants {
            match self.snapshot(generation, tenant) {
                Some(_) => bench.looked(CHECK, Some(tenant), 1),
                None => tried.without(bench, tenant, generation.to_string()),
            }
        }
    }

    fn listed(&self, bench: &mut Bench<'_>, tried: Tried, vault: &Datacenter) {
        for tenant in &self.timeline.plan().tenants {
            let listing = self.timeline.listed_again.get(vault).and_then(|of| of.get(tenant));
            let Some(listing) = listing else {
                tried.without(bench, tenant, format!("list of the vault in {vault}"));
                continue;
            };
            bench.looked(CHECK, Some(tenant), listing.snapshots.len());
            if !listing.readable {
                bench.find(wrong(tenant, format!("vault in {vault}")).expected("readable").seen("unreadable"));
            }
            for generation in self.expected(vault) {
                let Some(taken) = self.snapshot(generation, tenant) else { continue };
                let there = listing.snapshots.iter().find(|listed| self.is(listed, vault, taken));
                let right = |listed: &&Snapshot| {
                    let same = listed.time == generation.time && listed.tags.contains(&generation.tag);
                    same && self.same_tree(listed, vault, taken, tenant)
                };
                if !there.as_ref().is_some_and(right) {
                    let seen = if there.is_some() { "another content, time or tag" } else { "not listed" };
                    let item = format!("{generation} in the vault in {vault}");
                    bench.find(wrong(tenant, item).expected(taken).seen(seen));
                }
            }
        }
    }

    /// Whether a listed snapshot is the one that was taken, or its copy.
    fn is(&self, listed: &Snapshot, vault: &Datacenter, taken: &str) -> bool {
        if vault == self.home { listed.id == taken } else { listed.original.as_deref() == Some(taken) }
    }

    /// A copy has the tree of its original.
    fn same_tree(&self, listed: &Snapshot, vault: &Datacenter, taken: &str, tenant: &Tenant) -> bool {
        let original = self.listing(self.home, tenant).and_then(|own| own.iter().find(|own| own.id == taken));
        vault == self.home || original.is_some_and(|original| original.tree == listed.tree)
    }

    fn restored(&self, bench: &mut Bench<'_>, tried: Tried, vault: &Datacenter) {
        let Some(tenant) = self.timeline.plan().affected.first() else { return };
        let mut made = self.timeline.side_restores.iter().rev();
        let Some((seen, left)) = made.find(|(seen, _)| seen.vault == *vault && seen.tenant == *tenant) else {
            tried.without(bench, tenant, format!("restore from the vault in {vault}"));
            return;
        };
        self.claim(bench, vault, tenant, &seen.claim);
        self.content(bench, vault, tenant, seen);
        match left {
            Some(0) => {}
            Some(files) => {
                let finding = Finding::new(FindingCode::Leftovers).check(CHECK).tenant(tenant);
                bench.find(finding.item("what was restored on the side").seen(format!("{files} files")));
            }
            None => tried.without(bench, tenant, "removal of what was restored on the side".to_owned()),
        }
    }

    /// The newest generation that the vault must hold is the one to restore.
    fn claim(&self, bench: &mut Bench<'_>, vault: &Datacenter, tenant: &Tenant, claim: &Claim) {
        let tag = if vault == self.home { Tag::Hourly } else { Tag::Daily };
        let Some(generation) = self.expected(vault).find(|generation| generation.tag == tag) else { return };
        let Some(taken) = self.snapshot(generation, tenant) else { return };
        let origin = if vault == self.home { Some(claim.snapshot.as_str()) } else { claim.original.as_deref() };
        let right = claim.vault == *vault
            && claim.time == generation.time
            && claim.tags.contains(&generation.tag)
            && origin == Some(taken)
            && self.listing(vault, tenant).is_none_or(|list| list.iter().any(|listed| listed.id == claim.snapshot));
        if !right {
            let finding = differs(vault, tenant, "the snapshot that was restored");
            let seen = format!("{:?} {} from {}, {}", claim.tags, claim.time, claim.vault, claim.snapshot);
            bench.find(finding.expected(format!("{generation}, {taken}")).seen(seen.to_lowercase()));
        }
    }

    /// Everything that users see at the end must be in it, nothing was written since; and nothing of another tenant.
    fn content(&self, bench: &mut Bench<'_>, vault: &Datacenter, tenant: &Tenant, seen: &SideRestored) {
        let Some(pages) = self.timeline.items(Moment::Soak, tenant, Surface::Pages) else {
            bench.doubt(Reason::new(ReasonCode::CheckIncomplete).check(CHECK).tenant(tenant).item("soak pages"));
            return;
        };
        let uploads = self.timeline.items(Moment::Soak, tenant, Surface::Uploads).unwrap_or_default();
        let there: HashSet<&Token> = seen.found.tokens.iter().collect();
        let mut marks = 0;
        let mut absent: BTreeMap<&Token, &str> = BTreeMap::new();
        let mut contents: BTreeMap<&Checksum, &str> = BTreeMap::new();
        for item in pages.iter().chain(uploads) {
            match item {
                Item::Revision { key, found, .. } => {
                    marks += found.tokens.len();
                    let missing = found.tokens.iter().filter(|token| !there.contains(token));
                    absent.extend(missing.map(|token| (token, key.as_str())));
                }
                Item::Upload { key, sha256, .. } => {
                    contents.insert(sha256, key);
                }
                Item::Page { .. }
                | Item::User { .. }
                | Item::Search { .. }
                | Item::Access { .. }
                | Item::ForeignLogin { .. }
                | Item::Pdf { .. } => {}
            }
        }
        // A mark counts each time it is seen. Without a single one of users' data a folder full of files proves nothing.
        let items = if seen.files == 0 || marks == 0 { 0 } else { marks + contents.len() };
        bench.looked(CHECK, Some(tenant), items);
        for (token, page) in absent {
            let write = self.ledger.by_token(token).map_or_else(|| format!("page {page}"), |at| self.ledger.name(at));
            bench.find(differs(vault, tenant, &write).expected("there").seen("absent"));
        }
        let files: HashSet<&Checksum> = seen.contents.iter().collect();
        for (sha256, upload) in contents.iter().filter(|(sha256, _)| !files.contains(*sha256)) {
            bench.find(differs(vault, tenant, &format!("upload {upload}")).expected(sha256.to_string()).seen("absent"));
        }
        if !seen.found.canaries.contains(tenant) {
            bench.find(differs(vault, tenant, &format!("canary of {tenant}")).expected("there").seen("absent"));
        }
        let others = self.ledger.writes.iter().map(|write| write.invoked).filter(|write| write.tenant != *tenant);
        let owners = others.filter(|write| there.contains(&write.token)).map(|write| &write.tenant);
        let canaries = seen.found.canaries.iter().filter(|owner| *owner != tenant);
        for owner in owners.chain(canaries).collect::<BTreeSet<_>>() {
            leaked(bench, tenant, owner, &format!("backup of {tenant} in the vault in {vault}"));
        }
    }
}

fn differs(vault: &Datacenter, tenant: &Tenant, what: &str) -> Finding {
    let finding = Finding::new(FindingCode::SideRestoreDiffers).check(CHECK).tenant(tenant);
    finding.item(format!("vault in {vault}: {what}"))
}
