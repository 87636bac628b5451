//! Journals each write before it leaves and after its answer is parsed.
//!
//! A write whose end is missing (the drill was cancelled in between) is as unknown as one that timed out.

use super::key::RunKey;
use crate::clock::DrillTime;
use crate::ids::{RunId, Tenant};
pub use crate::journal::TOKEN_HERE as HERE;
use crate::journal::{
    Checksum, Event, Token, WriteError, WriteInvoked, WriteKind, WriteResult, Writer, checksum, token,
};
use crate::workload::{Account, Body, Driver, Write};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The ledger of one run; clones share it.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    journal: Writer,
    key: RunKey,
    run: RunId,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    write: u64,
    seq: BTreeMap<(Tenant, String), u64>,
}

/// What shall be written; `key` may hold [`HERE`] for the write's own token.
#[derive(Debug, Clone, Copy)]
pub struct Intent<'a> {
    /// Part of the harness; the order of its writes is that of their `seq`.
    pub writer: &'a str,
    pub drill: DrillTime,
    pub kind: WriteKind,
    pub key: &'a str,
}

/// A write that stands in the journal and has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a write that is never ended counts as unknown"]
pub struct Invoked {
    pub id: u64,
    pub write: Write,
    /// SHA-256 of the body; `None` where nothing has a body.
    pub sha256: Option<Checksum>,
}

/// A write that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub id: u64,
    pub kind: WriteKind,
    /// The key as it was sent, with the token in the place of [`HERE`].
    pub key: String,
    pub token: Token,
    pub sha256: Option<Checksum>,
    pub result: WriteResult,
}

impl Ledger {
    #[must_use]
    pub fn new(journal: Writer, key: RunKey, run: RunId) -> Self {
        Self { inner: Arc::new(Inner { journal, key, run, counts: Mutex::default() }) }
    }

    /// Counts on from the writes among these events of the run that this one continues.
    pub fn resume<'e>(&self, past: impl Iterator<Item = &'e Event>) {
        let mut counts = self.inner.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for event in past {
            let Event::WriteInvoked(invoked) = event else { continue };
            counts.write = counts.write.max(invoked.write + 1);
            let next = counts.seq.entry((invoked.tenant.clone(), invoked.writer.to_string())).or_default();
            *next = (*next).max(invoked.seq + 1);
        }
    }

    /// The token of one write of this run.
    #[must_use]
    pub fn token(&self, tenant: &Tenant, writer: &str, seq: u64, kind: WriteKind, key: &str) -> Token {
        token(self.inner.key.bytes(), &self.inner.run, tenant, writer, seq, kind, key)
    }

    /// Journals that this write is about to be sent. `make_body` is given its token and must put it into the body.
    ///
    /// # Errors
    /// [`WriteError`] when the journal cannot be written: the write must not be sent.
    pub fn invoke(
        &self,
        tenant: &Tenant,
        intent: Intent<'_>,
        make_body: impl FnOnce(&str) -> Body,
    ) -> Result<Invoked, WriteError> {
        let (id, seq) = self.count(tenant, intent.writer);
        let token = self.token(tenant, intent.writer, seq, intent.kind, intent.key);
        let key = intent.key.replace(HERE, &token);
        let body = make_body(&token);
        let (sha256, group, to) = describe(&body);
        self.inner.journal.write(Event::WriteInvoked(WriteInvoked {
            write: id,
            drill: intent.drill,
            tenant: tenant.clone(),
            writer: intent.writer.into(),
            seq,
            kind: intent.kind,
            key: key.as_str().into(),
            token,
            sha256,
            group,
            to,
        }))?;
        Ok(Invoked { id, write: Write { kind: intent.kind, key, body, token }, sha256 })
    }

    /// Journals how a write ended.
    ///
    /// # Errors
    /// [`WriteError`] when the journal cannot be written.
    pub fn end(&self, invoked: Invoked, result: WriteResult) -> Result<Written, WriteError> {
        self.inner.journal.write(Event::WriteEnded { write: invoked.id, result: result.clone() })?;
        let Invoked { id, write: Write { kind, key, token, body: _ }, sha256 } = invoked;
        Ok(Written { id, kind, key, token, sha256, result })
    }

    /// One write from beginning to end. Its result is in the answer: a refused write is no error.
    ///
    /// # Errors
    /// [`WriteError`] when the journal cannot be written.
    pub async fn write(
        &self,
        driver: &dyn Driver,
        tenant: &Tenant,
        by: &Account,
        intent: Intent<'_>,
        make_body: impl FnOnce(&str) -> Body + Send,
    ) -> Result<Written, WriteError> {
        let invoked = self.invoke(tenant, intent, make_body)?;
        let result = driver.write(tenant, by, &invoked.write).await;
        self.end(invoked, result)
    }

    /// The next id of a write and the next `seq` of this tenant and writer, both from 0.
    fn count(&self, tenant: &Tenant, writer: &str) -> (u64, u64) {
        let mut counts = self.inner.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let id = counts.write;
        counts.write += 1;
        let next = counts.seq.entry((tenant.clone(), writer.to_owned())).or_default();
        let seq = *next;
        *next += 1;
        (id, seq)
    }
}

