//! What an answer of `api.php` means. Every doubt ends in [`CallError::Unclear`]: unknown, never loss, never success.

use super::super::door::{Broken, broken, media_type, status_problem};
use crate::journal::WriteResult;
use crate::workload::DriverError;
use reqwest::RequestBuilder;
use serde_json::Value;

/// Why a call brought no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// The request never left.
    #[error("{0}")]
    NotSent(String),
    /// The application does not let this account in.
    #[error("login refused: {0}")]
    LoginRefused(String),
    /// A complete answer of the application, with an error in it. The status of such an answer is 200.
    #[error("{code}: {info}")]
    Refused { code: String, info: String },
    #[error("{0}")]
    Unclear(String),
}

/// Errors that MediaWiki finds out before it changes anything. All others, its own exceptions and those of extensions,
/// may come when part of the work is done.
const NOT_APPLIED: &[&str] = &[
    "articleexists",
    "assertanonfailed",
    "assertnameduserfailed",
    "assertuserfailed",
    "autoblocked",
    "badtoken",
    "blocked",
    "cantcreate",
    "cascadeprotected",
    "contenttoobig",
    "editconflict",
    "empty-file",
    "file-too-large",
    "filename-tooshort",
    "filetype-banned",
    "filetype-banned-type",
    "filetype-missing",
    "illegal-filename",
    "invalidtitle",
    "invaliduser",
    "maxlag",
    "missingparam",
    "missingtitle",
    "mustbeloggedin",
    "nosuchuser",
    "nosuchpageid",
    "notoken",
    "permissiondenied",
    "protectednamespace",
    "protectedpage",
    "protectedtitle",
    "ratelimited",
    "readapidenied",
    "readonly",
    "uploaddisabled",
    "verification-error",
    "writeapidenied",
];

/// Errors that say: this account may not.
const DENIED: &[&str] = &[
    "autoblocked",
    "blocked",
    "cascadeprotected",
    "permissiondenied",
    "protectednamespace",
    "protectedpage",
    "protectedtitle",
    "readapidenied",
    "writeapidenied",
];

impl CallError {
    /// The session, or a token of it, is no longer known: to be tried once more with a new one.
    pub(super) fn session_lost(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "assertuserfailed" || code == "badtoken")
    }

    /// The application said that this account may not do it.
    pub(super) fn denied(&self) -> bool {
        match self {
            Self::LoginRefused(_) => true,
            Self::Refused { code, .. } => DENIED.contains(&code.as_str()),
            Self::NotSent(_) | Self::Unclear(_) => false,
        }
    }

    /// A request that was only the preparation of another failed: that other was never sent.
    pub(super) fn in_preparation(self) -> Self {
        match self {
            Self::LoginRefused(_) | Self::NotSent(_) => self,
            Self::Refused { .. } | Self::Unclear(_) => Self::NotSent(format!("not logged in: {self}")),
        }
    }

    /// The same as the end of a write.
    pub(super) fn as_result(&self) -> WriteResult {
        let why = self.to_string();
        match self {
            Self::NotSent(_) | Self::LoginRefused(_) => WriteResult::Fail { why },
            Self::Refused { code, .. } if NOT_APPLIED.contains(&code.as_str()) => WriteResult::Fail { why },
            Self::Refused { .. } | Self::Unclear(_) => WriteResult::Info { why },
        }
    }
}

