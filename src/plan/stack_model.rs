//! The stack in a plan: datacenters, services, images, the backup policy and the operator's commands, all written out.

use super::declared::{VaultPlain, Volatile};
use super::model::Text;
use crate::clock::DrillTime;
use crate::ids::{Datacenter, Service, Tenant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The system under test, with every service written out for every datacenter and tenant it can run for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StackPlan {
    pub name: String,
    pub title: Text,
    pub test_object: TestObject,
    pub domain: String,
    pub primary: Datacenter,
    pub mirror: Datacenter,
    pub datacenters: BTreeMap<Datacenter, DatacenterPlan>,
    /// Allowed countries and seats, ISO 3166, `EU` written out.
    pub residency: Residency,
    pub front: FrontPlan,
    pub services: Vec<ServicePlan>,
    pub images: BTreeMap<String, ImagePlan>,
    pub protection: BTreeMap<String, Protection>,
    pub driver: Driver,
    pub access: Vec<AccessRule>,
    pub policy: Policy,
    /// Files of the vaults that need not look like ciphertext.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vault_plain: Vec<VaultPlain>,
    /// What no fingerprint covers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volatile: Vec<Volatile>,
    pub operations: BTreeMap<Operation, Vec<Command>>,
}

/// What the drill is carried out on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestObject {
    Model,
    StagingCopy,
    RealBackups,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Primary,
    Mirror,
    Spare,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatacenterPlan {
    pub role: Role,
    pub country: String,
    pub provider: String,
    pub seat: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Residency {
    pub countries: Vec<String>,
    pub seats: Vec<String>,
}

/// The published port: TLS, the host name decides the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrontPlan {
    pub service: Service,
    pub port: u16,
}

/// Which container is meant: a front service has no datacenter, a shared one has no tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceKey {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<Datacenter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Tenant>,
    pub service: Service,
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(datacenter) = &self.datacenter {
            write!(f, "{datacenter}/")?;
        }
        if let Some(tenant) = &self.tenant {
            write!(f, "{tenant}/")?;
        }
        write!(f, "{}", self.service)
    }
}

/// One container, as it will be created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServicePlan {
    pub key: ServiceKey,
    /// Key into [`StackPlan::images`].
    pub image: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    pub mounts: Vec<Mount>,
    pub networks: Vec<Attachment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    pub restart: RestartPolicy,
    pub init: bool,
    /// Memory limit in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// CPU limit in thousandths of a core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milli_cpus: Option<u64>,
    /// Services of the same scope that must be healthy before this one starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Service>,
    /// Runs only as a one-shot (`profiles: [job]`).
    pub job: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cap_drop: Vec<String>,
    #[serde(default, with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    pub stop_grace: Option<Duration>,
    /// Container port published on the loopback address: the front's only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    pub source: MountSource,
    pub target: String,
    pub read_only: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MountSource {
    /// A named volume of this datacenter (and tenant, if the file is a tenant's).
    Volume(VolumeKey),
    /// A path relative to the stack folder (or, through `shares`, to a sibling of it).
    Stack(PathBuf),
    /// A path relative to the run's secrets folder.
    Secrets(PathBuf),
    Tmpfs,
}

/// Which volume is meant, like [`ServiceKey`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VolumeKey {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<Datacenter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Tenant>,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub network: NetworkKey,
    pub aliases: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKey {
    /// The internal network of a datacenter.
    Datacenter(Datacenter),
    /// Joins the vaults and the mirror job; internal.
    Link,
    /// Where the published port is.
    Front,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// As Docker takes it: `CMD` or `CMD-SHELL` first.
    pub test: Vec<String>,
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    pub retries: u32,
    #[serde(with = "humantime_serde")]
    pub start_period: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    No,
    Always,
    OnFailure,
    UnlessStopped,
}

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImagePlan {
    /// Used as it is; pulled if absent.
    Named(String),
    Build {
        /// Relative to the stack folder.
        context: PathBuf,
        dockerfile: PathBuf,
        args: BTreeMap<String, String>,
        /// SHA-256 over context, Dockerfile and arguments: the tag of the image.
        content: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    BackedUp(String),
    Rebuildable(String),
    Escrow(String),
}

/// The application driver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    Mediawiki { api: String },
    Exec { service: Service, run: Vec<String> },
}

/// A row of the role matrix; what is not listed must be refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRule {
    pub who: Who,
    pub may: Vec<AccessAction>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// Nobody is logged in.
    Stranger,
    Reader,
    Editor,
    Admin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessAction {
    Read,
    Edit,
    EditProtected,
}

/// The backup policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Minute of the hour of the hourly generation.
    pub hourly_minute: u8,
    pub hourly_keep: u32,
    /// Seconds after midnight (UTC) of the daily generation.
    pub daily_at: u32,
    pub daily_keep: u32,
    /// Seconds after midnight (UTC) of the mirror run.
    pub mirror_at: u32,
}

/// The operator's commands that a stack declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    Secrets,
    Install,
    Backup,
    Mirror,
    Retention,
    Snapshots,
    Reindex,
    DeleteTenant,
    Inventory,
    KeyTrial,
    SideRestore,
    SideRemove,
    Fingerprint,
    /// Damages pages of a tenant's tables; like [`Self::Integrity`] while the server is down.
    Corrupt,
    Integrity,
    /// Replaces texts of a tenant in the running database, as a wrong `UPDATE` does.
    Overwrite,
    /// Counts such texts.
    Overwritten,
    Monitor,
}

/// One command in one container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    pub at: ServiceKey,
    /// The tenant it works for; a shared service may work for one, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Tenant>,
    /// Arguments; `${TAG}`, `${TIME}` and `${VAULT}` are still to be filled in.
    pub run: Vec<String>,
    #[serde(with = "humantime_serde")]
    pub deadline: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tag {
    Hourly,
    Daily,
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hourly => "hourly",
            Self::Daily => "daily",
        })
    }
}

/// One backup of all tenants at one drill time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Generation {
    pub time: DrillTime,
    pub tag: Tag,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.tag, self.time)
    }
}
