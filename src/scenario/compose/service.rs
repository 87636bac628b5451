//! One service of a Compose file, typed. Keys that are not read here are refused by name.

use super::super::fields::Fields;
use super::super::node::{Entry, Node, Value};
use super::super::reading::{Place, Placed, Reading, Word};
use super::super::suggest::suggest;
use super::host::{HostPath, SECRETS, host_path, refused_service_key};
use super::limits::{HealthEntry, bytes, command, health, milli_cpus};
use super::mounts::{self, MountEntry};
use super::{Declared, Scope, Setting};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct ServiceEntry {
    pub name: Word,
    pub image: Option<Word>,
    pub build: Option<BuildEntry>,
    pub command: Option<Vec<String>>,
    pub entrypoint: Option<Vec<String>>,
    pub environment: BTreeMap<String, String>,
    pub mounts: Vec<MountEntry>,
    pub networks: Vec<NetworkEntry>,
    pub health: Option<HealthEntry>,
    pub restart: Option<Word>,
    pub init: bool,
    /// Bytes.
    pub memory: Option<u64>,
    pub milli_cpus: Option<u64>,
    pub after: Vec<Word>,
    pub job: bool,
    pub user: Option<String>,
    pub working_dir: Option<String>,
    pub cap_drop: Vec<String>,
    pub stop_grace: Option<Duration>,
    /// The published container port.
    pub published: Option<u16>,
}

#[derive(Debug, Clone)]
pub struct BuildEntry {
    pub at: Place,
    /// Relative to the stack folder.
    pub context: PathBuf,
    /// Relative to the context.
    pub dockerfile: PathBuf,
    pub args: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
pub struct NetworkEntry {
    pub name: Word,
    pub aliases: Vec<String>,
}

/// `None` if it is no mapping at all; otherwise what could be read of it.
pub fn read(entry: &Entry, setting: &Setting<'_>, declared: &Declared, reading: &mut Reading) -> Option<ServiceEntry> {
    let mut fields = Fields::of(&entry.value, "a service", reading)?;
    let name = Placed { value: entry.key.clone(), at: entry.at };
    let mut list = Vec::new();
    for node in fields.get("volumes").map(|node| reading.list(node)).unwrap_or_default() {
        list.extend(mounts::volume(node, setting, declared, reading));
    }
    for node in fields.get("secrets").map(|node| reading.list(node)).unwrap_or_default() {
        list.extend(mounts::secret(node, declared, reading));
    }
    list.extend(fields.get("tmpfs").map(|node| mounts::tmpfs(node, reading)).unwrap_or_default());
    let list = mounts::latest(list);

    let service = ServiceEntry {
        image: fields.maybe_word("image", reading),
        build: fields.get("build").and_then(|node| build(node, setting, reading)),
        command: fields.get("command").and_then(|node| command(node, reading)),
        entrypoint: fields.get("entrypoint").and_then(|node| command(node, reading)),
        environment: fields.get("environment").map(|node| pairs(node, reading)).unwrap_or_default(),
        mounts: list,
        networks: networks(fields.get("networks"), &name, setting, declared, reading),
        health: fields.get("healthcheck").and_then(|node| health(node, reading)),
        restart: fields.maybe_word("restart", reading),
        init: fields.flag("init", reading),
        memory: fields.get("mem_limit").and_then(|node| bytes(node, reading)),
        milli_cpus: fields.get("cpus").and_then(|node| milli_cpus(node, reading)),
        after: fields.get("depends_on").map(|node| depends_on(node, reading)).unwrap_or_default(),
        job: fields.get("profiles").is_some_and(|node| profiles(node, reading)),
        user: fields.maybe_word("user", reading).map(|user| user.value),
        working_dir: fields.maybe_word("working_dir", reading).map(|folder| folder.value),
        cap_drop: fields.words("cap_drop", reading).into_iter().map(|word| word.value).collect(),
        stop_grace: fields.get("stop_grace_period").and_then(|node| reading.duration(node)),
        published: fields.get("ports").and_then(|node| ports(node, &name, setting, reading)),
        name,
    };
    // Tells people and linters which ports are meant; nothing depends on it.
    fields.get("expose");
    refuse(&entry.value, &mut fields, reading);
    if service.image.is_none() && fields.get("build").is_none() {
        reading.advise(entry.at, format!("the service `{}` has no image", entry.key), "add `image:` or `build:`");
    }
    fields.done(reading);
    Some(service)
}

/// Reports what is refused by name. Marks it, and what begins with `x-`, as dealt with.
fn refuse<'n>(node: &'n Node, fields: &mut Fields<'n>, reading: &mut Reading) {
    let Value::Map(entries) = &node.value else { return };
    for entry in entries {
        if let Some((why, hint)) = refused_service_key(&entry.key) {
            reading.advise(entry.at, format!("`{}` {why}", entry.key), hint);
            fields.skip(&entry.key);
        } else if entry.key.starts_with("x-") {
            fields.skip(&entry.key);
        }
    }
}

