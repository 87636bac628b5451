//! A request as a stand-in for an application reads it: just enough of HTTP/1.1 for the tests' stub and for the calibration's.

use std::collections::HashMap;
use std::fmt::Write as _;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;

/// A request, its query and form fields merged; an upload's body is kept raw under `body`.
#[derive(Debug, Default)]
pub struct Asked {
    pub path: String,
    /// Names in lower case.
    headers: HashMap<String, String>,
    fields: HashMap<String, String>,
}

impl Asked {
    /// The next request of a connection; `None` when there is none, or nothing that is one.
    pub async fn read(stream: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let target = line.split(' ').nth(1)?.to_owned();
        let mut headers = HashMap::new();
        loop {
            line.clear();
            stream.read_line(&mut line).await.ok()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").map_or(Some(0), |value| value.parse().ok())?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        let body = String::from_utf8_lossy(&body).into_owned();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let form = format!("http://x/?{query}&{body}");
        let mut fields: HashMap<String, String> = reqwest::Url::parse(&form).ok()?.query_pairs().into_owned().collect();
        fields.insert("body".to_owned(), body);
        Some(Self { path: path.to_owned(), headers, fields })
    }

    /// A field's value; empty when it was not sent.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// A header's value by its lower-case name; empty when it was not sent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A whole answer with its length.
#[must_use]
pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text + "\r\n" + body
}
