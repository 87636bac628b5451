//! An application in memory and a journal in a folder of its own: for the tests of everything that writes, reads back or probes.

use super::{Account, Body, Driver, DriverError, FullProbe, Look, PageRead, Read, UploadRead, UserRead, Write};
use crate::clock::SystemClock;
use crate::ids::{RunId, Tenant};
use crate::journal::{Checksum, Effect, Event, Surface, WriteKind, WriteResult, Writer, checksum, read};
use crate::ledger::{Ledger, Marks, RunKey};
use crate::plan::AccessAction;
use crate::secret::Secret;
use assert_fs::TempDir;
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A journal in a temporary folder, with a run key that never changes.
pub struct Scratch {
    folder: TempDir,
    pub journal: Writer,
    key: RunKey,
}

impl Scratch {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let journal =
            Writer::create(&folder.path().join("journal.ndjson"), Arc::new(SystemClock::start())).expect("a journal");
        Self { folder, journal, key: RunKey::parse(&"07".repeat(32)).expect("a key") }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("journal.ndjson")
    }

    pub fn ledger(&self) -> Ledger {
        Ledger::new(self.journal.clone(), self.key.clone(), RunId::new("run-1").expect("a name"))
    }

    pub fn marks(&self) -> Marks {
        Marks::new(&self.key, &[self.acme(), self.globex()]).expect("marks")
    }

    #[expect(clippy::unused_self, reason = "reads as one of the scratch run's tenants")]
    pub fn acme(&self) -> Tenant {
        Tenant::new("acme").expect("a name")
    }

    #[expect(clippy::unused_self, reason = "reads as one of the scratch run's tenants")]
    pub fn globex(&self) -> Tenant {
        Tenant::new("globex").expect("a name")
    }

    pub fn events(&self) -> Vec<Event> {
        read(&self.path()).expect("a journal").entries.into_iter().map(|entry| entry.event).collect()
    }
}

#[derive(Debug, Default)]
pub struct Store {
    pub pages: BTreeMap<String, PageRead>,
    pub uploads: BTreeMap<String, Vec<Bytes>>,
    pub users: BTreeMap<String, (Secret<String>, BTreeSet<String>)>,
    pub blocked: BTreeSet<String>,
}

type Hook = Box<dyn Fn(&Write) + Send + Sync>;

/// Answers right unless told otherwise.
#[derive(Default)]
pub struct Fake {
    pub stores: Mutex<BTreeMap<Tenant, Store>>,
    pub hangs: AtomicBool,
    pub panics: AtomicBool,
    /// Takes no empty files.
    pub fussy: AtomicBool,
    /// Surfaces that this application does not have, or that break.
    pub absent: Mutex<BTreeSet<Surface>>,
    pub broken: Mutex<BTreeSet<Surface>>,
    /// The answer to every write of this kind, instead of carrying it out.
    pub refuses: Mutex<Option<(WriteKind, WriteResult)>>,
    /// Logins and the like: whether each full probe was fresh.
    pub fresh: Mutex<Vec<bool>>,
    hook: Mutex<Option<Hook>>,
}

impl Fake {
    pub fn new() -> Self {
        Self::default()
    }

    #[expect(clippy::unused_self, reason = "reads as this application's administrator")]
    pub fn admin(&self) -> Account {
        Account { name: "Admin".into(), password: Secret::new("admin".into()) }
    }

    pub fn on_write(&self, hook: impl Fn(&Write) + Send + Sync + 'static) {
        *self.hook.lock().expect("a lock") = Some(Box::new(hook));
    }

    fn may(&self, tenant: &Tenant, by: Option<&Account>, group: &str) -> bool {
        let Some(by) = by else { return false };
        if *by == self.admin() {
            return true;
        }
        let stores = self.stores.lock().expect("a lock");
        let Some(store) = stores.get(tenant) else { return false };
        let user = store.users.get(&by.name);
        user.is_some_and(|(password, groups)| *password == by.password && groups.contains(group))
            && !(group != "reader" && store.blocked.contains(&by.name))
    }

    async fn stall(&self) {
        assert!(!self.panics.load(Ordering::SeqCst), "the driver was told to panic");
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }

