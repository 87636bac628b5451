//! The front door: how requests reach a tenant, and what an HTTP exchange that failed is called.
//!
//! The drivers' only way in. A host name decides the tenant, the run's own authority signs for it, and nothing of the
//! machine's settings (proxies, DNS, its list of authorities) has a say.

use crate::ids::Tenant;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Certificate, Client, Response, Url, redirect};
use std::net::SocketAddr;
use std::time::Duration;

/// Longest wait for a connection. The door is on this machine: one that takes longer is closed.
const CONNECT: Duration = Duration::from_secs(1);

/// Where the front is and how it shows that it is the right one.
#[derive(Debug, Clone)]
pub struct Door {
    /// The published port on the loopback address.
    pub address: SocketAddr,
    /// Tenant `acme` is reached as `acme.<domain>`.
    pub domain: String,
    /// The authority that signed the door's certificate: the only one that is trusted.
    pub ca_pem: Vec<u8>,
}

/// Why there is no client for a tenant: wrong settings, never the state of the stack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    #[error("the authority of the front door is not a PEM certificate: {0}")]
    Authority(String),
    #[error("no address can be made of {0:?}")]
    Address(String),
    #[error("cannot set up an HTTPS client: {0}")]
    Client(String),
}

impl Door {
    /// The tenant's host name.
    #[must_use]
    pub fn host(&self, tenant: &Tenant) -> String {
        format!("{tenant}.{}", self.domain)
    }

    /// `https://<tenant>.<domain>:<port>/`
    pub fn url(&self, tenant: &Tenant) -> Result<Url, DoorError> {
        self.url_by("https", tenant)
    }

    /// As [`Door::url`] with another scheme: the tests' stub speaks plain HTTP.
    pub(super) fn url_by(&self, scheme: &str, tenant: &Tenant) -> Result<Url, DoorError> {
        let text = format!("{scheme}://{}:{}/", self.host(tenant), self.address.port());
        Url::parse(&text).map_err(|_| DoorError::Address(text))
    }

    /// A client with an empty cookie jar of its own. It does not follow redirects: one that leads to another tenant must
    /// be noticed. `timeout` bounds a whole request, from the connection to the last byte of the answer.
    pub fn client(&self, tenant: &Tenant, timeout: Duration) -> Result<Client, DoorError> {
        let authority = if self.ca_pem.is_empty() {
            Vec::new() // nobody is trusted
        } else {
            Certificate::from_pem_bundle(&self.ca_pem).map_err(|error| DoorError::Authority(error.to_string()))?
        };
        Client::builder()
            .tls_certs_only(authority)
            .resolve(&self.host(tenant), self.address)
            .no_proxy()
            .cookie_store(true)
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT.min(timeout))
            .timeout(timeout)
            .user_agent(concat!("ernstfall/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| DoorError::Client(error.to_string()))
    }
}

/// An exchange without a usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// No connection came about: nothing of the request was sent.
    NotSent(String),
    /// Perhaps it arrived, perhaps not.
    Unclear(String),
}

/// What became of a request, in a few words.
pub(super) fn broken(error: &reqwest::Error) -> Broken {
    if error.is_connect() || error.is_builder() {
        return Broken::NotSent(if error.is_timeout() {
            "no connection in time".to_owned()
        } else {
            connection(error)
        });
    }
    Broken::Unclear(if error.is_timeout() {
        "timed out".to_owned()
    } else if error.is_body() || error.is_decode() {
        "half an answer".to_owned()
    } else {
        format!("connection lost: {}", innermost(error))
    })
}

fn connection(error: &reqwest::Error) -> String {
    let why = innermost(error);
    if why.contains("certificate") { format!("wrong certificate: {why}") } else { format!("no connection: {why}") }
}

/// The outermost error is left out: it names the address, which may carry what is the tenant's.
fn innermost(error: &reqwest::Error) -> String {
    let Some(mut inner) = std::error::Error::source(error) else { return "no cause given".to_owned() };
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// What is wrong with the status of an answer that had to be a 200.
pub(super) fn status_problem(response: &Response) -> Option<String> {
    let status = response.status();
    if status.as_u16() == 200 {
        return None;
    }
    if !status.is_redirection() {
        return Some(format!("HTTP {}", status.as_u16()));
    }
    let target = response.headers().get(reqwest::header::LOCATION).and_then(|value| value.to_str().ok());
    let host = target.and_then(|text| response.url().join(text).ok()).and_then(|url| url.host_str().map(str::to_owned));
    let own = host.is_none() || host.as_deref() == response.url().host_str();
    Some(match host {
        Some(host) if !own => format!("HTTP {}: sent on to {host}", status.as_u16()),
        Some(_) | None => format!("HTTP {}: sent elsewhere", status.as_u16()),
    })
}

/// The media type of an answer, without parameters, in lower case; empty when there is none.
pub(super) fn media_type(response: &Response) -> String {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(ca_pem: &[u8]) -> Door {
        let address = SocketAddr::from(([127, 0, 0, 1], 9));
        Door { address, domain: "wiki.example".to_owned(), ca_pem: ca_pem.to_vec() }
    }

    #[test]
    fn the_host_name_decides_the_tenant() {
        let tenant = Tenant::new("acme-prod").expect("a name");
        assert_eq!(door(b"").url(&tenant).expect("an address").as_str(), "https://acme-prod.wiki.example:9/");
    }

    #[test]
    fn an_authority_that_is_none_is_refused() {
        let tenant = Tenant::new("acme").expect("a name");
        let torn = b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
        assert!(door(torn).client(&tenant, CONNECT).is_err());
    }

    #[tokio::test]
    async fn a_closed_door_means_that_nothing_was_sent() {
        let tenant = Tenant::new("acme").expect("a name");
        let free = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let door = Door { address, ..door(b"") };
        let client = door.client(&tenant, CONNECT).expect("a client");
        let error = client.get(door.url(&tenant).expect("an address")).send().await.expect_err("nobody listens");
        assert!(matches!(broken(&error), Broken::NotSent(_)), "{error:?}");
    }
}