/// SHA-256, groups and new title, as the journal has them.
fn describe(body: &Body) -> (Option<Checksum>, Option<String>, Option<String>) {
    match body {
        Body::Nothing => (None, None, None),
        Body::Text(text) => (Some(checksum(text.as_bytes())), None, None),
        Body::Content(content) => (Some(checksum(content)), None, None),
        Body::Title(to) => (None, None, Some(to.clone())),
        Body::Group(group) => (None, Some(group.clone()), None),
        Body::NewUser { password: _, groups } => (None, Some(groups.join(",")), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::workload::fake::{Fake, Scratch};
    use std::collections::BTreeSet;

    fn intent<'a>(key: &'a str, writer: &'a str, kind: WriteKind) -> Intent<'a> {
        Intent { writer, drill: DrillTime::from_unix(0), kind, key }
    }

    #[tokio::test]
    async fn a_write_is_journalled_before_it_is_sent() {
        let scratch = Scratch::new();
        let (ledger, driver) = (scratch.ledger(), Fake::new());
        let path = scratch.path();
        driver.on_write(move |write| {
            let text = std::fs::read_to_string(&path).expect("a journal");
            let last = text.lines().last().expect("a line");
            assert!(last.contains("write-invoked") && last.contains(write.token.as_str()), "{last}");
        });
        let by = driver.admin();
        let written = ledger
            .write(&driver, &scratch.acme(), &by, intent("Seite {token}", "w", WriteKind::Create), |token| {
                Body::Text(format!("text {token}"))
            })
            .await
            .expect("a journal");
        assert!(matches!(written.result, WriteResult::Ok { .. }), "{written:?}");
        assert_eq!(written.key, format!("Seite {}", written.token));
        let events = scratch.events();
        let [Event::WriteInvoked(invoked), Event::WriteEnded { write, result }] = events.as_slice() else {
            unreachable!("{events:?}");
        };
        assert_eq!((invoked.write, &invoked.token, result), (*write, &written.token, &written.result));
        assert_eq!(invoked.sha256, written.sha256);
        assert_eq!(
            ledger.token(&invoked.tenant, &invoked.writer, invoked.seq, invoked.kind, &invoked.key),
            written.token
        );
    }

    #[test]
    fn ids_are_unique_and_seq_counts_per_tenant_and_writer() {
        let scratch = Scratch::new();
        let ledger = scratch.ledger();
        let mut ids = BTreeSet::new();
        for (tenant, writer) in
            [(scratch.acme(), "a"), (scratch.acme(), "b"), (scratch.globex(), "a"), (scratch.acme(), "a")]
        {
            let invoked =
                ledger.invoke(&tenant, intent("x", writer, WriteKind::Delete), |_| Body::Nothing).expect("ok");
            ids.insert(invoked.id);
        }
        assert_eq!(ids.len(), 4);
        let seqs: Vec<_> = scratch
            .events()
            .into_iter()
            .filter_map(|event| if let Event::WriteInvoked(write) = event { Some(write.seq) } else { None })
            .collect();
        assert_eq!(seqs, [0, 0, 0, 1]);
    }

    #[test]
    fn a_continued_ledger_counts_on() {
        let scratch = Scratch::new();
        let intent = intent("x", "a", WriteKind::Delete);
        let put = |ledger: &Ledger| ledger.invoke(&scratch.acme(), intent, |_| Body::Nothing).expect("ok").id;
        let first = scratch.ledger();
        assert_eq!((put(&first), put(&first)), (0, 1));
        let next = scratch.ledger();
        next.resume(scratch.events().iter());
        assert_eq!(put(&next), 2);
        assert!(matches!(scratch.events().last(), Some(Event::WriteInvoked(write)) if write.seq == 2));
    }

    #[test]
    fn a_password_never_reaches_the_journal() {
        let scratch = Scratch::new();
        let body = Body::NewUser { password: Secret::new("hunter2".into()), groups: vec!["reader".into(), "x".into()] };
        let _invoked =
            scratch.ledger().invoke(&scratch.acme(), intent("U", "w", WriteKind::CreateUser), |_| body).expect("ok");
        let events = scratch.events();
        assert!(matches!(&events[0], Event::WriteInvoked(write) if write.group.as_deref() == Some("reader,x")));
        assert!(!std::fs::read_to_string(scratch.path()).expect("a journal").contains("hunter2"));
    }
}
