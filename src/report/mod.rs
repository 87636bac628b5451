//! Turns a verdict into artefacts, in English or German: for people a page and a console verdict, for machines JSON, JUnit and Markdown.
//!
//! The end of the pipeline. Everything is rebuilt from the journal alone: no time of day, no machine path and no random number
//! enters, so that the same journal and the same program version make the same bytes. `catalogue` has every text, `view` the
//! figures that several artefacts share, `draw` the drawings of the page.

pub mod catalogue;
mod console;
mod draw;
mod files;
#[cfg(test)]
mod golden;
mod html;
#[cfg(test)]
mod journals;
mod json;
mod junit;
mod lang;
#[cfg(test)]
mod sample;
mod summary;
#[cfg(test)]
mod tests;
mod view;

pub use console::Colour;
pub use json::REPORT_VERSION;
pub use lang::{Lang, UnknownLang};

use crate::journal::Entry;
use crate::timeline::Timeline;
use crate::verdict::Judgement;
use std::path::{Path, PathBuf};
use view::View;

/// The files of one run that are made from its journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefacts {
    pub plan_json: PathBuf,
    pub report_json: PathBuf,
    pub report_html: PathBuf,
    pub junit_xml: PathBuf,
    pub summary_md: PathBuf,
}

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("cannot write {path}: {why}")]
    Write { path: PathBuf, why: std::io::Error },
    #[error("cannot put {name} into JSON: {why}")]
    Json { name: &'static str, why: serde_json::Error },
    #[error("cannot write junit.xml: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}

/// Writes all artefacts into `dir`, each whole or not at all, readable by the owner only. `entries` are those that the timeline was
/// made from. All texts are made before the first file is touched.
///
/// # Errors
/// [`ReportError`] when a text cannot be made or a file cannot be written.
pub fn write_all(
    entries: &[Entry],
    timeline: &Timeline,
    judgement: &Judgement,
    dir: &Path,
    lang: Lang,
) -> Result<Artefacts, ReportError> {
    let view = View::new(entries, timeline, judgement, lang);
    let json = |name| move |why| ReportError::Json { name, why };
    let plan = json::plan(&view).map_err(json("plan.json"))?;
    let report = json::report(&view).map_err(json("report.json"))?;
    let junit = junit::junit(&view)?;
    let summary = summary::summary(&view);
    let page = html::page(&view);
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        match files::write_whole(dir, name, text.as_bytes()) {
            Ok(()) => Ok(path),
            Err(why) => Err(ReportError::Write { path, why }),
        }
    };
    Ok(Artefacts {
        plan_json: write("plan.json", &plan)?,
        report_json: write("report.json", &report)?,
        junit_xml: write("junit.xml", &junit)?,
        summary_md: write("summary.md", &summary)?,
        report_html: write("report.html", &page)?,
    })
}

/// The verdict for a terminal, at most 40 lines. `place` = where the report lies, as the reader would type it.
#[must_use]
pub fn console(
    entries: &[Entry],
    timeline: &Timeline,
    judgement: &Judgement,
    lang: Lang,
    colour: Colour,
    place: &str,
) -> String {
    console::console(&View::new(entries, timeline, judgement, lang), colour, place)
}
