//! What is wrong with the user's files, said so that it can be put right: file, line, column, the line itself, a hint.
//!
//! Made while files are read ([`super::Reading`]), shown by `cli`, or handed out as JSON.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use serde_json::json;
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::sync::Arc;

/// A file as it was read; `name` is the path as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub name: String,
    pub text: Arc<str>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file as it is shown.
    pub file: String,
    /// The file's text and the bytes in it that are meant; `None` if there is no text to point at.
    pub spot: Option<(Arc<str>, Range<usize>)>,
    pub message: String,
    pub hint: Option<String>,
}

impl Problem {
    /// Line and column, both from 1, the column in characters.
    #[must_use]
    pub fn position(&self) -> Option<(usize, usize)> {
        let (text, span) = self.spot.as_ref()?;
        let before = text.get(..span.start)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        Some((line, before[line_start..].chars().count() + 1))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position() {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.message)?,
            None => write!(f, "{}: {}", self.file, self.message)?,
        }
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

/// All that is wrong, in the order of files and positions; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `problems` is not empty.
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// For a terminal `width` columns wide: each problem with the line it is about, underlined.
    #[must_use]
    pub fn render(&self, colour: bool, width: usize) -> String {
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(width.max(40))
            .with_links(false)
            .with_context_lines(1)
            .without_syntax_highlighting();
        let mut shown = String::new();
        for problem in &self.0 {
            // Writing to a `String` cannot fail.
            let _ = handler.render_report(&mut shown, &Shown::of(problem));
        }
        let count = self.0.len();
        let _ = write!(shown, "\n{count} problem{}\n", if count == 1 { "" } else { "s" });
        shown
    }

    /// `[{file, line, column, message, hint}]`; line and column are null where a file has no text.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        self.0
            .iter()
            .map(|problem| {
                let (line, column) = problem.position().unzip();
                json!({
                    "file": problem.file, "line": line, "column": column,
                    "message": problem.message, "hint": problem.hint,
                })
            })
            .collect()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl<'p> IntoIterator for &'p Problems {
    type Item = &'p Problem;
    type IntoIter = std::slice::Iter<'p, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A problem in the shape that `miette` draws.
#[derive(Debug)]
struct Shown<'p> {
    problem: &'p Problem,
    source: Option<NamedSource<Arc<str>>>,
}

impl<'p> Shown<'p> {
    fn of(problem: &'p Problem) -> Self {
        let source = problem.spot.as_ref().map(|(text, _)| NamedSource::new(&problem.file, text.clone()));
        Self { problem, source }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            Some(_) => f.write_str(&self.problem.message),
            None => write!(f, "{}: {}", self.problem.file, self.problem.message),
        }
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem.hint.as_ref().map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (_, span) = self.problem.spot.as_ref()?;
        Some(Box::new(std::iter::once(LabeledSpan::new(None, span.start, span.len()))))
    }
}
