//! The faults of a scenario as they were typed: each is one key with its parameters.

use super::fields::Fields;
use super::node::Node;
use super::reading::{Place, Reading, Word};
use super::suggest::suggest;

#[derive(Debug, Clone)]
pub struct Fault {
    /// The kind, as it was typed.
    pub at: Place,
    pub kind: FaultKind,
}

#[derive(Debug, Clone)]
pub enum FaultKind {
    DatacenterLoss { datacenter: Word },
    TenantDeleted { tenant: Word },
    DatabaseCorruption { tenant: Word },
    RowsOverwritten { tenant: Word },
}

/// The kinds of faults, as they are typed.
pub const FAULTS: [&str; 4] = ["datacenter-loss", "tenant-deleted", "database-corruption", "rows-overwritten"];

pub fn faults(node: &Node, reading: &mut Reading) -> Vec<Fault> {
    let items = reading.list(node);
    if items.is_empty() {
        reading.advise(node.owner(), "a drill needs a fault", "like `- datacenter-loss: { datacenter: name }`");
    }
    items.iter().filter_map(|item| fault(item, reading)).collect()
}

fn fault(node: &Node, reading: &mut Reading) -> Option<Fault> {
    let [entry] = reading.map(node, "a fault")? else {
        reading.advise(node.at, "a fault is one key with its parameters", "like `- tenant-deleted: { tenant: acme }`");
        return None;
    };
    let mut parameter = |of: &'static str, key: &'static str| {
        let mut fields = Fields::of(&entry.value, of, reading)?;
        let word = fields.word(key, reading);
        fields.done(reading);
        Some(word)
    };
    let kind = match entry.key.as_str() {
        "datacenter-loss" => FaultKind::DatacenterLoss { datacenter: parameter("`datacenter-loss`", "datacenter")? },
        "tenant-deleted" => FaultKind::TenantDeleted { tenant: parameter("`tenant-deleted`", "tenant")? },
        "database-corruption" => {
            FaultKind::DatabaseCorruption { tenant: parameter("`database-corruption`", "tenant")? }
        }
        "rows-overwritten" => FaultKind::RowsOverwritten { tenant: parameter("`rows-overwritten`", "tenant")? },
        other => {
            reading.advise(entry.at, format!("there is no fault `{other}`"), suggest(other, FAULTS));
            return None;
        }
    };
    Some(Fault { at: entry.at, kind })
}
