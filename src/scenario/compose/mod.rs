//! The documented subset of Compose: files merged in order, variables written out, services typed, the host kept out.
//!
//! Every key that is read stands in `service`, `mounts`, `limits` or here; every other one is refused by name, with its
//! line. A file is read anew for each datacenter and tenant, because variables may stand anywhere.

mod host;
mod interpolate;
mod limits;
mod merge;
mod mounts;
mod service;

pub use host::{Ground, HostPath, SECRETS};
pub use interpolate::{Variables, interpolate_word};
pub use limits::HealthEntry;
pub use mounts::{MountEntry, MountFrom};
pub use service::{BuildEntry, NetworkEntry, ServiceEntry};

use super::fields::Fields;
use super::node::{self, Node, Value};
use super::reading::{Placed, Reading, Word};
use super::stack_file::Stack;
use super::suggest::suggest;
use std::collections::{BTreeMap, BTreeSet};

/// Which of a stack's files a service stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Belongs to no datacenter, survives.
    Front,
    /// Once per datacenter.
    Shared,
    /// Once per datacenter and tenant.
    Tenant,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Front, Self::Shared, Self::Tenant];
}

/// The files of each scope, merged, variables not yet written out.
#[derive(Debug, Clone)]
pub struct Compose {
    front: Node,
    shared: Node,
    tenant: Node,
}

/// One scope with its variables written out.
#[derive(Debug, Clone)]
pub struct ComposeFile {
    pub services: Vec<ServiceEntry>,
    pub volumes: Vec<Word>,
    /// Names of the secrets.
    pub secrets: Vec<Word>,
}

/// What is declared at the top of a file, for its services to use.
pub struct Declared {
    pub networks: BTreeSet<String>,
    pub volumes: Vec<Word>,
    /// Name, and file relative to the run's secrets folder (`None`: it was wrong, and that has been said).
    pub secrets: BTreeMap<String, Option<std::path::PathBuf>>,
}

/// What reading a file depends on.
pub struct Setting<'s> {
    pub scope: Scope,
    pub ground: &'s Ground,
    /// The front's service and its one published port.
    pub front: (&'s str, u16),
}

/// Opens, parses and merges the Compose files of a stack.
pub fn load(stack: &Stack, ground: &Ground, reading: &mut Reading) -> Option<Compose> {
    let front = files(&stack.front_files, ground, reading);
    let shared = files(&stack.shared_files, ground, reading);
    let tenant = files(&stack.tenant_files, ground, reading);
    Some(Compose { front: front?, shared: shared?, tenant: tenant? })
}

fn files(names: &[Word], ground: &Ground, reading: &mut Reading) -> Option<Node> {
    let mut merged: Option<Node> = None;
    let mut complete = true;
    for name in names {
        let path = ground.typed.join(&name.value);
        let root = reading.open(&path, Some(name.at)).and_then(|file| node::parse(file, reading));
        let Some(mut root) = root else {
            complete = false;
            continue;
        };
        if reading.map(&root, "a Compose file").is_none() {
            complete = false;
            continue;
        }
        merge::long_forms(&mut root, reading);
        merged = Some(match merged {
            Some(base) => merge::merge(base, root),
            None => root,
        });
    }
    merged.filter(|_| complete)
}

impl Compose {
    /// Reads the files of one scope with these variables.
    pub fn read(&self, setting: &Setting<'_>, variables: &Variables, reading: &mut Reading) -> ComposeFile {
        let root = match setting.scope {
            Scope::Front => &self.front,
            Scope::Shared => &self.shared,
            Scope::Tenant => &self.tenant,
        };
        let root = interpolate::interpolate_node(&without_extensions(root), variables, reading);
        let Some(mut fields) = Fields::of(&root, "a Compose file", reading) else {
            return ComposeFile { services: Vec::new(), volumes: Vec::new(), secrets: Vec::new() };
        };
        let services = fields.need("services", reading);
        let networks = fields.get("networks").map(|node| networks(node, setting, reading)).unwrap_or_default();
        let volumes = fields.get("volumes").map(|node| volumes(node, reading)).unwrap_or_default();
        let secrets = fields.get("secrets").map(|node| secrets(node, setting, reading)).unwrap_or_default();
        refuse_top_level(&root, &mut fields, reading);
        fields.done(reading);
        let names = secrets.iter().map(|(name, _)| name.clone()).collect();
        let secrets = secrets.into_iter().map(|(name, file)| (name.value, file)).collect();
        let declared = Declared { networks, volumes, secrets };
        let entries = services.and_then(|node| reading.map(node, "`services`")).unwrap_or_default();
        let services =
            entries.iter().filter_map(|entry| service::read(entry, setting, &declared, reading)).collect::<Vec<_>>();
        service::check_order(&services, reading);
        ComposeFile { services, volumes: declared.volumes, secrets: names }
    }
}

