//! The driver against a program that is played by the test.

use super::*;
use crate::journal::{Token, checksum};
use crate::secret::Secret;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::task::JoinHandle;

const SHORT: Duration = Duration::from_millis(800);

/// Starts a driver whose program answers each request with what `answers` says; `None` is no answer at all.
fn played(answers: impl Fn(&Value) -> Option<String> + Send + 'static) -> (ExecDriver, JoinHandle<Vec<Value>>) {
    let (stdin, requests) = tokio::io::duplex(1 << 16);
    let (mut out, stdout) = tokio::io::duplex(1 << 16);
    let driver = ExecDriver::new(Attached { stdin: Box::pin(stdin), stdout: Box::pin(stdout) }, SHORT);
    let program = tokio::spawn(async move {
        let mut seen = Vec::new();
        let mut lines = BufReader::<DuplexStream>::new(requests).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let request: Value = serde_json::from_str(&line).expect("a request is JSON");
            if let Some(answer) = answers(&request) {
                out.write_all(answer.as_bytes()).await.expect("the driver listens");
            }
            seen.push(request);
        }
        seen
    });
    (driver, program)
}

fn with_id(request: &Value, mut answer: Value) -> String {
    answer["id"] = request["id"].clone();
    format!("{answer}\n")
}

fn acme() -> Tenant {
    Tenant::new("acme").expect("a name")
}

fn admin() -> Account {
    Account { name: "Admin".to_owned(), password: Secret::new("secret".to_owned()) }
}

fn change(kind: WriteKind, body: Body) -> Write {
    Write { kind, key: "Page".to_owned(), body, token: mark() }
}

fn info(result: &WriteResult) -> &str {
    match result {
        WriteResult::Info { why } => why,
        WriteResult::Ok { .. } | WriteResult::Fail { .. } => "not an info",
    }
}

#[tokio::test]
async fn a_write_is_acknowledged_only_by_a_whole_ok() {
    let (driver, _program) = played(|request| {
        let answer = match request["write"]["key"].as_str() {
            Some("good") => json!({ "ok": { "revision": 7 } }),
            Some("bare") => json!({ "ok": {} }),
            Some("half") => json!({ "ok": null }),
            Some("no") => json!({ "fail": "409 exists" }),
            _ => json!({ "unsupported": "no such thing" }),
        };
        Some(with_id(request, answer))
    });
    let write = |key: &str| Write { key: key.to_owned(), ..change(WriteKind::Create, Body::Text("text".to_owned())) };
    let done = driver.write(&acme(), &admin(), &write("good")).await;
    assert_eq!(done, WriteResult::Ok { revision: "7".to_owned() });
    let bare = driver.write(&acme(), &admin(), &write("bare")).await;
    assert_eq!(bare, WriteResult::Ok { revision: String::new() });
    assert_eq!(info(&driver.write(&acme(), &admin(), &write("half")).await), "half an answer");
    let refused = driver.write(&acme(), &admin(), &write("no")).await;
    assert_eq!(refused, WriteResult::Fail { why: "409 exists".to_owned() });
    assert!(matches!(driver.write(&acme(), &admin(), &write("odd")).await, WriteResult::Fail { .. }));
}

#[tokio::test]
async fn requests_carry_what_the_protocol_says() {
    let (driver, program) = played(|request| Some(with_id(request, json!({ "ok": { "revision": "1" } }))));
    let content = Body::Content(Bytes::from_static(b"\x00\x01"));
    driver.write(&acme(), &admin(), &change(WriteKind::Upload, content)).await;
    let body = Body::NewUser { password: Secret::new("pw".to_owned()), groups: vec!["reader".to_owned()] };
    driver.write(&acme(), &admin(), &change(WriteKind::CreateUser, body)).await;
    driver.write(&acme(), &admin(), &change(WriteKind::Rename, Body::Title("Other".to_owned()))).await;
    let stranger = driver.access(&acme(), None, AccessAction::EditProtected, "Page").await;
    assert!(matches!(stranger, Err(DriverError::Failed(_))), "an answer without `allowed` proves nothing");
    drop(driver);
    let seen = program.await.expect("the program ends");
    assert_eq!(seen[0]["write"], json!({ "kind": "upload", "key": "Page", "token": "EFX", "content": "AAE=" }));
    assert_eq!(seen[0]["as"], json!({ "name": "Admin", "password": "secret" }));
    assert_eq!(seen[1]["write"]["groups"], json!(["reader"]));
    assert_eq!(seen[2]["write"], json!({ "kind": "rename", "key": "Page", "token": "EFX", "to": "Other" }));
    assert_eq!((&seen[3]["as"], &seen[3]["action"]), (&Value::Null, &json!("edit-protected")));
}

#[tokio::test]
async fn answers_come_in_any_order() {
    // The first request is answered only together with the second.
    let first = std::sync::Mutex::new(None);
    let (driver, _program) = played(move |request| {
        let own = with_id(request, json!({ "ok": { "hits": [request["term"]] } }));
        let mut first = first.lock().expect("not poisoned");
        match first.take() {
            None => {
                *first = Some(own);
                None
            }
            Some(kept) => Some(own + &kept),
        }
    });
    let (tenant, by) = (acme(), admin());
    let (one, two) = tokio::join!(driver.search(&tenant, &by, "one"), driver.search(&tenant, &by, "two"));
    assert_eq!((one, two), (Ok(vec!["one".to_owned()]), Ok(vec!["two".to_owned()])));
}

