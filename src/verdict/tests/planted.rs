//! Everything that can be wrong with a recovery, one at a time, planted at any place of any history.

use super::data::revision;
use super::field::{Field, append, one, refuse, replace};
use super::*;
use crate::journal::sample::KEY;
use crate::journal::{Effect, Found, Surface, WriteKind, token};

/// One kind of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plant {
    Loss,
    LostUser,
    LeakedText,
    LeakedCanary,
    LeakedHit,
    LeakedLogin,
    Duplicate,
    StaleHead,
    TornSnapshot,
    OldFiles,
    OldPages,
    OldSnapshot,
    ResurrectedPage,
    ResurrectedUpload,
    ResurrectedRight,
    ResurrectedUser,
    LiftedBlock,
    Phantom,
    Alien,
    AlienUser,
    Corrupt,
    CorruptBeyondRecognition,
    AbortedVisible,
    TooNew,
    WidenedGroup,
    WidenedRole,
    RefusedRole,
    RightLost,
    Unprotected,
    ChangedByRestart,
}

impl Plant {
    pub const ALL: [Self; 30] = [
        Self::Loss,
        Self::LostUser,
        Self::LeakedText,
        Self::LeakedCanary,
        Self::LeakedHit,
        Self::LeakedLogin,
        Self::Duplicate,
        Self::StaleHead,
        Self::TornSnapshot,
        Self::OldFiles,
        Self::OldPages,
        Self::OldSnapshot,
        Self::ResurrectedPage,
        Self::ResurrectedUpload,
        Self::ResurrectedRight,
        Self::ResurrectedUser,
        Self::LiftedBlock,
        Self::Phantom,
        Self::Alien,
        Self::AlienUser,
        Self::Corrupt,
        Self::CorruptBeyondRecognition,
        Self::AbortedVisible,
        Self::TooNew,
        Self::WidenedGroup,
        Self::WidenedRole,
        Self::RefusedRole,
        Self::RightLost,
        Self::Unprotected,
        Self::ChangedByRestart,
    ];

    /// What must be found.
    pub const fn code(self) -> FindingCode {
        match self {
            Self::Loss | Self::LostUser => FindingCode::Lost,
            Self::LeakedText | Self::LeakedCanary | Self::LeakedHit | Self::LeakedLogin => FindingCode::Leaked,
            Self::Duplicate => FindingCode::Duplicated,
            Self::StaleHead => FindingCode::StaleHead,
            Self::TornSnapshot => FindingCode::Hole,
            Self::OldFiles | Self::OldPages => FindingCode::Skew,
            Self::OldSnapshot => FindingCode::TooOld,
            Self::ResurrectedPage
            | Self::ResurrectedUpload
            | Self::ResurrectedRight
            | Self::ResurrectedUser
            | Self::LiftedBlock => FindingCode::Resurrected,
            Self::Phantom => FindingCode::Phantom,
            Self::Alien | Self::AlienUser => FindingCode::Alien,
            Self::Corrupt | Self::CorruptBeyondRecognition => FindingCode::Corrupt,
            Self::AbortedVisible => FindingCode::AbortedVisible,
            Self::TooNew => FindingCode::TooNew,
            Self::WidenedGroup | Self::WidenedRole => FindingCode::PermissionWidened,
            Self::RefusedRole => FindingCode::PermissionMissing,
            Self::RightLost | Self::Unprotected => FindingCode::RightLost,
            Self::ChangedByRestart => FindingCode::RestartChanged,
        }
    }

