//! The stub: a wiki farm in memory on the loopback address, on a thread of its own, that goes wrong exactly when it was told to.
//!
//! It answers what the prober's looks ask of a wiki's API, to logged-in users only, and keeps connections as a proxy does. What is wrong
//! with a request is decided by the moment at which it has arrived, on the clock that stamps the journal: the programme *is* the truth.

use super::cases::{Outage, Wrong};
use super::plan::API;
use crate::clock::Clock;
use crate::ids::Tenant;
use crate::workload::asked::{Asked, answer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Tenant `x` is `x.stub.example`.
pub const DOMAIN: &str = "stub.example";
pub const PAGE: &str = "Known";
pub const TEXT: &str = "DRILL ÜBUNG: a page that never changes";
pub const FILE: &str = "Known.bin";
pub const CONTENT: &str = "DRILL ÜBUNG: a file that never changes";
pub const WORD: &str = "drill";

/// The outages of every tenant.
pub type Programme = BTreeMap<Tenant, Vec<Outage>>;

/// A stub at work; dropped, it ends.
pub struct Stub {
    pub address: SocketAddr,
    farm: Arc<Farm>,
    _stop: DropGuard,
}

struct Farm {
    clock: Arc<dyn Clock>,
    /// By host name without the domain. Until it is set, everything is right.
    programme: OnceLock<Programme>,
    /// Pages that were written, by host and title: the number of the write and the text.
    written: Mutex<HashMap<(String, String), (u64, String)>>,
}

impl Stub {
    /// # Errors
    /// Whatever the system says when there is no port or no thread.
    pub fn start(clock: Arc<dyn Clock>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let farm = Arc::new(Farm { clock, programme: OnceLock::new(), written: Mutex::default() });
        let (token, served) = (CancellationToken::new(), Arc::clone(&farm));
        let stop = token.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("stub".to_owned()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                stop.run_until_cancelled(listen(&listener, &served)).await;
            });
        })?;
        Ok(Self { address, farm, _stop: token.drop_guard() })
    }

    /// From now on it goes wrong by this programme; only the first one counts.
    pub fn play(&self, programme: Programme) {
        // A second programme would make two truths.
        let _ = self.farm.programme.set(programme);
    }
}

async fn listen(listener: &TcpListener, farm: &Arc<Farm>) {
    loop {
        // A connection that broke off before it was accepted is the prober's to notice.
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(farm)));
        }
    }
}

/// All requests of one connection.
async fn serve(stream: TcpStream, farm: Arc<Farm>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut stream = BufReader::new(stream);
    loop {
        let asked = Asked::read(&mut stream).await?;
        let reply = match farm.wrong(&asked) {
            None => farm.right(&asked),
            Some(Wrong::Unavailable) => answer(503, &[HTML], "<h1>503 Service Unavailable</h1>"),
            Some(Wrong::Closed) => return None,
            Some(Wrong::Silent) => {
                // Until the other side gives up.
                let mut rest = [0; 64];
                while stream.read(&mut rest).await.ok()? > 0 {}
                return None;
            }
            Some(Wrong::Slow(by)) => {
                tokio::time::sleep(by).await;
                farm.right(&asked)
            }
            Some(Wrong::ErrorPage) => answer(200, &[HTML], "<h1>Sorry! This site is experiencing difficulties.</h1>"),
            Some(Wrong::Redirect) => answer(302, &[("location", &format!("http://another.{DOMAIN}{API}"))], ""),
        };
        stream.write_all(reply.as_bytes()).await.ok()?;
    }
}

const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");
const COOKIE: &str = "session=known";

impl Farm {
    /// What is wrong with a request that has arrived now.
    fn wrong(&self, asked: &Asked) -> Option<Wrong> {
        let now = self.clock.mono();
        let host = Tenant::new(tenant(asked)).ok()?;
        let outages = self.programme.get()?.get(&host)?;
        outages.iter().find(|outage| outage.from <= now && now < outage.to).map(|outage| outage.wrong)
    }

    /// The answer of a wiki with nothing wrong.
    fn right(&self, asked: &Asked) -> String {
        if asked.path == "/file" {
            return answer(200, &[("content-type", "application/octet-stream")], CONTENT);
        }
        let member = asked.header("cookie").contains(COOKIE);
        let value = match (asked.field("action"), asked.field("type")) {
            ("query", "login") => json!({ "query": { "tokens": { "logintoken": "l+\\" } } }),
            ("login", _) => {
                let value = json!({ "login": { "result": "Success", "lgusername": asked.field("lgname") } });
                return answer(200, &[JSON, ("set-cookie", &format!("{COOKIE}; path=/"))], &value.to_string());
            }
            _ if !member && asked.field("assert") == "user" => refusal("assertuserfailed"),
            _ if !member => refusal("readapidenied"),
            ("query", "") => self.pages(asked),
            ("query", _) => json!({ "query": { "tokens": {
                "csrftoken": "c+\\", "userrightstoken": "r+\\", "createaccounttoken": "a+\\" } } }),
            ("edit", _) => self.edit(asked),
            _ => refusal("badvalue"),
        };
        answer(200, &[JSON], &value.to_string())
    }

    fn pages(&self, asked: &Asked) -> Value {
        let page = |title: &str| match title.strip_prefix("File:") {
            Some(_) => json!({ "title": title, "imageinfo": [{ "url": "/file", "mime": "application/octet-stream" }] }),
            None => {
                json!({ "title": title, "revisions": [{ "slots": { "main": { "content": self.text(asked, title) } } }] })
            }
        };
        let pages: Vec<Value> = asked.field("titles").split('|').map(page).collect();
        json!({ "query": { "pages": pages, "search": [{ "title": PAGE }] } })
    }

    fn text(&self, asked: &Asked, title: &str) -> Option<String> {
        if title == PAGE {
            return Some(TEXT.to_owned());
        }
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.get(&(tenant(asked).to_owned(), title.to_owned())).map(|(_, text)| text.clone())
    }

    fn edit(&self, asked: &Asked) -> Value {
        let key = (tenant(asked).to_owned(), asked.field("title").to_owned());
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, text) = written.entry(key).or_default();
        *number += 1;
        asked.field("text").clone_into(text);
        json!({ "edit": { "result": "Success", "title": asked.field("title"), "newrevid": *number } })
    }
}

const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

fn refusal(code: &str) -> Value {
    json!({ "error": { "code": code, "info": "said the stub" } })
}

/// The first label of the host that was asked.
fn tenant(asked: &Asked) -> &str {
    asked.header("host").split('.').next().unwrap_or_default()
}

#[cfg(test)]
#[path = "stub_tests.rs"]
mod tests;
