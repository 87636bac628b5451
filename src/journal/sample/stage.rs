//! The simulated system: what three tenants hold, what their backups hold, and a prober, all on a fake clock.

use super::super::token::token;
use super::super::{
    Checksum, Effect, Event, FingerprintOf, Found, Item, Print, Probe, ProbeKind, Surface, Token, WriteInvoked,
    WriteKind, WriteResult, checksum,
};
use super::KEY;
use crate::clock::{DrillTime, Mono};
use crate::ids::{RunId, Tenant};
use crate::plan::{AccessAction, Generation, Moment, Plan, Who};
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// One stored version of a page or an upload.
#[derive(Debug, Clone)]
struct Version {
    token: Option<Token>,
    sha256: Checksum,
    canary: bool,
}

/// All that one tenant has.
#[derive(Debug, Clone, Default)]
struct Store {
    pages: BTreeMap<String, Vec<Version>>,
    locked: BTreeSet<String>,
    uploads: BTreeMap<String, Vec<Version>>,
    users: BTreeMap<String, BTreeSet<String>>,
    blocked: BTreeSet<String>,
}

impl Store {
    /// A wiki writes a revision with the same text when a page is protected or renamed.
    fn note(&mut self, key: &str) {
        if let Some(versions) = self.pages.get_mut(key) {
            versions.extend(versions.last().cloned());
        }
    }
}

/// The stage that a drill is played on.
pub struct Stage {
    pub run: RunId,
    pub plan: Plan,
    pub events: Vec<(Mono, Event)>,
    pub now: Mono,
    pub drill: DrillTime,
    stores: BTreeMap<Tenant, Store>,
    backups: BTreeMap<(Generation, Tenant), Store>,
    writes: u64,
    sequences: BTreeMap<(Tenant, &'static str), u64>,
    /// Tenants that do not answer.
    pub down: BTreeSet<Tenant>,
    /// When the prober began, and the next slots of both kinds.
    prober: Option<(Mono, u64, u64)>,
}

impl Stage {
    pub fn new(plan: Plan) -> Self {
        let system = |sha: &str| Version { token: None, sha256: checksum(sha.as_bytes()), canary: false };
        let fresh = Store {
            pages: BTreeMap::from([("Main Page".to_owned(), vec![system("made by the installer")])]),
            users: BTreeMap::from([(
                "Admin".to_owned(),
                BTreeSet::from(["sysop".to_owned(), "bureaucrat".to_owned()]),
            )]),
            ..Store::default()
        };
        Self {
            run: RunId::new("sample-1").expect("a name"),
            drill: plan.calendar.begins,
            stores: plan.tenants.iter().map(|tenant| (tenant.clone(), fresh.clone())).collect(),
            plan,
            events: Vec::new(),
            now: Mono(0),
            backups: BTreeMap::new(),
            writes: 0,
            sequences: BTreeMap::new(),
            down: BTreeSet::new(),
            prober: None,
        }
    }

    pub fn tell(&mut self, event: Event) {
        self.events.push((self.now, event));
    }

    /// Time passes; the prober, if it runs, looks at every slot that comes due.
    pub fn pass(&mut self, by: Duration) {
        let until = self.now.plus(by);
        while let Some((began, light, full)) = self.prober {
            let slot =
                |interval: Duration, slot: u64| began.plus(interval * u32::try_from(slot).expect("a small slot"));
            let (next_light, next_full) = (slot(self.plan.probe.light, light), slot(self.plan.probe.full, full));
            if next_light.min(next_full) > until {
                break;
            }
            if next_light <= next_full {
                self.prober = Some((began, light + 1, full));
                self.look(ProbeKind::Light, light, next_light);
            } else {
                self.prober = Some((began, light, full + 1));
                self.look(ProbeKind::Full, full, next_full);
            }
        }
        self.now = until;
    }

    pub fn prober(&mut self, on: bool) {
        self.prober = on.then_some((self.now, 0, 0));
    }

    fn look(&mut self, kind: ProbeKind, slot: u64, intended: Mono) {
        for tenant in self.plan.tenants.clone() {
            let bad = self.down.contains(&tenant).then(|| "connection refused".to_owned());
            let takes = Duration::from_millis(if kind == ProbeKind::Full { 150 } else { 20 });
            let (started, ended) = (intended.plus(Duration::from_millis(1)), intended.plus(takes));
            if kind == ProbeKind::Full {
                let (now, fail) = (self.now, bad.is_some());
                self.now = started;
                self.write_as(&tenant, "prober", WriteKind::Probe, "Probe", None, fail);
                self.now = now;
            }
            self.events.push((ended, Event::Probe(Probe { tenant, kind, slot, intended, started, ended, bad })));
        }
    }

