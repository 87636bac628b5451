//! What the driver makes of a wiki that answers rightly, wrongly, by half or not at all.

use super::stub::{Asked, Reply, Stub, acme};
use super::*;
use crate::journal::{Token, WriteKind, checksum};
use crate::secret::Secret;
use crate::workload::Body;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};

fn account(password: &str) -> Account {
    Account { name: "Admin".to_owned(), password: Secret::new(password.to_owned()) }
}

fn admin() -> Account {
    account("right")
}

fn creation() -> Write {
    let body = Body::Text("text".to_owned());
    Write { kind: WriteKind::Create, key: "Page".to_owned(), body, token: mark() }
}

fn api_error(code: &str) -> Reply {
    Reply::Json(json!({ "error": { "code": code, "info": "why" } }))
}

fn page(text: &str) -> Reply {
    Reply::Json(json!({ "batchcomplete": true, "query": { "pages": [
        { "title": "Known", "revisions": [{ "slots": { "main": { "content": text } } }] }] } }))
}

async fn write_answered(reply: Reply) -> WriteResult {
    Stub::new(move |_| reply.clone()).await.wiki.write(&acme(), &admin(), &creation()).await
}

#[tokio::test]
async fn a_write_is_ok_only_when_its_revision_came_back() {
    let edited = |edit: serde_json::Value| Reply::Json(json!({ "edit": edit }));
    let good = edited(json!({ "result": "Success", "title": "Page", "newrevid": 7 }));
    assert_eq!(write_answered(good).await, WriteResult::Ok { revision: "7".to_owned() });
    for doubtful in [
        edited(json!({ "result": "Success", "title": "Another", "newrevid": 7 })),
        edited(json!({ "result": "Success", "title": "Page", "nochange": true })),
        edited(json!({ "result": "Failure", "title": "Page" })),
        Reply::Json(json!({})),
        Reply::Raw(200, "text/html", "<h1>Welcome</h1>".to_owned()),
        Reply::Raw(200, "application/json", "{\"edit\":".to_owned()),
        Reply::Raw(503, "text/html", String::new()),
        Reply::Raw(500, "application/json", json!({ "error": { "code": "readonly" } }).to_string()),
        api_error("internal_api_error_DBQueryError"),
        Reply::Redirect("http://globex.wiki.example/api.php"),
        Reply::Cut,
        Reply::Close,
        Reply::Silence,
    ] {
        let result = write_answered(doubtful).await;
        assert!(matches!(result, WriteResult::Info { .. }), "{result:?}");
    }
}

/// A wiki that answers to `fields` (name, value) with `answer`, and to anything else that it does not know.
async fn write_of(
    kind: WriteKind,
    body: Body,
    fields: &'static [(&str, &str)],
    answer: serde_json::Value,
) -> WriteResult {
    let asked_for = move |asked: &Asked| fields.iter().all(|(name, value)| asked.field(name) == *value);
    let script = move |asked: &Asked| {
        if asked_for(asked) { Reply::Json(answer.clone()) } else { api_error("unknown_action") }
    };
    let write = Write { kind, key: "Über X".to_owned(), body, token: mark() };
    Stub::new(script).await.wiki.write(&acme(), &admin(), &write).await
}

#[tokio::test]
async fn other_writes_are_ok_only_when_the_answer_says_what_was_done() {
    let upload = &[("action", "delete"), ("title", "File:Über X"), ("reason", "DRILL EFX")];
    let (ok, no_log, other) = (
        json!({ "delete": { "title": "File:Über X", "logid": 7 } }),
        json!({ "delete": { "title": "File:Über X", "scheduled": true } }),
        json!({ "delete": { "title": "Über X", "logid": 7 } }),
    );
    let page = &[("action", "move"), ("from", "Über X"), ("to", "Z"), ("noredirect", "1"), ("reason", "DRILL EFX")];
    let moved = |to: &str, redirect| json!({ "move": { "from": "Über X", "to": to, "redirectcreated": redirect } });
    let closed = &[("action", "protect"), ("title", "Über X"), ("protections", "edit=sysop")];
    let opened = &[("action", "protect"), ("title", "Über X"), ("protections", "edit=all")];
    let rule = |level: &str| json!({ "protect": { "title": "Über X", "protections": [{ "edit": level }] } });
    let shut = &[("action", "block"), ("user", "Über X"), ("expiry", "infinite"), ("autoblock", "")];
    let let_in = &[("action", "unblock"), ("user", "Über X")];
    let of = |what: &str, user: &str| json!({ what: { "user": user, "id": 7 } });
    for (kind, body, fields, good, doubtful) in [
        (WriteKind::DeleteUpload, Body::Nothing, upload.as_slice(), ok, vec![no_log, other]),
        (
            WriteKind::Rename,
            Body::Title("Z".to_owned()),
            page.as_slice(),
            moved("Z", false),
            vec![moved("Z", true), moved("Y", false)],
        ),
        (WriteKind::Block, Body::Nothing, shut.as_slice(), of("block", "Über X"), vec![of("block", "Y"), of("?", "")]),
        (WriteKind::Unblock, Body::Nothing, let_in.as_slice(), of("unblock", "Über X"), vec![of("block", "Über X")]),
        (WriteKind::Protect, Body::Nothing, closed.as_slice(), rule("sysop"), vec![rule("")]),
        (WriteKind::Unprotect, Body::Nothing, opened.as_slice(), rule(""), vec![rule("sysop")]),
    ] {
        let result = write_of(kind, body.clone(), fields, good).await;
        assert!(matches!(result, WriteResult::Ok { .. }), "{kind:?}: {result:?}");
        for answer in doubtful {
            let result = write_of(kind, body.clone(), fields, answer).await;
            assert!(matches!(result, WriteResult::Info { .. }), "{kind:?}: {result:?}");
        }
    }
}