fn pairs(node: &Node, reading: &mut Reading) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in reading.map(node, "variables").unwrap_or_default() {
        if entry.value.is_null() {
            let message = format!("`{}` would take its value from the host", entry.key);
            reading.advise(entry.at, message, format!("write `{}: value`, or \"\" for an empty one", entry.key));
            continue;
        }
        let Some(word) = reading.text(&entry.value) else { continue };
        if word.value.contains(SECRETS) {
            let hint = "mount the file under `secrets`, and give the path below /run/secrets";
            reading.advise(word.at, "`${SECRETS}` is a folder of the host, unknown in the container", hint);
            continue;
        }
        found.insert(entry.key.clone(), word.value);
    }
    found
}

fn build(node: &Node, setting: &Setting<'_>, reading: &mut Reading) -> Option<BuildEntry> {
    let mut fields = Fields::of(node, "`build`", reading)?;
    let context = fields.word("context", reading);
    let dockerfile = fields.maybe_word("dockerfile", reading);
    let args = fields.get("args").map(|node| pairs(node, reading)).unwrap_or_default();
    fields.done(reading);
    if context.value.is_empty() {
        return None;
    }
    let HostPath::Stack(path) = host_path(&context, setting.ground, reading)? else {
        reading.advise(context.at, "an image must not be built from secrets", "name a folder of the stack");
        return None;
    };
    let folder = setting.ground.folder.join(&path);
    if !folder.is_dir() {
        reading.advise(context.at, format!("`{}` is no folder", context.value), "name the folder with the Dockerfile");
        return None;
    }
    let (file, at) = dockerfile.map_or_else(|| ("Dockerfile".to_owned(), context.at), |word| (word.value, word.at));
    let inside = folder.canonicalize().ok().zip(folder.join(&file).canonicalize().ok());
    match inside {
        Some((folder, file)) if file.starts_with(&folder) && file.is_file() => {}
        Some(_) => {
            reading.advise(at, format!("`{file}` is not a file in `{}`", path.display()), "keep it in the context");
            return None;
        }
        None => {
            reading.advise(at, format!("there is no `{}`", path.join(&file).display()), "name it under `dockerfile`");
            return None;
        }
    }
    Some(BuildEntry { at: context.at, context: path, dockerfile: PathBuf::from(file), args })
}

fn networks(
    node: Option<&Node>,
    service: &Word,
    setting: &Setting<'_>,
    declared: &Declared,
    reading: &mut Reading,
) -> Vec<NetworkEntry> {
    let Some(node) = node else {
        let name = Placed { value: "default".to_owned(), at: service.at };
        return vec![NetworkEntry { name, aliases: Vec::new() }];
    };
    let mut found = Vec::new();
    for entry in reading.map(node, "`networks`").unwrap_or_default() {
        let name = Placed { value: entry.key.clone(), at: entry.at };
        let known = entry.key == "default" || declared.networks.contains(&entry.key);
        if !known {
            let hint = suggest(&entry.key, declared.networks.iter().map(String::as_str));
            reading.advise(entry.at, format!("no network `{}` is declared in this file", entry.key), hint);
            continue;
        }
        if entry.key == "front" && setting.scope != Scope::Front {
            // Its declaration has been refused.
            continue;
        }
        let mut aliases = Vec::new();
        if !entry.value.is_null()
            && let Some(mut fields) = Fields::of(&entry.value, "a network of a service", reading)
        {
            for alias in fields.words("aliases", reading) {
                let right = alias.value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
                if right {
                    aliases.push(alias.value);
                } else {
                    let hint = "letters, digits, dots and hyphens";
                    reading.advise(alias.at, format!("`{}` is no name in a network", alias.value), hint);
                }
            }
            fields.done(reading);
        }
        found.push(NetworkEntry { name, aliases });
    }
    found
}

