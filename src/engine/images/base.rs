//! The base image: Debian bookworm, slim. Used if here, pulled if a registry answers, else made from Debian packages.
//!
//! The bootstrap streams `mmdebstrap`'s archive straight into the engine. It hangs on our end of a pipe: when this
//! program ends, however that happens, the bootstrap is told to stop and cleans up after itself.

use super::ImageEvent;
use crate::engine::{Engine, EngineError, TarStream};
use crate::plan::BASE_IMAGE;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures_util::{StreamExt, stream};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};
use tokio::task::JoinHandle;
use tokio_util::io::ReaderStream;

/// What makes it from packages.
pub const TOOL: &str = "mmdebstrap";
const SUITE: &str = "bookworm";
/// Lines of the tool's messages that an error shows.
const TAIL: usize = 12;

/// What `debian:bookworm-slim` leaves out, and what it puts in for builds: no service starts when its package is
/// installed, no package files stay in a layer. Options of dpkg and apt stay in the image, so later layers are slim, too.
const RECIPE: [&str; 11] = [
    "--variant=minbase",
    "--format=tar",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/info/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--aptopt=Acquire::Languages \"none\"",
    r#"--customize-hook=printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d""#,
    r#"--customize-hook=chmod 755 "$1/usr/sbin/policy-rc.d""#,
    r#"--customize-hook=echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };' >"$1/etc/apt/apt.conf.d/docker-clean""#,
];

/// Runs the tool until it ends or stdin is closed; then the tool gets a signal that it cleans up on.
const WHILE_STDIN_IS_OPEN: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
tool=$!
{ cat <&3; kill -TERM "$tool"; } >/dev/null 2>&1 &
watch=$!
wait "$tool"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
"#;

/// The base that is here now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    pub tag: String,
    /// Part of the tag of everything that is built on it.
    pub id: String,
}

/// Tag of a bootstrapped base: another recipe, another tag.
#[must_use]
pub fn tag() -> String {
    let hash = HEXLOWER.encode(&Sha256::digest(format!("{SUITE}\n{}", RECIPE.join("\n"))));
    format!("ernstfall/base:{}", &hash[..16])
}

/// The base that is here, if one is.
///
/// # Errors
/// When the engine does not answer.
pub async fn present(engine: &dyn Engine) -> Result<Option<Base>, EngineError> {
    for tag in [BASE_IMAGE.to_owned(), tag()] {
        if let Some(id) = engine.image(&tag).await? {
            return Ok(Some(Base { tag, id }));
        }
    }
    Ok(None)
}

/// Whether this host could bootstrap a base: where the tool is.
#[must_use]
pub fn tool() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(TOOL)).find(|file| file.is_file())
}

pub(super) async fn ensure(
    engine: &dyn Engine,
    tell: &(impl Fn(ImageEvent) + Send + Sync),
) -> Result<Base, EngineError> {
    if let Some(base) = present(engine).await? {
        tell(ImageEvent::Present { image: BASE_IMAGE.to_owned(), tag: base.tag.clone() });
        return Ok(base);
    }
    tell(ImageEvent::Pulling { image: BASE_IMAGE.to_owned() });
    match engine.pull(BASE_IMAGE).await {
        Ok(()) => tell(ImageEvent::Pulled { image: BASE_IMAGE.to_owned() }),
        Err(EngineError::NoImage { why, .. }) => {
            let tag = tag();
            tell(ImageEvent::Bootstrapping { tag: tag.clone() });
            bootstrap(engine, &tag, &why).await?;
            tell(ImageEvent::Bootstrapped { tag });
        }
        Err(error) => return Err(error),
    }
    let image = BASE_IMAGE.to_owned();
    present(engine).await?.ok_or_else(|| EngineError::NoImage { image, why: "it vanished again".to_owned() })
}

