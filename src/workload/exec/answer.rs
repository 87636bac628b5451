//! What the program's answers mean, and the shapes that its lists come in.

use crate::journal::{Surface, WriteResult};
use crate::workload::{DriverError, PageRead, Read, UploadRead, UserRead};
use bytes::Bytes;
use data_encoding::BASE64;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One answer. Exactly one of these members stands next to the id.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    Ok(Value),
    /// Certainly not applied.
    Fail(String),
    /// Perhaps applied; also all that went wrong on the way to the program and back.
    Info(String),
    Unsupported(String),
}

/// A line of the program's stdout.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    pub id: u64,
    #[serde(flatten)]
    pub answer: Answer,
}

impl Answer {
    /// As the end of a write. The program vouches for its `ok`; naming a revision (a text or a number) is up to it.
    pub(super) fn into_result(self) -> WriteResult {
        match self {
            Self::Ok(Value::Object(done)) => match done.get("revision") {
                Some(Value::String(revision)) => WriteResult::Ok { revision: revision.clone() },
                Some(Value::Number(revision)) => WriteResult::Ok { revision: revision.to_string() },
                None => WriteResult::Ok { revision: String::new() },
                Some(_) => WriteResult::Info { why: "half an answer".to_owned() },
            },
            Self::Ok(_) => WriteResult::Info { why: "half an answer".to_owned() },
            Self::Fail(why) => WriteResult::Fail { why },
            Self::Info(why) => WriteResult::Info { why },
            Self::Unsupported(why) => WriteResult::Fail { why: format!("unsupported: {why}") },
        }
    }

    /// As the result of a read.
    pub(super) fn read<T: DeserializeOwned>(self, surface: Surface) -> Read<T> {
        match self {
            Self::Ok(found) => {
                serde_json::from_value(found).map_err(|error| DriverError::Failed(format!("half an answer: {error}")))
            }
            Self::Fail(why) | Self::Info(why) => Err(DriverError::Failed(why)),
            Self::Unsupported(why) => Err(DriverError::Unsupported(surface, why)),
        }
    }
}

pub(super) fn decode(content: &str) -> Read<Bytes> {
    let bytes = BASE64.decode(content.as_bytes());
    bytes.map(Bytes::from).map_err(|error| DriverError::Failed(format!("content is not base64: {error}")))
}

#[derive(Deserialize)]
pub(super) struct Pages {
    pages: Vec<Page>,
}

#[derive(Deserialize)]
struct Page {
    key: String,
    revisions: Vec<Revision>,
    protected: bool,
}

#[derive(Deserialize)]
struct Revision {
    body: String,
}

impl From<Pages> for Vec<PageRead> {
    fn from(list: Pages) -> Self {
        let read = |page: Page| PageRead {
            key: page.key,
            revisions: page.revisions.into_iter().map(|revision| revision.body).collect(),
            protected: page.protected,
        };
        list.pages.into_iter().map(read).collect()
    }
}

#[derive(Deserialize)]
pub(super) struct Uploads {
    uploads: Vec<Upload>,
}

#[derive(Deserialize)]
struct Upload {
    key: String,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    content: String,
}

impl TryFrom<Uploads> for Vec<UploadRead> {
    type Error = DriverError;

    fn try_from(list: Uploads) -> Read<Self> {
        let read = |upload: Upload| {
            let versions = upload.versions.iter().map(|version| decode(&version.content)).collect::<Read<_>>()?;
            Ok(UploadRead { key: upload.key, versions })
        };
        list.uploads.into_iter().map(read).collect()
    }
}

#[derive(Deserialize)]
pub(super) struct Users {
    users: Vec<User>,
}

#[derive(Deserialize)]
struct User {
    name: String,
    groups: Vec<String>,
    #[serde(default)]
    blocked: bool,
}

impl From<Users> for Vec<UserRead> {
    fn from(list: Users) -> Self {
        let read = |user: User| UserRead { name: user.name, groups: user.groups, blocked: user.blocked };
        list.users.into_iter().map(read).collect()
    }
}
