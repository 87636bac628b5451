//! Enumerates every tenant on every surface, as that tenant, and puts what was seen into the journal. Nothing is judged here.
//!
//! Tenants side by side; per tenant the bulky surfaces (pages, uploads) next to the small ones, so that a recovered system is
//! asked quickly and not overrun.

use super::corpus::Known;
use super::{Driver, DriverError, Read, UserRead};
use crate::ids::Tenant;
use crate::journal::{Event, Item, Surface, WriteError, Writer, checksum};
use crate::ledger::{Marks, scan};
use crate::plan::{AccessAction, Moment, Who};
use futures_util::future::try_join_all;
use std::collections::BTreeMap;

/// The text of a PDF, or why it is none.
pub type PdfText = fn(&[u8]) -> Result<String, String>;

/// What a readback is made with.
#[derive(Clone, Copy)]
pub struct Readback<'a> {
    pub driver: &'a dyn Driver,
    pub journal: &'a Writer,
    pub marks: &'a Marks,
    pub moment: Moment,
    pub pdf_text: PdfText,
}

/// Reads everything of all tenants. A surface that cannot be enumerated is journalled as such and is no error here.
///
/// # Errors
/// [`WriteError`] when the journal cannot be written.
pub async fn read_all(with: Readback<'_>, tenants: &BTreeMap<Tenant, Known>) -> Result<(), WriteError> {
    try_join_all(tenants.iter().map(|(tenant, known)| Reader { with, tenant, known, tenants }.all())).await?;
    Ok(())
}

