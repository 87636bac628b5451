//! Pages and uploads: every version that is seen is attributed to the write that made it, and every write that must have survived is looked for.

use super::bench::Bench;
use super::codes::FindingCode;
use super::ledger::{At, Fate};
use super::marks::Marks;
use super::model::Finding;
use super::seen::{Seen, in_order};
use super::subject::{Subject, View};
use super::survivors::{Line, Version};
use crate::journal::{Checksum, Effect, Item, Surface, WriteKind};
use crate::plan::Check;
use fixedbitset::FixedBitSet;
use std::collections::BTreeMap;

/// A store that keeps versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Store {
    Pages,
    Uploads,
}

impl Store {
    pub const fn check(self) -> Check {
        match self {
            Self::Pages => Check::Data,
            Self::Uploads => Check::Files,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Pages => "page",
            Self::Uploads => "upload",
        }
    }

    /// The store that writes of this kind put a version into.
    pub fn of(kind: WriteKind) -> Option<Self> {
        let store = match kind.surface() {
            Surface::Pages => Self::Pages,
            Surface::Uploads => Self::Uploads,
            Surface::Users | Surface::Search | Surface::Access | Surface::ForeignLogin | Surface::Pdf => return None,
        };
        (kind.effect() == Effect::Version).then_some(store)
    }
}

/// Judges one store of one tenant and notes in `view` what was there.
pub(super) fn judge<'a>(
    bench: &mut Bench<'_>,
    marks: &mut Marks<'_, 'a>,
    subject: &Subject<'_, 'a>,
    store: Store,
    items: &[&'a Item],
    view: &mut View<'a>,
) {
    let items = in_order(items);
    let lines = subject.lines(store);
    let mut seen = FixedBitSet::with_capacity(lines.count());
    let mut all = items.iter().filter_map(|item| Seen::of(item)).peekable();
    let mut versions = Vec::new();
    while let Some(first) = all.next() {
        let key = first.key;
        versions.push(first);
        versions.extend(std::iter::from_fn(|| all.next_if(|next| next.key == key)));
        let found = lines.find(key);
        seen.extend(found.map(|(number, _)| number));
        OneKey::new(subject, store, key, found.map(|(_, line)| line)).judge(bench, marks, &versions, view);
        versions.clear();
    }
    let mut absent: Vec<_> = lines.others(&seen).collect();
    absent.sort_unstable_by_key(|(key, _)| *key);
    for (_, line) in absent {
        // What is there under another title has been reported as that.
        let elsewhere = |at: &At| view.versions.contains(*at);
        let versions = line.versions.iter().filter(|version| version.required).map(|version| version.at);
        for at in versions.filter(|at| !elsewhere(at)).chain(line.renamed) {
            bench.find_lost(store.check(), subject.tenant, at, || lost(subject, store, at));
        }
    }
    let required = lines.values().flat_map(|line| &line.versions).filter(|version| version.required);
    view.absent.extend(required.map(|version| version.at).filter(|at| !view.versions.contains(*at)));
    // What nobody wrote but everybody had, like the installer's own pages.
    for (key, was) in subject.unwritten(store) {
        let found = |code| Finding::new(code).check(store.check()).tenant(subject.tenant);
        let item = format!("{} {key}", store.name());
        match view.unwritten.get(&(store, *key)) {
            None => bench.find(found(FindingCode::Lost).item(item)),
            Some(is) if is != was => {
                bench.find(found(FindingCode::Corrupt).item(item).expected(listing(was)).seen(listing(is)));
            }
            Some(_) => {}
        }
    }
}

fn listing(contents: &[&Checksum]) -> String {
    contents.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn lost(subject: &Subject<'_, '_>, store: Store, at: At) -> Finding {
    let write = &subject.ledger.writes[at];
    let finding = Finding::new(FindingCode::Lost).check(store.check()).tenant(subject.tenant);
    finding.item(subject.ledger.name(at)).expected(format!("acknowledged at {}", write.invoked.drill))
}

/// One page or upload.
struct OneKey<'k, 't, 'a> {
    subject: &'k Subject<'t, 'a>,
    store: Store,
    key: &'a str,
    /// `None` if no surviving write is about it.
    line: Option<&'k Line>,
    /// Versions that a renaming brought here, whether they stayed or not.
    brought: Vec<At>,
}

