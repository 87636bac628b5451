//! The operator's recovery steps, carried out as they stand in the runbook; what a step claims to have restored is journalled.

use crate::ids::StepName;
use crate::journal::{Event, Writer};
use crate::plan::{Command, ServiceKey};
use crate::stack::{Site, SiteError, claim};
use std::collections::BTreeSet;
use std::time::Duration;

/// Runs the commands of one step side by side.
///
/// # Errors
/// [`SiteError`]; of these the operator's own failures are results of the drill.
pub async fn commands(site: &Site, journal: &Writer, step: &StepName, commands: &[Command]) -> Result<(), SiteError> {
    for ended in site.run(step, commands).await? {
        let found = claim(&ended.stdout).map_err(|source| SiteError::Printed { at: ended.at.clone(), source })?;
        if let (Some(claim), Some(tenant)) = (found, ended.tenant) {
            journal.write(Event::RestoreClaimed { tenant, claim })?;
        }
    }
    Ok(())
}

/// Begins the commands of a step, kills the containers that carry them out after some time, and lets these come back. What the
/// commands achieved until then is the operator's problem: the runbook is begun again.
///
/// # Errors
/// [`SiteError::NotBrokenOff`] when all commands had ended by then; others when a container does not come back.
pub async fn break_off(site: &Site, step: &StepName, commands: &[Command], after: Duration) -> Result<(), SiteError> {
    let mut tried = std::pin::pin!(site.run(step, commands));
    if tokio::time::timeout(after, &mut tried).await.is_ok() {
        return Err(SiteError::NotBrokenOff(after));
    }
    let containers: BTreeSet<&ServiceKey> = commands.iter().map(|command| &command.at).collect();
    site.crash(step, &containers).await?;
    // Most have failed, and the journal says so; one that got through in time is no mistake either.
    drop(tried.await);
    Ok(())
}