    /// Plants it in a clean sample, where `pick` says. The tenant; `None` if this sample has no place for it.
    pub fn plant(self, sample: &mut Sample, pick: usize) -> Option<Tenant> {
        let bed = Bed { field: Field::of(sample), sample, pick };
        match self {
            Self::Loss => bed.version(|_| vec![]),
            Self::LostUser => bed.item(|_, item| matches!(item, Item::User { .. }).then(Vec::new)),
            Self::LeakedText => bed.leaked_text(),
            Self::LeakedCanary => bed.leaked_canary(),
            Self::LeakedHit => bed.item(|tenant, item| match item {
                Item::Search { of: Some(of), .. } if of != tenant => {
                    Some(vec![Item::Search { of: Some(of.clone()), hits: vec!["Canary".to_owned()] }])
                }
                _ => None,
            }),
            Self::LeakedLogin => bed.item(|_, item| {
                changed(item, |item| match item {
                    Item::ForeignLogin { allowed, .. } => set(allowed, true),
                    _ => false,
                })
            }),
            // The one that is current stays the last.
            Self::Duplicate => bed.version(|item| {
                let mut again = item.clone();
                mark_head(&mut again, false);
                vec![again, item.clone()]
            }),
            Self::StaleHead => bed.stale_head(),
            Self::TornSnapshot => bed.torn(),
            Self::OldFiles => bed.older(&[Surface::Uploads]),
            Self::OldPages => bed.older(&[Surface::Pages]),
            Self::OldSnapshot => bed.older(&[Surface::Pages, Surface::Uploads]),
            Self::ResurrectedPage => bed.back(WriteKind::Delete, Surface::Pages),
            Self::ResurrectedUpload => bed.back(WriteKind::DeleteUpload, Surface::Uploads),
            Self::ResurrectedRight => bed.right_back(),
            Self::ResurrectedUser => bed.user_back(),
            Self::LiftedBlock => bed.item(|_, item| {
                changed(item, |item| match item {
                    Item::User { blocked, .. } if *blocked => set(blocked, false),
                    _ => false,
                })
            }),
            Self::Phantom => bed.stray(true),
            Self::Alien => bed.stray(false),
            Self::AlienUser => {
                let user = Item::User { name: "Mallory".to_owned(), groups: Vec::new(), blocked: false };
                bed.anywhere(&user)
            }
            Self::Corrupt => bed.version(|item| vec![corrupted(item, true)]),
            Self::CorruptBeyondRecognition => bed.version(|item| vec![corrupted(item, false)]),
            Self::AbortedVisible => bed.aborted(),
            Self::TooNew => bed.too_new(),
            Self::WidenedGroup => bed.item(|_, item| {
                changed(item, |item| match item {
                    Item::User { groups, .. } => {
                        groups.push("unheard-of".to_owned());
                        true
                    }
                    _ => false,
                })
            }),
            Self::WidenedRole => bed.role(false),
            Self::RefusedRole => bed.role(true),
            Self::RightLost => bed.item(|_, item| {
                changed(item, |item| match item {
                    Item::User { groups, .. } => groups.pop().is_some(),
                    _ => false,
                })
            }),
            Self::Unprotected => bed.item(|_, item| {
                changed(item, |item| match item {
                    Item::Page { protected, .. } if *protected => set(protected, false),
                    _ => false,
                })
            }),
            Self::ChangedByRestart => bed.restart(),
        }
    }
}

/// What `change` makes of an item, if it can.
fn changed(item: &Item, change: impl Fn(&mut Item) -> bool) -> Option<Vec<Item>> {
    let mut item = item.clone();
    change(&mut item).then(|| vec![item])
}

fn set<T>(place: &mut T, to: T) -> bool {
    *place = to;
    true
}

fn mark_head(item: &mut Item, to: bool) {
    if let Item::Revision { head, .. } | Item::Upload { head, .. } = item {
        *head = to;
    }
}

fn found_in(item: &mut Item) -> Option<&mut Found> {
    match item {
        Item::Revision { found, .. } | Item::Upload { found, .. } | Item::Pdf { found, .. } => Some(found),
        _ => None,
    }
}

fn corrupted(item: &Item, recognised: bool) -> Item {
    let mut item = item.clone();
    if let Item::Revision { sha256, .. } | Item::Upload { sha256, .. } = &mut item {
        *sha256 = digits("0");
    }
    if let (false, Some(found)) = (recognised, found_in(&mut item)) {
        found.tokens.clear();
    }
    item
}

struct Bed<'s> {
    sample: &'s mut Sample,
    field: Field,
    pick: usize,
}

