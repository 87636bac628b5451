//! One account's session with one tenant's wiki: its cookies, its tokens, and the new login when they have expired.

use super::answer::{CallError, call, part};
use super::login::Login;
use crate::workload::Account;
use reqwest::multipart::Form;
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Name and value.
pub(super) type Param<'a> = (&'a str, &'a str);

/// What is asked of every call.
pub(super) const FORMAT: [Param<'static>; 2] = [("format", "json"), ("formatversion", "2")];

/// Tokens that a wiki demands with writes, by what they are good for. A stranger's are all `+\`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Tokens {
    #[serde(rename = "csrftoken")]
    csrf: String,
    #[serde(rename = "userrightstoken")]
    rights: String,
    #[serde(rename = "createaccounttoken")]
    account: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Csrf,
    Rights,
    Account,
}

impl Tokens {
    fn get(&self, token: Token) -> &str {
        match token {
            Token::Csrf => &self.csrf,
            Token::Rights => &self.rights,
            Token::Account => &self.account,
        }
    }
}

#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    base: Url,
    api: Url,
    account: Option<Account>,
    /// `None`: a stranger.
    login: Option<Login>,
    tokens: Mutex<Option<Arc<Tokens>>>,
}

impl Session {
    /// A session that has not logged in yet; `base` is the tenant's address, `api` the path of `api.php`.
    pub(super) fn new(client: Client, base: Url, api: &str, account: Option<Account>) -> Result<Self, CallError> {
        let api = base.join(api).map_err(|_| CallError::NotSent(format!("{api:?} is no path")))?;
        let login = account.clone().map(|account| Login::new(client.clone(), api.clone(), account));
        Ok(Self { client, base, api, account, login, tokens: Mutex::default() })
    }

    pub(super) const fn base(&self) -> &Url {
        &self.base
    }

    /// The address of `index.php`, which stands next to `api.php`.
    pub(super) fn index(&self) -> Result<Url, CallError> {
        self.api.join("index.php").map_err(|_| CallError::NotSent("no path of index.php".to_owned()))
    }

    pub(super) fn is_of(&self, account: Option<&Account>) -> bool {
        self.account.as_ref() == account
    }

    /// A plain GET with the session's cookies.
    pub(super) fn get(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    /// A reading call, within `patience` instead of what the client allows.
    pub(super) async fn query(&self, params: &[Param<'_>], patience: Option<Duration>) -> Result<Value, CallError> {
        let request = || {
            let request = self.client.get(self.api.clone()).query(&FORMAT).query(&[self.assertion()]).query(params);
            match patience {
                Some(patience) => request.timeout(patience),
                None => request,
            }
        };
        let logins = self.logged_in(None).await?;
        match call(request()).await {
            Err(error) if error.session_lost() => {
                self.logged_in(Some(logins)).await?;
                call(request()).await
            }
            other => other,
        }
    }

    /// A writing call. What fails before the write itself is sent comes back as [`CallError::NotSent`].
    pub(super) async fn post(&self, token: Token, params: &[Param<'_>]) -> Result<Value, CallError> {
        self.with_token(token, |name, value| {
            let fields: Vec<Param<'_>> =
                FORMAT.iter().chain(params).copied().chain([self.assertion(), (name, value)]).collect();
            self.client.post(self.api.clone()).form(&fields)
        })
        .await
    }

    /// A writing call with a file in it. `form` makes the parts, once per attempt.
    pub(super) async fn upload(&self, form: impl Fn() -> Form) -> Result<Value, CallError> {
        self.with_token(Token::Csrf, |name, value| {
            let mut form = form();
            for (name, value) in FORMAT.into_iter().chain([self.assertion()]) {
                form = form.text(name, value);
            }
            self.client.post(self.api.clone()).multipart(form.text(name.to_owned(), value.to_owned()))
        })
        .await
    }

    /// Logs in if this session never did, or again if the `lost`-th login is no longer good. The number of the login.
    pub(super) async fn logged_in(&self, lost: Option<u64>) -> Result<u64, CallError> {
        match &self.login {
            Some(login) => login.ensure(lost).await,
            None => Ok(0),
        }
    }

    async fn with_token(
        &self,
        token: Token,
        request: impl Fn(&str, &str) -> RequestBuilder,
    ) -> Result<Value, CallError> {
        let name = if token == Token::Account { "createtoken" } else { "token" };
        let logins = self.logged_in(None).await?;
        let tokens = self.tokens(None).await?;
        match call(request(name, tokens.get(token))).await {
            // Both errors come before anything is done: the second attempt cannot be a second write.
            Err(error) if error.session_lost() => {
                if !matches!(&error, CallError::Refused { code, .. } if code == "badtoken") {
                    self.logged_in(Some(logins)).await?;
                }
                let tokens = self.tokens(Some(&tokens)).await?;
                call(request(name, tokens.get(token))).await
            }
            other => other,
        }
    }

    /// The session's tokens; new ones if those known are the `refused` ones.
    async fn tokens(&self, refused: Option<&Arc<Tokens>>) -> Result<Arc<Tokens>, CallError> {
        let mut kept = self.tokens.lock().await;
        if let Some(known) = &*kept
            && !refused.is_some_and(|refused| Arc::ptr_eq(refused, known))
        {
            return Ok(Arc::clone(known));
        }
        let params = [("action", "query"), ("meta", "tokens"), ("type", "csrf|userrights|createaccount")];
        let request = self.client.get(self.api.clone()).query(&FORMAT).query(&params);
        let mut answer = call(request).await.map_err(CallError::in_preparation)?;
        let tokens: Arc<Tokens> = Arc::new(part(&mut answer, "/query/tokens").map_err(CallError::in_preparation)?);
        *kept = Some(Arc::clone(&tokens));
        Ok(tokens)
    }

    /// A session that was lost must not pass for one that may not.
    fn assertion(&self) -> Param<'static> {
        ("assert", if self.login.is_some() { "user" } else { "anon" })
    }
}
