//! The first event of a journal: what is run, with which key, and whose past it goes on from.

use super::calibration::Calibration;
use crate::ids::{RunId, StepName, Tenant};
use crate::plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    pub run: RunId,
    pub program: String,
    /// Host name, so that runs of other hosts are recognised.
    pub host: String,
    /// Who or what started it: `ci` or `terminal`.
    pub trigger: String,
    pub commit: Option<String>,
    pub plan: Plan,
    pub plan_sha256: String,
    /// SHA-256 (hex) of the run key; the key itself is disclosed at the end.
    pub key_sha256: String,
    /// One word per tenant that is written nowhere else.
    pub canaries: BTreeMap<Tenant, String>,
    /// The word that all tenants share.
    pub decoy: String,
    /// The last one of this host before the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// The run that this one continues from a checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
}

/// A frozen run that others continue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    pub run: RunId,
    /// The first run of the line: its name is in all tokens.
    pub origin: RunId,
    /// The last step before the checkpoint.
    pub step: StepName,
    /// Hash of the last line of its journal that was copied.
    pub head: String,
}

impl RunStarted {
    /// The run whose name is in the tokens.
    #[must_use]
    pub fn origin(&self) -> &RunId {
        self.parent.as_ref().map_or(&self.run, |parent| &parent.origin)
    }
}
