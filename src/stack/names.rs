//! What containers, networks and volumes of a run are called in the engine.

use crate::ids::RunId;
use crate::plan::{NetworkKey, ServiceKey, VolumeKey};

/// Names begin with the run, so that two drills at once never meet.
#[derive(Debug, Clone)]
pub struct Names {
    prefix: String,
}

impl Names {
    #[must_use]
    pub fn of(run: &RunId) -> Self {
        Self { prefix: format!("ernstfall-{run}") }
    }

    #[must_use]
    pub fn container(&self, key: &ServiceKey) -> String {
        let datacenter = key.datacenter.as_ref().map_or("front", |name| name.as_str());
        match &key.tenant {
            Some(tenant) => format!("{}-{datacenter}-{tenant}-{}", self.prefix, key.service),
            None => format!("{}-{datacenter}-{}", self.prefix, key.service),
        }
    }

    /// A one-shot container; `count` tells those of one service apart.
    #[must_use]
    pub fn job(&self, key: &ServiceKey, count: u64) -> String {
        format!("{}-job{count}", self.container(key))
    }

    #[must_use]
    pub fn network(&self, key: &NetworkKey) -> String {
        match key {
            NetworkKey::Datacenter(name) => format!("{}-dc-{name}", self.prefix),
            NetworkKey::Link => format!("{}-link", self.prefix),
            NetworkKey::Front => format!("{}-front", self.prefix),
        }
    }

    #[must_use]
    pub fn volume(&self, key: &VolumeKey) -> String {
        let datacenter = key.datacenter.as_ref().map_or("front", |name| name.as_str());
        match &key.tenant {
            Some(tenant) => format!("{}-{datacenter}-{tenant}--{}", self.prefix, key.name),
            None => format!("{}-{datacenter}--{}", self.prefix, key.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Datacenter, Service, Tenant};

    #[test]
    fn a_tenant_that_is_a_prefix_of_another_gets_names_of_its_own() {
        let names = Names::of(&RunId::new("r1").unwrap());
        let key = |tenant: &str, service: &str| ServiceKey {
            datacenter: Some(Datacenter::new("falkenstein").unwrap()),
            tenant: Some(Tenant::new(tenant).unwrap()),
            service: Service::new(service).unwrap(),
        };
        assert_eq!(names.container(&key("acme", "web")), "ernstfall-r1-falkenstein-acme-web");
        assert_ne!(names.container(&key("acme", "web")), names.container(&key("acme-prod", "web")));
    }
}
