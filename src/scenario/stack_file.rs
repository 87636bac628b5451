//! `stack.yaml` as it was typed: what Compose has no word for.

use super::fields::Fields;
use super::node::{Entry, Node};
use super::reading::{Placed, Reading, Word};
use super::runbook_file::{CommandEntry, commands};
use super::scenario_file::{Title, title};
use super::suggest::suggest;

#[derive(Debug, Clone)]
pub struct Stack {
    pub name: Word,
    pub title: Title,
    pub test_object: Word,
    pub shares: Vec<Word>,
    pub domain: Word,
    pub datacenters: Placed<Vec<DatacenterEntry>>,
    /// Allowed countries and seats of providers.
    pub countries: Vec<Word>,
    pub seats: Vec<Word>,
    /// Compose files: of the front, of what the tenants share, of one tenant.
    pub front_files: Vec<Word>,
    pub shared_files: Vec<Word>,
    pub tenant_files: Vec<Word>,
    pub standby: Vec<Word>,
    pub front: FrontEntry,
    pub volumes: Vec<ProtectionEntry>,
    pub secrets: Vec<ProtectionEntry>,
    pub driver: DriverEntry,
    pub access: Vec<AccessEntry>,
    pub policy: PolicyEntry,
    pub operations: Placed<Vec<OperationEntry>>,
    pub volatile: Vec<VolatileEntry>,
    /// The server that the faults `database-corruption` and `rows-overwritten` damage.
    pub database: Option<DatabaseEntry>,
    /// Files of sabotages that fit this stack, relative to its folder.
    pub sabotages: Vec<Word>,
}

#[derive(Debug, Clone)]
pub struct DatacenterEntry {
    pub name: Word,
    pub role: Word,
    pub country: Word,
    pub provider: Word,
    pub seat: Word,
}

#[derive(Debug, Clone)]
pub struct FrontEntry {
    pub service: Word,
    pub port: u16,
}

/// The database server that the tenants share, and the services whose caches would hide what happened to its files.
#[derive(Debug, Clone)]
pub struct DatabaseEntry {
    pub service: Word,
    pub caches: Vec<Word>,
}

/// How a volume or secret comes back: `how` is `backed-up`, `rebuildable` or `escrow`.
#[derive(Debug, Clone)]
pub struct ProtectionEntry {
    pub name: Word,
    pub how: Word,
    pub why: String,
}

#[derive(Debug, Clone)]
pub enum DriverEntry {
    Mediawiki {
        api: Word,
    },
    Exec {
        service: Word,
        run: Vec<Word>,
    },
    /// It was wrong, and that has been said.
    Unknown,
}

#[derive(Debug, Clone)]
pub struct AccessEntry {
    pub who: Word,
    pub may: Vec<Word>,
}

/// Times of day as (hour, minute).
#[derive(Debug, Clone)]
pub struct PolicyEntry {
    pub hourly_minute: u8,
    pub hourly_keep: u32,
    pub daily_at: (u8, u8),
    pub daily_keep: u32,
    pub mirror_at: Placed<(u8, u8)>,
    pub plain: Vec<PlainEntry>,
}

/// Files of a vault that are no ciphertext, and why.
#[derive(Debug, Clone)]
pub struct PlainEntry {
    pub path: Word,
    pub because: Word,
}

/// A table, or a column of one, that changes by itself, and why.
#[derive(Debug, Clone)]
pub struct VolatileEntry {
    pub table: Word,
    pub because: Word,
}

#[derive(Debug, Clone)]
pub struct OperationEntry {
    pub name: Word,
    pub commands: Vec<CommandEntry>,
}

pub fn read(root: &Node, reading: &mut Reading) -> Option<Stack> {
    let mut fields = Fields::of(root, "a stack", reading)?;
    let at = fields.owner();
    reading.version(&mut fields);
    let name = fields.word("name", reading);
    let title = title(&mut fields, reading);
    let test_object = fields.word("test-object", reading);
    let shares = fields.words("shares", reading);
    let domain = fields.word("domain", reading);
    let datacenters = fields.need("datacenters", reading);
    let datacenters = datacenters.map(|node| Placed { value: datacenters_of(node, reading), at: node.owner() });
    let residency = fields.need("residency", reading).and_then(|node| residency(node, reading));
    let compose = fields.need("compose", reading).and_then(|node| compose(node, reading));
    let standby = fields.words("standby", reading);
    let front = fields.need("front", reading).and_then(|node| front(node, reading));
    let protection = fields.need("protection", reading).and_then(|node| protection(node, reading));
    let driver = fields.need("driver", reading).and_then(|node| driver(node, reading));
    let access = fields.need("access", reading).map(|node| access(node, reading)).unwrap_or_default();
    let policy = fields.need("backup", reading).and_then(|node| policy(node, reading));
    let operations = fields.need("operations", reading);
    let operations = operations.map(|node| Placed { value: operations_of(node, reading), at: node.owner() });
    let volatile = fields.get("volatile").map(|node| volatile(node, reading)).unwrap_or_default();
    let database = fields.get("database").and_then(|node| database(node, reading));
    let sabotages = fields.words("sabotages", reading);
    fields.done(reading);

    // Without these there is nothing to go on with; that they are missing has been said.
    let (datacenters, operations) = (datacenters?, operations?);
    let [front_files, shared_files, tenant_files] = compose?;
    let (countries, seats) = residency.unwrap_or_default();
    let (volumes, secrets) = protection?;
    let midnight = Placed { value: (0, 0), at };
    let otherwise = PolicyEntry {
        hourly_minute: 0,
        hourly_keep: 1,
        daily_at: (0, 0),
        daily_keep: 1,
        mirror_at: midnight,
        plain: Vec::new(),
    };
    Some(Stack {
        name,
        title,
        test_object,
        shares,
        domain,
        datacenters,
        countries,
        seats,
        front_files,
        shared_files,
        tenant_files,
        standby,
        front: front.unwrap_or(FrontEntry { service: Word::absent(at), port: 0 }),
        volumes,
        secrets,
        driver: driver.unwrap_or(DriverEntry::Unknown),
        access,
        policy: policy.unwrap_or(otherwise),
        operations,
        volatile,
        database,
        sabotages,
    })
}

