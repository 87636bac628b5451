//! The baseline: awkward but deterministic content, the people of each tenant, and what the harness knows about them afterwards.
//!
//! All tenants side by side; per tenant first the people, then pages and files next to each other. Anything that is not
//! acknowledged ends the baseline: without it neither a probe nor a comparison means anything.

use super::accounts::{Accounts, password};
use super::dice::Dice;
use super::history::{Member, Scene};
use super::{Account, Body, Driver, text};
use crate::clock::DrillTime;
use crate::ids::Tenant;
use crate::journal::{Checksum, WriteError, WriteKind, WriteResult};
use crate::ledger::{HERE, Intent, Ledger, Marks, NoRandom, Written};
use crate::plan::{PROBE_PAGES_BEGIN, WorkloadPlan};
use bytes::Bytes;
use futures_util::future::try_join_all;
use std::collections::BTreeMap;

/// What the baseline is written with.
#[derive(Clone, Copy)]
pub struct Corpus<'a> {
    pub ledger: &'a Ledger,
    pub driver: &'a dyn Driver,
    pub marks: &'a Marks,
    pub plan: WorkloadPlan,
    pub seed: u64,
    /// All writes of the baseline carry this time.
    pub at: DrillTime,
}

/// What the harness knows about one tenant, without asking anybody.
#[derive(Debug, Clone)]
pub struct Known {
    pub accounts: Accounts,
    /// A page that is never changed, and the SHA-256 of its text: for light probes.
    pub page: (String, Checksum),
    /// A small upload that is never changed, and the SHA-256 of its content.
    pub upload: (String, Checksum),
    /// A word that a search must find: this tenant's canary.
    pub word: String,
    /// The page that the prober edits.
    pub probe_page: String,
    /// The page with the canary; also the one that is read as PDF.
    pub canary_page: String,
    pub decoy_page: String,
    /// Editable for everybody who may edit, and left alone by the history: for trying rights.
    pub open_page: String,
    /// Editable for administrators only.
    pub protected_page: String,
    /// What the history may change.
    pub scene: Scene,
}

/// The baseline is not there: nothing can be drilled on it.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    #[error(transparent)]
    Journal(#[from] WriteError),
    #[error(transparent)]
    Random(#[from] NoRandom),
    #[error("baseline of {tenant}: {kind:?} of {key:?} was not acknowledged: {why}")]
    NotWritten { tenant: Tenant, kind: WriteKind, key: String, why: String },
}

/// Writes the baseline of all tenants; `admins` are the passwords of their administrators.
///
/// # Errors
/// [`BaselineError`] at the first write that is not acknowledged, or when the journal cannot be written.
pub async fn write_baseline(
    corpus: Corpus<'_>,
    admins: BTreeMap<Tenant, crate::secret::Secret<String>>,
) -> Result<BTreeMap<Tenant, Known>, BaselineError> {
    let all = admins.into_iter().map(|(tenant, admin)| async move {
        let known = Desk { corpus, tenant: &tenant }.baseline(Accounts::draw(admin)?).await?;
        Ok::<_, BaselineError>((tenant, known))
    });
    Ok(try_join_all(all).await?.into_iter().collect())
}

/// What file systems, shells, SQL and URLs stumble over.
const ODD: &str = "Bleibt & fein, 'Öl' (+1) 🚀 שלום ";

/// Names of the uploads in turn, and their sizes in bytes; 0 is a file of one line.
const FILES: [(&str, usize); 3] =
    [("Klein & fein, 'Öl' (+1) 🚀 שלום ", 0), ("Mittel-", 100 << 10), ("Größe-", 1 << 20)];

/// Bytes of the upload that a scenario may ask for.
const LARGE: usize = 20 << 20;

/// Bytes of the upload that every full probe fetches.
const PROBED: usize = 4 << 10;

#[derive(Clone, Copy)]
struct Desk<'a> {
    corpus: Corpus<'a>,
    tenant: &'a Tenant,
}

/// Pages and files are written side by side, each in its own order.
const PAGE_WRITER: &str = "baseline";
const FILE_WRITER: &str = "baseline-files";

