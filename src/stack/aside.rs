//! What lies in a folder on a volume, beside the data that is served: a tenant that was restored to see whether it can be.
//!
//! The engine streams the volume as tar, and the bytes are looked at here: what a restore tool says of its own work is no
//! proof. A dump may write bytes as hexadecimal digits, so marks are found in those, too.

use super::site::{Site, SiteError};
use crate::engine::EngineError;
use crate::ids::Tenant;
use crate::journal::{Checksum, Found, TOKEN_LENGTH, TOKEN_PREFIX, Token, checksum_of, tokens_in};
use crate::ledger::Marks;
use crate::plan::{MountSource, ServiceKey, VolumeKey};
use aho_corasick::{AhoCorasick, BuildError};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::io::{self, Read as _};
use tokio_util::io::{StreamReader, SyncIoBridge};

/// What lies in such a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aside {
    pub files: u64,
    pub bytes: u64,
    pub found: Found,
    /// SHA-256 of each file, each once.
    pub contents: BTreeSet<Checksum>,
}

impl Site {
    /// Looks at all files below `folder`, as the container of `at` sees it. A folder that is not there has none.
    ///
    /// # Errors
    /// [`SiteError`] when the folder is on no volume, or the volume cannot be read.
    pub async fn look_aside(&self, at: &ServiceKey, folder: &str, marks: &Marks) -> Result<Aside, SiteError> {
        let no_volume = || SiteError::NoVolume { at: at.clone(), folder: folder.to_owned() };
        let (volume, below) = self.volume_of(at, folder)?.ok_or_else(no_volume)?;
        let name = self.names.volume(&volume);
        let failed = |why: String| EngineError::Failed { action: "look through", what: name.clone(), why };
        let words = Words::new(marks).map_err(|error| failed(error.to_string()))?;
        let stream = self.handles.of(volume.datacenter.as_ref()).read_volume(&name).await?;
        let reader = SyncIoBridge::new(StreamReader::new(stream.boxed()));
        let seen = tokio::task::spawn_blocking(move || look(reader, &below, &words)).await;
        Ok(seen.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))?)
    }

    /// The volume that a folder lies on, and the folder's path on it.
    fn volume_of(&self, at: &ServiceKey, folder: &str) -> Result<Option<(VolumeKey, String)>, SiteError> {
        let mounts = self.service(at)?.mounts.iter().filter_map(|mount| match &mount.source {
            MountSource::Volume(key) => {
                let below = folder.strip_prefix(mount.target.trim_end_matches('/'))?.strip_prefix('/')?;
                Some((mount.target.len(), key.clone(), below.trim_matches('/').to_owned()))
            }
            MountSource::Stack(_) | MountSource::Secrets(_) | MountSource::Tmpfs => None,
        });
        // A whole volume would be the tenant's own data, and a way out of it anybody's.
        let inside = |below: &str| !below.is_empty() && below.split('/').all(|part| part != ".." && part != ".");
        let deepest = mounts.max_by_key(|(depth, ..)| *depth);
        Ok(deepest.filter(|(_, _, below)| inside(below)).map(|(_, key, below)| (key, below)))
    }
}

/// What is looked for.
struct Words {
    /// The beginning of a token and every canary, plain and as hexadecimal digits.
    search: AhoCorasick,
    /// What each pattern is.
    kinds: Vec<Kind>,
}

#[derive(Debug, Clone)]
enum Kind {
    Token,
    HexToken,
    Canary(Tenant),
}

impl Words {
    fn new(marks: &Marks) -> Result<Self, BuildError> {
        let mut patterns = vec![TOKEN_PREFIX.to_owned(), HEXLOWER.encode(TOKEN_PREFIX.as_bytes())];
        let mut kinds = vec![Kind::Token, Kind::HexToken];
        for (tenant, canary) in marks.canaries() {
            patterns.extend([canary.clone(), HEXLOWER.encode(canary.as_bytes())]);
            kinds.extend([Kind::Canary(tenant.clone()), Kind::Canary(tenant.clone())]);
        }
        Ok(Self { search: AhoCorasick::builder().ascii_case_insensitive(true).build(patterns)?, kinds })
    }

    /// Adds the marks in `bytes` to those that were found.
    fn find(&self, bytes: &[u8], tokens: &mut BTreeSet<Token>, canaries: &mut BTreeSet<Tenant>) {
        for hit in self.search.find_overlapping_iter(bytes) {
            let from = hit.start();
            match &self.kinds[hit.pattern().as_usize()] {
                Kind::Canary(tenant) => {
                    canaries.insert(tenant.clone());
                }
                // With what stands around it: whether it is a token depends on that.
                Kind::Token => {
                    let around = from.saturating_sub(BEFORE)..(from + TOKEN_LENGTH + 1).min(bytes.len());
                    tokens.extend(tokens_in(&bytes[around]));
                }
                Kind::HexToken => {
                    let digits = bytes.get(from..from + 2 * TOKEN_LENGTH);
                    let plain = digits.and_then(|digits| HEXLOWER_PERMISSIVE.decode(digits).ok());
                    tokens.extend(tokens_in(&plain.unwrap_or_default()));
                }
            }
        }
    }
}