#[tokio::test]
async fn a_write_fails_when_it_was_provably_not_applied() {
    for code in ["articleexists", "permissiondenied", "readapidenied"] {
        let result = write_answered(api_error(code)).await;
        assert_eq!(result, WriteResult::Fail { why: format!("{code}: why") });
    }
    let stub = Stub::new(|_| Reply::Silence).await;
    let result = stub.wiki.write(&acme(), &account("wrong"), &creation()).await;
    assert_eq!(result, WriteResult::Fail { why: "login refused: Incorrect password".to_owned() });
    assert_eq!(stub.count("edit"), 0);
}

#[tokio::test]
async fn a_redirect_to_another_tenant_is_noticed() {
    let stub = Stub::new(|_| Reply::Redirect("https://globex.wiki.example/")).await;
    let look = stub.wiki.light(&acme(), &admin(), "Known", checksum(b"text")).await;
    assert_eq!(look, Err("HTTP 302: sent on to globex.wiki.example".to_owned()));
}

#[tokio::test]
async fn a_light_probe_believes_the_content_alone() {
    for (reply, look) in [
        (page("text"), Ok(())),
        (page("other"), Err("page text differs")),
        (api_error("readapidenied"), Err("readapidenied: why")),
        (Reply::Raw(503, "text/html", "text".to_owned()), Err("HTTP 503")),
        (Reply::Raw(200, "text/html", "text".to_owned()), Err("not an answer of the API but \"text/html\"")),
        (Reply::Cut, Err("half an answer")),
        (Reply::Silence, Err("timed out")),
    ] {
        let stub = Stub::new(move |_| reply.clone()).await;
        assert_eq!(stub.wiki.light(&acme(), &admin(), "Known", checksum(b"text")).await, look.map_err(str::to_owned));
    }
}

#[tokio::test]
async fn a_kept_session_costs_one_request_and_is_renewed_when_it_is_lost() {
    let lost = Arc::new(AtomicBool::new(false));
    let once = Arc::clone(&lost);
    let script = move |_: &Asked| {
        if once.swap(false, Ordering::SeqCst) { api_error("assertuserfailed") } else { page("text") }
    };
    let stub = Stub::new(script).await;
    let look = async || stub.wiki.light(&acme(), &admin(), "Known", checksum(b"text")).await;
    assert_eq!((look().await, look().await), (Ok(()), Ok(())));
    assert_eq!((stub.count("login"), stub.count("query")), (1, 3), "one query for the login's token, two looks");
    lost.store(true, Ordering::SeqCst);
    assert_eq!(look().await, Ok(()));
    assert_eq!((stub.count("login"), stub.count("query")), (2, 6), "refused, token, again");
    stub.wiki.forget().await;
    assert_eq!(look().await, Ok(()));
    assert_eq!(stub.count("login"), 3);
}

/// Probes do not wait for one another: one that begins to log in and runs out of time leaves its login to those after it.
#[tokio::test]
async fn a_login_outlives_the_probe_that_began_it() {
    let stub = Stub::new(|_| page("text")).await;
    stub.slow(Duration::from_millis(800));
    let quick = MediaWiki { timeout: Duration::from_millis(500), ..stub.wiki };
    // The clients may take as long as they like: only the probes are short.
    let patient = quick.door.client(&acme(), Duration::from_secs(5)).expect("a client");
    let base = quick.door.url_by("http", &acme()).expect("an address");
    let session = Session::new(patient, base, "/api.php", Some(admin())).expect("a session");
    quick.sessions.lock().expect("not poisoned").insert((acme(), Some("Admin".to_owned())), Arc::new(session));
    let look = async || quick.light(&acme(), &admin(), "Known", checksum(b"text")).await;
    let mut looks = Vec::new();
    for _ in 0..5 {
        looks.push(look().await);
    }
    assert_eq!(looks[0], Err("timed out".to_owned()));
    assert_eq!(looks[4], Ok(()), "{looks:?}");
}

