//! Every service written out for every datacenter and tenant it can run for.

use super::inputs::content;
use super::places::Places;
use super::words::{meaning, name};
use super::{
    Attachment, Health, ImagePlan, Mount, MountSource, NetworkKey, RestartPolicy, ServiceKey, ServicePlan, VolumeKey,
};
use crate::ids::{Datacenter, Service, Tenant};
use crate::scenario::compose::{
    BuildEntry, HealthEntry, MountEntry, MountFrom, SECRETS, Scope, ServiceEntry, Setting, Variables,
};
use crate::scenario::{Loaded, Place, Reading, Word, suggest};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What `${BASE}` is in Compose files, and what every built image stands on: Debian bookworm, slim. The harness puts the image
/// it found or made in its place.
pub const BASE_IMAGE: &str = "debian:bookworm-slim";

/// A service of the stack, whatever it runs for.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    pub scope: Scope,
    pub job: bool,
    at: Place,
}

/// The stack's services, images and what they declare.
#[derive(Debug, Default)]
pub struct Instances {
    pub services: BTreeMap<ServiceKey, ServicePlan>,
    pub known: BTreeMap<Service, Known>,
    pub images: BTreeMap<String, ImagePlan>,
    pub volumes: Vec<Word>,
    pub secrets: Vec<Word>,
    /// Canonical paths that are mounted or built from.
    pub used: BTreeSet<PathBuf>,
    contents: BTreeMap<(PathBuf, PathBuf, BTreeMap<String, String>), Option<String>>,
    answers: BTreeMap<(NetworkKey, String), ServiceKey>,
}

