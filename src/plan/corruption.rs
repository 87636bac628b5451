//! The faults `database-corruption` and `rows-overwritten`: which server they damage, and which services would hide it.

use super::ServiceKey;
use super::places::Places;
use super::services::{Instances, Known};
use crate::ids::{Service, Tenant};
use crate::scenario::compose::Scope;
use crate::scenario::{Fault, Loaded, Reading, Word};

/// The server that all tenants share, and what remembers what it held.
pub struct Database {
    pub server: ServiceKey,
    pub caches: Vec<ServiceKey>,
}

/// The database as one tenant uses it; nothing if the stack does not say enough, and then that has been said.
pub fn database(
    loaded: &Loaded,
    fault: &Fault,
    tenant: &Tenant,
    places: &Places,
    instances: &Instances,
    reading: &mut Reading,
) -> Option<Database> {
    let Some(entry) = &loaded.stack.database else {
        let hint = "add `database: { service: ..., caches: [...] }` to stack.yaml";
        reading.advise(fault.at, "the stack does not say which service is the database server", hint);
        return None;
    };
    let key = |service, tenant: Option<&Tenant>| ServiceKey {
        datacenter: Some(places.primary.clone()),
        tenant: tenant.cloned(),
        service,
    };
    let (server, known) = running(&entry.service, instances, reading)?;
    if known.scope != Scope::Shared {
        let hint = "name the server that all tenants share: a tenant's own needs no care for the others";
        reading.advise(entry.service.at, format!("`{server}` is not shared by the tenants"), hint);
    }
    let mut caches = Vec::new();
    for word in &entry.caches {
        let Some((service, known)) = running(word, instances, reading) else { continue };
        match known.scope {
            Scope::Shared => caches.push(key(service, None)),
            Scope::Tenant => caches.push(key(service, Some(tenant))),
            Scope::Front => {
                let hint = "leave it out: nothing of the front is restarted by a fault";
                reading.advise(word.at, format!("`{service}` stands in no datacenter"), hint);
            }
        }
    }
    Some(Database { server: key(server, None), caches })
}

/// A service that can be stopped and started again.
fn running(word: &Word, instances: &Instances, reading: &mut Reading) -> Option<(Service, Known)> {
    let (service, known) = instances.find(word, reading)?;
    if known.job {
        reading.advise(word.at, format!("`{service}` is a job"), "name a service that runs all the time");
        return None;
    }
    Some((service, known))
}
