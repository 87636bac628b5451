//! The driver of MediaWiki takes the stub for a wiki, and every trouble of its programme for what it is.

use super::*;
use crate::calibrate::PROBE;
use crate::clock::{Mono, SystemClock};
use crate::journal::{WriteKind, WriteResult, checksum};
use crate::secret::Secret;
use crate::workload::{Account, Body, Door, Driver as _, FullProbe, Look, MediaWiki, Write};
use std::time::Duration;

/// More than the driver waits for.
const TOO_SLOW: Wrong = Wrong::Slow(PROBE.timeout);

struct Bed {
    stub: Stub,
    wiki: MediaWiki,
    tenant: Tenant,
}

impl Bed {
    fn new() -> Self {
        let stub = Stub::start(Arc::new(SystemClock::start())).expect("a port");
        let door = Door { address: stub.address, domain: DOMAIN.to_owned(), ca_pem: Vec::new() };
        let wiki = MediaWiki::plain(door, API.to_owned(), Duration::from_millis(600));
        Self { stub, wiki, tenant: Tenant::new("acme").expect("a name") }
    }

    fn goes_wrong(&self, wrong: Wrong) {
        let outage = Outage { from: Mono(0), to: Mono(u64::MAX), wrong };
        self.stub.play(BTreeMap::from([(self.tenant.clone(), vec![outage])]));
    }

    async fn light(&self) -> Look {
        self.wiki.light(&self.tenant, &account(), PAGE, checksum(TEXT.as_bytes())).await
    }

    async fn full(&self) -> (Look, Option<WriteResult>) {
        let body = Body::Text("DRILL ÜBUNG & more\n\n+".to_owned());
        let write = Write {
            kind: WriteKind::Probe,
            key: "Probe 1".to_owned(),
            body,
            token: "EFX".parse().expect("short enough"),
        };
        let probe = FullProbe {
            account: account(),
            page: (PAGE.to_owned(), checksum(TEXT.as_bytes())),
            upload: (FILE.to_owned(), checksum(CONTENT.as_bytes())),
            word: WORD.to_owned(),
            write: Some(write),
            fresh: true,
        };
        self.wiki.full(&self.tenant, &probe).await
    }
}

fn account() -> Account {
    Account { name: "Editor".to_owned(), password: Secret::new("any".to_owned()) }
}

#[tokio::test]
async fn without_a_programme_every_look_is_good() {
    let bed = Bed::new();
    for revision in ["1", "2"] {
        assert_eq!(bed.full().await, (Ok(()), Some(WriteResult::Ok { revision: revision.to_owned() })));
        assert_eq!(bed.light().await, Ok(()));
    }
}

#[tokio::test]
async fn every_trouble_is_noticed_as_what_it_is() {
    for (wrong, why) in [
        (Wrong::Unavailable, "HTTP 503"),
        (Wrong::Closed, "connection lost"),
        (Wrong::Silent, "timed out"),
        (TOO_SLOW, "timed out"),
        (Wrong::ErrorPage, "not an answer of the API but \"text/html\""),
        (Wrong::Redirect, "HTTP 302: sent on to another.stub.example"),
    ] {
        let bed = Bed::new();
        assert_eq!(bed.light().await, Ok(()));
        bed.goes_wrong(wrong);
        let look = bed.light().await;
        assert!(look.as_ref().is_err_and(|said| said.contains(why)), "{wrong:?}: {look:?}");
        assert!(bed.full().await.0.is_err(), "{wrong:?}");
        assert!(wrong.is_outage());
    }
}

#[tokio::test]
async fn slow_answers_that_come_in_time_are_good() {
    let (bed, slow) = (Bed::new(), Wrong::Slow(Duration::from_millis(100)));
    bed.goes_wrong(slow);
    assert_eq!(bed.light().await, Ok(()));
    assert!(!slow.is_outage());
}

/// A half-open connection that a new login waits for must not hold up those who have a session.
#[tokio::test]
async fn a_login_that_hangs_keeps_nobody_else_out() {
    let bed = Bed::new();
    assert_eq!(bed.light().await, Ok(()));
    let now = bed.stub.farm.clock.mono();
    let outage = Outage { from: now, to: now.plus(Duration::from_millis(200)), wrong: Wrong::Silent };
    bed.stub.play(BTreeMap::from([(bed.tenant.clone(), vec![outage])]));
    let (full, light) = tokio::join!(bed.full(), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        bed.light().await
    });
    assert!(full.0.is_err(), "it began in the outage: {full:?}");
    assert_eq!(light, Ok(()), "it began after the outage");
}
