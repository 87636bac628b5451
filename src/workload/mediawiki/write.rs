//! The writes of the ledger, each as one call of the API, and what may be called acknowledged.

use super::answer::{CallError, part, same_name};
use super::session::{Param, Session, Token};
use crate::journal::{WriteKind, WriteResult};
use crate::secret::Secret;
use crate::workload::{Body, Write};
use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::Value;

/// `Ok`: what the application named the change by.
type Written = Result<String, WriteResult>;

pub(super) async fn write(session: &Session, write: &Write) -> WriteResult {
    match attempt(session, write).await {
        Ok(revision) => WriteResult::Ok { revision },
        Err(result) => result,
    }
}

async fn attempt(session: &Session, write: &Write) -> Written {
    let reason = reason(&write.token);
    let key = write.key.as_str();
    match (write.kind, &write.body) {
        (WriteKind::Create, Body::Text(text)) => edit(session, key, text, &reason, Some("createonly")).await,
        (WriteKind::Edit, Body::Text(text)) => edit(session, key, text, &reason, Some("nocreate")).await,
        (WriteKind::Probe, Body::Text(text)) => edit(session, key, text, &reason, None).await,
        (WriteKind::Upload, Body::Content(content)) => upload(session, key, content, &reason).await,
        (WriteKind::Delete, Body::Nothing) => delete(session, key, &reason).await,
        (WriteKind::DeleteUpload, Body::Nothing) => delete(session, &format!("File:{key}"), &reason).await,
        (WriteKind::Rename, Body::Title(to)) => rename(session, key, to, &reason).await,
        (WriteKind::CreateUser, Body::NewUser { password, groups }) => {
            create_user(session, key, password, groups, &reason).await
        }
        (WriteKind::Grant, Body::Group(group)) => rights(session, key, ("add", group), &reason).await,
        (WriteKind::Revoke, Body::Group(group)) => rights(session, key, ("remove", group), &reason).await,
        (WriteKind::Block, Body::Nothing) => block(session, key, &reason).await,
        (WriteKind::Unblock, Body::Nothing) => unblock(session, key, &reason).await,
        (WriteKind::Protect, Body::Nothing) => protect(session, key, "sysop", &reason).await,
        (WriteKind::Unprotect, Body::Nothing) => protect(session, key, "all", &reason).await,
        (
            kind,
            Body::Nothing | Body::Text(_) | Body::Content(_) | Body::Title(_) | Body::Group(_) | Body::NewUser { .. },
        ) => Err(WriteResult::Fail { why: format!("{kind:?} cannot be written with this body") }),
    }
}

/// Whatever leaves the harness says that it is a drill.
fn reason(token: &str) -> String {
    format!("DRILL {token}")
}

#[derive(Deserialize)]
struct Edited {
    result: String,
    title: Option<String>,
    newrevid: Option<u64>,
}

async fn edit(session: &Session, title: &str, text: &str, summary: &str, only: Option<&str>) -> Written {
    let mut params: Vec<Param<'_>> = vec![("action", "edit"), ("title", title), ("text", text), ("summary", summary)];
    params.extend(only.map(|only| (only, "1")));
    let mut answer = session.post(Token::Csrf, &params).await.map_err(ended)?;
    let edited: Edited = part(&mut answer, "/edit").map_err(ended)?;
    let named = edited.title.is_some_and(|answered| same_name(&answered, title));
    match edited.newrevid {
        Some(revision) if edited.result == "Success" && named => Ok(revision.to_string()),
        Some(_) => Err(unclear("edit", &edited.result)),
        // The page has this text already: perhaps by this write's own first attempt.
        None => Err(unclear("edit without a new revision", &edited.result)),
    }
}

#[derive(Deserialize)]
struct Uploaded {
    result: String,
    filename: Option<String>,
    imageinfo: Option<UploadedInfo>,
}

#[derive(Deserialize)]
struct UploadedInfo {
    timestamp: String,
    size: u64,
}

async fn upload(session: &Session, name: &str, content: &Bytes, comment: &str) -> Written {
    let form = || {
        let file = Part::stream(content.clone()).file_name("upload");
        let texts = [("action", "upload"), ("filename", name), ("comment", comment), ("ignorewarnings", "1")];
        let form = texts.into_iter().fold(Form::new(), |form, (field, text)| form.text(field, text.to_owned()));
        form.part("file", file)
    };
    let mut answer = session.upload(form).await.map_err(ended)?;
    let uploaded: Uploaded = part(&mut answer, "/upload").map_err(ended)?;
    let named = uploaded.filename.is_some_and(|answered| same_name(&answered, name));
    match uploaded.imageinfo {
        Some(info) if uploaded.result == "Success" && named && info.size == content.len() as u64 => Ok(info.timestamp),
        Some(_) | None => Err(unclear("upload", &uploaded.result)),
    }
}

#[derive(Deserialize)]
struct Deleted {
    title: String,
    /// Absent when the deletion is only scheduled.
    logid: Option<u64>,
}

async fn delete(session: &Session, title: &str, reason: &str) -> Written {
    let params = [("action", "delete"), ("title", title), ("reason", reason)];
    let mut answer = session.post(Token::Csrf, &params).await.map_err(ended)?;
    let deleted: Deleted = part(&mut answer, "/delete").map_err(ended)?;
    match deleted.logid {
        Some(log) if same_name(&deleted.title, title) => Ok(log.to_string()),
        Some(_) | None => Err(unclear("delete", "no entry in the log")),
    }
}