#[tokio::test]
async fn an_expired_token_is_replaced_and_the_write_sent_once_more() {
    let refused = AtomicBool::new(false);
    let script = move |_: &Asked| {
        if refused.swap(true, Ordering::SeqCst) {
            Reply::Json(json!({ "edit": { "result": "Success", "title": "Page", "newrevid": 7 } }))
        } else {
            api_error("badtoken")
        }
    };
    let stub = Stub::new(script).await;
    let result = stub.wiki.write(&acme(), &admin(), &creation()).await;
    assert_eq!(result, WriteResult::Ok { revision: "7".to_owned() });
    assert_eq!((stub.count("edit"), stub.count("login")), (2, 1));
}

#[tokio::test]
async fn lists_are_followed_to_their_end_or_fail() {
    let hits = |term: &'static str| {
        move |asked: &Asked| {
            let next = |offset: u32| json!({ "continue": { "sroffset": offset, "continue": "-||" }, "query": { "search": [{ "title": "One" }] } });
            match (term, asked.field("sroffset")) {
                ("ends", "") | ("loops", _) => Reply::Json(next(1)),
                ("torn", "") => Reply::Json(json!({ "query": { "search": [{ "title": "One" }] } })),
                ("torn" | "half", _) => Reply::Json(json!({ "continue": { "sroffset": 1 } })),
                _ => Reply::Json(json!({ "batchcomplete": true, "query": { "search": [{ "title": "Two" }] } })),
            }
        }
    };
    let search = async |term| Stub::new(hits(term)).await.wiki.search(&acme(), &admin(), term).await;
    assert_eq!(search("ends").await, Ok(vec!["One".to_owned(), "Two".to_owned()]));
    assert_eq!(search("loops").await, Err(DriverError::Failed("the list does not end".to_owned())));
    assert!(search("half").await.is_err());
    assert!(search("torn").await.is_err(), "neither complete nor to be continued");
}

#[tokio::test]
async fn files_that_are_gone_are_empty_and_error_pages_are_not_files() {
    let files = |kind: &'static str| {
        move |asked: &Asked| match (asked.path.as_str(), asked.field("generator")) {
            ("/f/old", _) => Reply::Raw(200, "application/octet-stream", "old".to_owned()),
            ("/f/new", _) if kind == "gone" => Reply::Raw(403, "text/html", "forbidden".to_owned()),
            ("/f/new", _) if kind == "page" => Reply::Raw(200, "text/html", "an error".to_owned()),
            ("/f/new", _) if kind == "busy" => Reply::Raw(503, "text/html", "an error".to_owned()),
            ("/f/new", _) => Reply::Raw(200, "application/octet-stream", "new".to_owned()),
            (_, "allimages") => {
                Reply::Json(json!({ "batchcomplete": true, "query": { "pages": [{ "title": "File:A b.bin",
                "imageinfo": [{ "url": if kind == "foreign" { "https://elsewhere/f/new" } else { "/f/new" } }, { "url": "/f/old" }] }] } }))
            }
            _ => Reply::Json(json!({ "batchcomplete": true, "query": { "userinfo": {} } })),
        }
    };
    let read = async |kind| Stub::new(files(kind)).await.wiki.uploads(&acme(), &admin()).await;
    let upload = |new: &'static [u8]| UploadRead {
        key: "A b.bin".to_owned(),
        versions: vec![Bytes::from_static(b"old"), Bytes::from_static(new)],
    };
    assert_eq!(read("whole").await, Ok(vec![upload(b"new")]));
    assert_eq!(read("gone").await, Ok(vec![upload(b"")]));
    for kind in ["page", "busy", "foreign"] {
        assert!(matches!(read(kind).await, Err(DriverError::Failed(_))), "{kind}");
    }
}

#[tokio::test]
async fn users_come_with_their_given_groups_and_blocks() {
    let user = |more: serde_json::Value| {
        let mut user =
            json!({ "userid": 1, "name": "Rita", "groups": ["*", "user", "reader"], "implicitgroups": ["*", "user"] });
        user.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        Reply::Json(json!({ "batchcomplete": true, "query": { "allusers": [user] } }))
    };
    for (more, blocked) in [
        (json!({}), false),
        (json!({ "blockid": 3, "blockexpiry": "infinite", "blockpartial": false }), true),
        (json!({ "blockid": 3, "blockpartial": true }), false),
    ] {
        let reply = user(more);
        let users = Stub::new(move |_| reply.clone()).await.wiki.users(&acme(), &admin()).await;
        assert_eq!(users, Ok(vec![UserRead { name: "Rita".to_owned(), groups: vec!["reader".to_owned()], blocked }]));
    }
}

