//! Life before the disaster: what tenants write before each generation, chosen by seed.
//!
//! What exists is kept here, as the harness expects it, and never read back: a system that loses something must not be able to
//! steer what is written next.

use super::accounts::{Accounts, password};
use super::corpus::Known;
use super::dice::Dice;
use super::{Account, Body, Driver, text};
use crate::clock::DrillTime;
use crate::ids::Tenant;
use crate::journal::{WriteError, WriteKind, WriteResult};
use crate::ledger::{HERE, Intent, Ledger, NoRandom, Written};
use futures_util::future::try_join_all;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the history may change in one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    pub pages: Vec<String>,
    /// The page that is protected now; it is left alone until it is open again.
    pub protected: Option<String>,
    pub uploads: Vec<String>,
    /// Users whose rights come and go.
    pub members: Vec<Member>,
    /// The user that is blocked now; left alone until the block is lifted.
    pub blocked: Option<Member>,
    /// Somebody whose right to edit is revoked first of all, and never given back.
    pub leaver: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub name: String,
    pub groups: Vec<String>,
}

/// The history could not be written on.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error(transparent)]
    Journal(#[from] WriteError),
    #[error(transparent)]
    Random(#[from] NoRandom),
}

/// The history of all tenants.
#[derive(Debug, Clone)]
pub struct History {
    seed: u64,
    /// Counts the generations.
    turn: usize,
    tenants: BTreeMap<Tenant, (Accounts, Scene)>,
}

/// One write a second, the last one a second before the generation.
const PACE: Duration = Duration::from_secs(1);

/// When the drill clock must stand to write `writes` times before `before`: the time of the first of them.
#[must_use]
pub fn begins(before: DrillTime, writes: u32) -> DrillTime {
    before.minus(PACE * writes)
}

impl History {
    /// The history goes on from the baseline.
    #[must_use]
    pub fn new(seed: u64, known: &BTreeMap<Tenant, Known>) -> Self {
        let tenants = known.iter().map(|(tenant, known)| {
            let Known { accounts, scene, .. } = known;
            (tenant.clone(), (accounts.clone(), scene.clone()))
        });
        Self { seed, turn: 0, tenants: tenants.collect() }
    }

    /// Lets every tenant write `writes` times, drill times from [`begins`] on, tenants side by side.
    /// Returns the writes that were not acknowledged; they stand in the ledger like all others.
    ///
    /// # Errors
    /// [`HistoryError`] when the journal cannot be written or there is no password for a new user.
    pub async fn write_before(
        &mut self,
        ledger: &Ledger,
        driver: &dyn Driver,
        before: DrillTime,
        writes: u32,
    ) -> Result<Vec<(Tenant, Written)>, HistoryError> {
        let (seed, turn) = (self.seed, self.turn);
        self.turn += 1;
        let all = self.tenants.iter_mut().map(|(tenant, (accounts, scene))| async move {
            let mut dice = Dice::new(seed, &["history", tenant.as_str(), &before.to_string()]);
            let mut missed = Vec::new();
            for (number, sort) in (0..).zip(sorts(&mut dice, turn, writes)) {
                let drill = begins(before, writes - number);
                let pen = Pen { ledger, driver, tenant, accounts, drill };
                let written = scene.write(pen, sort, &mut dice).await?;
                if !is_ok(&written) {
                    missed.push((tenant.clone(), written));
                }
            }
            Ok::<_, HistoryError>(missed)
        });
        Ok(try_join_all(all).await?.into_iter().flatten().collect())
    }
}

const fn is_ok(written: &Written) -> bool {
    match written.result {
        WriteResult::Ok { revision: _ } => true,
        WriteResult::Fail { why: _ } | WriteResult::Info { why: _ } => false,
    }
}

/// Whether something is on after a write that was to turn it `on` or off; `None`: nobody knows.
const fn is_on(written: &Written, on: bool) -> Option<bool> {
    match written.result {
        WriteResult::Ok { revision: _ } => Some(on),
        WriteResult::Fail { why: _ } => Some(!on),
        WriteResult::Info { why: _ } => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Edit,
    Upload,
    Delete,
    DeleteUpload,
    Right,
    Protection,
    Block,
    Create,
    Rename,
    User,
}

/// What is written before every generation: one of each row, which takes turns from generation to generation.
const ROWS: [&[Sort]; 5] = [
    &[Sort::Edit],
    // Only one: a wiki tells the versions of a file apart by the second.
    &[Sort::Upload],
    &[Sort::Delete, Sort::DeleteUpload],
    &[Sort::Right, Sort::Protection, Sort::Block],
    // As many new pages as are deleted.
    &[Sort::Create, Sort::Rename, Sort::Create, Sort::User],
];

/// What is written before the generation number `turn`: each row if there is room, the rest edits and now and then a new user.
fn sorts(dice: &mut Dice, turn: usize, writes: u32) -> Vec<Sort> {
    let [edit, upload, deletion, right, other] = ROWS.map(|row| row[turn % row.len()]);
    let mut sorts = vec![edit, upload, deletion, right, other];
    let room = usize::try_from(writes).unwrap_or(usize::MAX);
    if room < sorts.len() && turn % 2 == 1 {
        // Without room of its own, the last row takes the place of every other edit.
        sorts[0] = ROWS[4][turn / 2 % ROWS[4].len()];
    }
    sorts.resize_with(room, || if dice.below(4) == 0 { Sort::User } else { Sort::Edit });
    dice.shuffle(&mut sorts);
    sorts
}

/// Who writes where and when.
#[derive(Clone, Copy)]
struct Pen<'a> {
    ledger: &'a Ledger,
    driver: &'a dyn Driver,
    tenant: &'a Tenant,
    accounts: &'a Accounts,
    drill: DrillTime,
}

impl Pen<'_> {
    async fn put(
        self,
        by: &Account,
        kind: WriteKind,
        key: &str,
        make: impl FnOnce(&str) -> Body + Send,
    ) -> Result<Written, WriteError> {
        let intent = Intent { writer: "history", drill: self.drill, kind, key };
        self.ledger.write(self.driver, self.tenant, by, intent, make).await
    }
}