#[tokio::test]
async fn silence_is_a_timeout_and_a_late_answer_harms_nobody() {
    let (driver, _program) = played(|request| {
        if request["id"] == 1 {
            None
        } else {
            Some(format!("{{\"id\":1,\"ok\":{{}}}}\n{}", with_id(request, json!({"ok": {"hits": []}}))))
        }
    });
    assert_eq!(driver.search(&acme(), &admin(), "one").await, Err(DriverError::Failed("timed out".to_owned())));
    assert_eq!(driver.search(&acme(), &admin(), "two").await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_program_that_ends_or_talks_nonsense_is_never_believed_again() {
    for (said, told) in
        [("not json\n", "garbage"), ("{\"id\":99,\"ok\":{}}\n", "never sent"), ("{\"id\":1}\n", "garbage")]
    {
        let (driver, _program) = played(move |_| Some(said.to_owned()));
        let write = change(WriteKind::Edit, Body::Text("text".to_owned()));
        for _ in 0..2 {
            let result = driver.write(&acme(), &admin(), &write).await;
            assert!(info(&result).contains(told), "{said:?}: {result:?}");
        }
        assert!(matches!(driver.pages(&acme(), &admin()).await, Err(DriverError::Failed(_))));
    }
    let (driver, program) = played(|_| None);
    program.abort();
    let result = driver.write(&acme(), &admin(), &change(WriteKind::Delete, Body::Nothing)).await;
    assert!(info(&result).contains("the driver's program"), "{result:?}");
}

#[tokio::test]
async fn surfaces_that_are_not_there_are_told_apart_from_broken_ones() {
    let (driver, _program) = played(|request| Some(with_id(request, json!({ "unsupported": "no PDF" }))));
    let absent = DriverError::Unsupported(Surface::Pdf, "no PDF".to_owned());
    assert_eq!(driver.pdf(&acme(), &admin(), "Page").await, Err(absent));
}

/// An application with one page, one file and a probe page; `flaw` is what is wrong with it.
fn application(flaw: &'static str) -> impl Fn(&Value) -> Option<String> + Send + 'static {
    let written = std::sync::Mutex::new(None::<Value>);
    move |request| {
        let mut written = written.lock().expect("not poisoned");
        let answer = match request["op"].as_str()? {
            "light" if request["key"] == "Known" => {
                json!({ "ok": { "body": if flaw == "page" { "?" } else { "text" } } })
            }
            "light" => json!({ "ok": { "body": written.take() } }),
            "read-upload" if flaw == "no-files" => json!({ "unsupported": "no files" }),
            "read-upload" => {
                json!({ "ok": { "content": BASE64.encode(if flaw == "file" { b"?" } else { b"bytes" }) } })
            }
            "search" => json!({ "ok": { "hits": if flaw == "search" { vec![] } else { vec!["Known"] } } }),
            "access" => json!({ "ok": { "allowed": flaw == "stranger" } }),
            "write" if request["write"]["kind"] == "edit" => json!({ "fail": "404 no such page" }),
            "write" if flaw == "write" => return None,
            "write" => {
                *written = Some(request["write"]["body"].clone());
                json!({ "ok": { "revision": "2" } })
            }
            _ => json!({ "unsupported": "?" }),
        };
        Some(with_id(request, answer))
    }
}

#[tokio::test]
async fn a_full_probe_notices_each_flaw() {
    let probe = FullProbe {
        account: admin(),
        page: ("Known".to_owned(), checksum(b"text")),
        upload: ("file.bin".to_owned(), checksum(b"bytes")),
        word: "decoy".to_owned(),
        write: Some(change(WriteKind::Probe, Body::Text("new".to_owned()))),
        fresh: false,
    };
    let not_sent = Some(WriteResult::Fail { why: "not sent: the probe had failed before".to_owned() });
    let written = Some(WriteResult::Ok { revision: "2".to_owned() });
    for (flaw, look, result) in [
        ("none", Ok(()), written.clone()),
        ("no-files", Ok(()), written),
        ("page", Err("page text differs"), not_sent.clone()),
        ("file", Err("file differs"), not_sent.clone()),
        ("search", Err("search finds nothing"), not_sent.clone()),
        ("stranger", Err("a stranger may read"), not_sent),
    ] {
        let (driver, _program) = played(application(flaw));
        assert_eq!(driver.full(&acme(), &probe).await, (look.map_err(str::to_owned), result), "{flaw}");
    }
    // The request and the whole probe have the same patience: either may end first.
    let (driver, _program) = played(application("write"));
    let (look, result) = driver.full(&acme(), &probe).await;
    assert!(look.as_ref().is_err_and(|why| why.ends_with("timed out")), "{look:?}");
    assert_eq!(result, Some(WriteResult::Info { why: "timed out".to_owned() }));
}

fn mark() -> Token {
    "EFX".parse().expect("short enough")
}
