//! The driver against a real wiki of the stack wiki-cloud that somebody started; for trying by hand.
//!
//! `ERNSTFALL_WIKI_PORT=... ERNSTFALL_WIKI_SECRETS=... cargo test --lib mediawiki::live -- --ignored --nocapture`, and where a
//! test asks for it: `_WORD` (a word that the search finds), `_PAGES` (how many to make), `_LOOKS` (`light:100,full:30`).

use super::*;
use crate::clock::{Clock, SystemClock};
use crate::journal::{WriteKind, checksum};
use crate::secret::Secret;
use crate::workload::{Body, pdf_text};
use std::fmt::Write as _;
use std::path::PathBuf;

const TOKEN: &str = "EFABCDEFGH234567ABCDEFGHIJKL";

fn setting(name: &str) -> String {
    std::env::var(name).expect(name)
}

struct Wiki {
    driver: MediaWiki,
    tenant: Tenant,
    admin: Account,
}

impl Wiki {
    fn of(tenant: &str, timeout: Duration) -> Self {
        let secrets = PathBuf::from(setting("ERNSTFALL_WIKI_SECRETS"));
        let read = |path: String| std::fs::read_to_string(secrets.join(path)).expect("a secret");
        let port: u16 = setting("ERNSTFALL_WIKI_PORT").parse().expect("a port");
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let ca_pem = read("tls/ca.pem".to_owned()).into_bytes();
        let door = Door { address, domain: "wiki.example".to_owned(), ca_pem };
        let password = read(format!("tenants/{tenant}/admin-password")).trim_end().to_owned();
        Self {
            driver: MediaWiki::new(door, "/api.php".to_owned(), timeout),
            tenant: Tenant::new(tenant).expect("a name"),
            admin: Account { name: "Admin".to_owned(), password: Secret::new(password) },
        }
    }

    async fn send(&self, by: &Account, kind: WriteKind, key: &str, body: Body) -> WriteResult {
        let write = Write { kind, key: key.to_owned(), body, token: TOKEN.parse().expect("a token") };
        self.driver.write(&self.tenant, by, &write).await
    }

    async fn done(&self, kind: WriteKind, key: &str, body: Body) {
        let result = self.send(&self.admin, kind, key, body).await;
        assert!(matches!(&result, WriteResult::Ok { revision } if !revision.is_empty()), "{kind:?} {key}: {result:?}");
    }

    async fn page(&self, key: &str) -> Option<PageRead> {
        let pages = self.driver.pages(&self.tenant, &self.admin).await.expect("pages");
        pages.into_iter().find(|page| page.key == key)
    }
}

fn text(content: &str) -> Body {
    Body::Text(content.to_owned())
}

fn why(result: WriteResult) -> String {
    match result {
        WriteResult::Fail { why } => why,
        WriteResult::Ok { .. } | WriteResult::Info { .. } => format!("not a fail: {result:?}"),
    }
}

