//! A search through all bytes of a vault: what lies there must be ciphertext only. No file may hold a word that is looked
//! for, and every file must look like ciphertext unless the stack declares it as plain.
//!
//! The engine streams the volume as tar; the bytes are looked at here and not by a tool of the system under test.

use super::ciphertext::Look;
use super::site::{Site, SiteError};
use crate::engine::EngineError;
use crate::ids::Datacenter;
use crate::journal::{Event, VaultHit};
use crate::plan::{MountSource, VaultPlain, VolumeKey};
use aho_corasick::AhoCorasick;
use futures_util::StreamExt as _;
use std::io;
use tokio_util::io::{StreamReader, SyncIoBridge};

/// Words that must not be found, with what to call them in a finding.
#[derive(Debug, Clone)]
pub struct Forbidden {
    pub bytes: Vec<u8>,
    pub what: String,
}

#[derive(Debug, Default)]
struct Search {
    files: u64,
    bytes: u64,
    hits: Vec<VaultHit>,
}

impl Site {
    /// Searches the volumes of the services that stand by in the mirror datacenter: the vaults.
    ///
    /// # Errors
    /// [`SiteError`] when a volume cannot be read.
    pub async fn search_vault(&self, vault: &Datacenter, forbidden: &[Forbidden]) -> Result<(), SiteError> {
        let mut total = Search::default();
        for key in self.vault_volumes(vault) {
            let name = self.names.volume(&key);
            let stream = self.handles.of(Some(vault)).read_volume(&name).await?;
            let reader = SyncIoBridge::new(StreamReader::new(stream.boxed()));
            let (forbidden, plain) = (forbidden.to_vec(), self.plan.stack.vault_plain.clone());
            let found = tokio::task::spawn_blocking(move || search(reader, &forbidden, &plain)).await;
            let failed = |why: String| EngineError::Failed { action: "search", what: name.clone(), why };
            let found = found.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))?;
            total.files += found.files;
            total.bytes += found.bytes;
            total.hits.extend(found.hits);
        }
        let Search { files, bytes, hits } = total;
        self.journal.write(Event::VaultSearched { vault: vault.clone(), files, bytes, hits })?;
        Ok(())
    }

    fn vault_volumes(&self, vault: &Datacenter) -> Vec<VolumeKey> {
        let of_vault = |key: &VolumeKey| key.datacenter.as_ref() == Some(vault) && key.tenant.is_none();
        let mut keys: Vec<VolumeKey> = self
            .plan
            .standby()
            .flat_map(|service| &service.mounts)
            .filter_map(|mount| match &mount.source {
                MountSource::Volume(key) => Some(VolumeKey { datacenter: Some(vault.clone()), ..key.clone() }),
                MountSource::Stack(_) | MountSource::Secrets(_) | MountSource::Tmpfs => None,
            })
            .filter(of_vault)
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

/// Passes on what it reads and looks at it on the way.
struct Looking<R> {
    inner: R,
    look: Look,
}

impl<R: io::Read> io::Read for Looking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.look.take(&buffer[..read]);
        Ok(read)
    }
}

fn search(tar: impl io::Read, forbidden: &[Forbidden], plain: &[VaultPlain]) -> io::Result<Search> {
    let words = AhoCorasick::new(forbidden.iter().map(|word| &word.bytes)).map_err(io::Error::other)?;
    let mut found = Search::default();
    let mut archive = tar::Archive::new(tar);
    for entry in archive.entries()? {
        let entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path()?.display().to_string();
        // The engine puts all files of a volume into one folder.
        let path = path.strip_prefix("volume/").unwrap_or(&path).to_owned();
        found.files += 1;
        found.bytes += entry.size();
        let mut seen = Vec::new();
        let mut entry = Looking { inner: entry, look: Look::new() };
        for hit in words.stream_find_iter(io::BufReader::new(&mut entry)) {
            let what = &forbidden[hit?.pattern().as_usize()].what;
            if !seen.contains(what) {
                seen.push(what.clone());
            }
        }
        if !plain.iter().any(|plain| plain.matches(&path)) {
            seen.extend(entry.look.gives_away());
        }
        found.hits.extend(seen.into_iter().map(|what| VaultHit { path: path.clone(), what }));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::bed::archive;
    use super::*;
    use sha2::{Digest as _, Sha256};

    /// Path and reason of each hit.
    fn hits(files: &[(&str, &[u8])], plain: &[VaultPlain]) -> Vec<String> {
        let forbidden = [
            Forbidden { bytes: b"kanarie-acme".to_vec(), what: "canary of acme".to_owned() },
            Forbidden { bytes: b"s3cret".to_vec(), what: "key of acme".to_owned() },
        ];
        let found = search(archive(files).as_slice(), &forbidden, plain).unwrap();
        assert_eq!(found.files, files.len() as u64);
        assert_eq!(found.bytes, files.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>());
        found.hits.iter().map(|hit| format!("{}: {}", hit.path, hit.what)).collect()
    }

    fn ciphertext(size: u64) -> Vec<u8> {
        (0..size).flat_map(|at| Sha256::digest(at.to_le_bytes())).collect()
    }

    #[test]
    fn plain_text_and_keys_in_a_vault_are_found() {
        let (pack, config) = (ciphertext(3000), ciphertext(5));
        let clean: [(&str, &[u8]); 2] = [("volume/acme/data/00", &pack), ("volume/acme/config", &config)];
        assert_eq!(hits(&clean, &[]), Vec::<String>::new());

        let (mut body, mut key) = (ciphertext(3000), ciphertext(5));
        body.extend_from_slice(b"kanarie-acme kanarie-acme");
        key.extend_from_slice(b"the s3cret");
        let dirty: [(&str, &[u8]); 2] = [("volume/acme/data/00", &body), ("volume/acme/keyfile", &key)];
        assert_eq!(hits(&dirty, &[]), ["acme/data/00: canary of acme", "acme/keyfile: key of acme"]);
    }

    #[test]
    fn what_does_not_look_like_ciphertext_is_found_unless_it_is_declared() {
        let key = br#"{"created":"2026-01-05T00:00:00Z","username":"root","kdf":"scrypt","N":32768,"r":8,"p":1}"#;
        let dump = b"INSERT INTO pages VALUES (1, 'kanarie-acme');".repeat(4);
        let files: [(&str, &[u8]); 2] = [("volume/acme/keys/00ff", key), ("volume/acme/data/00", &dump)];
        let of_dump = ["acme/data/00: canary of acme", "acme/data/00: looks like text"];
        assert_eq!(hits(&files, &[]), [&["acme/keys/00ff: looks like text"][..], &of_dump].concat());

        let plain = |path: &str| VaultPlain { path: path.to_owned(), because: "JSON by design".to_owned() };
        assert_eq!(hits(&files, &[plain("*/keys/*")]), of_dump);
        // Also what is declared as plain must not hold what is looked for.
        assert_eq!(hits(&files, &[plain("*/keys/*"), plain("acme/data/*")]), of_dump[..1]);
    }
}
