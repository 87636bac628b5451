//! The one place which refuses: nothing without this run's label is touched.
//!
//! Every engine asks its guard before a call on a name or an id. The guard looks the thing up, compares the label
//! [`label::RUN`] with the run of the handle, and gives back the immutable id, which the call then uses: a name can be
//! taken over between the look and the act, an id cannot.

use super::{EngineError, Id, ResourceKind, Result, label};
use crate::ids::RunId;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// What a lookup found under a name or id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// The immutable id; for a volume its name, because it has no other.
    pub id: Id,
    pub labels: BTreeMap<String, String>,
}

/// How an engine looks at things without changing them.
#[async_trait]
pub(super) trait Lookup: Send + Sync {
    /// `None` when there is no such thing.
    async fn look(&self, kind: ResourceKind, name: &str) -> Result<Option<Seen>>;
}

/// Remembers what was found to be ours. Shared by all handles of one run.
#[derive(Debug)]
pub(super) struct Guard {
    run: RunId,
    /// Labels cannot change, so a look at an immutable id is good for ever. Volumes have none: never remembered.
    ours: Mutex<BTreeSet<(ResourceKind, Id)>>,
}

impl Guard {
    pub fn new(run: RunId) -> Self {
        Self { run, ours: Mutex::default() }
    }

    /// The immutable id of what `name` (or an id) stands for, if it is there and ours; `None` if it is not there.
    pub async fn admit_if_there(
        &self,
        engine: &dyn Lookup,
        action: &'static str,
        kind: ResourceKind,
        name: &str,
    ) -> Result<Option<Id>> {
        let given = (kind, Id(name.to_owned()));
        if self.ours().contains(&given) {
            return Ok(Some(given.1));
        }
        let Some(seen) = engine.look(kind, name).await? else {
            return Ok(None);
        };
        self.demand(action, kind, name, &seen.labels)?;
        match kind {
            ResourceKind::Container | ResourceKind::Network => {
                self.ours().insert((kind, seen.id.clone()));
            }
            ResourceKind::Volume => {}
        }
        Ok(Some(seen.id))
    }

    /// Like [`Self::admit_if_there`]; a thing that is not there is an error.
    pub async fn admit(&self, engine: &dyn Lookup, action: &'static str, kind: ResourceKind, name: &str) -> Result<Id> {
        self.admit_if_there(engine, action, kind, name).await?.ok_or_else(|| EngineError::Failed {
            action,
            what: describe(kind, name),
            why: "there is no such thing".to_owned(),
        })
    }

    /// Compares labels that are known already.
    pub fn demand(
        &self,
        action: &'static str,
        kind: ResourceKind,
        name: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<()> {
        if labels.get(label::RUN).is_some_and(|run| run == self.run.as_str()) {
            Ok(())
        } else {
            Err(EngineError::NotOurs { action, what: describe(kind, name) })
        }
    }

    fn ours(&self) -> std::sync::MutexGuard<'_, BTreeSet<(ResourceKind, Id)>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `container abc`, for messages.
pub(super) fn describe(kind: ResourceKind, name: &str) -> String {
    format!("{} {name}", kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Shelf {
        things: BTreeMap<String, Seen>,
        looks: AtomicUsize,
    }

    impl Shelf {
        fn put(&mut self, name: &str, id: &str, run: Option<&str>) {
            let labels = run.map(|run| (label::RUN.to_owned(), run.to_owned())).into_iter().collect();
            self.things.insert(name.to_owned(), Seen { id: Id(id.to_owned()), labels });
        }
    }

    #[async_trait]
    impl Lookup for Shelf {
        async fn look(&self, _: ResourceKind, name: &str) -> Result<Option<Seen>> {
            self.looks.fetch_add(1, Ordering::Relaxed);
            let by_id = self.things.values().find(|seen| seen.id.0 == name);
            Ok(self.things.get(name).or(by_id).cloned())
        }
    }

    fn guard() -> Guard {
        Guard::new(RunId::new("r1").expect("a name"))
    }

    #[tokio::test]
    async fn ours_is_admitted_by_its_immutable_id() {
        let mut shelf = Shelf::default();
        shelf.put("web", "c0ffee", Some("r1"));
        let guard = guard();
        for _ in 0..3 {
            let id = guard.admit(&shelf, "stop", ResourceKind::Container, "web").await.expect("ours");
            assert_eq!(id, Id("c0ffee".to_owned()));
        }
        assert_eq!(shelf.looks.load(Ordering::Relaxed), 3, "a name may be taken over: it is never remembered");
        guard.admit(&shelf, "stop", ResourceKind::Container, "c0ffee").await.expect("ours");
        assert_eq!(shelf.looks.load(Ordering::Relaxed), 3, "an id is");
    }

    #[tokio::test]
    async fn other_runs_and_unlabelled_things_are_refused() {
        let mut shelf = Shelf::default();
        shelf.put("theirs", "1", Some("r10"));
        shelf.put("bare", "2", None);
        for name in ["theirs", "bare", "1", "2"] {
            for kind in [ResourceKind::Container, ResourceKind::Network, ResourceKind::Volume] {
                let refused = guard().admit(&shelf, "remove", kind, name).await.expect_err("not ours");
                assert!(matches!(refused, EngineError::NotOurs { action: "remove", .. }), "{refused}");
                assert!(guard().admit_if_there(&shelf, "remove", kind, name).await.is_err());
            }
        }
    }

    #[tokio::test]
    async fn volumes_are_looked_at_every_time() {
        let mut shelf = Shelf::default();
        shelf.put("data", "data", Some("r1"));
        let guard = guard();
        guard.admit(&shelf, "read", ResourceKind::Volume, "data").await.expect("ours");
        shelf.put("data", "data", None);
        assert!(guard.admit(&shelf, "read", ResourceKind::Volume, "data").await.is_err());
    }

    #[tokio::test]
    async fn what_is_not_there_is_told_apart_from_what_is_not_ours() {
        let shelf = Shelf::default();
        let gone = guard().admit_if_there(&shelf, "remove", ResourceKind::Network, "n").await.expect("no error");
        assert_eq!(gone, None);
        let error = guard().admit(&shelf, "start", ResourceKind::Container, "c").await.expect_err("gone");
        assert_eq!(error.to_string(), "cannot start container c: there is no such thing");
    }
}
