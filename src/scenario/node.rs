//! A YAML document as a tree in which every node knows its place.
//!
//! Serde stops at the first error of a document. Here the parser's events (of `serde_yaml`'s own parser) become a tree,
//! which is then walked by [`super::Fields`], so that all problems of all files are found in one go. Aliases and merge
//! keys are resolved here, within budgets: a file cannot make the harness spend more than a moment on it.

use super::reading::{Place, Reading};
use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, Span, options};
use std::collections::BTreeMap;

/// Nodes of one document, aliases written out.
const MAX_NODES: usize = 20_000;
/// Collections within collections, aliases written out.
const MAX_DEPTH: usize = 40;
/// Begins the stand-in for a key that is no text.
pub const NO_KEY: char = '\u{1}';

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub at: Place,
    /// The key under which it stands, if it stands under one.
    pub key: Option<Place>,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `plain`: without quotes, so that it may be a number, a boolean or nothing.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub at: Place,
    pub value: Node,
}

impl Node {
    /// Where to point at when something is missing in it.
    pub fn owner(&self) -> Place {
        self.key.unwrap_or(self.at)
    }

    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if is_null(text))
    }

    /// What it is, for error messages.
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Scalar { text, plain: true } if is_null(text) => "nothing".to_owned(),
            Value::Scalar { text, plain: true } if boolean(text).is_some() => format!("the boolean {text}"),
            Value::Scalar { text, plain: true } if text.parse::<f64>().is_ok() => format!("the number {text}"),
            Value::Scalar { text, .. } => {
                let short: String = text.chars().take(40).collect();
                if short == *text { format!("the text `{short}`") } else { format!("the text `{short}...`") }
            }
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }

    fn nodes(&self) -> usize {
        1 + match &self.value {
            Value::Scalar { .. } => 0,
            Value::List(items) => items.iter().map(Self::nodes).sum(),
            Value::Map(entries) => entries.iter().map(|entry| 1 + entry.value.nodes()).sum(),
        }
    }

    fn depth(&self) -> usize {
        match &self.value {
            Value::Scalar { .. } => 0,
            Value::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Value::Map(entries) => 1 + entries.iter().map(|entry| entry.value.depth()).max().unwrap_or(0),
        }
    }
}

/// What YAML 1.2 reads as nothing.
fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// What YAML 1.2 reads as a boolean; `yes`, `on` and their like are texts.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Parses the document of a file that was opened. `None` if there is no tree; that is a problem then.
pub fn parse(file: usize, reading: &mut Reading) -> Option<Node> {
    let text = reading.source(file);
    let options = options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut tree = Builder { file, reading, stack: Vec::new(), anchors: BTreeMap::new(), root: None, nodes: 0 };
    let mut documents = 0;
    for next in Parser::new_from_str_with_options(&text, options) {
        let (event, span) = match next {
            Ok(next) => next,
            Err(error) => {
                let start = byte_of(&text, error.marker().index());
                let at = Place { file, start, end: start + 1 };
                tree.reading.advise(
                    at,
                    format!("this is not YAML: {}", error.info()),
                    "the error may begin on a line above",
                );
                return None;
            }
        };
        let range = span.byte_range().unwrap_or_default();
        let at = Place { file, start: range.start, end: range.end };
        if let Some(tag) = event.tag() {
            tree.reading.advise(
                tag_place(file, &span, at),
                format!("tags like `{}` are not read", tag.original()),
                "leave it out",
            );
        }
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents > 1 {
                tree.reading.advise(at, "a second document", "one file holds one document: remove the `---`");
                return None;
            }
        }
        tree.event(event, at)?;
    }
    let root = tree.root.take().filter(|root| !root.is_null());
    if root.is_none() {
        let at = Place { file, start: 0, end: 0 };
        reading.advise(at, "the file is empty", "see scenarios/ and fixtures/stacks/ for complete examples");
    }
    root
}

fn byte_of(text: &str, chars: usize) -> usize {
    text.char_indices().nth(chars).map_or(text.len(), |(byte, _)| byte)
}

fn tag_place(file: usize, span: &Span, otherwise: Place) -> Place {
    let range = span.tag_span().and_then(|tag| tag.byte_range());
    range.map_or(otherwise, |range| Place { file, start: range.start, end: range.end })
}

/// A collection that is not complete yet.
struct Open {
    at: Place,
    anchor: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, merges: Vec<Node>, key: Option<Key> },
}

struct Key {
    text: String,
    at: Place,
    plain: bool,
}