/// `no_pull` says why no registry helped.
async fn bootstrap(engine: &dyn Engine, tag: &str, no_pull: &str) -> Result<(), EngineError> {
    let Some(tool) = tool() else {
        let why = format!(
            "{no_pull}; to make it from packages, {TOOL} must be installed (`make engine` does it on Debian and Ubuntu)"
        );
        return Err(EngineError::NoImage { image: BASE_IMAGE.to_owned(), why });
    };
    let failed = |why: String| EngineError::Failed { action: "bootstrap", what: tag.to_owned(), why };
    let mut child = Command::new("sh")
        .args(["-c", WHILE_STDIN_IS_OPEN, "sh"])
        .arg(tool)
        .args(arguments(&mirrors()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(failed("it has no standard streams".to_owned()));
    };
    let running = Running { child, stdin, said: tokio::spawn(last_lines(stderr)) };
    let archive: TarStream = ReaderStream::with_capacity(stdout, 64 << 10)
        .chain(stream::once(running.end()).filter_map(async |end| end))
        .boxed();
    engine.import(tag, archive).await.map_err(|error| match error {
        EngineError::Failed { why, .. } => failed(why),
        other => other,
    })
}

fn arguments(mirrors: &[String]) -> Vec<String> {
    let mut arguments: Vec<String> = RECIPE.map(str::to_owned).to_vec();
    if mirrors.iter().any(|line| line.contains("https://")) {
        arguments.push("--include=ca-certificates".to_owned());
    }
    arguments.extend([SUITE.to_owned(), "-".to_owned()]);
    arguments.extend_from_slice(mirrors);
    arguments
}

/// The bootstrap while it works. Dropping it closes the tool's stdin, which stops it.
struct Running {
    child: Child,
    stdin: ChildStdin,
    said: JoinHandle<String>,
}

impl Running {
    /// After the archive's last byte: an error if the tool failed, so that half a system is never imported.
    async fn end(mut self) -> Option<std::io::Result<Bytes>> {
        let status = self.child.wait().await;
        drop(self.stdin);
        let said = self.said.await.unwrap_or_default();
        match status {
            Ok(status) if status.success() => None,
            Ok(status) => Some(Err(std::io::Error::other(format!("{TOOL}: {status}\n{said}")))),
            Err(error) => Some(Err(error)),
        }
    }
}

async fn last_lines(stderr: ChildStderr) -> String {
    let mut lines = BufReader::new(stderr).lines();
    let mut last = VecDeque::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if last.len() == TAIL {
            last.pop_front();
        }
        last.push_back(line);
    }
    last.make_contiguous().join("\n")
}

/// Where this machine has its packages from, if it runs the same suite; otherwise the tool knows Debian's own mirrors.
fn mirrors() -> Vec<String> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let says = |line: &str| release.lines().any(|other| other == line);
    if !says("ID=debian") || !says(&format!("VERSION_CODENAME={SUITE}")) {
        return Vec::new();
    }
    let folder = Path::new("/etc/apt/sources.list.d");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.push(PathBuf::from("/etc/apt/sources.list"));
    files.sort();
    let read = |file: PathBuf| Some((file.extension()? == "sources", fs::read_to_string(&file).ok()?));
    files.into_iter().filter_map(read).flat_map(|(deb822, text)| sources(deb822, &text)).collect()
}