impl Scene {
    async fn write(&mut self, pen: Pen<'_>, sort: Sort, dice: &mut Dice) -> Result<Written, HistoryError> {
        let written = match sort {
            Sort::Edit => self.edit(pen, dice).await?,
            Sort::Upload => self.upload(pen, dice).await?,
            Sort::Delete => self.delete(pen, dice, false).await?,
            Sort::DeleteUpload => self.delete(pen, dice, true).await?,
            Sort::Create => self.create(pen, dice).await?,
            Sort::Rename => self.rename(pen, dice).await?,
            Sort::Right => self.right(pen, dice).await?,
            Sort::Protection => self.protection(pen, dice).await?,
            Sort::Block => self.block(pen, dice).await?,
            Sort::User => self.user(pen).await?,
        };
        Ok(written)
    }

    async fn edit(&mut self, pen: Pen<'_>, dice: &mut Dice) -> Result<Written, WriteError> {
        let Some(key) = dice.pick(&self.pages).cloned() else { return self.create(pen, dice).await };
        let body = |token: &str| Body::Text(text::page(dice, token));
        pen.put(&pen.accounts.editor, WriteKind::Edit, &key, body).await
    }

    async fn create(&mut self, pen: Pen<'_>, dice: &mut Dice) -> Result<Written, WriteError> {
        let body = |token: &str| Body::Text(text::page(dice, token));
        let key = format!("Neue Größe {HERE}");
        let written = pen.put(&pen.accounts.editor, WriteKind::Create, &key, body).await?;
        if is_ok(&written) {
            self.pages.push(written.key.clone());
        }
        Ok(written)
    }

    /// The page is known by its new title from then on.
    async fn rename(&mut self, pen: Pen<'_>, dice: &mut Dice) -> Result<Written, WriteError> {
        let Some(key) = dice.take(&mut self.pages) else { return self.create(pen, dice).await };
        let title = |token: &str| format!("Umbenannt & größer {token}");
        let body = |token: &str| Body::Title(title(token));
        let written = pen.put(&pen.accounts.admin, WriteKind::Rename, &key, body).await?;
        match &written.result {
            WriteResult::Ok { .. } => self.pages.push(title(&written.token)),
            WriteResult::Fail { .. } => self.pages.push(key),
            WriteResult::Info { .. } => {}
        }
        Ok(written)
    }

