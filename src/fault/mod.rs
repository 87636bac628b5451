//! Injected failures. Every fault resolves its targets, journals its undo, acts, and confirms that it took effect.
//!
//! Nothing matched or no effect seen is not a passed drill: the journal says so, and the drill ends.

mod corruption;
mod datacenter;
mod rows;
mod tenant;

use crate::ids::{StepName, Tenant};
use crate::journal::{DrillClock, Event, Outcome, WriteError, Writer};
use crate::plan::{Command, FaultPlan, HarnessSabotage, Operation, Plan};
use crate::stack::{Integrity, Site, SiteError};
use std::time::Duration;

/// For the logs of what a fault removes.
const LOGS: Duration = Duration::from_secs(10);

/// Why a fault did not happen.
#[derive(Debug, thiserror::Error)]
pub enum FaultError {
    #[error("the fault took no effect: {0}")]
    Unconfirmed(String),
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error(transparent)]
    Journal(#[from] WriteError),
}

/// What a fault needs to act.
pub struct Scene<'a> {
    pub site: &'a Site,
    pub plan: &'a Plan,
    pub journal: &'a Writer,
    pub clock: &'a DrillClock,
    pub step: &'a StepName,
    /// How a sabotage turns the harness.
    pub turned: Option<HarnessSabotage>,
}

impl Scene<'_> {
    /// The stack's commands of an operation that work for this tenant.
    fn commands(&self, operation: Operation, tenant: &Tenant) -> Vec<Command> {
        let declared = self.plan.stack.operations.get(&operation).map_or(&[][..], Vec::as_slice);
        declared.iter().filter(|command| command.tenant.as_ref() == Some(tenant)).cloned().collect()
    }

    /// What an operation of the stack counts of this tenant, summed.
    async fn count(&self, operation: Operation, tenant: &Tenant) -> Result<Integrity, SiteError> {
        let counted = self.site.ask::<Integrity>(self.step, &self.commands(operation, tenant)).await?;
        let sum = |of: fn(&Integrity) -> u64| counted.iter().map(|(_, counted)| of(counted)).sum();
        Ok(Integrity {
            checked: sum(|of| of.checked),
            damaged: sum(|of| of.damaged),
            elsewhere: sum(|of| of.elsewhere),
        })
    }
}

/// Injects fault `index` of the plan; `planned` is called when its undo stands in the journal. The moment before the first injection call is `t0`: the drill clock runs from there.
///
/// # Errors
/// [`FaultError::Unconfirmed`] when nothing matched or no effect was seen.
pub async fn inject(scene: &Scene<'_>, index: usize, planned: impl FnOnce() + Send) -> Result<(), FaultError> {
    let Some(fault) = scene.plan.faults.get(index) else {
        return Err(unconfirmed(scene, index, format!("the plan has no fault {index}"))?);
    };
    let targets = match fault {
        FaultPlan::DatacenterLoss { datacenter } => datacenter::targets(scene.site, datacenter).await?,
        FaultPlan::TenantDeleted { tenant } => tenant::targets(scene, tenant).await?,
        FaultPlan::DatabaseCorruption { tenant, .. } => corruption::targets(scene, tenant).await?,
        FaultPlan::RowsOverwritten { tenant, .. } => rows::targets(scene, tenant).await?,
    };
    let names = targets.names();
    scene.journal.write(Event::FaultTargets { fault: index, targets: names.clone() })?;
    if names.is_empty() {
        return Err(unconfirmed(scene, index, "nothing matched".to_owned())?);
    }
    if let FaultPlan::DatacenterLoss { datacenter } = fault {
        // Afterwards nobody can ask its containers any more; before `t0`, because it is no part of the recovery.
        scene.site.keep_logs(Some(datacenter), LOGS).await;
    }
    scene.journal.write(Event::UndoPlanned { fault: index, what: undo_of(fault) })?;
    planned();
    scene.clock.run_from(scene.clock.now())?;
    scene.journal.write(Event::FaultInjecting { fault: index })?;
    if scene.turned == Some(HarnessSabotage::FaultVoid) {
        scene.journal.write(Event::FaultConfirmed { fault: index, evidence: "so it is said".to_owned() })?;
        return Ok(());
    }
    let confirmed = match (fault, targets) {
        (FaultPlan::DatacenterLoss { datacenter }, Targets::Resources(targets))
            if scene.turned == Some(HarnessSabotage::FaultHalf) =>
        {
            datacenter::lose_half(scene.site, datacenter, &targets).await?
        }
        (FaultPlan::DatacenterLoss { datacenter }, Targets::Resources(targets)) => {
            datacenter::lose(scene.site, datacenter, &targets).await?
        }
        (FaultPlan::TenantDeleted { tenant }, _) => tenant::delete(scene, tenant).await?,
        (FaultPlan::DatabaseCorruption { tenant, server, caches }, _) => {
            corruption::damage(scene, tenant, server, caches).await?
        }
        (FaultPlan::RowsOverwritten { tenant, caches }, _) => rows::overwrite(scene, tenant, caches).await?,
        (FaultPlan::DatacenterLoss { .. }, Targets::Stores(_)) => Err("it resolved no containers".to_owned()),
    };
    match confirmed {
        Ok(evidence) => {
            scene.journal.write(Event::FaultConfirmed { fault: index, evidence })?;
            Ok(())
        }
        Err(why) => Err(unconfirmed(scene, index, why)?),
    }
}

/// Undoes fault `index`; called last in, first out, whatever happened since.
///
/// # Errors
/// [`WriteError`] when the journal cannot be written.
pub fn undo(journal: &Writer, plan: &Plan, index: usize) -> Result<(), WriteError> {
    let outcome = match plan.faults.get(index) {
        // What is destroyed stays destroyed: bringing it back is the runbook's work, and teardown removes the rest.
        Some(
            FaultPlan::DatacenterLoss { .. }
            | FaultPlan::TenantDeleted { .. }
            | FaultPlan::DatabaseCorruption { .. }
            | FaultPlan::RowsOverwritten { .. },
        ) => Outcome::Done,
        None => Outcome::Broken { why: format!("the plan has no fault {index}") },
    };
    journal.write(Event::UndoDone { fault: index, outcome }).map(|_| ())
}

fn undo_of(fault: &FaultPlan) -> String {
    match fault {
        FaultPlan::DatacenterLoss { .. } => {
            "none: the datacenter stays lost, nothing on the host is changed".to_owned()
        }
        FaultPlan::TenantDeleted { .. } => "none: the data stays deleted, nothing on the host is changed".to_owned(),
        FaultPlan::RowsOverwritten { .. } => {
            "none: the texts stay overwritten, nothing on the host is changed".to_owned()
        }
        FaultPlan::DatabaseCorruption { server, .. } => {
            format!(
                "{server} is started again within the injection; the pages stay damaged, nothing on the host is changed"
            )
        }
    }
}

fn unconfirmed(scene: &Scene<'_>, fault: usize, why: String) -> Result<FaultError, WriteError> {
    scene.journal.write(Event::FaultUnconfirmed { fault, why: why.clone() })?;
    Ok(FaultError::Unconfirmed(why))
}

/// What a fault will hit.
enum Targets {
    Resources(Vec<crate::engine::Resource>),
    Stores(Vec<String>),
}

impl Targets {
    fn names(&self) -> Vec<String> {
        match self {
            Self::Resources(resources) => resources.iter().map(|resource| resource.name.clone()).collect(),
            Self::Stores(stores) => stores.clone(),
        }
    }
}