    fn surface<T>(&self, surface: Surface, get: impl FnOnce() -> T) -> Read<T> {
        if self.absent.lock().expect("a lock").contains(&surface) {
            return Err(DriverError::Unsupported(surface, "not built".into()));
        }
        if self.broken.lock().expect("a lock").contains(&surface) {
            return Err(DriverError::Failed("503".into()));
        }
        Ok(get())
    }

    fn apply(&self, tenant: &Tenant, write: &Write) -> Result<(), String> {
        let mut stores = self.stores.lock().expect("a lock");
        let store = stores.entry(tenant.clone()).or_default();
        let key = write.key.clone();
        match (write.kind, &write.body) {
            (WriteKind::Create, Body::Text(_)) if store.pages.contains_key(&key) => return Err("exists".into()),
            (WriteKind::Create, Body::Text(text)) => {
                let page = PageRead { key: key.clone(), revisions: vec![text.clone()], protected: false };
                store.pages.insert(key, page);
            }
            (WriteKind::Probe, Body::Text(text)) => {
                let page = PageRead { key: key.clone(), revisions: Vec::new(), protected: false };
                store.pages.entry(key).or_insert(page).revisions.push(text.clone());
            }
            (WriteKind::Edit, Body::Text(text)) => {
                store.pages.get_mut(&key).ok_or("no page")?.revisions.push(text.clone());
            }
            (WriteKind::Protect, Body::Nothing) => store.pages.get_mut(&key).ok_or("no page")?.protected = true,
            (WriteKind::Unprotect, Body::Nothing) => store.pages.get_mut(&key).ok_or("no page")?.protected = false,
            (WriteKind::Delete, Body::Nothing) => {
                store.pages.remove(&key).ok_or("no page")?;
            }
            (WriteKind::Rename, Body::Title(to)) => {
                let page = store.pages.remove(&key).ok_or("no page")?;
                store.pages.insert(to.clone(), PageRead { key: to.clone(), ..page });
            }
            (WriteKind::DeleteUpload, Body::Nothing) => {
                store.uploads.remove(&key).ok_or("no file")?;
            }
            (WriteKind::Upload, Body::Content(content)) if content.is_empty() && self.fussy.load(Ordering::SeqCst) => {
                return Err("empty-file".into());
            }
            (WriteKind::Upload, Body::Content(content)) => {
                store.uploads.entry(key).or_default().push(content.clone());
            }
            (WriteKind::CreateUser, Body::NewUser { password, groups }) => {
                store.users.insert(key, (password.clone(), groups.iter().cloned().collect()));
            }
            (WriteKind::Block, Body::Nothing) if store.users.contains_key(&key) => {
                store.blocked.insert(key);
            }
            (WriteKind::Unblock, Body::Nothing) => {
                store.blocked.take(&key).ok_or("no block")?;
            }
            (WriteKind::Grant, Body::Group(group)) => {
                store.users.get_mut(&key).ok_or("no user")?.1.insert(group.clone());
            }
            (WriteKind::Revoke, Body::Group(group)) => {
                store.users.get_mut(&key).ok_or("no user")?.1.remove(group);
            }
            (kind, body) => return Err(format!("{kind:?} with {body:?}")),
        }
        Ok(())
    }
}

#[async_trait]
impl Driver for Fake {
    async fn write(&self, tenant: &Tenant, by: &Account, write: &Write) -> WriteResult {
        if let Some(hook) = self.hook.lock().expect("a lock").as_ref() {
            hook(write);
        }
        self.stall().await;
        if let Some((kind, result)) = self.refuses.lock().expect("a lock").as_ref()
            && *kind == write.kind
        {
            return result.clone();
        }
        let group = if write.kind.effect() == Effect::Version { "editor" } else { "admin" };
        if !self.may(tenant, Some(by), group) {
            return WriteResult::Fail { why: format!("{} may not {:?}", by.name, write.kind) };
        }
        match self.apply(tenant, write) {
            Ok(()) => WriteResult::Ok { revision: "1".into() },
            Err(why) => WriteResult::Fail { why },
        }
    }