    /// One acknowledged write of the workload.
    pub fn write(&mut self, tenant: &Tenant, kind: WriteKind, key: &str, group: Option<&str>) {
        self.write_as(tenant, "workload", kind, key, group, false);
        self.now = self.now.plus(Duration::from_millis(20));
    }

    fn write_as(
        &mut self,
        tenant: &Tenant,
        writer: &'static str,
        kind: WriteKind,
        key: &str,
        group: Option<&str>,
        fail: bool,
    ) {
        let seq = *self.sequences.entry((tenant.clone(), writer)).and_modify(|seq| *seq += 1).or_insert(0);
        let token = token(KEY, &self.run, tenant, writer, seq, kind, key);
        // What the second name of a write means depends on its kind.
        let (group, to) = if kind == WriteKind::Rename { (None, group) } else { (group, None) };
        let empty = key.starts_with("empty");
        let content = if empty { String::new() } else { format!("text of {key} with {token}") };
        let has_body = kind.effect() == Effect::Version;
        let invoked = WriteInvoked {
            write: self.writes,
            drill: self.drill,
            tenant: tenant.clone(),
            writer: writer.into(),
            seq,
            kind,
            key: key.into(),
            token,
            sha256: has_body.then(|| checksum(content.as_bytes())),
            group: group.map(str::to_owned),
            to: to.map(str::to_owned),
        };
        let result = if fail {
            WriteResult::Info { why: "connection refused".to_owned() }
        } else {
            WriteResult::Ok { revision: self.writes.to_string() }
        };
        let ended = self.now.plus(Duration::from_millis(15));
        self.tell(Event::WriteInvoked(invoked));
        self.events.push((ended, Event::WriteEnded { write: self.writes, result }));
        self.writes += 1;
        if fail {
            return;
        }
        let store = self.stores.entry(tenant.clone()).or_default();
        let canary = key.starts_with("Canary");
        let version = Version { token: (!empty).then_some(token), sha256: checksum(content.as_bytes()), canary };
        match kind {
            WriteKind::Create | WriteKind::Edit | WriteKind::Probe => {
                store.pages.entry(key.to_owned()).or_default().push(version);
            }
            WriteKind::Upload => store.uploads.entry(key.to_owned()).or_default().push(version),
            WriteKind::Delete => {
                store.pages.remove(key);
                store.users.remove(key);
                store.locked.remove(key);
            }
            WriteKind::DeleteUpload => {
                store.uploads.remove(key);
            }
            WriteKind::CreateUser => {
                let groups = group.unwrap_or_default().split(',').filter(|group| !group.is_empty());
                store.users.insert(key.to_owned(), groups.map(str::to_owned).collect());
            }
            WriteKind::Grant => {
                store.users.entry(key.to_owned()).or_default().insert(group.unwrap_or_default().to_owned());
            }
            WriteKind::Revoke => {
                store.users.entry(key.to_owned()).or_default().remove(group.unwrap_or_default());
            }
            WriteKind::Block => {
                store.blocked.insert(key.to_owned());
            }
            WriteKind::Unblock => {
                store.blocked.remove(key);
            }
            WriteKind::Rename => {
                let to = to.unwrap_or_default();
                if let Some(versions) = store.pages.remove(key) {
                    store.pages.insert(to.to_owned(), versions);
                }
                if store.locked.remove(key) {
                    store.locked.insert(to.to_owned());
                }
                store.note(to);
            }
            WriteKind::Protect => {
                store.locked.insert(key.to_owned());
                store.note(key);
            }
            WriteKind::Unprotect => {
                store.locked.remove(key);
                store.note(key);
            }
        }
    }

    pub fn back_up(&mut self, generation: Generation) {
        for (tenant, store) in &self.stores {
            self.backups.insert((generation, tenant.clone()), store.clone());
        }
    }

    pub fn restore(&mut self, tenant: &Tenant, generation: Generation) {
        let store = self.backups.get(&(generation, tenant.clone())).cloned().unwrap_or_default();
        self.stores.insert(tenant.clone(), store);
    }

    /// The fingerprints of everybody, without what the prober edits.
    pub fn fingerprint(&mut self, of: FingerprintOf) {
        for (tenant, store) in self.stores.clone() {
            let print = |rows: Vec<String>| Print {
                items: rows.len() as u64,
                digest: checksum(rows.concat().as_bytes()).to_string(),
            };
            let line = |(key, versions): (String, Vec<Version>)| format!("{key} {versions:?}");
            let pages = store.pages.into_iter().filter(|(key, _)| key != "Probe").map(line).collect();
            let users = store.users.into_iter().map(|(name, groups)| format!("{name} {groups:?}")).collect();
            let parts = [
                ("table pages", print(pages)),
                ("table users", print(users)),
                ("files uploads", print(store.uploads.into_iter().map(line).collect())),
            ];
            let parts = parts.map(|(name, print)| (name.to_owned(), print)).into();
            self.tell(Event::Fingerprinted { of, tenant, parts });
        }
    }