    /// A page or a `file`. The last of each stays, so that there is always something to change: then it is the other, or a new page.
    async fn delete(&mut self, pen: Pen<'_>, dice: &mut Dice, file: bool) -> Result<Written, WriteError> {
        let spare = |items: &Vec<String>| items.len() > 1;
        let (kind, items) = match (file, spare(&self.pages), spare(&self.uploads)) {
            (true, _, true) | (false, false, true) => (WriteKind::DeleteUpload, &mut self.uploads),
            (_, true, _) => (WriteKind::Delete, &mut self.pages),
            (_, false, false) => return self.create(pen, dice).await,
        };
        let key = dice.take(items).unwrap_or_default();
        let written = pen.put(&pen.accounts.admin, kind, &key, |_| Body::Nothing).await?;
        if matches!(written.result, WriteResult::Fail { .. }) {
            items.push(key);
        }
        Ok(written)
    }

    /// A new file, or a new version of one that is there; new ones come until there are some to be deleted.
    async fn upload(&mut self, pen: Pen<'_>, dice: &mut Dice) -> Result<Written, WriteError> {
        let again = if self.uploads.len() > 1 && dice.below(2) == 0 { dice.pick(&self.uploads).cloned() } else { None };
        let size = dice.below(64 << 10);
        let body = |token: &str| Body::Content(text::text_file(dice, token, size));
        let key = again.unwrap_or_else(|| format!("Anhang-{HERE}.txt"));
        let written = pen.put(&pen.accounts.editor, WriteKind::Upload, &key, body).await?;
        if is_ok(&written) && !self.uploads.contains(&written.key) {
            self.uploads.push(written.key.clone());
        }
        Ok(written)
    }

    /// The leaver loses the right to edit first; then rights of the others come and go.
    async fn right(&mut self, pen: Pen<'_>, dice: &mut Dice) -> Result<Written, HistoryError> {
        let admin = &pen.accounts.admin;
        let editor = || Body::Group("editor".to_owned());
        if let Some(leaver) = self.leaver.take() {
            let written = pen.put(admin, WriteKind::Revoke, &leaver, |_| editor()).await?;
            if matches!(written.result, WriteResult::Fail { .. }) {
                self.leaver = Some(leaver);
            }
            return Ok(written);
        }
        // Whoever's rights are unknown after this is left alone.
        let Some(mut member) = dice.take(&mut self.members) else { return self.user(pen).await };
        let has = member.groups.iter().any(|group| group == "editor");
        let kind = if has { WriteKind::Revoke } else { WriteKind::Grant };
        let written = pen.put(admin, kind, &member.name, |_| editor()).await?;
        if let Some(has) = is_on(&written, !has) {
            member.groups.retain(|group| group != "editor");
            member.groups.extend(has.then(|| "editor".to_owned()));
            self.members.push(member);
        }
        Ok(written)
    }

    /// One page at a time is protected, then opened again.
    async fn protection(&mut self, pen: Pen<'_>, dice: &mut Dice) -> Result<Written, WriteError> {
        let (kind, page) = match self.protected.take() {
            Some(page) => (WriteKind::Unprotect, page),
            None if self.pages.len() < 2 => return self.create(pen, dice).await,
            None => (WriteKind::Protect, dice.take(&mut self.pages).unwrap_or_default()),
        };
        let written = pen.put(&pen.accounts.admin, kind, &page, |_| Body::Nothing).await?;
        match is_on(&written, kind == WriteKind::Protect) {
            Some(true) => self.protected = Some(page),
            Some(false) => self.pages.push(page),
            None => {}
        }
        Ok(written)
    }

    /// One user at a time is blocked, then let in again.
    async fn block(&mut self, pen: Pen<'_>, dice: &mut Dice) -> Result<Written, HistoryError> {
        let (kind, member) = match self.blocked.take() {
            Some(member) => (WriteKind::Unblock, member),
            None => match dice.take(&mut self.members) {
                Some(member) => (WriteKind::Block, member),
                None => return self.user(pen).await,
            },
        };
        let written = pen.put(&pen.accounts.admin, kind, &member.name, |_| Body::Nothing).await?;
        match is_on(&written, kind == WriteKind::Block) {
            Some(true) => self.blocked = Some(member),
            Some(false) => self.members.push(member),
            None => {}
        }
        Ok(written)
    }

    async fn user(&mut self, pen: Pen<'_>) -> Result<Written, HistoryError> {
        let groups = vec!["reader".to_owned()];
        let body = Body::NewUser { password: password()?, groups: groups.clone() };
        let key = format!("User{HERE}");
        let written = pen.put(&pen.accounts.admin, WriteKind::CreateUser, &key, |_| body).await?;
        if is_ok(&written) {
            self.members.push(Member { name: written.key.clone(), groups });
        }
        Ok(written)
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