impl From<CallError> for DriverError {
    fn from(error: CallError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<&reqwest::Error> for CallError {
    fn from(error: &reqwest::Error) -> Self {
        match broken(error) {
            Broken::NotSent(why) => Self::NotSent(why),
            Broken::Unclear(why) => Self::Unclear(why),
        }
    }
}

/// Sends one request and demands a complete, error-free answer of the API.
pub(super) async fn call(request: RequestBuilder) -> Result<Value, CallError> {
    let response = request.send().await.map_err(|error| CallError::from(&error))?;
    if let Some(problem) = status_problem(&response) {
        return Err(CallError::Unclear(problem));
    }
    let kind = media_type(&response);
    let body = response.bytes().await.map_err(|error| unclear(CallError::from(&error)))?;
    parse(&kind, &body)
}

/// An answer has begun, so the request was sent, whatever broke then.
fn unclear(error: CallError) -> CallError {
    match error {
        CallError::NotSent(why) => CallError::Unclear(why),
        CallError::LoginRefused(_) | CallError::Refused { .. } | CallError::Unclear(_) => error,
    }
}

fn parse(kind: &str, body: &[u8]) -> Result<Value, CallError> {
    if kind != "application/json" {
        return Err(CallError::Unclear(format!("not an answer of the API but {kind:?}")));
    }
    let answer: Value = serde_json::from_slice(body).map_err(|_| CallError::Unclear("half an answer".to_owned()))?;
    let Some(error) = answer.get("error") else { return Ok(answer) };
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let info = text("info").chars().take(160).collect();
    Err(CallError::Refused { code: text("code").to_owned(), info })
}

/// Reads a part of an answer into its type; an answer without it proves nothing.
pub(super) fn part<T: serde::de::DeserializeOwned>(answer: &mut Value, pointer: &str) -> Result<T, CallError> {
    let found = answer.pointer_mut(pointer).map(Value::take).unwrap_or_default();
    serde_json::from_value(found).map_err(|_| CallError::Unclear(format!("no {pointer} in the answer")))
}

/// Whether MediaWiki means the same page, file or user: it turns underscores into spaces and raises the first letter.
pub(super) fn same_name(left: &str, right: &str) -> bool {
    canonical(left) == canonical(right)
}

fn canonical(name: &str) -> String {
    let spaced = name.replace('_', " ");
    let mut letters = spaced.trim().chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(code: &str) -> CallError {
        CallError::Refused { code: code.to_owned(), info: "why".to_owned() }
    }

    #[test]
    fn only_what_is_provably_not_applied_is_a_fail() {
        for code in ["articleexists", "permissiondenied", "readapidenied", "readonly", "protectedpage"] {
            assert!(matches!(refused(code).as_result(), WriteResult::Fail { .. }), "{code}");
        }
        for code in ["internal_api_error_DBQueryError", "editfailed", "stashfailed", "fileexists-no-change", ""] {
            assert!(matches!(refused(code).as_result(), WriteResult::Info { .. }), "{code}");
        }
        assert!(matches!(CallError::NotSent(String::new()).as_result(), WriteResult::Fail { .. }));
        assert!(matches!(CallError::Unclear(String::new()).as_result(), WriteResult::Info { .. }));
    }

    #[test]
    fn a_write_whose_login_broke_was_never_sent() {
        let error = CallError::Unclear("timed out".to_owned()).in_preparation();
        assert_eq!(error, CallError::NotSent("not logged in: timed out".to_owned()));
    }

    #[test]
    fn only_a_complete_json_answer_counts() {
        assert_eq!(parse("application/json", br#"{"a":1}"#), Ok(json!({"a": 1})));
        assert!(matches!(parse("text/html", br#"{"a":1}"#), Err(CallError::Unclear(_))));
        assert!(matches!(parse("application/json", br#"{"a":"#), Err(CallError::Unclear(_))));
        let denied = parse("application/json", br#"{"error":{"code":"readapidenied","info":"why"}}"#);
        assert_eq!(denied, Err(refused("readapidenied")));
    }

    #[test]
    fn a_part_that_is_missing_is_unclear() {
        let mut answer = json!({"edit": {"newrevid": 7}});
        assert_eq!(part::<u64>(&mut answer, "/edit/newrevid"), Ok(7));
        assert!(matches!(part::<u64>(&mut answer, "/edit/newrevid"), Err(CallError::Unclear(_))));
    }

    #[test]
    fn names_are_compared_as_mediawiki_does() {
        assert!(same_name("über_Tage", "Über Tage"));
        assert!(!same_name("Acme", "Acme prod"));
    }
}