impl Desk<'_> {
    async fn baseline(self, mut accounts: Accounts) -> Result<Known, BaselineError> {
        let members = self.people(&mut accounts).await?;
        let ((known_page, pages), (upload, uploads)) =
            futures_util::try_join!(self.pages(&accounts), self.files(&accounts.editor))?;
        Ok(Known {
            page: known_page,
            upload,
            word: self.canary(),
            probe_page: PROBE_PAGES_BEGIN.trim_end().to_owned(),
            canary_page: "Canary".to_owned(),
            decoy_page: "Decoy".to_owned(),
            open_page: "Open".to_owned(),
            protected_page: "Protected".to_owned(),
            scene: Scene {
                pages,
                protected: None,
                uploads,
                members,
                blocked: None,
                leaver: Some(accounts.leaver.name.clone()),
            },
            accounts,
        })
    }

    /// Creates the people and gives their accounts the names, with tokens, that they got. Returns whose rights may change.
    async fn people(self, accounts: &mut Accounts) -> Result<Vec<Member>, BaselineError> {
        let admin = accounts.admin.clone();
        let Accounts { admin: _, reader, editor, leaver } = accounts;
        for (person, group) in [(reader, "reader"), (editor, "editor"), (&mut *leaver, "reader")] {
            let body = Body::NewUser { password: person.password.clone(), groups: vec![group.to_owned()] };
            let key = format!("{}{HERE}", person.name);
            person.name = self.put(PAGE_WRITER, &admin, WriteKind::CreateUser, &key, |_| body).await?.key;
        }
        self.put(PAGE_WRITER, &admin, WriteKind::Grant, &leaver.name, |_| Body::Group("editor".to_owned())).await?;
        let blocked = self.member(&admin, "Blocked", "editor").await?;
        self.put(PAGE_WRITER, &admin, WriteKind::Block, &blocked.name, |_| Body::Nothing).await?;
        Ok(vec![self.member(&admin, "Colleague", "reader").await?, self.member(&admin, "Deputy", "editor").await?])
    }

    /// Somebody whom nobody logs in as.
    async fn member(self, admin: &Account, name: &str, group: &str) -> Result<Member, BaselineError> {
        let body = Body::NewUser { password: password()?, groups: vec![group.to_owned()] };
        let written = self.put(PAGE_WRITER, admin, WriteKind::CreateUser, &format!("{name}{HERE}"), |_| body).await?;
        Ok(Member { name: written.key, groups: vec![group.to_owned()] })
    }

    /// Returns the page of the light probe with its hash, and the pages that the history may change.
    async fn pages(self, accounts: &Accounts) -> Result<((String, Checksum), Vec<String>), BaselineError> {
        let editor = &accounts.editor;
        let (canary, decoy) = (self.canary(), self.corpus.marks.decoy());
        self.create(editor, "Canary", |token| text::page_with(&canary, token)).await?;
        self.create(editor, "Decoy", |token| text::page_with(decoy, token)).await?;
        for key in ["Probe", "Open", "Protected"] {
            self.create(editor, key, |token| text::page_with(key, token)).await?;
        }
        self.put(PAGE_WRITER, &accounts.admin, WriteKind::Protect, "Protected", |_| Body::Nothing).await?;
        let mut dice = self.dice("signpost");
        let signpost = self.create(editor, "Signpost", |token| text::page(&mut dice, token)).await?;

        let mut dice = self.dice("revisions");
        let often = self.create(editor, "Revisions", |token| text::page(&mut dice, token)).await?.key;
        for _ in 1..REVISIONS {
            let body = |token: &str| Body::Text(text::page(&mut dice, token));
            self.put(PAGE_WRITER, editor, WriteKind::Edit, &often, body).await?;
        }

        let mut dice = self.dice("pages");
        let mut pages = Vec::new();
        for number in 0..self.corpus.plan.pages {
            let title = text::title(number);
            pages.push(self.create(editor, &title, |token| text::page(&mut dice, token)).await?.key);
        }
        Ok((self.probed(signpost)?, pages))
    }

    /// Returns the upload of the full probe with its hash, and the uploads that the history may change.
    async fn files(self, editor: &Account) -> Result<((String, Checksum), Vec<String>), BaselineError> {
        let mut dice = self.dice("files");
        let mut uploads = Vec::new();
        let probed = |token: &str| Body::Content(text::text_file(&mut dice, token, PROBED));
        let signpost =
            self.put(FILE_WRITER, editor, WriteKind::Upload, &format!("Signpost-{HERE}.txt"), probed).await?;
        // One with an odd name that the history leaves alone: of the others none may be left at the end.
        let odd = |token: &str| Body::Content(text::text_file(&mut dice, token, 0));
        self.put(FILE_WRITER, editor, WriteKind::Upload, &format!("{ODD}{HERE}.txt"), odd).await?;
        for (_, (name, size)) in (0..self.corpus.plan.uploads).zip(FILES.iter().cycle()) {
            let binary = *name == "Mittel-";
            let key = format!("{name}{HERE}.{}", if binary { "bin" } else { "txt" });
            let make = if binary { text::binary_file } else { text::text_file };
            let body = |token: &str| Body::Content(make(&mut dice, token, *size));
            let written = self.put(FILE_WRITER, editor, WriteKind::Upload, &key, body).await?;
            // The history uploads text; a new version must keep the kind of its file.
            if !binary {
                uploads.push(written.key);
            }
        }
        self.smallest(editor).await?;
        if self.corpus.plan.large_upload {
            let mut dice = self.dice("large");
            let body = |token: &str| Body::Content(text::binary_file(&mut dice, token, LARGE));
            self.put(FILE_WRITER, editor, WriteKind::Upload, &format!("Riesig-{HERE}.bin"), body).await?;
        }
        Ok((self.probed(signpost)?, uploads))
    }

    /// The smallest file that the application takes: an empty one, or else one of a single byte. If the empty one is refused, that
    /// stands in the ledger, and it must never show.
    async fn smallest(self, editor: &Account) -> Result<(), BaselineError> {
        let key = format!("Leer-{HERE}.txt");
        let nothing = |_: &str| Body::Content(Bytes::new());
        let empty = self.write(FILE_WRITER, editor, WriteKind::Upload, &key, nothing).await?;
        if !matches!(empty.result, WriteResult::Fail { .. }) {
            return self.acknowledged(empty).map(drop);
        }
        let byte = |_: &str| Body::Content(Bytes::from_static(b"."));
        self.put(FILE_WRITER, editor, WriteKind::Upload, &format!("Byte-{HERE}.txt"), byte).await.map(drop)
    }

    async fn create(
        self,
        by: &Account,
        key: &str,
        make: impl FnOnce(&str) -> String + Send,
    ) -> Result<Written, BaselineError> {
        self.put(PAGE_WRITER, by, WriteKind::Create, key, |token| Body::Text(make(token))).await
    }

    async fn put(
        self,
        writer: &str,
        by: &Account,
        kind: WriteKind,
        key: &str,
        make: impl FnOnce(&str) -> Body + Send,
    ) -> Result<Written, BaselineError> {
        self.acknowledged(self.write(writer, by, kind, key, make).await?)
    }

    /// A write that may end as it likes.
    async fn write(
        self,
        writer: &str,
        by: &Account,
        kind: WriteKind,
        key: &str,
        make: impl FnOnce(&str) -> Body + Send,
    ) -> Result<Written, WriteError> {
        let Corpus { ledger, driver, at, .. } = self.corpus;
        ledger.write(driver, self.tenant, by, Intent { writer, drill: at, kind, key }, make).await
    }

    fn acknowledged(self, written: Written) -> Result<Written, BaselineError> {
        match &written.result {
            WriteResult::Ok { revision: _ } => Ok(written),
            WriteResult::Fail { why } | WriteResult::Info { why } => Err(self.not_written(&written, why)),
        }
    }

    /// What probes look for: where it stands, and what it is known by.
    fn probed(self, written: Written) -> Result<(String, Checksum), BaselineError> {
        let sha256 = written.sha256.ok_or_else(|| self.not_written(&written, "it has no content"))?;
        Ok((written.key, sha256))
    }

    fn not_written(self, written: &Written, why: &str) -> BaselineError {
        let Written { kind, key, .. } = written;
        BaselineError::NotWritten { tenant: self.tenant.clone(), kind: *kind, key: key.clone(), why: why.to_owned() }
    }

    fn canary(self) -> String {
        self.corpus.marks.canaries().get(self.tenant).cloned().unwrap_or_default()
    }

    fn dice(self, what: &str) -> Dice {
        Dice::new(self.corpus.seed, &["corpus", self.tenant.as_str(), what])
    }
}