#[derive(Deserialize)]
struct Renamed {
    from: String,
    to: String,
    redirectcreated: bool,
}

/// Nothing stays under the old title. The wiki names a renaming by nothing but its titles.
async fn rename(session: &Session, title: &str, to: &str, reason: &str) -> Written {
    let params = [("action", "move"), ("from", title), ("to", to), ("noredirect", "1"), ("reason", reason)];
    let mut answer = session.post(Token::Csrf, &params).await.map_err(ended)?;
    let renamed: Renamed = part(&mut answer, "/move").map_err(ended)?;
    if renamed.redirectcreated || !same_name(&renamed.from, title) || !same_name(&renamed.to, to) {
        return Err(unclear("move", "not these titles, or with a redirect"));
    }
    Ok(renamed.to)
}

#[derive(Deserialize)]
struct Created {
    status: String,
    username: Option<String>,
    messagecode: Option<String>,
}

async fn create_user(
    session: &Session,
    name: &str,
    password: &Secret<String>,
    groups: &[String],
    reason: &str,
) -> Written {
    let password = password.expose().as_str();
    let back = session.base().as_str();
    let params = [
        ("action", "createaccount"),
        ("username", name),
        ("password", password),
        ("retype", password),
        ("reason", reason),
        ("createreturnurl", back),
    ];
    let mut answer = session.post(Token::Account, &params).await.map_err(ended)?;
    let created: Created = part(&mut answer, "/createaccount").map_err(ended)?;
    let user = match (created.status.as_str(), created.username) {
        ("PASS", Some(user)) if same_name(&user, name) => user,
        ("FAIL", _) => return Err(WriteResult::Fail { why: created.messagecode.unwrap_or(created.status) }),
        _ => return Err(unclear("createaccount", &created.status)),
    };
    if groups.is_empty() {
        return Ok(user);
    }
    // The user exists: from here on nothing may be called a failure any more.
    rights(session, name, ("add", &groups.join("|")), reason).await.map_err(|result| match result {
        WriteResult::Fail { why } | WriteResult::Info { why } => {
            WriteResult::Info { why: format!("created, but without groups: {why}") }
        }
        WriteResult::Ok { .. } => result,
    })
}

#[derive(Deserialize)]
struct Rights {
    user: String,
    userid: u64,
    #[serde(default)]
    added: Vec<String>,
    #[serde(default)]
    removed: Vec<String>,
}

/// `change`: `add` or `remove`, and groups separated by `|`.
async fn rights(session: &Session, user: &str, change: (&str, &str), reason: &str) -> Written {
    let params = [("action", "userrights"), ("user", user), change, ("reason", reason)];
    let mut answer = session.post(Token::Rights, &params).await.map_err(ended)?;
    let rights: Rights = part(&mut answer, "/userrights").map_err(ended)?;
    let changed = if change.0 == "add" { &rights.added } else { &rights.removed };
    let all = change.1.split('|').all(|group| changed.iter().any(|other| other == group));
    if all && same_name(&rights.user, user) {
        Ok(rights.userid.to_string())
    } else {
        Err(unclear("userrights", "not all groups were changed"))
    }
}

#[derive(Deserialize)]
struct Blocked {
    user: String,
    id: u64,
}

/// For ever, and without a block of addresses: the harness has only one.
async fn block(session: &Session, user: &str, reason: &str) -> Written {
    let params = [("action", "block"), ("user", user), ("expiry", "infinite"), ("reason", reason)];
    blocked(session.post(Token::Csrf, &params).await, "block", user)
}

async fn unblock(session: &Session, user: &str, reason: &str) -> Written {
    let params = [("action", "unblock"), ("user", user), ("reason", reason)];
    blocked(session.post(Token::Csrf, &params).await, "unblock", user)
}

fn blocked(answer: Result<Value, CallError>, what: &str, user: &str) -> Written {
    let mut answer = answer.map_err(ended)?;
    let blocked: Blocked = part(&mut answer, &format!("/{what}")).map_err(ended)?;
    if same_name(&blocked.user, user) { Ok(blocked.id.to_string()) } else { Err(unclear(what, "another user")) }
}

#[derive(Deserialize)]
struct Protected {
    title: String,
    protections: Vec<Protection>,
}

#[derive(Deserialize)]
struct Protection {
    edit: Option<String>,
}

/// `level`: the right that an edit demands from now on; `all` for none beyond editing.
async fn protect(session: &Session, title: &str, level: &str, reason: &str) -> Written {
    let rule = format!("edit={level}");
    let params =
        [("action", "protect"), ("title", title), ("protections", &*rule), ("expiry", "infinite"), ("reason", reason)];
    let mut answer = session.post(Token::Csrf, &params).await.map_err(ended)?;
    let protected: Protected = part(&mut answer, "/protect").map_err(ended)?;
    // The wiki's word for `all` is no word.
    let set = if level == "all" { "" } else { level };
    let set = protected.protections.iter().any(|protection| protection.edit.as_deref() == Some(set));
    if set && same_name(&protected.title, title) { Ok(rule) } else { Err(unclear("protect", "not set")) }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn ended(error: CallError) -> WriteResult {
    error.as_result()
}

fn unclear(what: &str, why: &str) -> WriteResult {
    WriteResult::Info { why: format!("{what}: {why}") }
}
