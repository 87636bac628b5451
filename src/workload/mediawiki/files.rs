//! Uploads with their bytes, and pages as PDF: what comes through the front door as files and not as answers of the API.

use super::answer::{CallError, part};
use super::enumerate::{PATIENCE, list};
use super::session::Session;
use crate::workload::UploadRead;
use crate::workload::door::{media_type, status_problem};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Files of one tenant that are fetched side by side.
const SIDE_BY_SIDE: usize = 4;

#[derive(Debug, Deserialize)]
struct File {
    title: String,
    #[serde(default)]
    imageinfo: Vec<Version>,
}

/// One version of a file. Without `url` its bytes are lost, and the wiki knows it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Version {
    url: Option<String>,
    #[serde(default)]
    mime: String,
}

/// All uploads with all versions, oldest first.
pub(super) async fn uploads(session: &Session) -> Result<Vec<UploadRead>, CallError> {
    let params = [
        ("generator", "allimages"),
        ("gailimit", "max"),
        ("prop", "imageinfo"),
        ("iiprop", "timestamp|url|mime"),
        ("iilimit", "max"),
    ];
    // A file with many versions comes in several parts.
    let mut files: BTreeMap<String, Vec<Version>> = BTreeMap::new();
    for file in list::<File>(session, &params, "/query/pages").await? {
        files.entry(key(&file.title)).or_default().extend(file.imageinfo);
    }
    stream::iter(files)
        .map(|(key, versions)| async move {
            let mut bytes = Vec::with_capacity(versions.len());
            for version in versions.iter().rev() {
                bytes.push(content(session, version).await?);
            }
            Ok(UploadRead { key, versions: bytes })
        })
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await
}

/// The file's name, without the namespace, which is called differently in each language.
fn key(title: &str) -> String {
    title.split_once(':').map_or(title, |(_, name)| name).to_owned()
}

/// The bytes of one version; none if the wiki lists a file that it can no longer deliver.
async fn content(session: &Session, version: &Version) -> Result<Bytes, CallError> {
    if let Some(bytes) = fetch(session, version, Some(PATIENCE)).await? {
        return Ok(bytes);
    }
    // With an expired session everything is forbidden, too: only a second refusal counts.
    session.query(&[("action", "query"), ("meta", "userinfo")], Some(PATIENCE)).await?;
    Ok(fetch(session, version, Some(PATIENCE)).await?.unwrap_or_default())
}

/// One GET of a version's bytes; `None` if it is refused or not there.
pub(super) async fn fetch(
    session: &Session,
    version: &Version,
    patience: Option<Duration>,
) -> Result<Option<Bytes>, CallError> {
    let Some(address) = &version.url else { return Ok(None) };
    let request = session.get(through_the_door(session.base(), address)?);
    let request = match patience {
        Some(patience) => request.timeout(patience),
        None => request,
    };
    let response = request.send().await.map_err(|error| CallError::from(&error))?;
    if matches!(response.status(), StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) {
        return Ok(None);
    }
    if let Some(problem) = status_problem(&response) {
        return Err(CallError::Unclear(problem));
    }
    if media_type(&response) == "text/html" && version.mime != "text/html" {
        return Err(CallError::Unclear("a page of HTML instead of the file".to_owned()));
    }
    response.bytes().await.map(Some).map_err(|error| CallError::from(&error))
}

/// The address that the wiki gives, at the port of this run. Another host is never asked.
fn through_the_door(base: &Url, address: &str) -> Result<Url, CallError> {
    let foreign = || CallError::Unclear("the file's address leads to another host".to_owned());
    let mut url = base.join(address).map_err(|_| foreign())?;
    if url.host_str() != base.host_str() {
        return Err(foreign());
    }
    let moved = url.set_scheme(base.scheme()).is_ok() && url.set_port(base.port()).is_ok();
    if moved { Ok(url) } else { Err(foreign()) }
}

/// The page as PDF, complete, with the session's cookies.
pub(super) async fn pdf(session: &Session, title: &str) -> Result<Bytes, CallError> {
    // The PDF service cannot tell an expired session from a stranger: the API can, and renews it.
    session.query(&[("action", "query"), ("meta", "userinfo")], Some(PATIENCE)).await?;
    let mut url = session.base().join("/pdf").map_err(|_| CallError::NotSent("no path of the PDF".to_owned()))?;
    url.query_pairs_mut().append_pair("page", title);
    let response = session.get(url).timeout(PATIENCE).send().await.map_err(|error| CallError::from(&error))?;
    if let Some(problem) = status_problem(&response) {
        return Err(CallError::Unclear(problem));
    }
    let kind = media_type(&response);
    let bytes = response.bytes().await.map_err(|error| CallError::from(&error))?;
    if kind != "application/pdf" || !is_whole_pdf(&bytes) {
        return Err(CallError::Unclear(format!("not a whole PDF but {} bytes of {kind:?}", bytes.len())));
    }
    Ok(bytes)
}

fn is_whole_pdf(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(1024)..];
    bytes.starts_with(b"%PDF-") && tail.windows(5).any(|window| window == b"%%EOF")
}

/// The current version of a file, out of the member `pages` of an answer to `prop=imageinfo`.
pub(super) fn current(page: &mut serde_json::Value) -> Result<Version, CallError> {
    part(page, "/imageinfo/0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_through_the_door_or_not_at_all() {
        let base = Url::parse("https://acme.wiki.example:4444/").expect("an address");
        let own = "https://acme.wiki.example/img_auth.php/a/ab/X.bin";
        let there = through_the_door(&base, own).map(String::from);
        assert_eq!(there, Ok("https://acme.wiki.example:4444/img_auth.php/a/ab/X.bin".to_owned()));
        assert!(through_the_door(&base, "/img_auth.php/a/ab/X.bin").is_ok());
        assert!(through_the_door(&base, "https://globex.wiki.example/img_auth.php/a/ab/X.bin").is_err());
        assert!(through_the_door(&base, "file:///etc/passwd").is_err());
    }

    #[test]
    fn half_a_pdf_is_none() {
        assert!(is_whole_pdf(b"%PDF-1.7\n...\n%%EOF\n"));
        assert!(!is_whole_pdf(b"%PDF-1.7\n..."));
        assert!(!is_whole_pdf(b"<html>%%EOF"));
    }
}