/// Revisions of the page that has many.
const REVISIONS: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Event, checksum};
    use crate::secret::Secret;
    use crate::workload::fake::{Fake, Scratch};
    use std::sync::atomic::Ordering;

    const PLAN: WorkloadPlan = WorkloadPlan { writes: 6, pages: 12, uploads: 4, large_upload: false };

    async fn baseline(scratch: &Scratch, driver: &Fake) -> Result<BTreeMap<Tenant, Known>, BaselineError> {
        baseline_of(scratch, driver, PLAN).await
    }

    async fn baseline_of(
        scratch: &Scratch,
        driver: &Fake,
        plan: WorkloadPlan,
    ) -> Result<BTreeMap<Tenant, Known>, BaselineError> {
        let (ledger, marks) = (scratch.ledger(), scratch.marks());
        let at = DrillTime::from_unix(0);
        let corpus = Corpus { ledger: &ledger, driver, marks: &marks, plan, seed: 42, at };
        let admins = [scratch.acme(), scratch.globex()].map(|tenant| (tenant, Secret::new("admin".to_owned())));
        write_baseline(corpus, admins.into()).await
    }

    #[tokio::test]
    async fn what_is_known_is_what_is_there() {
        let (scratch, driver) = (Scratch::new(), Fake::new());
        let all = baseline(&scratch, &driver).await.expect("a baseline");
        let stores = driver.stores.lock().expect("a lock");
        let marks = scratch.marks();
        for (tenant, known) in &all {
            let store = &stores[tenant];
            let text = |key: &str| store.pages[key].revisions.last().expect("a revision").clone();
            assert_eq!(checksum(text(&known.page.0).as_bytes()), known.page.1);
            assert_eq!(checksum(&store.uploads[&known.upload.0][0]), known.upload.1);
            assert_eq!((store.pages.len(), store.uploads.len(), store.users.len()), (12 + 7, 1 + 1 + 4 + 1, 6));
            assert!(store.blocked.iter().all(|name| name.starts_with("Blocked")) && store.blocked.len() == 1);
            assert!(text(&known.canary_page).contains(&marks.canaries()[tenant]));
            let with_canary = store.pages.values().filter(|page| page.revisions[0].contains(&known.word)).count();
            assert_eq!(with_canary, 1);
            assert!(text(&known.decoy_page).contains(marks.decoy()));
            assert!(store.pages[&known.protected_page].protected && !store.pages[&known.open_page].protected);
            assert!(store.pages.contains_key(&known.probe_page));
            assert_eq!(store.pages.values().map(|page| page.revisions.len()).max(), Some(20));
            assert!(store.uploads.values().any(|versions| versions[0].is_empty()));
            assert!(store.users[&known.accounts.leaver.name].1.contains("editor"));
            assert!(store.users[&known.accounts.reader.name].1.iter().eq(["reader"]));
            for kept in [&known.page.0, &known.probe_page, &known.canary_page, &known.open_page, &known.protected_page]
            {
                assert!(!known.scene.pages.contains(kept), "{kept}");
            }
            assert!(!known.scene.uploads.contains(&known.upload.0) && known.scene.uploads.len() == 3);
        }
        let (acme, globex) = (&stores[&scratch.acme()], &stores[&scratch.globex()]);
        assert!(acme.pages.keys().eq(globex.pages.keys()));
        assert!(acme.pages.iter().all(|(key, page)| globex.pages[key] != *page));
    }

    #[tokio::test]
    async fn the_same_seed_gives_the_same_bytes() {
        let mut seen = Vec::new();
        for _ in 0..2 {
            let (scratch, driver) = (Scratch::new(), Fake::new());
            baseline(&scratch, &driver).await.expect("a baseline");
            let stores = driver.stores.into_inner().expect("a lock");
            seen.push(stores.into_values().map(|store| (store.pages, store.uploads)).collect::<Vec<_>>());
        }
        assert_eq!(seen[0], seen[1]);
    }

    #[tokio::test]
    async fn an_application_that_takes_no_empty_file_gets_one_byte() {
        let (scratch, driver) = (Scratch::new(), Fake::new());
        driver.fussy.store(true, Ordering::SeqCst);
        let all = baseline(&scratch, &driver).await.expect("a baseline");
        let stores = driver.stores.lock().expect("a lock");
        for tenant in all.keys() {
            let sizes: Vec<usize> = stores[tenant].uploads.values().map(|versions| versions[0].len()).collect();
            assert_eq!(sizes.iter().min(), Some(&1));
        }
        let fails = |event: &Event| matches!(event, Event::WriteEnded { result: WriteResult::Fail { .. }, .. });
        assert_eq!(scratch.events().iter().filter(|event| fails(event)).count(), 2);
    }

    #[tokio::test]
    async fn a_large_file_is_there_if_it_is_asked_for() {
        let (scratch, driver) = (Scratch::new(), Fake::new());
        let plan = WorkloadPlan { pages: 1, uploads: 1, large_upload: true, ..PLAN };
        baseline_of(&scratch, &driver, plan).await.expect("a baseline");
        let stores = driver.stores.lock().expect("a lock");
        let largest = stores[&scratch.acme()].uploads.values().map(|versions| versions[0].len()).max();
        assert!(largest.is_some_and(|largest| largest >= LARGE), "{largest:?}");
    }

    #[tokio::test]
    async fn a_write_that_is_not_acknowledged_ends_the_baseline() {
        let (scratch, driver) = (Scratch::new(), Fake::new());
        let info = WriteResult::Info { why: "502".into() };
        *driver.refuses.lock().expect("a lock") = Some((WriteKind::Protect, info));
        let error = baseline(&scratch, &driver).await.expect_err("no baseline");
        assert!(error.to_string().contains("Protect of \"Protected\" was not acknowledged: 502"), "{error}");
        let ended = scratch.events().into_iter().filter(|event| matches!(event, Event::WriteEnded { .. })).count();
        assert!(ended > 0);
    }
}