/// Debian's own entries of one apt file, as lines: `deb URI SUITE main`.
fn sources(deb822: bool, text: &str) -> Vec<String> {
    let known = |suite: &str| ["", "-updates", "-security"].iter().any(|kind| suite == format!("{SUITE}{kind}"));
    let mut lines = Vec::new();
    let mut add = |uris: &str, suites: &str, components: &str, signed_by: &str| {
        let debians = signed_by.is_empty() || signed_by.contains("debian-archive");
        if debians && components.split_whitespace().any(|component| component == "main") {
            for uri in uris.split_whitespace() {
                lines.extend(
                    suites
                        .split_whitespace()
                        .filter(|suite| known(suite))
                        .map(|suite| format!("deb {uri} {suite} main")),
                );
            }
        }
    };
    if deb822 {
        for stanza in text.split("\n\n") {
            let field = |name: &str| {
                let value = |line: &str| {
                    line.split_once(':')
                        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
                        .map(|(_, value)| value.trim().to_owned())
                };
                stanza.lines().filter(|line| !line.starts_with('#')).find_map(value).unwrap_or_default()
            };
            let off = field("Enabled").eq_ignore_ascii_case("no");
            if !off && field("Types").split_whitespace().any(|kind| kind == "deb") {
                add(&field("URIs"), &field("Suites"), &field("Components"), &field("Signed-By"));
            }
        }
    } else {
        for line in text.lines() {
            let Some(rest) = line.trim().strip_prefix("deb ") else { continue };
            let (options, rest) = match rest.trim().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                Some((options, rest)) => (options, rest),
                None => ("", rest),
            };
            let signed_by =
                options.split_whitespace().find_map(|option| option.strip_prefix("signed-by=")).unwrap_or("");
            if let [uri, suite, components] = rest.trim().splitn(3, char::is_whitespace).collect::<Vec<_>>()[..] {
                add(uri, suite, components, signed_by);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_debians_own_entries_of_this_suite_are_taken() {
        let list = "# comment\n\
            deb http://mirror.example/debian bookworm main contrib\n\
            deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://sec.example bookworm-security main\n\
            deb [signed-by=/etc/apt/keyrings/other.gpg] http://other.example bookworm main\n\
            deb http://tools.example/apt tools-bookworm main\n\
            deb-src http://mirror.example/debian bookworm main\n\
            deb http://stable.example/linux bookworm stable\n";
        let expected =
            ["deb http://mirror.example/debian bookworm main", "deb http://sec.example bookworm-security main"];
        assert_eq!(sources(false, list), expected);

        let stanzas = "Types: deb\n# URIs: http://commented.example\nURIs: http://mirror.example/debian\n\
            Suites: bookworm bookworm-updates bookworm-backports\nComponents: main\n\
            Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n\
            Types: deb\nURIs: http://other.example\nSuites: bookworm\nComponents: main\nSigned-By: /other.gpg\n\n\
            Enabled: no\nTypes: deb\nURIs: http://off.example\nSuites: bookworm\nComponents: main\n";
        let expected = [
            "deb http://mirror.example/debian bookworm main",
            "deb http://mirror.example/debian bookworm-updates main",
        ];
        assert_eq!(sources(true, stanzas), expected);
    }

    #[test]
    fn https_mirrors_need_certificates_in_the_image() {
        assert!(!arguments(&["deb http://a bookworm main".to_owned()]).iter().any(|word| word.contains("ca-cert")));
        assert!(arguments(&["deb https://a bookworm main".to_owned()]).iter().any(|word| word.contains("ca-cert")));
        let plain = arguments(&[]);
        assert_eq!(plain[plain.len() - 2..], ["bookworm", "-"]);
    }

    #[tokio::test]
    async fn a_tool_whose_reader_is_gone_is_told_to_stop() {
        let script = "trap 'echo cleaned up; exit 7' TERM; echo ready; sleep 5 >/dev/null 2>&1 & wait";
        let mut child = Command::new("sh")
            .args(["-c", WHILE_STDIN_IS_OPEN, "sh", "sh", "-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut said = BufReader::new(child.stdout.take().expect("its output")).lines();
        assert_eq!(said.next_line().await.expect("read").as_deref(), Some("ready"), "before, no trap is set");
        drop(child.stdin.take());
        assert_eq!(said.next_line().await.expect("read").as_deref(), Some("cleaned up"));
        assert_eq!(child.wait().await.expect("it ends").code(), Some(7));
    }

    #[tokio::test]
    async fn a_tool_with_a_reader_ends_by_itself() {
        let mut child = Command::new("sh")
            .args(["-c", WHILE_STDIN_IS_OPEN, "sh", "sh", "-c", "sleep 0.2; exit 3"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stdin = child.stdin.take();
        assert_eq!(child.wait().await.expect("it ends").code(), Some(3));
        drop(stdin);
    }
}