struct Builder<'r> {
    file: usize,
    reading: &'r mut Reading,
    stack: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    nodes: usize,
}

impl Builder<'_> {
    /// `None`: a budget is used up, or something else that no tree can be made of.
    fn event(&mut self, event: Event<'_>, at: Place) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                self.spend(1, 0, at)?;
                self.complete(Node { at, key: None, value: Value::Scalar { text: text.into_owned(), plain } }, anchor);
            }
            Event::SequenceStart(_, anchor, _) => self.open(at, anchor, Kind::List(Vec::new()))?,
            Event::MappingStart(_, anchor, _) => {
                self.open(at, anchor, Kind::Map { entries: Vec::new(), merges: Vec::new(), key: None })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    self.reading.advise(at, "this alias stands in what it means", "write the value out");
                    return None;
                };
                self.spend(node.nodes(), node.depth(), at)?;
                self.complete(node, 0);
            }
            Event::UnresolvedAlias(name) => {
                self.reading.advise(at, format!("no anchor `&{name}` stands before this alias"), "define it above");
                self.complete(Node { at, key: None, value: Value::Scalar { text: String::new(), plain: true } }, 0);
            }
            // Beginnings and ends of stream and document; the parser's enum is open, so they cannot be listed alone.
            _ => {}
        }
        Some(())
    }

    /// Counts against the budgets.
    fn spend(&mut self, nodes: usize, depth: usize, at: Place) -> Option<()> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            self.reading.advise(at, format!("more than {MAX_NODES} values, aliases written out"), "use fewer aliases");
            return None;
        }
        if self.stack.len() + depth > MAX_DEPTH {
            self.reading.advise(at, format!("nested more than {MAX_DEPTH} levels deep"), "use fewer levels");
            return None;
        }
        Some(())
    }

    fn open(&mut self, at: Place, anchor: usize, kind: Kind) -> Option<()> {
        self.spend(1, 1, at)?;
        self.stack.push(Open { at, anchor, kind });
        Some(())
    }

    fn close(&mut self) {
        let Some(open) = self.stack.pop() else { return };
        let (value, first) = match open.kind {
            Kind::List(items) => {
                let first = items.first().map(|item| item.at);
                (Value::List(items), first)
            }
            Kind::Map { mut entries, merges, .. } => {
                for merge in merges {
                    self.merge(&mut entries, merge);
                }
                let first = entries.first().map(|entry| entry.at);
                (Value::Map(entries), first)
            }
        };
        // A block collection begins where its first item does, and has no sign of its own to point at.
        let at = if open.at.start == open.at.end { first.unwrap_or(open.at) } else { open.at };
        self.complete(Node { at, key: None, value }, open.anchor);
    }

    /// `<<`: the keys that are not there yet.
    fn merge(&mut self, entries: &mut Vec<Entry>, from: Node) {
        let maps = match from.value {
            Value::List(items) => items,
            Value::Map(_) | Value::Scalar { .. } => vec![from],
        };
        for map in maps {
            let Value::Map(more) = map.value else {
                self.reading.advise(map.owner(), "`<<` takes a mapping or a list of mappings", "like `<<: *name`");
                continue;
            };
            for entry in more {
                if !entries.iter().any(|known| known.key == entry.key) {
                    entries.push(entry);
                }
            }
        }
    }

    /// A node is complete: it belongs to the innermost open collection.
    fn complete(&mut self, mut node: Node, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(Kind::List(items)) => {
                node.key = None;
                items.push(node);
            }
            Some(Kind::Map { entries, merges, key }) => {
                let Some(name) = key.take() else {
                    let (text, plain) = match node.value {
                        Value::Scalar { text, plain } => (text, plain),
                        Value::List(_) | Value::Map(_) => {
                            self.reading.advise(node.at, "a key must be a text", "write `key: value`");
                            (format!("{NO_KEY}{}", node.at.start), false)
                        }
                    };
                    *key = Some(Key { text, at: Place { file: self.file, ..node.at }, plain });
                    return;
                };
                node.key = Some(name.at);
                if name.plain && name.text == "<<" {
                    merges.push(node);
                } else if let Some(first) = entries.iter().find(|entry| entry.key == name.text) {
                    let before = &self.reading.source(first.at.file)[..first.at.start];
                    let line = before.matches('\n').count() + 1;
                    let message = format!("the key `{}` stands here twice", name.text);
                    self.reading.advise(name.at, message, format!("it was first on line {line}: keep one of them"));
                } else {
                    entries.push(Entry { key: name.text, at: name.at, value: node });
                }
            }
        }
    }
}
