//! The host is not part of the drill: what reaches it is refused, with what to write instead.

use crate::scenario::paths::tidy;
use crate::scenario::reading::{Place, Reading, Word};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Component, Path, PathBuf};

/// Value of `${SECRETS}` while Compose files are read; the real folder is made when the run begins. No file can spell it.
pub const SECRETS: &str = "\u{1}secrets";

/// The folders that a stack may use.
#[derive(Debug, Clone)]
pub struct Ground {
    /// As it was typed, for messages.
    pub typed: PathBuf,
    /// Canonical.
    pub folder: PathBuf,
    /// Sibling folders, canonical.
    pub shares: Vec<PathBuf>,
}

/// A path on the host that a service may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPath {
    /// Relative to the stack folder.
    Stack(PathBuf),
    /// Relative to the run's secrets folder.
    Secrets(PathBuf),
}

/// Keys of a service that are refused by name: what is wrong with them, and what to write instead.
pub fn refused_service_key(key: &str) -> Option<(&'static str, &'static str)> {
    const HOST: &str = "reaches the host";
    const ESCAPES: &str = "gives the container rights on the host";
    const SUBSET: &str = "is not in the Compose subset that is read";
    Some(match key {
        "network_mode" => (HOST, "use `networks: [default]`, the internal network of the datacenter"),
        "pid" | "ipc" | "uts" | "userns_mode" | "cgroup" | "cgroup_parent" => {
            (HOST, "leave it out: each container has namespaces of its own")
        }
        "privileged" => {
            (ESCAPES, "leave it out; if the program needs a file of its own, mount a named volume or a tmpfs")
        }
        "devices" | "device_cgroup_rules" | "gpus" => {
            (ESCAPES, "leave it out: a drill works on volumes, not on devices")
        }
        "cap_add" => (ESCAPES, "leave it out; `user:` and `cap_drop:` are there to give away rights"),
        "security_opt" | "sysctls" | "group_add" | "credential_spec" => {
            (ESCAPES, "leave it out: the engine's own confinement stays as it is")
        }
        "container_name" => {
            ("fixes a name, so that no second drill can run", "leave it out: containers are named by run")
        }
        "volumes_from" | "external_links" => {
            ("reaches containers of others", "name volumes and networks of this stack")
        }
        "env_file" => (SUBSET, "write the variables under `environment`"),
        "deploy" => (SUBSET, "use `mem_limit`, `cpus` and `restart`"),
        "extends" => (SUBSET, "use an anchor and `<<`, or several files under `compose` in stack.yaml"),
        "configs" => (SUBSET, "mount the file read-only under `volumes`, like `./my.cnf:/etc/my.cnf:ro`"),
        "links" | "hostname" | "extra_hosts" => (SUBSET, "give the service `aliases` in its network"),
        "labels" | "logging" => (SUBSET, "leave it out: labels and logs are the harness's own"),
        _ => return None,
    })
}

/// Takes the source of a bind mount, a build context or a secret's file.
pub fn host_path(typed: &Word, ground: &Ground, reading: &mut Reading) -> Option<HostPath> {
    if let Some(rest) = typed.value.strip_prefix(SECRETS) {
        return secret_path(rest, typed.at, reading).map(HostPath::Secrets);
    }
    let path = Path::new(&typed.value);
    let allowed =
        "mount from the stack folder (or a sibling named under `shares` in stack.yaml), or use a named volume";
    if is_engine_socket(path) {
        let hint = "leave it out: with it, a container owns the host";
        reading.advise(typed.at, "this is the container engine's socket", hint);
        return None;
    }
    if path.is_absolute() || typed.value.starts_with('~') {
        reading.advise(typed.at, format!("`{}` is outside of the stack folder", typed.value), allowed);
        return None;
    }
    let Ok(canonical) = ground.folder.join(path).canonicalize() else {
        let hint = "the path is relative to the stack folder";
        reading.advise(typed.at, format!("there is no `{}`", typed.value), hint);
        return None;
    };
    if is_engine_socket(&canonical) {
        reading.advise(typed.at, "this leads to the container engine's socket", "leave it out");
        return None;
    }
    if !std::iter::once(&ground.folder).chain(&ground.shares).any(|folder| canonical.starts_with(folder)) {
        reading.advise(typed.at, format!("`{}` leads out of the stack folder", typed.value), allowed);
        return None;
    }
    let special = canonical.metadata().is_ok_and(|meta| {
        let kind = meta.file_type();
        kind.is_socket() || kind.is_fifo() || kind.is_block_device() || kind.is_char_device()
    });
    if special {
        reading.advise(typed.at, "this is neither a file nor a folder", "mount files and folders only");
        return None;
    }
    Some(HostPath::Stack(tidy(path)))
}

fn secret_path(rest: &str, at: Place, reading: &mut Reading) -> Option<PathBuf> {
    let path = rest.strip_prefix('/').map(Path::new);
    let inside = |path: &&Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    let found = path.filter(inside).filter(|path| path.components().next().is_some()).map(Path::to_path_buf);
    if found.is_none() {
        let hint = "name one file in it, like `${SECRETS}/tls/ca.pem`";
        reading.advise(at, "this is not a file in the folder of secrets", hint);
    }
    found
}

fn is_engine_socket(path: &Path) -> bool {
    const SOCKETS: [&str; 4] = ["docker.sock", "podman.sock", "containerd.sock", "crio.sock"];
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| SOCKETS.contains(&name))
}
