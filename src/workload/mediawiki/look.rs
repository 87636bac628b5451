//! Looks through the front door: the two probes, and trying out who may do what.

use super::answer::{CallError, part, same_name};
use super::session::{Param, Session, Token};
use super::{files, write};
use crate::journal::{Checksum, WriteResult};
use crate::plan::AccessAction;
use crate::workload::door::media_type;
use crate::workload::{Body, FullProbe, Look, is_content};
use serde_json::Value;

/// A page's current text: the cheapest request that proves content and session in one. `index.php?action=raw` and
/// `rest.php` take a fifth more of the wiki's processor, and answer 200 with a page of HTML when they refuse.
async fn text(session: &Session, title: &str) -> Result<String, CallError> {
    let params =
        [("action", "query"), ("prop", "revisions"), ("rvprop", "content"), ("rvslots", "main"), ("titles", title)];
    let mut answer = session.query(&params, None).await?;
    part(&mut answer, "/query/pages/0/revisions/0/slots/main/content")
}

pub(super) async fn light(session: &Session, title: &str, sha256: Checksum) -> Look {
    let text = text(session, title).await.map_err(|error| error.to_string())?;
    is_content(text.as_bytes(), sha256, "page text")
}

/// Everything but the login. `written` is filled when the write is about to be sent.
pub(super) async fn full(
    session: &Session,
    stranger: &Session,
    probe: &FullProbe,
    written: &mut Option<WriteResult>,
) -> Look {
    let (page, page_hash) = &probe.page;
    let (upload, upload_hash) = &probe.upload;
    let file = format!("File:{upload}");
    let mut answer = overview(session, page, &file, &probe.word).await.map_err(|error| error.to_string())?;

    let text: String = take(&mut answer, page, "/revisions/0/slots/main/content").map_err(|error| error.to_string())?;
    is_content(text.as_bytes(), *page_hash, "page text")?;
    if answer.pointer("/query/search").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err("search finds nothing".to_owned());
    }
    let version = entry(&mut answer, &file).and_then(files::current).map_err(|error| format!("file: {error}"))?;
    let bytes = files::fetch(session, &version, None).await.map_err(|error| format!("file: {error}"))?;
    is_content(&bytes.ok_or("the file is not delivered")?, *upload_hash, "file")?;
    if may_read(stranger, page).await.map_err(|error| format!("as a stranger: {error}"))? {
        return Err("a stranger may read".to_owned());
    }

    let Some(change) = &probe.write else { return Ok(()) };
    *written = Some(WriteResult::Info { why: "timed out".to_owned() });
    let result = write::write(session, change).await;
    *written = Some(result.clone());
    match result {
        WriteResult::Ok { .. } => {}
        WriteResult::Fail { why } | WriteResult::Info { why } => return Err(format!("write: {why}")),
    }
    let back = self::text(session, &change.key).await.map_err(|error| format!("after the write: {error}"))?;
    match &change.body {
        Body::Text(sent) if *sent == back => Ok(()),
        Body::Text(_) | Body::Nothing | Body::Content(_) | Body::Title(_) | Body::Group(_) | Body::NewUser { .. } => {
            Err("the write reads back different".to_owned())
        }
    }
}

/// Page, file and search in one request: most of what a request costs a wiki is its start.
async fn overview(session: &Session, page: &str, file: &str, word: &str) -> Result<Value, CallError> {
    let titles = format!("{page}|{file}");
    let params: [Param<'_>; 11] = [
        ("action", "query"),
        ("titles", &titles),
        ("prop", "revisions|imageinfo"),
        ("rvprop", "content"),
        ("rvslots", "main"),
        ("iiprop", "url|mime"),
        ("list", "search"),
        ("srsearch", word),
        ("srwhat", "text"),
        ("srlimit", "1"),
        ("srprop", ""),
    ];
    session.query(&params, None).await
}

/// The entry of one title among the pages of an answer.
fn entry<'a>(answer: &'a mut Value, title: &str) -> Result<&'a mut Value, CallError> {
    let pages = answer.pointer_mut("/query/pages").and_then(Value::as_array_mut);
    let named =
        |page: &&mut Value| page.get("title").and_then(Value::as_str).is_some_and(|name| same_name(name, title));
    pages
        .and_then(|pages| pages.iter_mut().find(named))
        .ok_or_else(|| CallError::Unclear(format!("nothing about {title} in the answer")))
}

fn take(answer: &mut Value, title: &str, pointer: &str) -> Result<String, CallError> {
    part(entry(answer, title)?, pointer)
}

/// Whether the API gives this session the page's text.
async fn may_read(session: &Session, title: &str) -> Result<bool, CallError> {
    match text(session, title).await {
        Ok(_) => Ok(true),
        Err(error) if error.denied() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the session may do this to the page; nothing is changed by trying. An account that is not let in may nothing, whatever a
/// stranger may.
pub(super) async fn access(session: &Session, action: AccessAction, title: &str) -> Result<bool, CallError> {
    session.logged_in(None).await?;
    match action {
        AccessAction::Read => Ok(may_read(session, title).await? || may_read_raw(session, title).await?),
        AccessAction::Edit | AccessAction::EditProtected => may_edit(session, title).await,
    }
}

/// The other way in, which has rules of its own. A refusal is a page of HTML, with status 200 or 403.
async fn may_read_raw(session: &Session, title: &str) -> Result<bool, CallError> {
    let mut url = session.index()?;
    url.query_pairs_mut().append_pair("title", title).append_pair("action", "raw");
    let response = session.get(url).send().await.map_err(|error| CallError::from(&error))?;
    match response.status().as_u16() {
        200 => Ok(media_type(&response) != "text/html"),
        403 => Ok(false),
        status => Err(CallError::Unclear(format!("HTTP {status}"))),
    }
}

/// An edit that appends nothing: who may edit gets "no change", and the page keeps its revisions.
async fn may_edit(session: &Session, title: &str) -> Result<bool, CallError> {
    // Nor does whoever tries begin to watch the page: nothing of it shall stay.
    let params: [Param<'_>; 6] = [
        ("action", "edit"),
        ("title", title),
        ("appendtext", ""),
        ("nocreate", "1"),
        ("watchlist", "nochange"),
        ("summary", "DRILL: trying who may edit"),
    ];
    match session.post(Token::Csrf, &params).await {
        Ok(mut answer) => Ok(part::<String>(&mut answer, "/edit/result")? == "Success"),
        Err(error) if error.denied() => Ok(false),
        Err(error) => Err(error),
    }
}
