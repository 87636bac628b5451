//! `${VARIABLES}` as Compose knows them. The host's environment is never read: same files, same plan.

use crate::scenario::node::{Entry, Node, Value};
use crate::scenario::reading::{Reading, Word};
use crate::scenario::suggest::suggest;
use std::collections::BTreeMap;

/// Names and values.
pub type Variables = BTreeMap<String, String>;

/// Defaults within defaults.
const MAX_DEPTH: usize = 8;

/// What is wrong with a text that has variables, and a hint.
type Wrong = (String, String);

/// Writes the variables of a text out.
///
/// # Errors
/// What is wrong and what to do about it.
pub fn interpolate(text: &str, variables: &Variables) -> Result<String, Wrong> {
    expand(text, variables, 0)
}

/// Writes the variables of a word out; `None` is a problem.
pub fn interpolate_word(word: &Word, variables: &Variables, reading: &mut Reading) -> Option<String> {
    interpolate(word.as_str(), variables).map_err(|(message, hint)| reading.advise(word.at, message, hint)).ok()
}

/// The same tree with all variables written out (those in keys excepted, as in Compose).
pub fn interpolate_node(node: &Node, variables: &Variables, reading: &mut Reading) -> Node {
    let value = match &node.value {
        Value::Scalar { text, plain } => match interpolate(text, variables) {
            // What a variable makes empty is an empty text, not nothing.
            Ok(written) => Value::Scalar { plain: *plain && (!written.is_empty() || text.is_empty()), text: written },
            Err((message, hint)) => {
                reading.advise(node.at, message, hint);
                node.value.clone()
            }
        },
        Value::List(items) => {
            Value::List(items.iter().map(|item| interpolate_node(item, variables, reading)).collect())
        }
        Value::Map(entries) => {
            let write = |entry: &Entry| Entry {
                key: entry.key.clone(),
                at: entry.at,
                value: interpolate_node(&entry.value, variables, reading),
            };
            Value::Map(entries.iter().map(write).collect())
        }
    };
    Node { at: node.at, key: node.key, value }
}

fn expand(text: &str, variables: &Variables, depth: usize) -> Result<String, Wrong> {
    if depth > MAX_DEPTH {
        return Err(("variables nested too deep".to_owned(), format!("at most {MAX_DEPTH} levels are read")));
    }
    let mut written = String::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        written.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            written.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let end = closing(after).ok_or_else(|| ("`${` is not closed".to_owned(), "add the `}`".to_owned()))?;
            written.push_str(&braced(&after[..end], variables, depth)?);
            rest = &after[end + 1..];
        } else {
            let length = name_length(rest);
            if length == 0 {
                return Err(("a `$` that begins no variable".to_owned(), "write `$$` for a dollar sign".to_owned()));
            }
            written.push_str(get(&rest[..length], variables)?);
            rest = &rest[length..];
        }
    }
    written.push_str(rest);
    Ok(written)
}

/// Byte of the `}` that belongs to a `${` just before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '{' if before == '$' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
        before = c;
    }
    None
}

/// Length of the variable's name that `text` begins with.
fn name_length(text: &str) -> usize {
    let of_name = |(at, c): (usize, char)| c == '_' || c.is_ascii_alphabetic() || (at > 0 && c.is_ascii_digit());
    text.char_indices().find(|at| !of_name(*at)).map_or(text.len(), |(at, _)| at)
}

fn get<'v>(name: &str, variables: &'v Variables) -> Result<&'v str, Wrong> {
    variables.get(name).map(String::as_str).ok_or_else(|| {
        let hint = suggest(name, variables.keys().map(String::as_str));
        (format!("the variable `{name}` is not set here"), format!("{hint}; `$${name}` if no variable is meant"))
    })
}

/// What stands between `${` and `}`.
fn braced(inner: &str, variables: &Variables, depth: usize) -> Result<String, Wrong> {
    let length = name_length(inner);
    let (name, operation) = inner.split_at(length);
    if name.is_empty() {
        return Err((format!("`${{{inner}}}` names no variable"), "write `$$` for a dollar sign".to_owned()));
    }
    if operation.is_empty() {
        return get(name, variables).map(str::to_owned);
    }
    let (empty_counts_as_unset, operation) =
        operation.strip_prefix(':').map_or((false, operation), |rest| (true, rest));
    let value = variables.get(name).filter(|value| !(empty_counts_as_unset && value.is_empty()));
    if let Some(default) = operation.strip_prefix('-') {
        return value.map_or_else(|| expand(default, variables, depth + 1), |value| Ok(value.clone()));
    }
    if let Some(alternative) = operation.strip_prefix('+') {
        return value.map_or_else(|| Ok(String::new()), |_| expand(alternative, variables, depth + 1));
    }
    if let Some(why) = operation.strip_prefix('?') {
        return value.cloned().ok_or_else(|| {
            let why = if why.is_empty() { "it is required".to_owned() } else { why.to_owned() };
            (
                format!("the variable `{name}` is not set here: {why}"),
                suggest(name, variables.keys().map(String::as_str)),
            )
        });
    }
    let hint = "known: ${X}, ${X:-default}, ${X-default}, ${X:?why}, ${X?why}, ${X:+other}, ${X+other}";
    Err((format!("`${{{inner}}}` cannot be read"), hint.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        [("TENANT", "acme"), ("EMPTY", "")].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    fn ok(text: &str) -> String {
        interpolate(text, &variables()).unwrap()
    }

    fn wrong(text: &str) -> String {
        interpolate(text, &variables()).unwrap_err().0
    }

    #[test]
    fn all_forms_of_compose_are_written_out() {
        assert_eq!(ok("a ${TENANT} b $TENANT-c"), "a acme b acme-c");
        assert_eq!(ok("$$TENANT $${TENANT}"), "$TENANT ${TENANT}");
        assert_eq!(ok("${EMPTY:-x} ${EMPTY-x} ${NONE:-x} ${NONE-x}"), "x  x x");
        assert_eq!(ok("${TENANT:+y} ${EMPTY:+y} ${EMPTY+y} ${NONE+y}"), "y  y ");
        assert_eq!(ok("${NONE:-${TENANT:-z}}/${NONE:-{a}}"), "acme/{a}");
        assert_eq!(ok("${TENANT:?why} ${EMPTY?why}"), "acme ");
    }

    #[test]
    fn what_is_not_set_is_an_error_never_empty() {
        assert_eq!(wrong("${TENAN}"), "the variable `TENAN` is not set here");
        assert_eq!(wrong("${NONE:?name of it}"), "the variable `NONE` is not set here: name of it");
        assert_eq!(wrong("${EMPTY:?}"), "the variable `EMPTY` is not set here: it is required");
        assert_eq!(wrong("${TENANT"), "`${` is not closed");
        assert_eq!(wrong("5 $"), "a `$` that begins no variable");
        assert_eq!(wrong("${TENANT^^}"), "`${TENANT^^}` cannot be read");
        assert_eq!(wrong(&"${A:-".repeat(30)), "`${` is not closed");
        assert_eq!(wrong(&format!("{}{}", "${A:-".repeat(30), "}".repeat(30))), "variables nested too deep");
    }

    #[test]
    fn the_hint_knows_the_names() {
        let (_, hint) = interpolate("${TENAN}", &variables()).unwrap_err();
        assert_eq!(hint, "did you mean `TENANT`?; `$$TENAN` if no variable is meant");
    }
}
