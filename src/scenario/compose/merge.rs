//! Several Compose files become one: short forms are written out, then mappings merge by key and lists are appended.
//! `command`, `entrypoint` and a health check's `test` are replaced, as the Compose specification says.

use crate::scenario::node::{Entry, Node, Value};
use crate::scenario::reading::Reading;

/// Lists that a later file replaces.
const REPLACED: [&str; 3] = ["command", "entrypoint", "test"];

/// Puts `over` on top of `base`.
pub fn merge(base: Node, over: Node) -> Node {
    merge_under("", base, over)
}

fn merge_under(key: &str, base: Node, over: Node) -> Node {
    let value = match (base.value, over.value) {
        (Value::Map(mut entries), Value::Map(more)) => {
            for entry in more {
                match entries.iter_mut().find(|known| known.key == entry.key) {
                    Some(known) => {
                        known.value = merge_under(&entry.key, known.value.clone(), entry.value);
                        known.at = entry.at;
                    }
                    None => entries.push(entry),
                }
            }
            Value::Map(entries)
        }
        (Value::List(mut items), Value::List(more)) if !REPLACED.contains(&key) => {
            items.extend(more);
            Value::List(items)
        }
        // A key that is given without a value changes nothing.
        (base, Value::Scalar { text, plain: true }) if text.is_empty() => base,
        (_, over) => over,
    };
    Node { at: over.at, key: over.key, value }
}

/// Writes the short forms of one file out, so that files with different forms merge by key.
pub fn long_forms(root: &mut Node, reading: &mut Reading) {
    let Some(services) = field(root, "services") else { return };
    let Value::Map(services) = &mut services.value else { return };
    for service in services {
        for key in ["networks", "depends_on"] {
            if let Some(node) = field(&mut service.value, key) {
                names_to_map(node, reading);
            }
        }
        if let Some(node) = field(&mut service.value, "environment") {
            pairs_to_map(node, reading);
        }
        if let Some(build) = field(&mut service.value, "build") {
            if let Value::Scalar { .. } = build.value {
                let context = Entry { key: "context".to_owned(), at: build.owner(), value: build.clone() };
                build.value = Value::Map(vec![context]);
            }
            if let Some(node) = field(build, "args") {
                pairs_to_map(node, reading);
            }
        }
    }
}

fn field<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    match &mut node.value {
        Value::Map(entries) => entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value),
        Value::List(_) | Value::Scalar { .. } => None,
    }
}

/// `[a, b]` becomes `{a: , b: }`.
fn names_to_map(node: &mut Node, reading: &mut Reading) {
    let Value::List(items) = &node.value else { return };
    let mut entries = Vec::new();
    for item in items {
        if let Some(name) = reading.word(item) {
            let nothing = Value::Scalar { text: String::new(), plain: true };
            let value = Node { at: item.at, key: Some(item.at), value: nothing };
            push(&mut entries, Entry { key: name.value, at: item.at, value }, reading);
        }
    }
    node.value = Value::Map(entries);
}

/// `[A=1]` becomes `{A: "1"}`.
fn pairs_to_map(node: &mut Node, reading: &mut Reading) {
    let Value::List(items) = &node.value else { return };
    let mut entries = Vec::new();
    for item in items {
        let Some(word) = reading.word(item) else { continue };
        let Some((key, value)) = word.value.split_once('=') else {
            let message = format!("`{}` would take its value from the host", word.value);
            reading.advise(item.at, message, format!("write `{}=value`", word.value));
            continue;
        };
        let text = Value::Scalar { text: value.to_owned(), plain: false };
        let value = Node { at: item.at, key: Some(item.at), value: text };
        push(&mut entries, Entry { key: key.to_owned(), at: item.at, value }, reading);
    }
    node.value = Value::Map(entries);
}

fn push(entries: &mut Vec<Entry>, entry: Entry, reading: &mut Reading) {
    if entries.iter().any(|known| known.key == entry.key) {
        reading.advise(entry.at, format!("`{}` stands here twice", entry.key), "keep one of them");
    } else {
        entries.push(entry);
    }
}