#[tokio::test]
#[ignore = "needs a running wiki"]
async fn all_writes_come_back_as_they_were_sent() {
    let wiki = Wiki::of("acme", Duration::from_secs(20));
    let unique = crate::clock::unix_now();
    let name = |what: &str| format!("{what} {unique}");
    let page = name("Grüße & 東京 'quoted' \"x\"+%");

    wiki.done(WriteKind::Create, &page, text("eins\n\n  zwei ''three'' <nowiki>~~~~</nowiki> äöü 東京 🦀")).await;
    let again = wiki.send(&wiki.admin, WriteKind::Create, &page, text("again")).await;
    assert!(why(again).starts_with("articleexists"));
    wiki.done(WriteKind::Edit, &page, text(TOKEN)).await;
    let absent = wiki.send(&wiki.admin, WriteKind::Edit, &name("Nowhere"), text("x")).await;
    assert!(why(absent).starts_with("missingtitle"));
    let same = wiki.send(&wiki.admin, WriteKind::Edit, &page, text(TOKEN)).await;
    assert!(matches!(same, WriteResult::Info { .. }), "{same:?}");
    wiki.done(WriteKind::Protect, &page, Body::Nothing).await;
    let read = wiki.page(&page).await.expect("the page");
    let revisions = ["eins\n\n  zwei ''three'' <nowiki>~~~~</nowiki> äöü 東京 🦀", TOKEN];
    assert_eq!((read.revisions, read.protected), (revisions.map(str::to_owned).to_vec(), true));

    let long = name("Long");
    wiki.done(WriteKind::Create, &long, text("0")).await;
    for number in 1..6 {
        wiki.done(WriteKind::Probe, &long, text(&number.to_string())).await;
    }
    let read = wiki.page(&long).await.expect("the page");
    assert_eq!((read.revisions.join(","), read.protected), ("0,1,2,3,4,5".to_owned(), false));
    let renamed = name("Renamed");
    wiki.done(WriteKind::Rename, &long, Body::Title(renamed.clone())).await;
    assert_eq!(wiki.page(&long).await, None);
    assert_eq!(wiki.page(&renamed).await.expect("the page").revisions.len(), 6);
    wiki.done(WriteKind::Delete, &renamed, Body::Nothing).await;
    assert_eq!(wiki.page(&renamed).await, None);
    assert!(why(wiki.send(&wiki.admin, WriteKind::Delete, &long, Body::Nothing).await).starts_with("missingtitle"));

    let file = name("Datei ä") + ".bin";
    let versions = [Bytes::from(vec![0_u8; 100_000]), Bytes::from_static(b"second")];
    for version in &versions {
        wiki.done(WriteKind::Upload, &file, Body::Content(version.clone())).await;
        tokio::time::sleep(Duration::from_millis(1100)).await; // versions are told apart by the second
    }
    let spare = name("Spare") + ".txt";
    wiki.done(WriteKind::Upload, &spare, Body::Content(Bytes::from_static(b"to be deleted"))).await;
    wiki.done(WriteKind::DeleteUpload, &spare, Body::Nothing).await;
    let scripted = Body::Content(Bytes::from_static(b"<html><script>"));
    assert!(why(wiki.send(&wiki.admin, WriteKind::Upload, &file, scripted).await).starts_with("verification-error"));
    let uploads = wiki.driver.uploads(&wiki.tenant, &wiki.admin).await.expect("uploads");
    let upload = uploads.iter().find(|upload| upload.key == file).expect("the file");
    assert_eq!(upload.versions, versions);
    assert!(!uploads.iter().any(|upload| upload.key == spare));

    let account = |name: String| Account { name, password: Secret::new("a-long-password".to_owned()) };
    let (reader, editor, nobody) = (account(name("Rita")), account(name("Edi")), account(name("Nemo")));
    for (user, groups) in [(&reader, vec!["reader"]), (&editor, vec!["editor"]), (&nobody, vec![])] {
        let groups = groups.into_iter().map(str::to_owned).collect();
        wiki.done(WriteKind::CreateUser, &user.name, Body::NewUser { password: user.password.clone(), groups }).await;
    }
    let twice = Body::NewUser { password: reader.password.clone(), groups: Vec::new() };
    assert!(why(wiki.send(&wiki.admin, WriteKind::CreateUser, &reader.name, twice).await).contains("userexists"));
    wiki.done(WriteKind::Grant, &nobody.name, Body::Group("editor".to_owned())).await;
    wiki.done(WriteKind::Revoke, &nobody.name, Body::Group("editor".to_owned())).await;
    let users = wiki.driver.users(&wiki.tenant, &wiki.admin).await.expect("users");
    let groups = |name: &str| users.iter().find(|user| user.name == name).map(|user| user.groups.join(","));
    assert_eq!(groups(&reader.name).as_deref(), Some("reader"));
    assert_eq!(groups(&nobody.name).as_deref(), Some(""));
    assert!(groups("Admin").is_some_and(|groups| groups.contains("sysop")));

    let open = name("Open");
    wiki.done(WriteKind::Create, &open, text("open to editors")).await;
    let (read, edit, protected) = (AccessAction::Read, AccessAction::Edit, AccessAction::EditProtected);
    for (who, action, key, allowed) in [
        (None, read, &page, false),
        (None, edit, &open, false),
        (Some(&nobody), read, &page, false),
        (Some(&reader), read, &page, true),
        (Some(&reader), edit, &open, false),
        (Some(&editor), read, &page, true),
        (Some(&editor), edit, &open, true),
        (Some(&editor), protected, &page, false),
        (Some(&wiki.admin), edit, &open, true),
        (Some(&wiki.admin), protected, &page, true),
    ] {
        let seen = wiki.driver.access(&wiki.tenant, who, action, key).await;
        assert_eq!(seen, Ok(allowed), "{} {action:?}", who.map_or("stranger", |who| who.name.as_str()));
    }
    assert_eq!(wiki.page(&open).await.expect("the page").revisions, ["open to editors"], "trying changed it");
    wiki.done(WriteKind::Block, &editor.name, Body::Nothing).await;
    assert_eq!(wiki.driver.access(&wiki.tenant, Some(&editor), edit, &open).await, Ok(false), "blocked");
    wiki.done(WriteKind::Unblock, &editor.name, Body::Nothing).await;
    assert_eq!(wiki.driver.access(&wiki.tenant, Some(&editor), edit, &open).await, Ok(true), "let in again");
    wiki.done(WriteKind::Unprotect, &page, Body::Nothing).await;
    wiki.done(WriteKind::Protect, &page, Body::Nothing).await;
    let denied = wiki.send(&reader, WriteKind::Edit, &open, text("no")).await;
    assert!(why(denied).starts_with("permissiondenied"));
    let denied = wiki.send(&editor, WriteKind::Edit, &page, text("no")).await;
    assert!(why(denied).starts_with("protectedpage"));

    let pdf = wiki.driver.pdf(&wiki.tenant, &reader, &page).await.expect("a PDF");
    assert!(pdf_text(&pdf).expect("a text").contains(TOKEN));
    assert!(wiki.driver.pdf(&wiki.tenant, &nobody, &page).await.is_err());
}

