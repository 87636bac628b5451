//! A wiki that the tests play: enough of HTTP to answer wrongly in every way that a broken system does.

use super::MediaWiki;
use crate::ids::Tenant;
use crate::workload::Door;
pub(super) use crate::workload::asked::Asked;
use crate::workload::asked::answer;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

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
        let wiki = MediaWiki::plain(door, "/api.php".to_owned(), Duration::from_millis(1500));
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
    let asked = Asked::read(&mut stream).await?;
    let action = if asked.field("action").is_empty() { &asked.path } else { asked.field("action") };
    log.lock().ok()?.push(action.to_owned());
    let pause = if action == "login" { *slow.lock().ok()? } else { Duration::ZERO };
    tokio::time::sleep(pause).await;
    let reply = usual(&asked).unwrap_or_else(|| script(&asked));
    let whole = |status, (name, value), body: &str| answer(status, &[("connection", "close"), (name, value)], body);
    let text = match reply {
        Reply::Json(value) => whole(200, ("content-type", "application/json; charset=utf-8"), &value.to_string()),
        Reply::Raw(status, kind, body) => whole(status, ("content-type", kind), &body),
        Reply::Redirect(to) => whole(302, ("location", to), ""),
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
