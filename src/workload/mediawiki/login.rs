//! Getting into a wiki: one login at a time for each session, shared by all who wait for it.

use super::answer::{CallError, call, part, same_name};
use super::session::FORMAT;
use crate::workload::Account;
use reqwest::{Client, Url};
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

type Outcome = Result<u64, CallError>;

#[derive(Debug)]
pub(super) struct Login {
    client: Client,
    api: Url,
    account: Account,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// How many logins succeeded, and how many were tried.
    done: AtomicU64,
    tried: AtomicU64,
    /// What became of the last one.
    last: Arc<Mutex<Option<Outcome>>>,
}

impl Shared {
    /// The number of the login that is good as far as is known.
    fn good(&self, lost: Option<u64>) -> Option<u64> {
        let done = self.done.load(Ordering::SeqCst);
        (done > 0 && lost != Some(done)).then_some(done)
    }
}

impl Login {
    pub(super) fn new(client: Client, api: Url, account: Account) -> Self {
        Self { client, api, account, shared: Arc::default() }
    }

    /// Logs in if nobody did yet, or again if the `lost`-th login is no longer good. The number of the login.
    ///
    /// An attempt goes on when the probe that began it has run out of time, and those who waited meanwhile take its
    /// outcome. Otherwise, after a long silence, each of a queue of probes would have only the rest of its time for a
    /// login of its own, and none would ever succeed.
    pub(super) async fn ensure(&self, lost: Option<u64>) -> Outcome {
        if let Some(good) = self.shared.good(lost) {
            return Ok(good);
        }
        let tried = self.shared.tried.load(Ordering::SeqCst);
        let mut newest = Arc::clone(&self.shared.last).lock_owned().await;
        if let Some(good) = self.shared.good(lost) {
            return Ok(good);
        }
        if let Some(outcome) = &*newest
            && self.shared.tried.load(Ordering::SeqCst) != tried
        {
            return outcome.clone();
        }
        let (client, api, account) = (self.client.clone(), self.api.clone(), self.account.clone());
        let shared = Arc::clone(&self.shared);
        let attempt = tokio::spawn(async move {
            let outcome = match log_in(&client, &api, &account).await {
                Ok(()) => Ok(shared.done.fetch_add(1, Ordering::SeqCst) + 1),
                Err(error) => Err(error.in_preparation()),
            };
            shared.tried.fetch_add(1, Ordering::SeqCst);
            *newest = Some(outcome.clone());
            outcome
        });
        attempt.await.unwrap_or_else(|_| Err(CallError::NotSent("the login was given up".to_owned())))
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    result: String,
    reason: Option<String>,
    #[serde(rename = "lgusername")]
    name: Option<String>,
}

async fn log_in(client: &Client, api: &Url, account: &Account) -> Result<(), CallError> {
    let params = [("action", "query"), ("meta", "tokens"), ("type", "login")];
    let mut answer = call(client.get(api.clone()).query(&FORMAT).query(&params)).await?;
    let token: String = part(&mut answer, "/query/tokens/logintoken")?;
    let fields = [
        ("action", "login"),
        ("lgname", account.name.as_str()),
        ("lgpassword", account.password.expose().as_str()),
        ("lgtoken", token.as_str()),
    ];
    let mut answer = call(client.post(api.clone()).query(&FORMAT).form(&fields)).await?;
    let login: Answer = part(&mut answer, "/login")?;
    match (login.result.as_str(), login.name) {
        ("Success", Some(name)) if same_name(&name, &account.name) => Ok(()),
        ("Success", _) => Err(CallError::Unclear("logged in as somebody else".to_owned())),
        ("Failed" | "WrongPass" | "NotExists" | "WrongPluginPass", _) => {
            Err(CallError::LoginRefused(login.reason.unwrap_or(login.result)))
        }
        _ => Err(CallError::Unclear(format!("login: {}", login.result))),
    }
}