    /// The tokens in a backup, and the hashes of its files.
    pub fn backed_up(&self, generation: Generation, tenant: &Tenant) -> (SmallVec<[Token; 1]>, Vec<Checksum>) {
        let store = self.backups.get(&(generation, tenant.clone())).cloned().unwrap_or_default();
        let versions = store.pages.into_values().chain(store.uploads.clone().into_values()).flatten();
        let contents: BTreeSet<Checksum> =
            store.uploads.into_values().flatten().map(|version| version.sha256).collect();
        (versions.filter_map(|version| version.token).collect(), contents.into_iter().collect())
    }

    /// Reads back everything of everybody.
    pub fn read_back(&mut self, moment: Moment) {
        for tenant in self.plan.tenants.clone() {
            self.tell(Event::ReadbackStarted { moment, tenant: tenant.clone() });
            let store = self.stores.get(&tenant).cloned().unwrap_or_default();
            self.pass(Duration::from_millis(300));
            for (surface, items) in enumerate(&tenant, &store, &self.plan.tenants) {
                let count = items.len() as u64;
                for item in items {
                    self.tell(Event::Seen { moment, tenant: tenant.clone(), item });
                }
                self.tell(Event::SurfaceRead { moment, tenant: tenant.clone(), surface, items: count });
            }
        }
    }
}

fn found(tenant: &Tenant, version: &Version) -> Found {
    Found {
        tokens: version.token.into_iter().collect(),
        canaries: version.canary.then(|| tenant.clone()).into_iter().collect(),
    }
}

fn enumerate(tenant: &Tenant, store: &Store, tenants: &[Tenant]) -> Vec<(Surface, Vec<Item>)> {
    let mut pages = Vec::new();
    let mut pdf = Vec::new();
    for (key, versions) in &store.pages {
        pages.push(Item::Page { key: key.into(), protected: store.locked.contains(key) });
        for (index, version) in versions.iter().enumerate() {
            pages.push(Item::Revision {
                key: key.into(),
                index: u32::try_from(index).expect("few revisions"),
                head: index + 1 == versions.len(),
                sha256: version.sha256,
                found: found(tenant, version),
            });
        }
        if let (Some(last), true) = (versions.last(), key == "Page-1") {
            pdf.push(Item::Pdf { key: key.into(), bytes: 12_345, found: found(tenant, last) });
        }
    }
    let mut uploads = Vec::new();
    for (key, versions) in &store.uploads {
        for (index, version) in versions.iter().enumerate() {
            uploads.push(Item::Upload {
                key: key.into(),
                index: u32::try_from(index).expect("few versions"),
                head: index + 1 == versions.len(),
                sha256: version.sha256,
                bytes: if version.token.is_some() { 64 } else { 0 },
                found: found(tenant, version),
            });
        }
    }
    let user = |(name, groups): (&String, &BTreeSet<String>)| Item::User {
        name: name.clone(),
        groups: groups.iter().cloned().collect(),
        blocked: store.blocked.contains(name),
    };
    let canaries: Vec<String> = store.pages.keys().filter(|key| key.starts_with("Canary")).cloned().collect();
    let mut search = vec![Item::Search { of: None, hits: canaries.clone() }];
    for of in tenants {
        let hits = if of == tenant { canaries.clone() } else { Vec::new() };
        search.push(Item::Search { of: Some(of.clone()), hits });
    }
    let mut access = Vec::new();
    for who in [Who::Stranger, Who::Reader, Who::Editor, Who::Admin] {
        for action in [AccessAction::Read, AccessAction::Edit, AccessAction::EditProtected] {
            let allowed = match action {
                AccessAction::Read => who != Who::Stranger,
                AccessAction::Edit => matches!(who, Who::Editor | Who::Admin),
                AccessAction::EditProtected => who == Who::Admin,
            };
            let key = if action == AccessAction::EditProtected { "Locked" } else { "Page-2" };
            access.push(Item::Access { who, action, key: key.into(), allowed });
        }
    }
    let others = tenants.iter().filter(|of| *of != tenant);
    let foreign = others.map(|of| Item::ForeignLogin {
        of: of.clone(),
        account: "Reader".to_owned(),
        key: "Canary".into(),
        allowed: false,
    });
    vec![
        (Surface::Pages, pages),
        (Surface::Uploads, uploads),
        (Surface::Users, store.users.iter().map(user).collect()),
        (Surface::Search, search),
        (Surface::Access, access),
        (Surface::ForeignLogin, foreign.collect()),
        (Surface::Pdf, pdf),
    ]
}