/// Variables that have the same value everywhere.
pub fn common_variables(loaded: &Loaded, places: &Places, tenants: &[Tenant]) -> Variables {
    let all: Vec<&str> = tenants.iter().map(Tenant::as_str).collect();
    [
        ("TENANTS", all.join(",")),
        ("PRIMARY", places.primary.to_string()),
        ("MIRROR", places.mirror.to_string()),
        ("DOMAIN", loaded.stack.domain.value.clone()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Reads the Compose files once for the front, for each datacenter, and for each tenant in each datacenter.
pub fn instances(loaded: &Loaded, places: &Places, tenants: &[Tenant], reading: &mut Reading) -> Instances {
    let mut found = Instances::default();
    let mut common = common_variables(loaded, places, tenants);
    common.insert("SECRETS".to_owned(), SECRETS.to_owned());
    common.insert("BASE".to_owned(), BASE_IMAGE.to_owned());
    for scope in Scope::ALL {
        let datacenters: Vec<Option<&Datacenter>> = match scope {
            Scope::Front => vec![None],
            Scope::Shared | Scope::Tenant => places.used().map(Some).to_vec(),
        };
        let for_tenants: Vec<Option<&Tenant>> = match scope {
            Scope::Front | Scope::Shared => vec![None],
            Scope::Tenant => tenants.iter().map(Some).collect(),
        };
        let before = reading.count();
        for (datacenter, tenant) in datacenters.iter().flat_map(|d| for_tenants.iter().map(move |t| (*d, *t))) {
            let owner = Owner { scope, datacenter, tenant };
            found.read(&owner, loaded, places, &common, reading);
            if reading.count() > before {
                // The next ones would say the same in other words.
                break;
            }
        }
    }
    found
}

/// For whom a service runs.
struct Owner<'o> {
    scope: Scope,
    datacenter: Option<&'o Datacenter>,
    tenant: Option<&'o Tenant>,
}

impl Owner<'_> {
    fn key(&self, service: &Service) -> ServiceKey {
        ServiceKey { datacenter: self.datacenter.cloned(), tenant: self.tenant.cloned(), service: service.clone() }
    }
}

impl Instances {
    fn read(&mut self, owner: &Owner<'_>, loaded: &Loaded, places: &Places, common: &Variables, reading: &mut Reading) {
        let front = (loaded.stack.front.service.as_str(), loaded.stack.front.port);
        let setting = Setting { scope: owner.scope, ground: &loaded.ground, front };
        let mut variables = common.clone();
        let of_owner = [
            ("DATACENTER", owner.datacenter.map(ToString::to_string)),
            ("TENANT", owner.tenant.map(ToString::to_string)),
        ];
        variables.extend(of_owner.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        let file = loaded.compose.read(&setting, &variables, reading);
        let declare = |all: &mut Vec<Word>, more: Vec<Word>| {
            for word in more {
                if !all.contains(&word) {
                    all.push(word);
                }
            }
        };
        declare(&mut self.volumes, file.volumes);
        declare(&mut self.secrets, file.secrets);
        for entry in file.services {
            self.add(entry, owner, loaded, places, reading);
        }
    }

    fn add(&mut self, entry: ServiceEntry, owner: &Owner<'_>, loaded: &Loaded, places: &Places, reading: &mut Reading) {
        let Some(service) = name::<Service>(&entry.name, reading) else { return };
        let known = Known { scope: owner.scope, job: entry.job, at: entry.name.at };
        let first = *self.known.entry(service.clone()).or_insert(known);
        if first.at != known.at {
            let hint = "a service has one name in the whole stack, so that commands can name it";
            reading.advise(known.at, format!("another file has a service `{service}`, too"), hint);
            return;
        }
        let key = owner.key(&service);
        let restart = restart(&entry, reading);
        let networks = attachments(&entry, owner, places);
        if !entry.job {
            self.check_answers(&key, &networks, &entry, reading);
        }
        let image = self.image(&entry, loaded, reading);
        let mounts = entry.mounts.iter().map(|mount| self.mount(mount, owner, loaded)).collect();
        let plan = ServicePlan {
            key: key.clone(),
            image,
            entrypoint: entry.entrypoint,
            command: entry.command,
            environment: entry.environment,
            mounts,
            networks,
            health: entry.health.map(health),
            restart,
            init: entry.init,
            memory: entry.memory,
            milli_cpus: entry.milli_cpus,
            after: entry.after.iter().filter_map(|word| Service::new(word.as_str()).ok()).collect(),
            job: entry.job,
            user: entry.user,
            working_dir: entry.working_dir,
            cap_drop: entry.cap_drop,
            stop_grace: entry.stop_grace,
            published: entry.published,
        };
        self.services.insert(key, plan);
    }

    /// A name that several containers of a network answer to would mix datacenters or tenants.
    fn check_answers(
        &mut self,
        key: &ServiceKey,
        networks: &[Attachment],
        entry: &ServiceEntry,
        reading: &mut Reading,
    ) {
        for (network, alias) in networks.iter().flat_map(|one| one.aliases.iter().map(|alias| (&one.network, alias))) {
            let other = self.answers.entry((network.clone(), alias.clone())).or_insert_with(|| key.clone());
            if other != key {
                let message = format!("two containers of one network would answer to `{alias}`: {other} and {key}");
                let hint = "put ${TENANT} and ${DATACENTER} into the alias, like `${TENANT}-wiki-web.${DATACENTER}`";
                let typed = entry.networks.iter().find(|one| one.aliases.contains(alias));
                reading.advise(typed.map_or(entry.name.at, |one| one.name.at), message, hint);
            }
        }
    }

    fn mount(&mut self, mount: &MountEntry, owner: &Owner<'_>, loaded: &Loaded) -> Mount {
        let source = match &mount.source {
            MountFrom::Volume(name) => MountSource::Volume(VolumeKey {
                datacenter: owner.datacenter.cloned(),
                tenant: owner.tenant.cloned(),
                name: name.clone(),
            }),
            MountFrom::Stack(path) => {
                self.used.extend(loaded.ground.folder.join(path).canonicalize());
                MountSource::Stack(path.clone())
            }
            MountFrom::Secrets(path) => MountSource::Secrets(path.clone()),
            MountFrom::Tmpfs => MountSource::Tmpfs,
        };
        Mount { source, target: mount.target.clone(), read_only: mount.read_only }
    }

    /// Registers the service's image; its key.
    fn image(&mut self, entry: &ServiceEntry, loaded: &Loaded, reading: &mut Reading) -> String {
        let named = entry.image.as_ref().map(|word| word.value.clone());
        let key = named.clone().unwrap_or_else(|| entry.name.value.clone());
        let (plan, at) = match (&entry.build, named) {
            (Some(build), _) => match self.build(build, loaded, reading) {
                Some(plan) => (plan, build.at),
                None => return key,
            },
            (None, Some(name)) => (ImagePlan::Named(name), entry.name.at),
            // That it has no image has been said.
            (None, None) => return key,
        };
        let first = self.images.entry(key.clone()).or_insert_with(|| plan.clone());
        if *first != plan {
            let hint = "write the same `build` for each service that uses it, or give the images two names";
            reading.advise(at, format!("the image `{key}` is made in two different ways"), hint);
        }
        key
    }

    fn build(&mut self, build: &BuildEntry, loaded: &Loaded, reading: &mut Reading) -> Option<ImagePlan> {
        let BuildEntry { context, dockerfile, args, .. } = build;
        let folder = loaded.ground.folder.join(context).canonicalize().ok()?;
        let content = self
            .contents
            .entry((folder.clone(), dockerfile.clone(), args.clone()))
            .or_insert_with(|| content(&folder, dockerfile, args, reading))
            .clone()?;
        self.used.insert(folder);
        Some(ImagePlan::Build { context: context.clone(), dockerfile: dockerfile.clone(), args: args.clone(), content })
    }

    /// Looks a service up; an unknown one is a problem.
    pub fn find(&self, word: &Word, reading: &mut Reading) -> Option<(Service, Known)> {
        if word.as_str().is_empty() {
            return None;
        }
        let found = self.known.iter().find(|(name, _)| name.as_str() == word.as_str());
        if found.is_none() {
            let hint = suggest(word.as_str(), self.known.keys().map(Service::as_str));
            reading.advise(word.at, format!("the stack has no service `{}`", word.as_str()), hint);
        }
        found.map(|(name, known)| (name.clone(), *known))
    }
}

/// What every service must have: somebody who looks after it.
fn restart(entry: &ServiceEntry, reading: &mut Reading) -> RestartPolicy {
    let policy = entry.restart.as_ref().and_then(|word| meaning(word, "restart policy", reading));
    if entry.job {
        if let Some(word) = entry.restart.as_ref().filter(|_| policy != Some(RestartPolicy::No)) {
            reading.advise(word.at, "a job runs once", "leave `restart` out");
        }
        return RestartPolicy::No;
    }
    let name = &entry.name;
    if entry.restart.is_none() {
        let hint = "add `restart: unless-stopped`, or `profiles: [job]` if it runs only as a one-shot";
        reading.advise(name.at, format!("the service `{}` has no restart policy", name.as_str()), hint);
    }
    if entry.health.is_none() {
        let hint = "add `healthcheck:`, or `profiles: [job]` if it runs only as a one-shot";
        reading.advise(name.at, format!("the service `{}` has no health check", name.as_str()), hint);
    }
    policy.unwrap_or(RestartPolicy::No)
}

fn health(entry: HealthEntry) -> Health {
    let HealthEntry { test, interval, timeout, retries, start_period } = entry;
    Health { test, interval, timeout, retries, start_period }
}

/// Shared services and those of the front also answer to their names. Not in `link`, where a name that both
/// datacenters have would mix them, and not those of tenants.
fn attachments(entry: &ServiceEntry, owner: &Owner<'_>, places: &Places) -> Vec<Attachment> {
    let mut found = Vec::new();
    for network in &entry.networks {
        let keys = match (network.name.as_str(), owner.datacenter) {
            ("link", _) => vec![NetworkKey::Link],
            ("front", _) => vec![NetworkKey::Front],
            (_, Some(datacenter)) => vec![NetworkKey::Datacenter(datacenter.clone())],
            (_, None) => places.used().map(|datacenter| NetworkKey::Datacenter(datacenter.clone())).to_vec(),
        };
        for key in keys {
            let by_name = owner.scope != Scope::Tenant && key != NetworkKey::Link;
            let mut aliases: Vec<String> = by_name.then(|| entry.name.value.clone()).into_iter().collect();
            aliases.extend(network.aliases.iter().cloned());
            aliases.dedup();
            found.push(Attachment { network: key, aliases });
        }
    }
    found
}
