//! A restore on the side: whether a backup that was taken after the recovery is one that can be restored from.

use super::act::{Drill, printed};
use super::error::StepError;
use crate::ids::{Datacenter, Tenant};
use crate::journal::{Event, SideRestored};
use crate::plan::{Command, ServiceKey, Step};
use crate::stack::{Aside, Ended, OnTheSide, SiteError, claim};

/// Where something was restored to.
struct Side {
    at: ServiceKey,
    tenant: Tenant,
    folder: String,
}

impl Drill {
    /// Restores, looks, removes, and looks whether it is gone.
    pub(super) async fn side_restore(
        &self,
        step: &Step,
        vault: &Datacenter,
        restore: &[Command],
        remove: &[Command],
    ) -> Result<(), StepError> {
        let restored = self.restore_aside(step, vault, restore).await;
        // Whatever became of it: a copy of a tenant's data must not stay.
        let removed = self.site.run(&step.name, remove).await;
        let sides = restored?;
        removed?;
        for side in sides {
            let files = self.look_aside(&side).await?.files;
            self.setup.journal.write(Event::SideRemoved { tenant: side.tenant, vault: vault.clone(), files })?;
        }
        Ok(())
    }

    async fn restore_aside(
        &self,
        step: &Step,
        vault: &Datacenter,
        commands: &[Command],
    ) -> Result<Vec<Side>, StepError> {
        let mut sides = Vec::new();
        for Ended { at, tenant, stdout } in self.site.run(&step.name, commands).await? {
            let Some(tenant) = tenant else { continue };
            let wrong = |source| SiteError::Printed { at: at.clone(), source };
            let Some(claim) = claim(&stdout).map_err(wrong)? else { continue };
            let OnTheSide { folder } = printed(&at, &stdout)?;
            let side = Side { at, tenant: tenant.clone(), folder };
            let Aside { files, bytes, found, contents } = self.look_aside(&side).await?;
            let (vault, contents) = (vault.clone(), contents.into_iter().collect());
            let seen = SideRestored { tenant, vault, claim, files, bytes, found, contents };
            self.setup.journal.write(Event::SideRestored(Box::new(seen)))?;
            sides.push(side);
        }
        Ok(sides)
    }

    async fn look_aside(&self, side: &Side) -> Result<Aside, StepError> {
        let marks = self.marks.as_ref().ok_or(StepError::OutOfOrder("restoring on the side"))?;
        Ok(self.site.look_aside(&side.at, &side.folder, marks).await?)
    }
}
