//! A search through all bytes of a vault: what lies there must be ciphertext only.
//!
//! The engine streams the volume as tar; the bytes are looked at here and not by a tool of the system under test.

use super::site::{Site, SiteError};
use crate::engine::EngineError;
use crate::ids::Datacenter;
use crate::journal::{Event, VaultHit};
use crate::plan::{MountSource, VolumeKey};
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
            let forbidden = forbidden.to_vec();
            let found = tokio::task::spawn_blocking(move || search(reader, &forbidden)).await;
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

fn search(tar: impl io::Read, forbidden: &[Forbidden]) -> io::Result<Search> {
    let words = AhoCorasick::new(forbidden.iter().map(|word| &word.bytes)).map_err(io::Error::other)?;
    let mut found = Search::default();
    let mut archive = tar::Archive::new(tar);
    for entry in archive.entries()? {
        let entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path()?.display().to_string();
        found.files += 1;
        found.bytes += entry.size();
        let mut seen = Vec::new();
        for hit in words.stream_find_iter(io::BufReader::new(entry)) {
            let what = &forbidden[hit?.pattern().as_usize()].what;
            if !seen.contains(what) {
                seen.push(what.clone());
            }
        }
        found.hits.extend(seen.into_iter().map(|what| VaultHit { path: path.clone(), what }));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o600);
            header.set_cksum();
            builder.append_data(&mut header, name, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn plain_text_and_keys_in_a_vault_are_found() {
        let forbidden = [
            Forbidden { bytes: b"kanarie-acme".to_vec(), what: "canary of acme".to_owned() },
            Forbidden { bytes: b"s3cret".to_vec(), what: "key of acme".to_owned() },
        ];
        let clean = archive(&[("acme/data/00", &[7; 9000]), ("acme/config", b"x")]);
        let found = search(clean.as_slice(), &forbidden).unwrap();
        assert_eq!((found.files, found.bytes, found.hits.len()), (2, 9001, 0));

        let mut body = vec![b'.'; 70_000];
        body.extend_from_slice(b"kanarie-acme kanarie-acme");
        let dirty = archive(&[("acme/data/00", &body), ("acme/keyfile", b"the s3cret")]);
        let hits = search(dirty.as_slice(), &forbidden).unwrap().hits;
        let shown: Vec<_> = hits.iter().map(|hit| format!("{}: {}", hit.path, hit.what)).collect();
        assert_eq!(shown, ["acme/data/00: canary of acme", "acme/keyfile: key of acme"]);
    }
}