fn depends_on(node: &Node, reading: &mut Reading) -> Vec<Word> {
    let mut found = Vec::new();
    for entry in reading.map(node, "`depends_on`").unwrap_or_default() {
        if !entry.value.is_null()
            && let Some(mut fields) = Fields::of(&entry.value, "a dependency", reading)
        {
            let condition = fields.maybe_word("condition", reading);
            if let Some(condition) = condition
                && !matches!(condition.as_str(), "service_healthy" | "service_started")
            {
                let hint = "service_healthy or service_started: either waits until it is healthy";
                reading.advise(condition.at, format!("the condition `{}` is not read", condition.value), hint);
            }
            fields.done(reading);
        }
        found.push(Placed { value: entry.key.clone(), at: entry.at });
    }
    found
}

fn profiles(node: &Node, reading: &mut Reading) -> bool {
    let words = reading.words(node);
    for word in words.iter().filter(|word| word.value != "job") {
        let hint = "`job` marks a service that runs only as a one-shot";
        reading.advise(word.at, format!("there is no profile `{}`", word.value), hint);
    }
    words.iter().any(|word| word.value == "job")
}

/// The front's one port, on a free port of the loopback address.
fn ports(node: &Node, service: &Word, setting: &Setting<'_>, reading: &mut Reading) -> Option<u16> {
    let (front, port) = setting.front;
    let items = reading.list(node);
    if setting.scope != Scope::Front || service.value != front {
        let hint = format!("only `{front}` publishes one; reach this service by its network, or with exec");
        reading.advise(node.owner(), format!("`{}` publishes a port on the host", service.value), hint);
        return None;
    }
    let mut published = None;
    for item in items {
        let typed = match &item.value {
            Value::Scalar { .. } => reading.word(item)?.value,
            Value::Map(_) | Value::List(_) => {
                let mut fields = Fields::of(item, "a port", reading)?;
                let target = fields.word("target", reading).value;
                let address = fields.maybe_word("host_ip", reading).map(|word| word.value);
                fields.done(reading);
                address.map_or_else(|| target.clone(), |address| format!("{address}::{target}"))
            }
        };
        if typed == port.to_string() || typed == format!("127.0.0.1::{port}") {
            published = Some(port);
        } else {
            let hint = format!("write \"127.0.0.1::{port}\": the port on the host is chosen once per run");
            reading.advise(item.at, format!("`{typed}` is not the front's port"), hint);
        }
    }
    published
}

/// Dependencies must be services of the same file, and must not wait for each other.
pub fn check_order(services: &[ServiceEntry], reading: &mut Reading) {
    let names = || services.iter().map(|service| service.name.as_str());
    for word in services.iter().flat_map(|service| &service.after) {
        if !names().any(|name| name == word.value) {
            let hint = format!("{}; it must stand in the same file", suggest(&word.value, names()));
            reading.advise(word.at, format!("there is no service `{}`", word.value), hint);
        }
    }
    for service in services {
        let mut waiting_for: Vec<&str> = Vec::new();
        let mut next: Vec<&str> = service.after.iter().map(Word::as_str).collect();
        while let Some(name) = next.pop() {
            if !waiting_for.contains(&name) {
                waiting_for.push(name);
                let found = services.iter().filter(|service| service.name.value == name);
                next.extend(found.flat_map(|service| service.after.iter().map(Word::as_str)));
            }
        }
        if waiting_for.contains(&service.name.as_str()) {
            let hint = "take one of the dependencies away";
            reading.advise(service.name.at, format!("`{}` waits for itself", service.name.value), hint);
        }
    }
}
