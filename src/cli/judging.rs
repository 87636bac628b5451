//! The second half of the house: from a journal on disk to verdict and artefacts. Nothing here sees an engine.

use super::exit::Exit;
use super::printer::Printer;
use crate::drill::GateAnswer;
use crate::journal::{self, ReadError};
use crate::plan::SabotagePlan;
use crate::report::{self, Colour, Lang};
use crate::timeline::{Timeline, TimelineError};
use crate::verdict::{self, Judgement, Verdict};
use std::path::{Path, PathBuf};

/// Why a journal could not be judged or its artefacts not be written.
#[derive(Debug, thiserror::Error)]
pub enum JudgingError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the journal tells an impossible story: {0}")]
    Timeline(#[from] TimelineError),
    #[error(transparent)]
    Report(#[from] report::ReportError),
}

/// A judged run with its artefacts on disk.
pub struct Judged {
    folder: PathBuf,
    shown: String,
    judgement: Judgement,
    sabotaged: bool,
}

/// Reads the journal in `folder`, judges it, writes every artefact beside it.
///
/// # Errors
/// [`JudgingError`] when the journal is refused or a file cannot be written.
pub fn judge_and_report(folder: &Path, lang: Lang, colour: Colour) -> Result<Judged, JudgingError> {
    let journal = journal::read(&folder.join("journal.ndjson"))?;
    let timeline = Timeline::from(&journal.entries, journal.torn.is_some())?;
    let judgement = verdict::judge(&timeline);
    report::write_all(&journal.entries, &timeline, &judgement, folder, lang)?;
    let place = folder.join("report.html").display().to_string();
    let shown = report::console(&journal.entries, &timeline, &judgement, lang, colour, &place);
    let sabotaged = verdict::took_place(&timeline);
    Ok(Judged { folder: folder.to_owned(), shown, judgement, sabotaged })
}

/// The gate: probes and checks must be green before anything is broken.
///
/// # Errors
/// [`JudgingError`] when the journal so far is refused.
pub fn gate(journal: &Path) -> Result<GateAnswer, JudgingError> {
    let journal = journal::read(journal)?;
    let timeline = Timeline::from(&journal.entries, journal.torn.is_some())?;
    let answer = verdict::gate(&timeline);
    Ok(GateAnswer { ready: answer.ready, problems: answer.problems })
}

/// Whether the journal so far shows the sabotage; one that cannot be read shows nothing.
#[must_use]
pub fn noticed(journal: &Path, sabotage: &SabotagePlan) -> bool {
    let Ok(journal) = journal::read(journal) else { return false };
    let timeline = Timeline::from(&journal.entries, journal.torn.is_some());
    timeline
        .is_ok_and(|timeline| verdict::noticed(sabotage, &verdict::judge(&timeline), verdict::took_place(&timeline)))
}

impl Judged {
    /// The verdict for stdout.
    #[must_use]
    pub fn shown(&self, printer: Printer) -> String {
        if printer.json {
            let path = self.folder.join("report.json");
            return std::fs::read_to_string(&path).unwrap_or_else(|why| format!("{}: {why}", path.display()));
        }
        self.shown.clone()
    }

    #[must_use]
    pub const fn judgement(&self) -> &Judgement {
        &self.judgement
    }

    /// Whether all that its sabotage executes was executed.
    #[must_use]
    pub const fn sabotaged(&self) -> bool {
        self.sabotaged
    }

    /// Where its evidence lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self.judgement.verdict {
            Verdict::Passed => Exit::Passed,
            Verdict::Failed => Exit::Failed,
            Verdict::Inconclusive => Exit::Inconclusive,
        }
    }
}
