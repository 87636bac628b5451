//! Datacenters and residency: who may hold the data, and where.

use super::words::{meaning, name};
use super::{DatacenterPlan, Residency, Role};
use crate::ids::Datacenter;
use crate::scenario::{Reading, Stack, Word};
use std::collections::BTreeMap;

/// The member states of the European Union, ISO 3166-1.
const EU: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// The failure domains of a stack.
#[derive(Debug, Clone)]
pub struct Places {
    pub primary: Datacenter,
    pub mirror: Datacenter,
    pub all: BTreeMap<Datacenter, DatacenterPlan>,
    pub residency: Residency,
}

impl Places {
    /// The two in which services can run.
    pub fn used(&self) -> [&Datacenter; 2] {
        [&self.primary, &self.mirror]
    }
}

pub fn places(stack: &Stack, reading: &mut Reading) -> Option<Places> {
    let residency = Residency { countries: expand(&stack.countries, reading), seats: expand(&stack.seats, reading) };
    let mut all = BTreeMap::new();
    let mut with_role: BTreeMap<u8, Vec<Datacenter>> = BTreeMap::new();
    for entry in &stack.datacenters.value {
        let role = meaning::<Role>(&entry.role, "role", reading);
        let Some(name) = name::<Datacenter>(&entry.name, reading) else { continue };
        let role = role.unwrap_or(Role::Spare);
        let used = match role {
            Role::Primary => Some(0),
            Role::Mirror => Some(1),
            Role::Spare => None,
        };
        if let Some(slot) = used {
            with_role.entry(slot).or_default().push(name.clone());
            reside(&entry.country, &residency.countries, "the data would lie in", &entry.name, reading);
            reside(&entry.seat, &residency.seats, "the provider has its seat in", &entry.name, reading);
        }
        let [country, provider, seat] = [&entry.country, &entry.provider, &entry.seat].map(|word| word.value.clone());
        all.insert(name, DatacenterPlan { role, country, provider, seat });
    }
    let mut one = |slot: u8, role: &str| {
        let found = with_role.remove(&slot).unwrap_or_default();
        if found.len() != 1 && stack.datacenters.value.iter().all(|entry| !entry.role.as_str().is_empty()) {
            let message = format!("{} datacenters have the role {role}", found.len());
            reading.advise(stack.datacenters.at, message, format!("exactly one must be the {role}"));
        }
        found.into_iter().next()
    };
    let (primary, mirror) = (one(0, "primary"), one(1, "mirror"));
    Some(Places { primary: primary?, mirror: mirror?, all, residency })
}

/// `EU` written out.
fn expand(words: &[Word], reading: &mut Reading) -> Vec<String> {
    let mut codes = Vec::new();
    for word in words {
        if word.as_str() == "EU" {
            codes.extend(EU.map(str::to_owned));
        } else if is_code(word, reading) {
            codes.push(word.value.clone());
        }
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn is_code(word: &Word, reading: &mut Reading) -> bool {
    let code = word.as_str().len() == 2 && word.as_str().bytes().all(|b| b.is_ascii_uppercase());
    if !code && !word.as_str().is_empty() {
        let hint = "two capital letters of ISO 3166, like DE; in `residency` also EU";
        reading.advise(word.at, format!("`{}` is no country", word.as_str()), hint);
    }
    code
}

fn reside(code: &Word, allowed: &[String], what: &str, datacenter: &Word, reading: &mut Reading) {
    if is_code(code, reading) && !allowed.contains(&code.value) {
        let message = format!("residency: {what} {}, which the stack does not allow", code.as_str());
        let hint = format!("take another datacenter than `{}`, or allow it under `residency`", datacenter.as_str());
        reading.advise(code.at, message, hint);
    }
}