    async fn pages(&self, tenant: &Tenant, _by: &Account) -> Read<Vec<PageRead>> {
        self.surface(Surface::Pages, || {
            self.stores
                .lock()
                .expect("a lock")
                .get(tenant)
                .map_or_else(Vec::new, |store| store.pages.values().cloned().collect())
        })
    }

    async fn uploads(&self, tenant: &Tenant, _by: &Account) -> Read<Vec<UploadRead>> {
        self.surface(Surface::Uploads, || {
            let stores = self.stores.lock().expect("a lock");
            let one =
                |(key, versions): (&String, &Vec<Bytes>)| UploadRead { key: key.clone(), versions: versions.clone() };
            stores.get(tenant).map_or_else(Vec::new, |store| store.uploads.iter().map(one).collect())
        })
    }

    async fn users(&self, tenant: &Tenant, _by: &Account) -> Read<Vec<UserRead>> {
        self.surface(Surface::Users, || {
            let stores = self.stores.lock().expect("a lock");
            let all = stores.get(tenant).into_iter().flat_map(|store| {
                store.users.iter().map(|(name, (_, groups))| UserRead {
                    name: name.clone(),
                    groups: groups.iter().cloned().collect(),
                    blocked: store.blocked.contains(name),
                })
            });
            all.collect()
        })
    }

    async fn search(&self, tenant: &Tenant, by: &Account, term: &str) -> Read<Vec<String>> {
        let pages = self.pages(tenant, by).await?;
        self.surface(Surface::Search, || {
            let hit = |page: &PageRead| page.revisions.last().is_some_and(|text| text.contains(term));
            pages.into_iter().filter(hit).map(|page| page.key).collect()
        })
    }

    async fn access(&self, tenant: &Tenant, by: Option<&Account>, action: AccessAction, key: &str) -> Read<bool> {
        let exists = self.stores.lock().expect("a lock").get(tenant).is_some_and(|store| store.pages.contains_key(key));
        let group = match action {
            AccessAction::Read => "reader",
            AccessAction::Edit => "editor",
            AccessAction::EditProtected => "admin",
        };
        let allowed = self.may(tenant, by, group) || (group == "reader" && self.may(tenant, by, "editor"));
        self.surface(Surface::Access, || exists && allowed)
    }

    async fn pdf(&self, tenant: &Tenant, by: &Account, key: &str) -> Read<Bytes> {
        let pages = self.pages(tenant, by).await?;
        let page = pages.into_iter().find(|page| page.key == key);
        let text = page.and_then(|page| page.revisions.last().cloned()).unwrap_or_default();
        self.surface(Surface::Pdf, || Bytes::from(format!("%PDF {text}")))
    }

    async fn light(&self, tenant: &Tenant, by: &Account, page: &str, sha256: Checksum) -> Look {
        self.stall().await;
        let pages = self.pages(tenant, by).await.map_err(|why| why.to_string())?;
        let found = pages.iter().find(|found| found.key == page).and_then(|found| found.revisions.last());
        if found.is_some_and(|text| checksum(text.as_bytes()) == sha256) { Ok(()) } else { Err("another text".into()) }
    }

    async fn full(&self, tenant: &Tenant, probe: &FullProbe) -> (Look, Option<WriteResult>) {
        self.fresh.lock().expect("a lock").push(probe.fresh);
        let look = self.light(tenant, &probe.account, &probe.page.0, probe.page.1).await;
        if look.is_err() {
            return (look, None);
        }
        let result = match &probe.write {
            Some(write) => Some(self.write(tenant, &probe.account, write).await),
            None => None,
        };
        let look = match &result {
            Some(WriteResult::Fail { why } | WriteResult::Info { why }) => Err(why.clone()),
            Some(WriteResult::Ok { .. }) | None => Ok(()),
        };
        let found = self.search(tenant, &probe.account, &probe.word).await.unwrap_or_default();
        let uploads = self.uploads(tenant, &probe.account).await.unwrap_or_default();
        let file = uploads.iter().find(|upload| upload.key == probe.upload.0).and_then(|upload| upload.versions.last());
        if found.is_empty() || file.is_none_or(|content| checksum(content) != probe.upload.1) {
            return (Err("search or file".into()), result);
        }
        (look, result)
    }

    async fn forget(&self) {}
}
