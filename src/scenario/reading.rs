//! All that has been read so far, and all that was wrong with it: problems are collected, not returned one by one.

use super::problem::{Problem, Problems, Source};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Larger files are not configuration.
const MAX_BYTES: u64 = 1 << 20;

/// Where in which file: an index of [`Reading`] and a range of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub file: usize,
    pub start: usize,
    pub end: usize,
}

/// A value and where it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    pub value: T,
    pub at: Place,
}

/// A word as it was typed. Empty if it was missing or no text at all: then that has been said, and nothing more about
/// it is worth saying.
pub type Word = Placed<String>;

impl Word {
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Stands in for what is missing.
    pub fn absent(at: Place) -> Self {
        Self { value: String::new(), at }
    }
}

#[derive(Debug)]
struct Found {
    /// `None`: a file that could not be read, named in `file`.
    at: Option<Place>,
    file: String,
    message: String,
    hint: Option<String>,
}

/// Collects sources and problems while files are read.
#[derive(Debug, Default)]
pub struct Reading {
    sources: Vec<Source>,
    found: Vec<Found>,
    /// SHA-256 (hex) of every file that was read, by its canonical path.
    hashes: BTreeMap<PathBuf, String>,
}

impl Reading {
    pub fn problem(&mut self, at: Place, message: impl Into<String>) {
        self.note(Some(at), String::new(), message.into(), None);
    }

    pub fn advise(&mut self, at: Place, message: impl Into<String>, hint: impl Into<String>) {
        self.note(Some(at), String::new(), message.into(), Some(hint.into()));
    }

    /// A problem that no text can be pointed at for; `file` is what it is about.
    pub fn problem_with(&mut self, file: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) {
        self.note(None, file.into(), message.into(), Some(hint.into()));
    }

    fn note(&mut self, at: Option<Place>, file: String, message: String, hint: Option<String>) {
        self.found.push(Found { at, file, message, hint });
    }

    /// How many problems there are so far, the same ones counted again.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    pub fn hashes(&self) -> &BTreeMap<PathBuf, String> {
        &self.hashes
    }

    pub fn source(&self, file: usize) -> Arc<str> {
        self.sources.get(file).map_or_else(|| Arc::from(""), |source| source.text.clone())
    }

    /// Reads a text file. `wanted`: where it was asked for; without it the file itself is named.
    pub fn open(&mut self, path: &Path, wanted: Option<Place>) -> Option<usize> {
        match read(path) {
            Ok((canonical, text)) => {
                self.hashes.insert(canonical, hex(&Sha256::digest(text.as_bytes())));
                self.add(&shown(path), &text)
            }
            Err((message, hint)) => {
                let name = shown(path);
                match wanted {
                    Some(at) => self.advise(at, format!("cannot use {name}: {message}"), hint),
                    None => self.problem_with(name, message, hint),
                }
                None
            }
        }
    }

    /// Takes a text as the file `name`. `None` if it holds what no configuration holds (that is a problem then).
    pub fn add(&mut self, name: &str, text: &str) -> Option<usize> {
        let file = self.sources.len();
        self.sources.push(Source { name: name.to_owned(), text: Arc::from(text) });
        // They could reach the terminal with an excerpt of the file.
        let control = text.char_indices().find(|(_, c)| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
        if let Some((start, c)) = control {
            self.sources[file].text = Arc::from(text.replace(|c: char| c.is_control() && c != '\n', "?"));
            let at = Place { file, start, end: start + 1 };
            self.advise(
                at,
                format!("a control character ({})", c.escape_unicode()),
                "remove it: the file must be plain text",
            );
            return None;
        }
        Some(file)
    }

    /// The end: what came out, or all problems, in the order of files and positions, none twice.
    ///
    /// # Errors
    /// [`Problems`] if anything was wrong or nothing came out.
    pub fn finish_with<T>(mut self, result: Option<T>) -> Result<T, Problems> {
        if result.is_none() && self.found.is_empty() {
            let name = self.sources.first().map_or_else(String::new, |source| source.name.clone());
            self.problem_with(name, "it could not be read", "this is a bug of Ernstfall: please report it");
        }
        self.found.sort_by_key(|found| (found.at.is_some(), found.at));
        let mut problems: Vec<Problem> = Vec::new();
        for found in self.found {
            let problem = match found.at {
                None => Problem { file: found.file, spot: None, message: found.message, hint: found.hint },
                Some(at) => {
                    let Some(source) = self.sources.get(at.file) else { continue };
                    let spot = Some((source.text.clone(), one_line(&source.text, at)));
                    Problem { file: source.name.clone(), spot, message: found.message, hint: found.hint }
                }
            };
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        match result {
            Some(result) if problems.is_empty() => Ok(result),
            Some(_) | None => Err(Problems::new(problems)),
        }
    }
}

/// The part of `at` that stands on its first line.
fn one_line(text: &str, at: Place) -> std::ops::Range<usize> {
    let start = at.start.min(text.len());
    let end = at.end.clamp(start, text.len());
    let within = text.get(start..end).unwrap_or("");
    start..start + within.find('\n').unwrap_or(within.len())
}

/// Canonical path and text, or what is wrong and what to do.
fn read(path: &Path) -> Result<(PathBuf, String), (String, &'static str)> {
    let refuse = |why: std::io::Error| match why.kind() {
        ErrorKind::NotFound => {
            ("there is no such file".to_owned(), "check the path; it is relative to the file that names it")
        }
        ErrorKind::PermissionDenied => ("it may not be read".to_owned(), "give yourself the right to read it"),
        _ => (format!("it cannot be read: {why}"), "check the path"),
    };
    let canonical = path.canonicalize().map_err(refuse)?;
    let meta = canonical.metadata().map_err(refuse)?;
    if meta.is_dir() {
        return Err(("it is a folder".to_owned(), "name the YAML file in it"));
    }
    if !meta.is_file() {
        return Err(("it is no regular file".to_owned(), "name a YAML file"));
    }
    if meta.len() > MAX_BYTES {
        return Err((format!("it has {} bytes, at most {MAX_BYTES} are read", meta.len()), "name a YAML file"));
    }
    let bytes = std::fs::read(&canonical).map_err(refuse)?;
    if bytes.contains(&0) {
        return Err(("it is not a text but binary".to_owned(), "name a YAML file"));
    }
    let text = String::from_utf8(bytes).map_err(|_| ("it is not UTF-8".to_owned(), "save it as UTF-8"))?;
    Ok((canonical, text))
}

/// A path as it is shown: `.` and `name/..` taken out.
pub fn shown(path: &Path) -> String {
    super::paths::tidy(path).display().to_string()
}

pub fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