#[tokio::test]
async fn access_is_what_the_wiki_does_and_not_its_status() {
    let ask = async |by: Option<&Account>, action, reply: Reply, raw: Reply| {
        let script = move |asked: &Asked| if asked.path == "/api.php" { reply.clone() } else { raw.clone() };
        Stub::new(script).await.wiki.access(&acme(), by, action, "Known").await
    };
    let html = || Reply::Raw(200, "text/html", "Permission error".to_owned());
    let source = || Reply::Raw(200, "text/x-wiki", "text".to_owned());
    let denied = || api_error("readapidenied");
    assert_eq!(ask(None, AccessAction::Read, denied(), html()).await, Ok(false));
    assert_eq!(ask(None, AccessAction::Read, denied(), source()).await, Ok(true), "the other way in is open");
    assert_eq!(ask(None, AccessAction::Read, page("text"), html()).await, Ok(true));
    assert!(ask(None, AccessAction::Read, Reply::Raw(503, "text/html", String::new()), html()).await.is_err());
    let unchanged = Reply::Json(json!({ "edit": { "result": "Success", "nochange": true } }));
    assert_eq!(ask(Some(&admin()), AccessAction::Edit, unchanged, html()).await, Ok(true));
    assert_eq!(ask(Some(&admin()), AccessAction::EditProtected, api_error("protectedpage"), html()).await, Ok(false));
    assert_eq!(ask(Some(&account("wrong")), AccessAction::Read, page("text"), html()).await, Ok(false), "no login");
    let open = ask(Some(&account("wrong")), AccessAction::Read, page("text"), source()).await;
    assert_eq!(open, Ok(false), "what a stranger may read says nothing of an account that is not let in");
    assert!(ask(Some(&admin()), AccessAction::Edit, api_error("internal_api_error"), html()).await.is_err());
}

/// A wiki with one page and one file; `flaw` is what is wrong with it.
fn wiki(flaw: &'static str) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    move |asked| {
        if asked.path == "/f" {
            return Reply::Raw(200, "application/octet-stream", if flaw == "file" { "?" } else { "bytes" }.to_owned());
        }
        match (asked.field("action"), asked.field("assert"), asked.field("titles")) {
            ("query", "anon", _) if flaw != "stranger" => api_error("readapidenied"),
            ("query", "user", "Known|File:F.bin") => Reply::Json(json!({ "batchcomplete": true, "query": {
                "search": if flaw == "search" { json!([]) } else { json!([{ "title": "Known" }]) },
                "pages": [{ "title": "File:F.bin", "imageinfo": [{ "url": "/f" }] },
                    { "title": "Known", "revisions": [{ "slots": { "main": { "content": if flaw == "page" { "?" } else { "text" } } } }] }],
            } })),
            ("edit", _, _) if flaw == "write" => Reply::Silence,
            ("edit", _, _) => Reply::Json(json!({ "edit": { "result": "Success", "title": "Page", "newrevid": 7 } })),
            _ => page("text"),
        }
    }
}

#[tokio::test]
async fn a_full_probe_notices_each_flaw() {
    let mut probe = FullProbe {
        account: admin(),
        page: ("Known".to_owned(), checksum(b"text")),
        upload: ("F.bin".to_owned(), checksum(b"bytes")),
        word: "decoy".to_owned(),
        write: Some(Write { kind: WriteKind::Probe, ..creation() }),
        fresh: false,
    };
    let not_sent = Some(WriteResult::Fail { why: "not sent: the probe had failed before".to_owned() });
    let written = Some(WriteResult::Ok { revision: "7".to_owned() });
    for (flaw, look, result) in [
        ("none", Ok(()), written.clone()),
        ("page", Err("page text differs"), not_sent.clone()),
        ("file", Err("file differs"), not_sent.clone()),
        ("search", Err("search finds nothing"), not_sent.clone()),
        ("stranger", Err("a stranger may read"), not_sent),
        ("write", Err("timed out"), Some(WriteResult::Info { why: "timed out".to_owned() })),
    ] {
        let stub = Stub::new(wiki(flaw)).await;
        assert_eq!(stub.wiki.full(&acme(), &probe).await, (look.map_err(str::to_owned), result), "{flaw}");
    }
    probe.fresh = true;
    let stub = Stub::new(wiki("none")).await;
    assert_eq!(stub.wiki.full(&acme(), &probe).await.0, Ok(()));
    assert_eq!(stub.wiki.full(&acme(), &probe).await.0, Ok(()));
    assert_eq!(stub.count("login"), 2);
    probe.write = Some(Write { body: Body::Text("another".to_owned()), ..creation() });
    let (look, result) = stub.wiki.full(&acme(), &probe).await;
    assert_eq!((look, result), (Err("the write reads back different".to_owned()), written));
}

fn mark() -> Token {
    "EFX".parse().expect("short enough")
}