impl Bed<'_> {
    /// Changes one of the items that `change` can change.
    fn item(self, change: impl Fn(&Tenant, &Item) -> Option<Vec<Item>>) -> Option<Tenant> {
        let fits = self.field.seen.iter().filter_map(|(of, item)| Some((of, item, change(of, item)?)));
        let (of, item, instead) = one(&fits.collect::<Vec<_>>(), self.pick)?;
        replace(self.sample, &RECOVERED, of, item, &instead);
        Some(of.clone())
    }

    /// Changes one version of the workload's.
    fn version(self, change: impl Fn(&Item) -> Vec<Item>) -> Option<Tenant> {
        let (of, item, _) = one(&self.field.versions(), self.pick)?;
        replace(self.sample, &RECOVERED, of, item, &change(item));
        Some(of.clone())
    }

    fn anywhere(self, item: &Item) -> Option<Tenant> {
        let of = one(&self.field.tenants, self.pick)?;
        append(self.sample, &of, std::slice::from_ref(item));
        Some(of)
    }

    fn leaked_text(self) -> Option<Tenant> {
        let versions = self.field.versions();
        let (of, item, _) = one(&versions, self.pick)?;
        let foreign: Vec<_> = self.field.written.iter().filter(|written| written.write.tenant != *of).collect();
        let mut instead = item.clone();
        found_in(&mut instead)?.tokens.push(one(&foreign, self.pick / 7)?.write.token);
        replace(self.sample, &RECOVERED, of, item, &[instead]);
        Some(of.clone())
    }

    fn leaked_canary(self) -> Option<Tenant> {
        let tenants = self.field.tenants.clone();
        self.item(|of, item| {
            let other = tenants.iter().find(|other| *other != of)?;
            changed(item, |item| found_in(item).map(|found| found.canaries.push(other.clone())).is_some())
        })
    }

    fn stale_head(self) -> Option<Tenant> {
        let versions = self.field.versions();
        let name = |item: &Item| (item.surface(), key_of(item).map(str::to_owned));
        let is_head = |item: &Item| matches!(item, Item::Revision { head: true, .. } | Item::Upload { head: true, .. });
        // An old version of something whose current one is another write's.
        let old = versions.iter().filter(|(of, item, _)| {
            let current = |(other, version, _): &&(&Tenant, &Item, _)| other == of && name(version) == name(item);
            !is_head(item) && versions.iter().filter(current).any(|(_, version, _)| is_head(version))
        });
        let (of, item, _) = one(&old.copied().collect::<Vec<_>>(), self.pick)?;
        self.sample.rewrite(&RECOVERED, |tenant, mut seen| {
            if tenant == of && name(&seen) == name(item) {
                let current = seen == *item;
                mark_head(&mut seen, current);
            }
            vec![seen]
        });
        Some(of.clone())
    }

    fn torn(self) -> Option<Tenant> {
        let mut versions = self.field.versions();
        versions.retain(|(of, ..)| self.field.affected.contains(of));
        let newer = versions.iter().filter(|(of, item, written)| {
            let same = |(other, version, _): &&(&Tenant, &Item, _)| other == of && version.surface() == item.surface();
            versions.iter().filter(same).any(|(.., other)| other.at > written.at)
        });
        let (of, item, _) = one(&newer.copied().collect::<Vec<_>>(), self.pick)?;
        replace(self.sample, &RECOVERED, of, item, &[]);
        Some(of.clone())
    }

    /// Takes from stores of a tenant what an older generation than the promised one does not have.
    fn older(self, surfaces: &[Surface]) -> Option<Tenant> {
        let of = one(&self.field.affected, self.pick)?;
        let place = (self.pick / 7).checked_rem(self.field.predicted(&of)?)?;
        let taken = self.field.generations[place].1;
        let field = &self.field;
        self.sample.rewrite(&RECOVERED, |tenant, item| {
            let newer = |item: &Item| field.origin(tenant, item).is_some_and(|written| written.at > taken);
            if *tenant == of && surfaces.contains(&item.surface()) && newer(&item) { vec![] } else { vec![item] }
        });
        Some(of)
    }

    /// Brings back what was deleted.
    fn back(self, deletion: WriteKind, surface: Surface) -> Option<Tenant> {
        let field = &self.field;
        let deletions: Vec<_> = field.written.iter().filter(|it| it.write.kind == deletion && field.kept(it)).collect();
        let gone = field.written.iter().filter(|made| {
            let (w, version) = (&made.write, made.write.kind.effect() == Effect::Version);
            let takes = |it: &&&field::Written| it.at > made.at && it.write.tenant == w.tenant && it.write.key == w.key;
            version && w.kind.surface() == surface && deletions.iter().any(|it| takes(&it))
        });
        let made = one(&gone.collect::<Vec<_>>(), self.pick)?.write.clone();
        let mut item = revision(&made, 900);
        mark_head(&mut item, false);
        append(self.sample, &made.tenant, &[item]);
        Some(made.tenant)
    }

    fn right_back(self) -> Option<Tenant> {
        let revoked = one(&self.field.standing(WriteKind::Revoke, WriteKind::Grant), self.pick)?.write.clone();
        let of = revoked.tenant.clone();
        self.sample.rewrite(&RECOVERED, |tenant, mut item| {
            if let Item::User { name, groups, .. } = &mut item
                && *tenant == of
                && *name == revoked.key
            {
                groups.extend(revoked.group.clone());
            }
            vec![item]
        });
        Some(of)
    }

    fn user_back(self) -> Option<Tenant> {
        let users = self.field.standing(WriteKind::CreateUser, WriteKind::CreateUser);
        let deleted = |user: &&field::Written| {
            let kept = self.field.standing(WriteKind::Delete, WriteKind::CreateUser);
            kept.iter().any(|it| it.write.tenant == user.write.tenant && it.write.key == user.write.key)
        };
        let user = one(&users.into_iter().filter(deleted).collect::<Vec<_>>(), self.pick)?.write.clone();
        let item = Item::User { name: user.key.into(), groups: Vec::new(), blocked: false };
        append(self.sample, &user.tenant, &[item]);
        Some(user.tenant)
    }

    /// A page with a token that no write has: one of this run's, or somebody else's.
    fn stray(self, ours: bool) -> Option<Tenant> {
        let run = crate::ids::RunId::new("sample-1").expect("a name");
        let of = one(&self.field.tenants, self.pick)?;
        let kind = one(&WriteKind::ALL, self.pick / 3)?;
        let seq = self.pick as u64 / 42 % 40;
        let key = "Stray";
        let made = token(if ours { KEY } else { b"another key" }, &run, &of, "workload", seq, kind, key);
        let (sha256, found) = (digits("1"), holding(made));
        append(self.sample, &of, &[Item::Revision { key: key.into(), index: 0, head: true, sha256, found }]);
        Some(of)
    }

    fn aborted(self) -> Option<Tenant> {
        let (of, _, written) = one(&self.field.versions(), self.pick)?;
        refuse(self.sample, written.write.write);
        Some(of.clone())
    }

    fn too_new(self) -> Option<Tenant> {
        let field = &self.field;
        let late = field.written.iter().filter(|it| it.write.kind.effect() == Effect::Version && !field.kept(it));
        let late = one(&late.collect::<Vec<_>>(), self.pick)?.write.clone();
        append(self.sample, &late.tenant, &[revision(&late, 900)]);
        Some(late.tenant)
    }

    /// Turns an attempt that was allowed, or one that was refused.
    fn role(self, was: bool) -> Option<Tenant> {
        self.item(|_, item| {
            changed(item, |item| match item {
                Item::Access { allowed, .. } if *allowed == was => set(allowed, !was),
                _ => false,
            })
        })
    }

    /// Gone after the restart only.
    fn restart(self) -> Option<Tenant> {
        let probed =
            |item: &Item| matches!(item, Item::Revision { key, .. } | Item::Page { key, .. } if key == "Probe");
        let steady: Vec<_> = self.field.seen.iter().filter(|(_, item)| !probed(item)).collect();
        let (of, item) = one(&steady, self.pick)?;
        replace(self.sample, &[Moment::Restart], of, item, &[]);
        Some(of.clone())
    }
}