/// Without the `x-` keys at the top: their anchors are resolved by now, and variables in them mean nothing.
fn without_extensions(root: &Node) -> Node {
    let mut root = root.clone();
    if let Value::Map(entries) = &mut root.value {
        entries.retain(|entry| !entry.key.starts_with("x-"));
    }
    root
}

/// Keys at the top that are refused with a reason.
fn refuse_top_level(root: &Node, fields: &mut Fields<'_>, reading: &mut Reading) {
    const REFUSED: [(&str, &str); 4] = [
        ("name", "leave it out: everything is named by its run"),
        ("version", "leave it out: Compose itself ignores it"),
        ("include", "list the files under `compose` in stack.yaml"),
        ("configs", "mount the file read-only under `volumes` of the service"),
    ];
    for (key, hint) in REFUSED {
        if fields.get(key).is_some()
            && let Value::Map(entries) = &root.value
            && let Some(entry) = entries.iter().find(|entry| entry.key == key)
        {
            reading.advise(entry.at, format!("the key `{key}` is not in the Compose subset that is read"), hint);
        }
    }
}

fn networks(node: &Node, setting: &Setting<'_>, reading: &mut Reading) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in reading.map(node, "`networks`").unwrap_or_default() {
        let internal = options(&entry.value, "a network", &["internal"], reading);
        match entry.key.as_str() {
            "default" | "link" if internal != Some(true) => {
                let hint = format!("write `{}: {{ internal: true }}`", entry.key);
                reading.advise(entry.at, format!("the network `{}` would reach the world", entry.key), hint);
            }
            "front" if internal == Some(true) => {
                reading.advise(entry.at, "an internal network can publish no port", "write `front: {}`");
            }
            "front" if setting.scope != Scope::Front => {
                let hint = "join it in the front's Compose file; here there are `default` and `link`";
                reading.advise(entry.at, "the network `front` belongs to the front alone", hint);
            }
            "default" | "link" | "front" => {}
            other => {
                let hint = suggest(other, ["default", "link", "front"]);
                reading.advise(entry.at, format!("there is no network `{other}`"), hint);
            }
        }
        found.insert(entry.key.clone());
    }
    found
}

fn volumes(node: &Node, reading: &mut Reading) -> Vec<Word> {
    let mut found = Vec::new();
    for entry in reading.map(node, "`volumes`").unwrap_or_default() {
        options(&entry.value, "a volume", &[], reading);
        found.push(Placed { value: entry.key.clone(), at: entry.at });
    }
    found
}

/// Options of networks and volumes that are refused with a reason.
const REFUSED_OPTIONS: [(&str, &str); 5] = [
    ("external", "leave it out: each run makes its own, and removes it"),
    ("name", "leave it out: it is named by the run"),
    ("driver", "leave it out: the engine's own driver is used"),
    ("driver_opts", "leave it out: they can reach the host's disks"),
    ("ipam", "leave it out: addresses come from the harness"),
];

/// Reads the options of a network or volume, of which `flags` are allowed; the value of the first of them.
fn options(node: &Node, what: &'static str, flags: &[&'static str], reading: &mut Reading) -> Option<bool> {
    if node.is_null() {
        return None;
    }
    let mut fields = Fields::of(node, what, reading)?;
    let mut first = None;
    for flag in flags {
        first = first.or(fields.get(flag).and_then(|node| reading.flag(node)));
    }
    for (key, hint) in REFUSED_OPTIONS {
        if let Some(refused) = fields.get(key) {
            reading.advise(refused.owner(), format!("`{key}` reaches beyond this run"), hint);
        }
    }
    fields.done(reading);
    first
}

type SecretFiles = Vec<(Word, Option<std::path::PathBuf>)>;

fn secrets(node: &Node, setting: &Setting<'_>, reading: &mut Reading) -> SecretFiles {
    let mut found = Vec::new();
    for entry in reading.map(node, "`secrets`").unwrap_or_default() {
        let name = Placed { value: entry.key.clone(), at: entry.at };
        let mut file = None;
        if let Some(mut fields) = Fields::of(&entry.value, "a secret", reading) {
            for key in ["external", "environment", "name"] {
                if let Some(refused) = fields.get(key) {
                    let hint = "write `file: ${SECRETS}/...`: secrets are made for the run by the operation `secrets`";
                    reading.advise(refused.owner(), format!("`{key}` reaches beyond this run"), hint);
                }
            }
            let path = fields.need("file", reading).and_then(|node| reading.word(node));
            fields.done(reading);
            file = path.and_then(|path| match host::host_path(&path, setting.ground, reading)? {
                HostPath::Secrets(file) => Some(file),
                HostPath::Stack(_) => {
                    let hint = "write `file: ${SECRETS}/...`, filled by the operation `secrets`";
                    reading.advise(path.at, "a secret must not lie in the stack folder", hint);
                    None
                }
            });
        }
        found.push((name, file));
    }
    found
}
