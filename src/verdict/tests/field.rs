//! A clean sample as a field to plant errors in: what was written, what of it is seen after the recovery, and what each write is to that.

use super::*;
use crate::journal::{Found, WriteInvoked, WriteKind, WriteResult};
use crate::plan::{Generation, Prediction};
use std::collections::HashMap;

/// A write of the workload that was acknowledged before the fault.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub write: WriteInvoked,
    /// Position of its event.
    pub at: usize,
}

/// What is known of a clean sample.
pub(super) struct Field {
    pub tenants: Vec<Tenant>,
    pub affected: Vec<Tenant>,
    /// Positions of the beginnings and ends of all generations, in order.
    pub generations: Vec<(Generation, usize, usize)>,
    /// What was read back at health.
    pub seen: Vec<(Tenant, Item)>,
    pub written: Vec<Written>,
    predicted: Vec<(Tenant, usize)>,
    /// Places in `written`, by token.
    tokens: HashMap<Token, usize>,
}

impl Field {
    pub fn of(sample: &Sample) -> Self {
        let Event::RunStarted(started) = &sample.events[0].1 else { panic!("a beginning") };
        let plan = &started.plan;
        let zero = sample.position(|event| matches!(event, Event::FaultInjecting { .. }));
        let generations: Vec<_> = plan
            .calendar
            .generations
            .iter()
            .map(|wanted| {
                let begins = |e: &Event| matches!(e, Event::GenerationStarted { generation } if generation == wanted);
                let ends = |e: &Event| matches!(e, Event::GenerationEnded { generation } if generation == wanted);
                (*wanted, sample.position(begins), sample.position(ends))
            })
            .collect();
        let place = |wanted: &Generation| generations.iter().position(|(generation, ..)| generation == wanted);
        let predicted = plan.prediction.iter().filter_map(|(tenant, prediction)| match prediction {
            Prediction::Generation(generation) => Some((tenant.clone(), place(generation)?)),
            Prediction::Untouched | Prediction::Beyond => None,
        });
        let seen = sample.events.iter().filter_map(|(_, event)| match event {
            Event::Seen { moment: Moment::Health, tenant, item } => Some((tenant.clone(), item.clone())),
            _ => None,
        });
        let written = sample.events[..zero].iter().enumerate().filter_map(|(at, (_, event))| match event {
            Event::WriteInvoked(write) if write.kind != WriteKind::Probe => Some(Written { write: write.clone(), at }),
            _ => None,
        });
        let written: Vec<Written> = written.collect();
        Self {
            tenants: plan.tenants.clone(),
            affected: plan.affected.clone(),
            seen: seen.collect(),
            tokens: written.iter().enumerate().map(|(at, it)| (it.write.token, at)).collect(),
            written,
            predicted: predicted.collect(),
            generations,
        }
    }

    /// Place of the generation that this tenant comes back from; `None`: it is not touched.
    pub fn predicted(&self, tenant: &Tenant) -> Option<usize> {
        self.predicted.iter().find(|(of, _)| of == tenant).map(|(_, place)| *place)
    }

    /// Whether the write lies before the recovery point of its tenant.
    pub fn kept(&self, written: &Written) -> bool {
        self.predicted(&written.write.tenant).is_none_or(|place| written.at < self.generations[place].1)
    }

    /// The write that made this version.
    pub fn origin(&self, tenant: &Tenant, item: &Item) -> Option<&Written> {
        let (Item::Revision { key, sha256, .. } | Item::Upload { key, sha256, .. }) = item else { return None };
        let own = |written: &&Written| written.write.tenant == *tenant;
        let by_token = |found: &Found| found.tokens.first().and_then(|token| self.tokens.get(token));
        match found_of(item).and_then(by_token) {
            Some(at) => Some(&self.written[*at]).filter(own),
            // An empty file has no token in it.
            None => self
                .written
                .iter()
                .filter(own)
                .find(|it| it.write.key == *key && it.write.sha256.as_ref() == Some(sha256)),
        }
    }

    /// Versions of the workload, each content once: a wiki's note in a page's history repeats its text, and one of two may be missing.
    pub fn versions(&self) -> Vec<(&Tenant, &Item, &Written)> {
        let body = |item: &Item| match item {
            Item::Revision { key, sha256, .. } | Item::Upload { key, sha256, .. } => {
                Some((item.surface(), key.to_string(), *sha256))
            }
            _ => None,
        };
        let mut times = HashMap::new();
        for (tenant, item) in &self.seen {
            *times.entry((tenant, body(item))).or_insert(0) += 1;
        }
        let once = self.seen.iter().filter(|(tenant, item)| times[&(tenant, body(item))] == 1);
        once.filter_map(|(tenant, item)| Some((tenant, item, self.origin(tenant, item)?))).collect()
    }

    /// Writes of these kinds that lie before their recovery point and that no later one of `undo`, about the same thing, took back.
    pub fn standing(&self, kind: WriteKind, undo: WriteKind) -> Vec<&Written> {
        let of = |written: &&Written, kind| written.write.kind == kind && self.kept(written);
        let undone = |it: &Written| {
            let same =
                |w: &WriteInvoked| w.tenant == it.write.tenant && w.key == it.write.key && w.group == it.write.group;
            self.written.iter().filter(|other| of(other, undo)).any(|other| other.at > it.at && same(&other.write))
        };
        self.written.iter().filter(|written| of(written, kind) && !undone(written)).collect()
    }
}

fn found_of(item: &Item) -> Option<&Found> {
    match item {
        Item::Revision { found, .. } | Item::Upload { found, .. } => Some(found),
        _ => None,
    }
}

/// One of `all`, as `pick` says; `None` if there is none.
pub(super) fn one<T: Clone>(all: &[T], pick: usize) -> Option<T> {
    all.get(pick.checked_rem(all.len())?).cloned()
}

/// Puts `instead` in the place of one item of a tenant.
pub(super) fn replace(sample: &mut Sample, moments: &[Moment], tenant: &Tenant, item: &Item, instead: &[Item]) {
    sample.rewrite(moments, |of, seen| if of == tenant && seen == *item { instead.to_vec() } else { vec![seen] });
}

/// Adds items to those of a tenant, after the recovery.
pub(super) fn append(sample: &mut Sample, tenant: &Tenant, items: &[Item]) {
    sample.rewrite(&RECOVERED, |of, item| match &item {
        Item::Page { key, .. } if of == tenant && key == "Canary" => [&[item], items].concat(),
        _ => vec![item],
    });
}

/// Says that the application refused this write.
pub(super) fn refuse(sample: &mut Sample, refused: u64) {
    sample.change(|event| match event {
        Event::WriteEnded { write, result } if *write == refused => {
            *result = WriteResult::Fail { why: "refused".to_owned() };
        }
        _ => {}
    });
}
