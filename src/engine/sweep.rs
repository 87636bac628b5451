//! Removes what killed runs left behind, and nothing else.
//!
//! A run that lives holds a lock on a file, which only its own host can see: so this host's dead runs go at once, those
//! of other hosts when they have expired. What carries no label of ours is never looked at; what is kept is listed with
//! the reason. Each removal goes through a handle of exactly that run, past that run's guard.

use super::{EngineError, Ownership, Resource, ResourceKind, Result, Yard, label};
use crate::ids::RunId;
use std::collections::BTreeMap;

/// How far a sweep goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// This host's dead runs, and expired ones of other hosts.
    Careful,
    /// Also runs of other hosts that have not expired: for an engine that nobody else uses now.
    All,
}

/// Why something was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Its run is going on.
    Live,
    /// Another host's, which may be going on, until this time (seconds since 1970).
    OtherHost { owner: String, expires: i64 },
    /// Its labels are not as we write them.
    Unreadable,
    /// It was to be removed, and that failed.
    Failed(String),
}

/// What a sweep did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SweepReport {
    pub removed: Vec<Resource>,
    pub kept: Vec<(Resource, Kept)>,
}

/// What a sweep would do with one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Remove(Ownership),
    Keep(Kept),
}

/// Removes containers, networks and volumes of dead runs.
///
/// `host` is this machine's name as in the label of the owner; `live` tells whether a run holds its lock here;
/// `now_unix` is in seconds since 1970.
///
/// # Errors
/// When the engine cannot list. A removal that fails is in the report, and the sweep goes on.
pub async fn sweep(
    engine: &dyn Yard,
    host: &str,
    live: impl Fn(&RunId) -> bool + Send + Sync,
    now_unix: i64,
    reach: Reach,
) -> Result<SweepReport> {
    let mut all = engine.everything().await?;
    // Containers first, since they hold the others.
    all.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    // One answer per run: a run that starts or ends meanwhile must not be judged by halves.
    let mut answers: BTreeMap<RunId, bool> = BTreeMap::new();
    let mut report = SweepReport::default();
    for thing in all {
        let mut lives = |run: &RunId| *answers.entry(run.clone()).or_insert_with(|| live(run));
        match judge(&thing, host, &mut lives, now_unix, reach) {
            Fate::Keep(why) => report.kept.push((thing, why)),
            Fate::Remove(ownership) => match engine.on_behalf_of(ownership).remove(thing.kind, &thing.id).await {
                Ok(()) => report.removed.push(thing),
                Err(error @ EngineError::Absent(_)) => return Err(error),
                Err(error) => report.kept.push((thing, Kept::Failed(error.to_string()))),
            },
        }
    }
    Ok(report)
}

/// What becomes of one thing.
pub fn judge(thing: &Resource, host: &str, live: &mut impl FnMut(&RunId) -> bool, now_unix: i64, reach: Reach) -> Fate {
    let Some(ownership) = read(thing) else {
        return Fate::Keep(Kept::Unreadable);
    };
    if live(&ownership.run) {
        return Fate::Keep(Kept::Live);
    }
    if ownership.owner == host || ownership.expires <= now_unix || reach == Reach::All {
        Fate::Remove(ownership)
    } else {
        let Ownership { owner, expires, .. } = ownership;
        Fate::Keep(Kept::OtherHost { owner, expires })
    }
}

/// Whose it is, from its labels. The datacenter does not matter here.
fn read(thing: &Resource) -> Option<Ownership> {
    let text = |name: &str| thing.labels.get(name).filter(|text| !text.is_empty());
    Some(Ownership {
        run: RunId::new(text(label::RUN)?.clone()).ok()?,
        owner: text(label::OWNER)?.clone(),
        expires: text(label::EXPIRES)?.parse().ok()?,
        datacenter: None,
    })
}

impl SweepReport {
    /// How many of a kind were removed.
    #[must_use]
    pub fn removed_of(&self, kind: ResourceKind) -> usize {
        self.removed.iter().filter(|thing| thing.kind == kind).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Engine, FakeEngine};

    const NOW: i64 = 5_000;

    fn labels(run: &str, owner: &str, expires: &str) -> BTreeMap<String, String> {
        let pairs = [(label::RUN, run), (label::OWNER, owner), (label::EXPIRES, expires)];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    fn fake() -> FakeEngine {
        let run = RunId::new("sweeper").expect("a name");
        FakeEngine::new(Ownership { run, owner: "here".to_owned(), expires: NOW, datacenter: None })
    }

    async fn swept(engine: &FakeEngine, reach: Reach) -> SweepReport {
        sweep(engine, "here", |run| run.as_str() == "live", NOW, reach).await.expect("swept")
    }

    fn names(things: &[Resource]) -> Vec<&str> {
        things.iter().map(|thing| thing.name.as_str()).collect()
    }

    #[tokio::test]
    async fn only_dead_runs_of_this_host_and_expired_ones_go() {
        let engine = fake();
        engine.plant(ResourceKind::Volume, "dead-data", labels("dead", "here", "9000"));
        engine.plant(ResourceKind::Container, "dead-app", labels("dead", "here", "9000"));
        engine.plant(ResourceKind::Network, "expired-net", labels("old", "there", "4999"));
        engine.plant(ResourceKind::Container, "live-app", labels("live", "here", "1"));
        engine.plant(ResourceKind::Container, "foreign-app", labels("far", "there", "5001"));
        engine.plant(ResourceKind::Container, "strange-app", labels("dead", "here", "soon"));
        engine.plant(ResourceKind::Container, "unlabelled", BTreeMap::new());

        let report = swept(&engine, Reach::Careful).await;
        assert_eq!(names(&report.removed), ["dead-app", "expired-net", "dead-data"], "containers first");
        let kept: Vec<_> = report.kept.iter().map(|(thing, why)| (thing.name.as_str(), why.clone())).collect();
        let far = Kept::OtherHost { owner: "there".to_owned(), expires: 5001 };
        assert_eq!(kept, [("foreign-app", far), ("live-app", Kept::Live), ("strange-app", Kept::Unreadable)]);

        let report = swept(&engine, Reach::All).await;
        assert_eq!(names(&report.removed), ["foreign-app"], "live ones never");
        assert_eq!(report.removed_of(ResourceKind::Container), 1);
        assert_eq!(engine.everything().await.expect("listed").len(), 2);
    }

    #[tokio::test]
    async fn a_failed_removal_is_reported_and_the_rest_goes_on() {
        let engine = fake();
        engine.plant(ResourceKind::Container, "a", labels("dead", "here", "1"));
        engine.plant(ResourceKind::Container, "b", labels("dead", "here", "1"));
        engine.fail_next("remove container a", "device busy");
        let report = swept(&engine, Reach::Careful).await;
        assert_eq!(names(&report.removed), ["b"]);
        assert!(matches!(&report.kept[..], [(thing, Kept::Failed(why))] if thing.name == "a" && why.contains("busy")));
        assert!(engine.list().await.expect("listed").is_empty());
    }
}
