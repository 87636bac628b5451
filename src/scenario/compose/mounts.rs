//! What a service mounts: named volumes, read-only paths of the stack folder, secrets, tmpfs; short and long forms.

use super::super::fields::Fields;
use super::super::node::{Node, Value};
use super::super::reading::{Place, Placed, Reading, Word};
use super::super::suggest::suggest;
use super::host::{HostPath, SECRETS, host_path};
use super::{Declared, Setting};
use std::path::PathBuf;

#[derive(Debug, Clone)]
pub struct MountEntry {
    pub source: MountFrom,
    pub target: String,
    pub read_only: bool,
    pub at: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountFrom {
    Volume(String),
    /// Relative to the stack folder.
    Stack(PathBuf),
    /// Relative to the run's secrets folder.
    Secrets(PathBuf),
    Tmpfs,
}

/// Of several mounts at one target the last, as between Compose files.
pub fn latest(mounts: Vec<MountEntry>) -> Vec<MountEntry> {
    let mut found: Vec<MountEntry> = Vec::new();
    for mount in mounts {
        found.retain(|known| known.target != mount.target);
        found.push(mount);
    }
    found
}

/// An entry of `volumes`.
pub fn volume(node: &Node, setting: &Setting<'_>, declared: &Declared, reading: &mut Reading) -> Option<MountEntry> {
    match &node.value {
        Value::Scalar { .. } => {
            let word = reading.word(node)?;
            let (source, target, read_only) = short_form(&word, reading)?;
            let bind = source.value.starts_with(['.', '/', '~']) || source.value.starts_with(SECRETS);
            mount(bind, &source, target, read_only, setting, declared, reading)
        }
        Value::Map(_) | Value::List(_) => long_form(node, setting, declared, reading),
    }
}

/// `source:target[:ro]`
fn short_form(word: &Word, reading: &mut Reading) -> Option<(Word, String, bool)> {
    let parts: Vec<&str> = word.value.split(':').collect();
    let (source, target, options) = match parts.as_slice() {
        [source, target] => (*source, *target, "rw"),
        [source, target, options] => (*source, *target, *options),
        [_] => {
            let hint = "give it a name: `name:/path`; what has no name carries no label and would be left behind";
            reading.advise(word.at, "an anonymous volume", hint);
            return None;
        }
        _ => {
            reading.advise(word.at, "too many parts", "write `source:target` or `source:target:ro`");
            return None;
        }
    };
    let read_only = match options {
        "ro" => true,
        "rw" => false,
        other => {
            reading.advise(word.at, format!("the mount option `{other}` is not read"), "`ro` and `rw` are");
            return None;
        }
    };
    Some((Placed { value: source.to_owned(), at: word.at }, target.to_owned(), read_only))
}

fn long_form(node: &Node, setting: &Setting<'_>, declared: &Declared, reading: &mut Reading) -> Option<MountEntry> {
    let mut fields = Fields::of(node, "a mount", reading)?;
    let kind = fields.word("type", reading);
    let source = fields.maybe_word("source", reading);
    let target = fields.word("target", reading);
    let read_only = fields.flag("read_only", reading);
    fields.done(reading);
    match (kind.as_str(), source) {
        ("tmpfs", None) => tmpfs_at(&target, reading),
        ("tmpfs", Some(source)) => {
            reading.advise(source.at, "a tmpfs has no source", "leave `source` out");
            None
        }
        (kind @ ("volume" | "bind"), Some(source)) => {
            mount(kind == "bind", &source, target.value, read_only, setting, declared, reading)
        }
        ("volume" | "bind", None) => {
            reading.advise(node.owner(), "a mount without a source", "name the volume or path under `source`");
            None
        }
        ("", _) => None,
        (other, _) => {
            let hint = suggest(other, ["volume", "bind", "tmpfs"]);
            reading.advise(kind.at, format!("there is no mount of type `{other}`"), hint);
            None
        }
    }
}

fn mount(
    bind: bool,
    source: &Word,
    target: String,
    read_only: bool,
    setting: &Setting<'_>,
    declared: &Declared,
    reading: &mut Reading,
) -> Option<MountEntry> {
    let at = source.at;
    if !target.starts_with('/') {
        if !target.is_empty() {
            reading.advise(at, format!("the target `{target}` is not absolute"), "it begins with `/`");
        }
        return None;
    }
    if !bind {
        if !declared.volumes.iter().any(|volume| volume.value == source.value) {
            let known = declared.volumes.iter().map(|volume| volume.value.as_str());
            let hint = format!("{}; a path begins with `./`", suggest(&source.value, known));
            reading.advise(at, format!("no volume `{}` is declared in this file", source.value), hint);
            return None;
        }
        return Some(MountEntry { source: MountFrom::Volume(source.value.clone()), target, read_only, at });
    }
    let path = host_path(source, setting.ground, reading)?;
    if !read_only {
        let hint = "add `:ro`, and mount a named volume for what the service writes";
        reading.advise(at, "a drill must not write to this host's files", hint);
        return None;
    }
    let source = match path {
        HostPath::Stack(path) => MountFrom::Stack(path),
        HostPath::Secrets(path) => MountFrom::Secrets(path),
    };
    Some(MountEntry { source, target, read_only, at })
}

/// `tmpfs: /run` or `tmpfs: [/run, /tmp]`
pub fn tmpfs(node: &Node, reading: &mut Reading) -> Vec<MountEntry> {
    match &node.value {
        Value::Scalar { .. } => reading.word(node).and_then(|path| tmpfs_at(&path, reading)).into_iter().collect(),
        Value::List(_) | Value::Map(_) => {
            reading.words(node).iter().filter_map(|path| tmpfs_at(path, reading)).collect()
        }
    }
}

fn tmpfs_at(path: &Word, reading: &mut Reading) -> Option<MountEntry> {
    if path.value.starts_with('/') && !path.value.contains(':') {
        return Some(MountEntry {
            source: MountFrom::Tmpfs,
            target: path.value.clone(),
            read_only: false,
            at: path.at,
        });
    }
    if !path.value.is_empty() {
        reading.advise(
            path.at,
            format!("`{}` is no place for a tmpfs", path.value),
            "an absolute path, without options",
        );
    }
    None
}

/// An entry of a service's `secrets`.
pub fn secret(node: &Node, declared: &Declared, reading: &mut Reading) -> Option<MountEntry> {
    let (name, target) = match &node.value {
        Value::Scalar { .. } => (reading.word(node)?, None),
        Value::Map(_) | Value::List(_) => {
            let mut fields = Fields::of(node, "a secret", reading)?;
            let name = fields.word("source", reading);
            let target = fields.maybe_word("target", reading);
            // As in Compose, a secret from a file keeps the file's own mode.
            if let Some(mode) = fields.maybe_word("mode", reading)
                && !mode.value.bytes().all(|digit| (b'0'..=b'7').contains(&digit))
            {
                reading.advise(mode.at, format!("`{}` is no file mode", mode.value), "octal digits, like 0400");
            }
            fields.done(reading);
            (name, target)
        }
    };
    if name.value.is_empty() {
        return None;
    }
    let Some(file) = declared.secrets.get(&name.value) else {
        let hint = suggest(&name.value, declared.secrets.keys().map(String::as_str));
        reading.advise(name.at, format!("no secret `{}` is declared in this file", name.value), hint);
        return None;
    };
    let target = target.map_or_else(|| name.value.clone(), |target| target.value);
    let target = if target.starts_with('/') { target } else { format!("/run/secrets/{target}") };
    Some(MountEntry { source: MountFrom::Secrets(file.clone()?), target, read_only: true, at: name.at })
}