#[tokio::test]
#[ignore = "needs a running wiki"]
async fn lists_longer_than_one_answer_are_complete() {
    let wiki = Wiki::of("globex", Duration::from_secs(20));
    let unique = crate::clock::unix_now();
    let title = |number: usize| format!("List {unique} {number:04}");
    let count: usize = setting("ERNSTFALL_WIKI_PAGES").parse().expect("a number");
    for number in 0..count {
        wiki.done(WriteKind::Create, &title(number), text(&format!("page {number} {TOKEN}"))).await;
    }
    let pages = wiki.driver.pages(&wiki.tenant, &wiki.admin).await.expect("pages");
    let found = pages.iter().filter(|page| page.key.starts_with(&format!("List {unique}"))).count();
    assert_eq!(found, count);
    assert!(pages.iter().all(|page| !page.revisions.is_empty()));
}

#[tokio::test]
#[ignore = "needs a running wiki"]
#[expect(clippy::disallowed_macros, reason = "tells what was measured")]
async fn probes_are_good_and_tell_what_they_cost() {
    let wiki = Wiki::of("acme", Duration::from_secs(5));
    let unique = crate::clock::unix_now();
    let (page, file) = (format!("Known {unique}"), format!("Known {unique}.bin"));
    wiki.done(WriteKind::Create, &page, text("known")).await;
    wiki.done(WriteKind::Upload, &file, Body::Content(Bytes::from(vec![7; 20_000]))).await;
    let mut probe = FullProbe {
        account: wiki.admin.clone(),
        page: (page.clone(), checksum(b"known")),
        upload: (file, checksum(&vec![7; 20_000])),
        word: setting("ERNSTFALL_WIKI_WORD"),
        write: None,
        fresh: false,
    };
    let clock = SystemClock::start();
    let mut told = String::new();
    for look in setting("ERNSTFALL_WIKI_LOOKS").split(',') {
        let (what, rounds) = look.split_once(':').expect("light:100,full:30,fresh:10");
        let rounds: u32 = rounds.parse().expect("a number");
        probe.fresh = what == "fresh";
        let (began, usage) = (clock.mono(), processor());
        for round in 0..rounds {
            let (tenant, by) = (&wiki.tenant, &wiki.admin);
            let look = if what == "light" {
                wiki.driver.light(tenant, by, &page, probe.page.1).await
            } else {
                let body = text(&format!("{what} {round}"));
                let key = format!("Probe {unique}");
                probe.write = Some(Write { kind: WriteKind::Probe, key, body, token: TOKEN.parse().expect("a token") });
                wiki.driver.full(tenant, &probe).await.0
            };
            assert_eq!(look, Ok(()), "{what} {round}");
        }
        let own = (processor() - usage) / f64::from(rounds);
        let each = clock.mono().since(began) / rounds;
        let _ = writeln!(told, "{what}: {each:?} each, {own:.2} ms of our own processor");
    }
    println!("{told}");
    let wrong = wiki.driver.light(&wiki.tenant, &wiki.admin, &page, checksum(b"unknown")).await;
    assert_eq!(wrong, Err("page text differs".to_owned()));
}

#[tokio::test]
#[ignore = "needs a running wiki"]
async fn a_door_with_another_authority_is_not_trusted() {
    let wiki = Wiki::of("acme", Duration::from_secs(5));
    let driver = MediaWiki::new(
        Door { ca_pem: Vec::new(), ..wiki.driver.door.clone() },
        "/api.php".to_owned(),
        Duration::from_secs(5),
    );
    let look = driver.light(&wiki.tenant, &wiki.admin, "Main Page", checksum(b"")).await;
    assert!(look.as_ref().is_err_and(|why| why.contains("certificate")), "{look:?}");
}

/// Milliseconds of processor time that this thread has used, which is all of the test's.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("a statistic");
    stat.split(' ').next().and_then(|text| text.parse::<f64>().ok()).expect("a number") / 1e6
}