impl<'k, 't, 'a> OneKey<'k, 't, 'a> {
    fn new(subject: &'k Subject<'t, 'a>, store: Store, key: &'a str, line: Option<&'k Line>) -> Self {
        let here = line
            .filter(|line| line.moved)
            .into_iter()
            .flat_map(|line| line.gone.iter().map(|(at, _)| *at).chain(line.versions.iter().map(|version| version.at)));
        let brought = here.filter(|at| subject.ledger.writes[*at].invoked.key != key).collect();
        Self { subject, store, key, line, brought }
    }

    fn judge(&self, bench: &mut Bench<'_>, marks: &mut Marks<'_, 'a>, versions: &[Seen<'a>], view: &mut View<'a>) {
        let begun = self.in_place(versions);
        let last = versions.len().checked_sub(1);
        let current = versions.iter().rposition(|version| version.head).or(last);
        // As a rule the whole line is in its place, nothing else, and the last version is the current one: then nothing needs counting.
        let whole = self.line.is_some_and(|line| line.versions.len() == begun.len());
        let settled = whole && versions.len() == begun.len() && current == last;
        let once = begun.iter().map(|standing| (standing.at, 1));
        let mut times: BTreeMap<At, usize> = if settled { BTreeMap::new() } else { once.collect() };
        let mut unwritten = Vec::new();
        let mut head = None;
        // The place in the line where the next version should stand: a wiki puts notes of its own in between.
        let mut next = begun.len();
        for (number, version) in versions.iter().enumerate() {
            let item = || format!("{} {} #{}", self.store.name(), self.key, version.index);
            let in_place = begun.get(number).map(|standing| standing.at);
            let exact = in_place.or_else(|| self.by_content(version, next, &times));
            let own = exact.map(|at| self.subject.ledger.writes[at].invoked.token.as_str());
            let foreign = marks.judge(bench, self.subject.tenant, self.key, item, version.found, own);
            let at = exact.or_else(|| self.by_token(version));
            if current == Some(number) {
                head = at;
            }
            match at {
                Some(at) => {
                    // What stands in its place, unchanged, is right in every way.
                    if in_place.is_some() {
                        view.versions.insert(at);
                        continue;
                    }
                    next = self.place(at, next).map_or(next, |place| place + 1);
                    *times.entry(at).or_default() += 1;
                    if self.belongs(bench, at, item) {
                        view.versions.insert(at);
                        self.content(bench, at, version);
                    }
                }
                // What is another tenant's has been reported as that.
                None if foreign => {}
                None => unwritten.push(version),
            }
        }
        if settled {
            return;
        }
        self.repeated(bench, &times);
        self.stale(bench, head, &times);
        self.missing(bench, &times, unwritten, view);
    }

    /// Where the version of this write stands in the line; looked for from `likely` on first.
    fn place(&self, at: At, likely: usize) -> Option<usize> {
        let versions = &self.line?.versions;
        let stands = |place: &usize| versions[*place].at == at;
        let likely = likely.min(versions.len());
        (likely..versions.len()).find(stands).or_else(|| (0..likely).find(stands))
    }

    fn fits(&self, at: At) -> bool {
        Store::of(self.subject.ledger.writes[at].kind) == Some(self.store)
    }

    /// Whether the version of this write is, was or would be under this key.
    fn is_about(&self, at: At) -> bool {
        self.subject.ledger.writes[at].invoked.key == self.key || self.brought.contains(&at)
    }

    /// The beginning of the line, as far as exactly its contents are seen, one after the other, with the tokens of no other writes: as a
    /// rule all of it, and quickly told. Each write puts its own token into its content.
    fn in_place(&self, versions: &[Seen<'_>]) -> &'k [Version] {
        let line: &'k [Version] = self.line.map_or(&[], |line| &line.versions);
        let stands = |(standing, version): &(&Version, &Seen<'_>)| {
            let invoked = self.subject.ledger.writes[standing.at].invoked;
            let alone = matches!(version.found.tokens.as_slice(), [token] if *token == invoked.token);
            standing.required && alone && invoked.sha256.as_ref() == Some(version.sha256)
        };
        &line[..line.iter().zip(versions).take_while(stands).count()]
    }

    /// The write that made exactly this content. `next`: the place in the line where it should stand; `times`: how often each was seen so
    /// far.
    fn by_content(&self, version: &Seen<'_>, next: usize, times: &BTreeMap<At, usize>) -> Option<At> {
        let fits = |at: &At| self.fits(*at);
        let ledger = self.subject.ledger;
        let own = ledger.by_content(self.subject.tenant, self.key, version.sha256);
        let equal = |at: &At| ledger.writes[*at].invoked.sha256.as_ref() == Some(version.sha256);
        let same: Vec<At> = self.brought.iter().copied().filter(equal).chain(own).collect();
        let fresh = |at: &At| fits(at) && !times.contains_key(at);
        match same.as_slice() {
            [] => None,
            [one] => Some(*one).filter(fits),
            // The same content more than once: take what stands next, or else before.
            many => {
                let line = self.line.map_or(&[][..], |line| &line.versions);
                let (before, ahead) = line.split_at(next.min(line.len()));
                let mut standing = ahead.iter().chain(before).map(|version| version.at);
                standing
                    .find(|at| fresh(at) && many.contains(at))
                    .or_else(|| many.iter().copied().find(fresh))
                    .or_else(|| many.iter().copied().rfind(fits))
            }
        }
    }

    /// The write of this tenant whose token stands in this version, whatever else does.
    fn by_token(&self, version: &Seen<'_>) -> Option<At> {
        let ledger = self.subject.ledger;
        let ours = || {
            let known = version.found.tokens.iter().filter_map(|token| ledger.by_token(token));
            known.filter(|at| ledger.writes[*at].invoked.tenant == *self.subject.tenant)
        };
        let here = ours().filter(|at| self.fits(*at) && self.is_about(*at)).max();
        here.or_else(|| ours().max())
    }

    /// Whether this write may be seen here; if it may not, says why.
    fn belongs(&self, bench: &mut Bench<'_>, at: At, item: impl Fn() -> String) -> bool {
        let name = || self.subject.ledger.name(at);
        let found = |code| Finding::new(code).check(self.store.check()).tenant(self.subject.tenant);
        if !self.fits(at) {
            bench.find(found(FindingCode::Corrupt).item(item()).seen(name()));
            return false;
        }
        if let Some(by) = self.line.and_then(|line| line.taken_by(at)) {
            let by = self.subject.ledger.name(by);
            bench.find(found(FindingCode::Resurrected).item(name()).expected(by));
            return true;
        }
        if self.is_about(at) {
            self.in_time(bench, at);
            return true;
        }
        // A renaming of its page that cannot or must not be seen, or something that has nothing to do with this key.
        let renaming = self.subject.ledger.renaming_to(self.subject.tenant, self.key).filter(|renaming| {
            let from = &self.subject.ledger.writes[*renaming].invoked.key;
            let line = self.subject.lines(self.store).get(from);
            OneKey::new(self.subject, self.store, from, line).is_about(at)
        });
        // If the renaming is right, the write itself may be one that cannot or must not be seen.
        let explained = renaming.is_some_and(|renaming| !self.in_time(bench, renaming) || !self.in_time(bench, at));
        if !explained {
            bench.find(found(FindingCode::Corrupt).item(item()).seen(name()));
        }
        explained
    }

    /// Whether this write can be seen at the recovery point; if not, says so.
    fn in_time(&self, bench: &mut Bench<'_>, at: At) -> bool {
        let write = &self.subject.ledger.writes[at];
        let finding = |code| {
            let found = Finding::new(code).check(self.store.check()).tenant(self.subject.tenant);
            found.item(self.subject.ledger.name(at))
        };
        match self.subject.cut.fate(write) {
            Fate::Required | Fate::Allowed => return true,
            Fate::TooNew => {
                let seen = format!("written at {}", write.invoked.drill);
                bench.find(finding(FindingCode::TooNew).expected(self.subject.point()).seen(seen));
            }
            Fate::Refused => bench.find(finding(FindingCode::AbortedVisible)),
        }
        false
    }

    fn content(&self, bench: &mut Bench<'_>, at: At, version: &Seen<'_>) {
        let Some(written) = &self.subject.ledger.writes[at].invoked.sha256 else { return };
        if written != version.sha256 {
            bench.find(self.corrupt(at, version));
        }
    }

    fn corrupt(&self, at: At, version: &Seen<'_>) -> Finding {
        let written = self.subject.ledger.writes[at].invoked.sha256.map(|written| written.to_string());
        let finding = Finding::new(FindingCode::Corrupt).check(self.store.check()).tenant(self.subject.tenant);
        finding
            .item(self.subject.ledger.name(at))
            .expected(written.unwrap_or_default())
            .seen(version.sha256.to_string())
    }

    /// One write twice, unless other writes repeated it.
    fn repeated(&self, bench: &mut Bench<'_>, times: &BTreeMap<At, usize>) {
        let mut pardoned = self.line.map_or(0, |line| line.repeats);
        for (&at, &times) in times.iter().filter(|(_, times)| **times > 1) {
            let extra = times - 1;
            if extra > pardoned {
                let finding = Finding::new(FindingCode::Duplicated).check(self.store.check());
                let finding = finding.tenant(self.subject.tenant).item(self.subject.ledger.name(at));
                bench.find(finding.expected("1").seen((times - pardoned).to_string()));
            }
            pardoned = pardoned.saturating_sub(extra);
        }
    }

    /// The current version must be the newest that is there.
    fn stale(&self, bench: &mut Bench<'_>, head: Option<At>, times: &BTreeMap<At, usize>) {
        let (Some(head), Some(line)) = (head, self.line) else { return };
        let newest = line.versions.iter().rfind(|version| version.required && times.contains_key(&version.at));
        let (Some(newest), Some(shown)) = (newest, self.place(head, 0)) else { return };
        if self.place(newest.at, shown).is_some_and(|newest| newest > shown) {
            let finding = Finding::new(FindingCode::StaleHead).check(self.store.check()).tenant(self.subject.tenant);
            let name = |at| self.subject.ledger.name(at);
            let item = format!("{} {}", self.store.name(), self.key);
            bench.find(finding.item(item).expected(name(newest.at)).seen(name(head)));
        }
    }

    /// Versions that must be there and are not, and versions that are there and that nobody wrote.
    fn missing(
        &self,
        bench: &mut Bench<'_>,
        times: &BTreeMap<At, usize>,
        unwritten: Vec<&Seen<'a>>,
        view: &mut View<'a>,
    ) {
        let mut unwritten = unwritten;
        unwritten.reverse();
        let required = self.line.into_iter().flat_map(|line| &line.versions).filter(|version| version.required);
        for version in required.filter(|version| !times.contains_key(&version.at)) {
            if let Some(instead) = unwritten.pop() {
                bench.find(self.corrupt(version.at, instead));
            } else {
                let lost = || lost(self.subject, self.store, version.at);
                bench.find_lost(self.store.check(), self.subject.tenant, version.at, lost);
            }
        }
        if unwritten.is_empty() {
            return;
        }
        // Before the fault, a key that the ledger does not know is the system's own; later it must be the same again.
        let ours = self.line.is_some();
        if !ours && (self.subject.steady.is_none() || self.subject.had(self.store, self.key)) {
            let contents = unwritten.iter().rev().map(|version| version.sha256).collect();
            view.unwritten.insert((self.store, self.key), contents);
            return;
        }
        for version in unwritten {
            let item = format!("{} {} #{}", self.store.name(), self.key, version.index);
            let finding = Finding::new(FindingCode::Alien).check(self.store.check()).tenant(self.subject.tenant);
            bench.find(finding.item(item).seen(version.sha256.to_string()));
        }
    }
}