fn key(entry: &Entry) -> Word {
    Word { value: entry.key.clone(), at: entry.at }
}

fn datacenters_of(node: &Node, reading: &mut Reading) -> Vec<DatacenterEntry> {
    let mut found = Vec::new();
    for entry in reading.map(node, "`datacenters`").unwrap_or_default() {
        let Some(mut fields) = Fields::of(&entry.value, "a datacenter", reading) else { continue };
        found.push(DatacenterEntry {
            name: key(entry),
            role: fields.word("role", reading),
            country: fields.word("country", reading),
            provider: fields.word("provider", reading),
            seat: fields.word("seat", reading),
        });
        fields.done(reading);
    }
    found
}

fn residency(node: &Node, reading: &mut Reading) -> Option<(Vec<Word>, Vec<Word>)> {
    let mut fields = Fields::of(node, "`residency`", reading)?;
    let mut list = |key| fields.need(key, reading).map(|node| reading.words(node)).unwrap_or_default();
    let found = (list("countries"), list("seats"));
    fields.done(reading);
    Some(found)
}

fn compose(node: &Node, reading: &mut Reading) -> Option<[Vec<Word>; 3]> {
    let mut fields = Fields::of(node, "`compose`", reading)?;
    let mut complete = true;
    let files = ["front", "shared", "tenant"].map(|key| {
        let Some(node) = fields.need(key, reading) else {
            complete = false;
            return Vec::new();
        };
        let words = reading.words(node);
        if words.is_empty() && complete {
            reading.advise(node.owner(), format!("`{key}` names no file"), "name at least one Compose file");
            complete = false;
        }
        words
    });
    fields.done(reading);
    complete.then_some(files)
}

fn front(node: &Node, reading: &mut Reading) -> Option<FrontEntry> {
    let mut fields = Fields::of(node, "`front`", reading)?;
    let service = fields.word("service", reading);
    let port = fields.need("port", reading).and_then(|node| reading.number(node, 1..=65535));
    fields.done(reading);
    Some(FrontEntry { service, port: u16::try_from(port.unwrap_or(0)).unwrap_or(0) })
}

fn database(node: &Node, reading: &mut Reading) -> Option<DatabaseEntry> {
    let mut fields = Fields::of(node, "`database`", reading)?;
    let found = DatabaseEntry { service: fields.word("service", reading), caches: fields.words("caches", reading) };
    fields.done(reading);
    Some(found)
}

type Protections = (Vec<ProtectionEntry>, Vec<ProtectionEntry>);

fn protection(node: &Node, reading: &mut Reading) -> Option<Protections> {
    let mut fields = Fields::of(node, "`protection`", reading)?;
    let volumes = fields.get("volumes").map(|node| protected(node, reading)).unwrap_or_default();
    let secrets = fields.get("secrets").map(|node| protected(node, reading)).unwrap_or_default();
    fields.done(reading);
    Some((volumes, secrets))
}

fn protected(node: &Node, reading: &mut Reading) -> Vec<ProtectionEntry> {
    const WAYS: [&str; 3] = ["backed-up", "rebuildable", "escrow"];
    let mut found = Vec::new();
    for entry in reading.map(node, "protection").unwrap_or_default() {
        let hint = "like `backed-up: how`, `rebuildable: from what` or `escrow: where`";
        let Some([way]) = reading.map(&entry.value, "protection") else {
            reading.advise(entry.at, format!("`{}` needs exactly one way to come back", entry.key), hint);
            found.push(ProtectionEntry { name: key(entry), how: Word::absent(entry.at), why: String::new() });
            continue;
        };
        let known = WAYS.contains(&way.key.as_str());
        if !known {
            reading.advise(way.at, format!("there is no protection `{}`", way.key), suggest(&way.key, WAYS));
        }
        let why = reading.word(&way.value).map(|word| word.value).unwrap_or_default();
        let how = if known { key(way) } else { Word::absent(way.at) };
        found.push(ProtectionEntry { name: key(entry), how, why });
    }
    found
}

