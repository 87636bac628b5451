//! Everything that a wiki holds, complete: lists are followed to their end, and a list that has none is an error.
//!
//! All pages of the main namespace, all uploads, all users. What is left out is only what no write of the harness can
//! have made: the empty revisions with which MediaWiki itself notes a protection or a move in a page's history.

use super::answer::{CallError, part};
use super::session::{Param, Session};
use crate::workload::{PageRead, UserRead};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// For one answer of a list: lists are long, and recovered systems are slow at first.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// All parts of a list: `pointer` is the member of the answers that holds them.
pub(super) async fn list<T: DeserializeOwned>(
    session: &Session,
    params: &[Param<'_>],
    pointer: &str,
) -> Result<Vec<T>, CallError> {
    let mut all = Vec::new();
    let mut from: BTreeMap<String, String> = BTreeMap::new();
    loop {
        let next: Vec<Param<'_>> = from.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = [&[("action", "query")], params, &next].concat();
        let mut answer = session.query(&request, Some(PATIENCE)).await?;
        // Without a single entry some lists are absent altogether.
        if answer.pointer(pointer).is_some() {
            all.append(&mut part::<Vec<T>>(&mut answer, pointer)?);
        }
        let Some(further) = continuation(&answer) else {
            let complete = answer.get("batchcomplete").is_some();
            return if complete { Ok(all) } else { Err(CallError::Unclear("half a list".to_owned())) };
        };
        if further == from {
            return Err(CallError::Unclear("the list does not end".to_owned()));
        }
        from = further;
    }
}

fn continuation(answer: &Value) -> Option<BTreeMap<String, String>> {
    let members = answer.get("continue")?.as_object()?;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(members.iter().map(|(name, value)| (name.clone(), text(value))).collect())
}

#[derive(Debug, Deserialize)]
struct History {
    pageid: u64,
    #[serde(default)]
    revisions: Vec<Revision>,
}

#[derive(Debug, Clone, Deserialize)]
struct Revision {
    revid: u64,
    #[serde(default)]
    parentid: u64,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    slots: Slots,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Slots {
    #[serde(default)]
    main: Slot,
}

/// Without content when the text is lost. Then it is shown as none at all, so that the comparison finds it.
#[derive(Debug, Clone, Default, Deserialize)]
struct Slot {
    #[serde(default)]
    content: String,
}

#[derive(Debug, Deserialize)]
struct Page {
    pageid: u64,
    title: String,
    lastrevid: u64,
    #[serde(default)]
    protection: Vec<Protection>,
}

#[derive(Debug, Deserialize)]
struct Protection {
    r#type: String,
    level: String,
}

const REVISIONS: [Param<'static>; 6] = [
    ("list", "allrevisions"),
    ("arvnamespace", "0"),
    ("arvdir", "newer"),
    ("arvprop", "ids|comment|content"),
    ("arvslots", "main"),
    ("arvlimit", "max"),
];
const PAGES: [Param<'static>; 5] =
    [("generator", "allpages"), ("gapnamespace", "0"), ("gaplimit", "max"), ("prop", "info"), ("inprop", "protection")];

/// Revisions are listed before pages: the current revision of a page that is edited meanwhile is then one that was not
/// listed yet, and never one that seems to have been overtaken.
pub(super) async fn pages(session: &Session) -> Result<Vec<PageRead>, CallError> {
    let mut histories: BTreeMap<u64, Vec<Revision>> = BTreeMap::new();
    for history in list::<History>(session, &REVISIONS, "/query/allrevisions").await? {
        histories.entry(history.pageid).or_default().extend(history.revisions);
    }
    let mut pages = Vec::new();
    for page in list::<Page>(session, &PAGES, "/query/pages").await? {
        let revisions = match histories.remove(&page.pageid) {
            Some(revisions) => revisions,
            None => history(session, page.pageid).await?,
        };
        let protected = page.protection.iter().any(|rule| rule.r#type == "edit" && rule.level == "sysop");
        pages.push(PageRead { key: page.title, revisions: bodies(revisions, page.lastrevid), protected });
    }
    Ok(pages)
}

/// A page that came about between the two lists, or one whose history is lost.
async fn history(session: &Session, page: u64) -> Result<Vec<Revision>, CallError> {
    let id = page.to_string();
    let params = [
        ("pageids", id.as_str()),
        ("prop", "revisions"),
        ("rvprop", "ids|comment|content"),
        ("rvslots", "main"),
        ("rvlimit", "max"),
        ("rvdir", "newer"),
    ];
    let found: Vec<Value> = list(session, &params, "/query/pages").await?;
    let revisions = found.into_iter().filter_map(|mut page| part::<Vec<Revision>>(&mut page, "/revisions").ok());
    Ok(revisions.flatten().collect())
}

/// Texts, oldest first, with the one that the wiki shows last: in a damaged wiki that need not be the newest.
fn bodies(revisions: Vec<Revision>, current: u64) -> Vec<String> {
    let mut kept: Vec<Revision> = Vec::with_capacity(revisions.len());
    let mut current = current;
    let mut parent = 0;
    for revision in revisions {
        let own_parent = revision.parentid == std::mem::replace(&mut parent, revision.revid);
        match kept.last() {
            Some(before) if own_parent && is_note(before, &revision) => {
                if revision.revid == current {
                    current = before.revid;
                }
            }
            Some(_) | None => kept.push(revision),
        }
    }
    if let Some(place) = kept.iter().position(|revision| revision.revid == current) {
        let shown = kept.remove(place);
        kept.push(shown);
    }
    kept.into_iter().map(|revision| revision.slots.main.content).collect()
}

/// MediaWiki's own note in the history: same text as its parent, another comment. A write that was applied twice has the
/// same comment, too, and stays.
fn is_note(before: &Revision, revision: &Revision) -> bool {
    revision.slots.main.content == before.slots.main.content && revision.comment != before.comment
}

#[derive(Debug, Deserialize)]
struct User {
    name: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    implicitgroups: Vec<String>,
    /// Only of users that are blocked.
    blockid: Option<u64>,
    /// A block of some pages or actions only.
    #[serde(default)]
    blockpartial: bool,
}

/// Groups that one is in by being a user at all are left out.
pub(super) async fn users(session: &Session) -> Result<Vec<UserRead>, CallError> {
    let params = [("list", "allusers"), ("auprop", "groups|implicitgroups|blockinfo"), ("aulimit", "max")];
    let users = list::<User>(session, &params, "/query/allusers").await?;
    Ok(users
        .into_iter()
        .map(|user| {
            let given = user.groups.into_iter().filter(|group| !user.implicitgroups.contains(group));
            let blocked = user.blockid.is_some() && !user.blockpartial;
            UserRead { name: user.name, groups: given.collect(), blocked }
        })
        .collect())
}

#[derive(Debug, Deserialize)]
struct Hit {
    title: String,
}

pub(super) async fn search(session: &Session, term: &str) -> Result<Vec<String>, CallError> {
    let params = [
        ("list", "search"),
        ("srsearch", term),
        ("srwhat", "text"),
        ("srnamespace", "0"),
        ("srlimit", "max"),
        ("srinfo", ""),
        ("srprop", ""),
    ];
    let hits = list::<Hit>(session, &params, "/query/search").await?;
    Ok(hits.into_iter().map(|hit| hit.title).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(revid: u64, comment: &str, content: &str) -> Revision {
        let slots = Slots { main: Slot { content: content.to_owned() } };
        Revision { revid, parentid: revid - 1, comment: comment.to_owned(), slots }
    }

    #[test]
    fn the_note_of_a_protection_is_no_revision_of_ours() {
        let history = vec![revision(1, "a", "one"), revision(2, "b", "two"), revision(3, "Protected", "two")];
        assert_eq!(bodies(history, 3), ["one", "two"]);
    }

    #[test]
    fn a_write_that_was_applied_twice_stays() {
        let history = vec![revision(1, "a", "one"), revision(2, "b", "two"), revision(3, "b", "two")];
        assert_eq!(bodies(history, 3), ["one", "two", "two"]);
    }

    #[test]
    fn the_revision_that_the_wiki_shows_comes_last() {
        let history = vec![revision(1, "a", "one"), revision(2, "b", "two"), revision(3, "c", "three")];
        assert_eq!(bodies(history.clone(), 2), ["one", "three", "two"]);
        assert_eq!(bodies(history, 9), ["one", "two", "three"], "one that was not listed yet changes nothing");
    }

    #[test]
    fn a_lost_text_is_none_at_all() {
        let lost: Revision =
            serde_json::from_str(r#"{"revid":5,"slots":{"main":{"textmissing":true}}}"#).expect("parses");
        assert_eq!(bodies(vec![lost], 5), [""]);
    }
}