/// Bytes before a token that decide whether it is one.
const BEFORE: usize = 3;
/// Bytes of a file at once, and of those before them that are looked at again: longer than any mark in hexadecimal digits.
const PIECE: usize = 256 << 10;
const AGAIN: usize = 256;

fn look(tar: impl io::Read, below: &str, words: &Words) -> io::Result<Aside> {
    let (mut aside, mut tokens, mut canaries) = (Aside::default(), BTreeSet::new(), BTreeSet::new());
    let mut archive = tar::Archive::new(tar);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        // The engine puts all files of a volume into one folder.
        let path = path.strip_prefix("volume").unwrap_or(&path);
        if !entry.header().entry_type().is_file() || !path.starts_with(below) {
            continue;
        }
        aside.files += 1;
        aside.bytes += entry.size();
        let mut hash = Sha256::new();
        let mut window = Vec::with_capacity(AGAIN + PIECE);
        loop {
            window.drain(..window.len().saturating_sub(AGAIN));
            let kept = window.len();
            if entry.by_ref().take(PIECE as u64).read_to_end(&mut window)? == 0 {
                break;
            }
            hash.update(&window[kept..]);
            words.find(&window, &mut tokens, &mut canaries);
        }
        aside.contents.insert(checksum_of(hash));
    }
    aside.found = Found { tokens: tokens.into_iter().collect(), canaries: canaries.into_iter().collect() };
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::super::bed::archive;
    use super::super::bed::{Bed, key, plan, service};
    use super::*;
    use crate::journal::checksum;
    use crate::journal::sample::tenant;
    use crate::ledger::RunKey;
    use crate::plan::Mount;

    const TOKENS: [&str; 2] = ["EFABCDEFGHIJKLMNOPQRSTUVWXYZ", "EF234567ABCDEFGHIJKLMNOPQRST"];

    fn marks() -> Marks {
        let key = RunKey::parse(&"07".repeat(32)).unwrap();
        Marks::new(&key, &[tenant("acme"), tenant("globex")]).unwrap()
    }

    fn seen(files: &[(&str, &[u8])]) -> Aside {
        look(archive(files).as_slice(), "side", &Words::new(&marks()).unwrap()).unwrap()
    }

    #[test]
    fn marks_are_found_plain_and_as_digits_and_only_on_the_side() {
        let canary = marks().canaries()[&tenant("acme")].clone();
        let plain = format!("page {} with {canary}", TOKENS[0]);
        let digits = format!("VALUES (7,0x{})", data_encoding::HEXUPPER.encode(format!("a {}.", TOKENS[1]).as_bytes()));
        let own = marks().canaries()[&tenant("globex")].clone();
        let aside = seen(&[
            ("volume/side/a", plain.as_bytes()),
            ("volume/side/deep/b", digits.as_bytes()),
            ("volume/aside", own.as_bytes()),
            ("volume/images/c", own.as_bytes()),
        ]);
        assert_eq!(
            aside.found,
            Found {
                tokens: TOKENS.iter().flat_map(|token| token.parse()).collect(),
                canaries: [tenant("acme")].into()
            }
            .sorted()
        );
        assert_eq!((aside.files, aside.bytes), (2, (plain.len() + digits.len()) as u64));
        assert!(aside.contents.contains(&checksum(plain.as_bytes())));
        assert_eq!(seen(&[("volume/images/c", b"x")]), Aside::default());
    }

    #[test]
    fn a_mark_may_lie_where_two_pieces_meet() {
        for before in [PIECE - 60, PIECE - 27, PIECE - 1, PIECE, 2 * PIECE - 3] {
            let mut bytes = vec![b'.'; before];
            bytes.extend_from_slice(HEXLOWER.encode(TOKENS[0].as_bytes()).as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(TOKENS[1].as_bytes());
            let aside = seen(&[("volume/side/a", &bytes)]);
            assert_eq!(aside.found.tokens.len(), 2, "{before}");
            assert!(aside.contents.contains(&checksum(&bytes)), "{before}");
        }
    }

    impl Found {
        fn sorted(mut self) -> Self {
            self.tokens.sort();
            self
        }
    }

    #[tokio::test]
    async fn a_folder_must_lie_on_a_volume_and_not_be_all_of_it() {
        let at = key("helsinki", Some("acme"), "keeper");
        let volume =
            VolumeKey { datacenter: at.datacenter.clone(), tenant: at.tenant.clone(), name: "files".to_owned() };
        let mut plan = plan();
        let mut keeper = service(at.clone());
        let mount = |source, target: &str| Mount { source, target: target.to_owned(), read_only: false };
        keeper.mounts.push(mount(MountSource::Volume(volume.clone()), "/files"));
        keeper.mounts.push(mount(MountSource::Tmpfs, "/run"));
        plan.stack.services.push(keeper);
        let bed = Bed::with(plan);
        let found = |folder: &str| bed.site.volume_of(&at, folder).unwrap();
        assert_eq!(found("/files/side"), Some((volume, "side".to_owned())));
        for folder in ["/files", "/files/", "/filesystem", "/run/side", "/", "", "/files/../etc", "files/side"] {
            assert_eq!(found(folder), None, "{folder}");
        }
        let error = bed.site.look_aside(&at, "/run/side", &marks()).await.expect_err("no volume");
        assert!(error.is_the_operators(), "{error}");
    }
}
