//! A wiki that the tests play: enough of HTTP to answer wrongly in every way that a broken system does.

use super::MediaWiki;
use crate::ids::Tenant;
use crate::workload::Door;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request, its query and form fields merged; an upload's body is kept raw under `body`.
pub(super) struct Asked {
    pub path: String,
    pub fields: HashMap<String, String>,
}

impl Asked {
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

#[derive(Clone)]
pub(super) enum Reply {
    Json(Value),
    /// Status, media type and body.
    Raw(u16, &'static str, String),
    Redirect(&'static str),
    /// Half of a JSON answer whose length was announced, then nothing more.
    Cut,
    /// The request is read, then the connection closed.
    Close,
    /// The request is read, then nothing happens.
    Silence,
}

/// Says what the stub answers to what comes after login and tokens.
pub(super) type Script = Arc<dyn Fn(&Asked) -> Reply + Send + Sync>;

pub(super) struct Stub {
    pub wiki: MediaWiki,
    /// Paths and actions, in order.
    pub log: Arc<Mutex<Vec<String>>>,
    slow: Arc<Mutex<Duration>>,
}

impl Stub {
    pub(super) async fn new(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let log = Arc::new(Mutex::new(Vec::new()));
        let slow = Arc::default();
        let (script, seen, pause): (Script, _, _) = (Arc::new(script), Arc::clone(&log), Arc::clone(&slow));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&seen), Arc::clone(&pause)));
            }
        });
        let door = Door { address, domain: "wiki.example".to_owned(), ca_pem: Vec::new() };
        let wiki =
            MediaWiki { scheme: "http", ..MediaWiki::new(door, "/api.php".to_owned(), Duration::from_millis(1500)) };
        Self { wiki, log, slow }
    }

    /// Logins take this long from now on.
    pub(super) fn slow(&self, pause: Duration) {
        *self.slow.lock().expect("not poisoned") = pause;
    }

    pub(super) fn count(&self, what: &str) -> usize {
        self.log.lock().expect("not poisoned").iter().filter(|line| line.starts_with(what)).count()
    }
}

pub(super) fn acme() -> Tenant {
    Tenant::new("acme").expect("a name")
}

/// One request per connection.
async fn serve(
    stream: TcpStream,
    script: Script,
    log: Arc<Mutex<Vec<String>>>,
    slow: Arc<Mutex<Duration>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        match line.trim().to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let form = format!("http://x/?{query}&{body}");
    let mut fields: HashMap<String, String> = reqwest::Url::parse(&form).ok()?.query_pairs().into_owned().collect();
    fields.insert("body".to_owned(), body);
    let asked = Asked { path: path.to_owned(), fields };
    let action = if asked.field("action").is_empty() { path } else { asked.field("action") };
    log.lock().ok()?.push(action.to_owned());
    let pause = if action == "login" { *slow.lock().ok()? } else { Duration::ZERO };
    tokio::time::sleep(pause).await;
    let reply = usual(&asked).unwrap_or_else(|| script(&asked));
    let answer = |status: u16, kind: &str, body: &str| {
        format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let text = match reply {
        Reply::Json(value) => answer(200, "application/json; charset=utf-8", &value.to_string()),
        Reply::Raw(status, kind, body) => answer(status, kind, &body),
        Reply::Redirect(to) => {
            format!("HTTP/1.1 302 X\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        Reply::Cut => {
            "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"edit\":".to_owned()
        }
        Reply::Close => return None,
        Reply::Silence => {
            tokio::time::sleep(Duration::from_secs(5)).await;
            return None;
        }
    };
    stream.write_all(text.as_bytes()).await.ok()
}

/// Login and tokens, as MediaWiki 1.39 answers them.
fn usual(asked: &Asked) -> Option<Reply> {
    match (asked.field("action"), asked.field("type")) {
        ("query", "login") => Some(Reply::Json(json!({ "query": { "tokens": { "logintoken": "l+\\" } } }))),
        ("query", "csrf|userrights|createaccount") => Some(Reply::Json(json!({ "query": { "tokens": {
            "csrftoken": "c+\\", "userrightstoken": "r+\\", "createaccounttoken": "a+\\" } } }))),
        ("login", _) if asked.field("lgpassword") == "right" => Some(Reply::Json(
            json!({ "login": { "result": "Success", "lguserid": 1, "lgusername": asked.field("lgname") } }),
        )),
        ("login", _) => Some(Reply::Json(json!({ "login": { "result": "Failed", "reason": "Incorrect password" } }))),
        _ => None,
    }
}
