//! The operator's recovery steps, carried out as they stand in the runbook; what a step claims to have restored is journalled.

use crate::ids::StepName;
use crate::journal::{Event, Writer};
use crate::plan::Command;
use crate::stack::{Site, SiteError, claim};

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