/// Looks at nothing and calls that all there is: what a turned harness would do.
///
/// # Errors
/// [`WriteError`] when the journal cannot be written.
pub fn read_nothing<'t>(
    journal: &Writer,
    moment: Moment,
    tenants: impl Iterator<Item = &'t Tenant>,
) -> Result<(), WriteError> {
    for tenant in tenants {
        journal.write(Event::ReadbackStarted { moment, tenant: tenant.clone() })?;
        for surface in Surface::ALL {
            journal.write(Event::SurfaceRead { moment, tenant: tenant.clone(), surface, items: 0 })?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    with: Readback<'a>,
    tenant: &'a Tenant,
    known: &'a Known,
    /// All of them.
    tenants: &'a BTreeMap<Tenant, Known>,
}

impl Reader<'_> {
    async fn all(self) -> Result<(), WriteError> {
        let Self { with: Readback { moment, .. }, tenant, .. } = self;
        self.write(Event::ReadbackStarted { moment, tenant: tenant.clone() })?;
        let bulky = async {
            self.tell(Surface::Pages, self.pages().await)?;
            self.tell(Surface::Uploads, self.uploads().await)
        };
        let small = async {
            self.tell(Surface::Users, self.users().await)?;
            self.tell(Surface::Search, self.search().await)?;
            self.tell(Surface::Access, self.access().await)?;
            self.tell(Surface::ForeignLogin, self.foreign_logins().await)?;
            self.tell(Surface::Pdf, self.pdf().await)
        };
        futures_util::try_join!(bulky, small)?;
        Ok(())
    }

    async fn pages(self) -> Read<Vec<Item>> {
        let mut items = Vec::new();
        for page in self.with.driver.pages(self.tenant, &self.known.accounts.admin).await? {
            items.push(Item::Page { key: page.key.as_str().into(), protected: page.protected });
            let newest = page.revisions.len().saturating_sub(1);
            items.extend(page.revisions.iter().enumerate().map(|(index, body)| Item::Revision {
                key: page.key.as_str().into(),
                index: position(index),
                head: index == newest,
                sha256: checksum(body.as_bytes()),
                found: scan(body.as_bytes(), self.with.marks),
            }));
        }
        Ok(items)
    }

    async fn uploads(self) -> Read<Vec<Item>> {
        let mut items = Vec::new();
        for upload in self.with.driver.uploads(self.tenant, &self.known.accounts.admin).await? {
            let newest = upload.versions.len().saturating_sub(1);
            items.extend(upload.versions.iter().enumerate().map(|(index, content)| Item::Upload {
                key: upload.key.as_str().into(),
                index: position(index),
                head: index == newest,
                sha256: checksum(content),
                bytes: content.len() as u64,
                found: scan(content, self.with.marks),
            }));
        }
        Ok(items)
    }

    async fn users(self) -> Read<Vec<Item>> {
        let users = self.with.driver.users(self.tenant, &self.known.accounts.admin).await?;
        let item = |UserRead { name, groups, blocked }| Item::User { name, groups, blocked };
        Ok(users.into_iter().map(item).collect())
    }

    /// Everybody's canary, and the decoy.
    async fn search(self) -> Read<Vec<Item>> {
        let Readback { driver, marks, .. } = self.with;
        let canaries = marks.canaries().iter().map(|(tenant, word)| (Some(tenant.clone()), word.as_str()));
        let mut items = Vec::new();
        for (of, word) in canaries.chain([(None, marks.decoy())]) {
            let hits = driver.search(self.tenant, &self.known.accounts.admin, word).await?;
            items.push(Item::Search { of, hits });
        }
        Ok(items)
    }

    /// Everybody tries everything, also what must be refused.
    async fn access(self) -> Read<Vec<Item>> {
        let Known { accounts, open_page, protected_page, .. } = self.known;
        let mut items = Vec::new();
        for who in [Who::Stranger, Who::Reader, Who::Editor, Who::Admin] {
            for (action, key) in [
                (AccessAction::Read, open_page),
                (AccessAction::Read, protected_page),
                (AccessAction::Edit, open_page),
                (AccessAction::EditProtected, protected_page),
            ] {
                let allowed = self.with.driver.access(self.tenant, accounts.who(who), action, key).await?;
                items.push(Item::Access { who, action, key: key.as_str().into(), allowed });
            }
        }
        Ok(items)
    }

    /// The reader of every other tenant tries to read a page of theirs at this tenant's door. One account of each: a refused login costs
    /// the application as much as a good one, and whose reader is let in, all of theirs is there.
    async fn foreign_logins(self) -> Read<Vec<Item>> {
        let (mut items, mut let_in, mut failed) = (Vec::new(), false, None);
        for (of, Known { accounts, canary_page, .. }) in self.tenants.iter().filter(|(of, _)| *of != self.tenant) {
            let by = &accounts.reader;
            match self.with.driver.access(self.tenant, Some(by), AccessAction::Read, canary_page).await {
                Ok(allowed) => {
                    let_in |= allowed;
                    let (of, account, key) = (of.clone(), by.name.clone(), canary_page.clone());
                    items.push(Item::ForeignLogin { of, account, key: key.into(), allowed });
                }
                Err(why) => failed = failed.or(Some(why)),
            }
        }
        // Somebody who was let in must not be forgotten because another could not be tried; the verdict misses that one.
        match failed {
            Some(why) if !let_in => Err(why),
            Some(_) | None => Ok(items),
        }
    }

    async fn pdf(self) -> Read<Vec<Item>> {
        let Known { accounts, canary_page, .. } = self.known;
        let content = self.with.driver.pdf(self.tenant, &accounts.admin, canary_page).await?;
        let text = (self.with.pdf_text)(&content)
            .map_err(|why| DriverError::Failed(format!("{} bytes are no readable PDF: {why}", content.len())))?;
        let found = scan(text.as_bytes(), self.with.marks);
        Ok(vec![Item::Pdf { key: canary_page.as_str().into(), bytes: content.len() as u64, found }])
    }

    fn tell(self, surface: Surface, read: Read<Vec<Item>>) -> Result<(), WriteError> {
        let Self { with: Readback { moment, .. }, tenant, .. } = self;
        let tenant = || tenant.clone();
        let event = match read {
            Ok(seen) => {
                let items = seen.len() as u64;
                for item in seen {
                    self.write(Event::Seen { moment, tenant: tenant(), item })?;
                }
                Event::SurfaceRead { moment, tenant: tenant(), surface, items }
            }
            Err(DriverError::Unsupported(_, why)) => Event::SurfaceAbsent { moment, tenant: tenant(), surface, why },
            Err(DriverError::Failed(why)) => Event::SurfaceFailed { moment, tenant: tenant(), surface, why },
        };
        self.write(event)
    }

    fn write(self, event: Event) -> Result<(), WriteError> {
        self.with.journal.write(event).map(|_| ())
    }
}

fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DrillTime;
    use crate::plan::WorkloadPlan;
    use crate::secret::Secret;
    use crate::workload::corpus::{Corpus, write_baseline};
    use crate::workload::fake::{Fake, Scratch};
    use std::collections::BTreeSet;

    fn as_text(bytes: &[u8]) -> Result<String, String> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if text.starts_with("%PDF") { Ok(text) } else { Err("no header".into()) }
    }

    fn no_pdf(_: &[u8]) -> Result<String, String> {
        Err("no header".into())
    }

    async fn known(scratch: &Scratch, driver: &Fake) -> BTreeMap<Tenant, Known> {
        let (ledger, marks) = (scratch.ledger(), scratch.marks());
        let plan = WorkloadPlan { writes: 6, pages: 2, uploads: 2, large_upload: false };
        let at = DrillTime::from_unix(0);
        let corpus = Corpus { ledger: &ledger, driver, marks: &marks, plan, seed: 42, at };
        let admins = [scratch.acme(), scratch.globex()].map(|tenant| (tenant, Secret::new("admin".to_owned())));
        write_baseline(corpus, admins.into()).await.expect("a baseline")
    }

    async fn read_back(scratch: &Scratch, driver: &Fake, pdf_text: PdfText) -> Vec<Event> {
        let known = known(scratch, driver).await;
        let before = scratch.events().len();
        let marks = scratch.marks();
        let with = Readback { driver, journal: &scratch.journal, marks: &marks, moment: Moment::Health, pdf_text };
        read_all(with, &known).await.expect("a journal");
        scratch.events().split_off(before)
    }

    fn of<'a>(events: &'a [Event], wanted: &Tenant) -> Vec<&'a Item> {
        let seen = events.iter().filter_map(|event| match event {
            Event::Seen { tenant, item, .. } if tenant == wanted => Some(item),
            _ => None,
        });
        seen.collect()
    }

    #[tokio::test]
    async fn everything_is_seen_and_counted() {
        let (scratch, driver) = (Scratch::new(), Fake::new());
        let events = read_back(&scratch, &driver, as_text).await;
        let (acme, globex) = (scratch.acme(), scratch.globex());
        let items = of(&events, &acme);
        let count = |test: fn(&Item) -> bool| items.iter().filter(|item| test(item)).count();
        assert_eq!(count(|item| matches!(item, Item::Page { .. })), 2 + 7);
        assert_eq!(count(|item| matches!(item, Item::Revision { head: true, .. })), 2 + 7);
        assert_eq!(count(|item| matches!(item, Item::Revision { head: false, .. })), 19);
        assert_eq!(count(|item| matches!(item, Item::Revision { found, .. } if found.tokens.len() != 1)), 0);
        assert_eq!(count(|item| matches!(item, Item::Upload { head: true, .. })), 1 + 1 + 2 + 1);
        assert_eq!(count(|item| matches!(item, Item::User { .. })), 6);
        assert_eq!(count(|item| matches!(item, Item::User { blocked: true, .. })), 1);
        assert_eq!(count(|item| matches!(item, Item::Access { .. })), 16);
        assert_eq!(count(|item| matches!(item, Item::Access { allowed: true, .. })), 2 + 3 + 4);
        assert!(
            items.iter().any(|item| matches!(item, Item::Pdf { found, .. } if found.canaries[..] == [acme.clone()]))
        );
        let hits: BTreeMap<_, _> = items
            .iter()
            .filter_map(|item| if let Item::Search { of, hits } = item { Some((of.clone(), hits.len())) } else { None })
            .collect();
        assert_eq!(hits, BTreeMap::from([(None, 1), (Some(acme.clone()), 1), (Some(globex), 0)]));
        let counted: u64 = events
            .iter()
            .filter_map(|event| match event {
                Event::SurfaceRead { tenant, items, .. } if *tenant == acme => Some(*items),
                _ => None,
            })
            .sum();
        assert_eq!(counted, items.len() as u64);
        assert_eq!(events.iter().filter(|event| matches!(event, Event::SurfaceRead { .. })).count(), 14);
        let foreign = |item: &&&Item| matches!(item, Item::ForeignLogin { of, .. } if *of == scratch.globex());
        let foreign: Vec<_> = items.iter().filter(foreign).collect();
        assert!(matches!(foreign[..], [Item::ForeignLogin { allowed: false, .. }]), "{foreign:?}");
    }

    #[tokio::test]
    async fn a_leak_is_seen_as_such() {
        let (scratch, driver) = (Scratch::new(), Fake::new());
        let known = known(&scratch, &driver).await;
        {
            let mut stores = driver.stores.lock().expect("a lock");
            let foreign = stores[&scratch.globex()].pages["Canary"].clone();
            stores.get_mut(&scratch.acme()).expect("a store").pages.insert("Leak".into(), foreign);
        }
        let marks = scratch.marks();
        let (journal, moment) = (&scratch.journal, Moment::Health);
        let with = Readback { driver: &driver, journal, marks: &marks, moment, pdf_text: as_text };
        read_all(with, &known).await.expect("a journal");
        let (events, globex) = (scratch.events(), scratch.globex());
        let items = of(&events, &scratch.acme());
        assert!(
            items
                .iter()
                .any(|item| { matches!(item, Item::Revision { found, .. } if found.canaries[..] == [globex.clone()]) })
        );
        assert!(items.iter().any(|item| {
            matches!(item, Item::Search { of: Some(of), hits } if *of == globex && hits == &["Canary"])
        }));
    }

    #[tokio::test]
    async fn accounts_of_another_tenant_are_tried_even_where_everything_else_fails() {
        let (scratch, driver) = (Scratch::new(), Fake::new());
        let known = known(&scratch, &driver).await;
        {
            let mut stores = driver.stores.lock().expect("a lock");
            let [mut acme, mut globex] = [scratch.acme(), scratch.globex()].map(|of| stores.remove(&of).expect("it"));
            std::mem::swap(&mut acme, &mut globex);
            stores.extend([(scratch.acme(), acme), (scratch.globex(), globex)]);
        }
        let enumerated = [Surface::Pages, Surface::Uploads, Surface::Users, Surface::Search, Surface::Pdf];
        driver.broken.lock().expect("a lock").extend(enumerated);
        let (marks, journal, moment) = (scratch.marks(), &scratch.journal, Moment::Health);
        let with = Readback { driver: &driver, journal, marks: &marks, moment, pdf_text: as_text };
        read_all(with, &known).await.expect("a journal");
        let (events, reader) = (scratch.events(), &known[&scratch.globex()].accounts.reader.name);
        let items = of(&events, &scratch.acme());
        let foreign = |item: &&Item| match *item {
            Item::ForeignLogin { of, account, key, allowed } => {
                *allowed && *of == scratch.globex() && account == reader && key == "Canary"
            }
            _ => false,
        };
        assert!(items.iter().any(foreign), "{items:?}");
    }

    #[tokio::test]
    async fn what_fails_and_what_is_absent_are_told_apart() {
        let (scratch, driver) = (Scratch::new(), Fake::new());
        driver.absent.lock().expect("a lock").insert(Surface::Pdf);
        driver.broken.lock().expect("a lock").insert(Surface::Uploads);
        let events = read_back(&scratch, &driver, as_text).await;
        let absent = events.iter().filter(|event| matches!(event, Event::SurfaceAbsent { surface: Surface::Pdf, .. }));
        let failed = events.iter().filter(
            |event| matches!(event, Event::SurfaceFailed { surface: Surface::Uploads, why, .. } if why == "503"),
        );
        assert_eq!((absent.count(), failed.count()), (2, 2));
        let read: BTreeSet<_> = events
            .iter()
            .filter_map(|event| if let Event::SurfaceRead { surface, .. } = event { Some(*surface) } else { None })
            .collect();
        let small = [Surface::Users, Surface::Search, Surface::Access, Surface::ForeignLogin];
        assert_eq!(read, small.into_iter().chain([Surface::Pages]).collect());
    }

    #[tokio::test]
    async fn a_pdf_without_text_is_a_failed_surface() {
        let (scratch, driver) = (Scratch::new(), Fake::new());
        let events = read_back(&scratch, &driver, no_pdf).await;
        assert!(events.iter().any(|event| {
            matches!(event, Event::SurfaceFailed { surface: Surface::Pdf, why, .. } if why.contains("no header"))
        }));
    }
}