fn driver(node: &Node, reading: &mut Reading) -> Option<DriverEntry> {
    let mut fields = Fields::of(node, "`driver`", reading)?;
    let mediawiki = fields.get("mediawiki");
    let exec = fields.get("exec");
    fields.done(reading);
    match (mediawiki, exec) {
        (Some(node), None) => {
            let mut fields = Fields::of(node, "`mediawiki`", reading)?;
            let api = fields.word("api", reading);
            fields.done(reading);
            if !api.value.is_empty() && !api.value.starts_with('/') {
                reading.advise(api.at, format!("`{}` is no path", api.value), "like /api.php");
            }
            Some(DriverEntry::Mediawiki { api })
        }
        (None, Some(node)) => {
            let mut fields = Fields::of(node, "`exec`", reading)?;
            let service = fields.word("service", reading);
            let run = fields.need("run", reading).map(|node| reading.words(node)).unwrap_or_default();
            fields.done(reading);
            Some(DriverEntry::Exec { service, run })
        }
        (None, None) | (Some(_), Some(_)) => {
            reading.advise(node.owner(), "a stack has one application driver", "either `mediawiki` or `exec`");
            None
        }
    }
}

fn access(node: &Node, reading: &mut Reading) -> Vec<AccessEntry> {
    let mut found = Vec::new();
    for item in reading.list(node) {
        let Some(mut fields) = Fields::of(item, "an access rule", reading) else { continue };
        let who = fields.word("who", reading);
        let may = fields.need("may", reading).map(|node| reading.words(node)).unwrap_or_default();
        fields.done(reading);
        found.push(AccessEntry { who, may });
    }
    found
}

fn policy(node: &Node, reading: &mut Reading) -> Option<PolicyEntry> {
    let mut fields = Fields::of(node, "`backup`", reading)?;
    let keep = |fields: &mut Fields<'_>, reading: &mut Reading| {
        let keep = fields.need("keep", reading).and_then(|node| reading.number(node, 1..=1000));
        u32::try_from(keep.unwrap_or(1)).unwrap_or(1)
    };
    let mut hourly = (0, 1);
    if let Some(mut inner) = fields.need("hourly", reading).and_then(|node| Fields::of(node, "`hourly`", reading)) {
        let minute = inner.need("minute", reading).and_then(|node| reading.number(node, 0..=59)).unwrap_or(0);
        hourly = (u8::try_from(minute).unwrap_or(0), keep(&mut inner, reading));
        inner.done(reading);
    }
    let mut daily = ((0, 0), 1);
    if let Some(mut inner) = fields.need("daily", reading).and_then(|node| Fields::of(node, "`daily`", reading)) {
        let at = inner.need("at", reading).and_then(|node| reading.time_of_day(node)).unwrap_or((0, 0));
        daily = (at, keep(&mut inner, reading));
        inner.done(reading);
    }
    let mut mirror = Placed { value: (23, 59), at: fields.owner() };
    if let Some(mut inner) = fields.need("mirror", reading).and_then(|node| Fields::of(node, "`mirror`", reading)) {
        if let Some(node) = inner.need("at", reading) {
            mirror = Placed { value: reading.time_of_day(node).unwrap_or((23, 59)), at: node.at };
        }
        inner.done(reading);
    }
    let plain = fields.get("vault-plain").map(|node| plain(node, reading)).unwrap_or_default();
    fields.done(reading);
    Some(PolicyEntry {
        hourly_minute: hourly.0,
        hourly_keep: hourly.1,
        daily_at: daily.0,
        daily_keep: daily.1,
        mirror_at: mirror,
        plain,
    })
}

fn plain(node: &Node, reading: &mut Reading) -> Vec<PlainEntry> {
    let mut found = Vec::new();
    for item in reading.list(node) {
        let Some(mut fields) = Fields::of(item, "a plain file of a vault", reading) else { continue };
        found.push(PlainEntry { path: fields.word("path", reading), because: fields.word("because", reading) });
        fields.done(reading);
    }
    found
}

fn volatile(node: &Node, reading: &mut Reading) -> Vec<VolatileEntry> {
    let mut found = Vec::new();
    for item in reading.list(node) {
        let Some(mut fields) = Fields::of(item, "something volatile", reading) else { continue };
        let entry = VolatileEntry { table: fields.word("table", reading), because: fields.word("because", reading) };
        fields.done(reading);
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if !entry.table.as_str().chars().all(name) || entry.table.as_str().split('.').count() > 2 {
            let hint = "name a table, or one of its columns, like `user.touched`";
            reading.advise(entry.table.at, format!("`{}` is no table", entry.table.as_str()), hint);
        }
        found.push(entry);
    }
    found
}

fn operations_of(node: &Node, reading: &mut Reading) -> Vec<OperationEntry> {
    let entries = reading.map(node, "`operations`").unwrap_or_default();
    entries.iter().map(|entry| OperationEntry { name: key(entry), commands: commands(&entry.value, reading) }).collect()
}
