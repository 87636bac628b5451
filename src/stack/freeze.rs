//! The stack frozen and brought back: a checkpoint is the content of all volumes, taken while nothing runs.
//!
//! What is frozen lies in files of the run's own folder, not in the engine: other runs make it anew under their own names
//! and labels, and the guard of each keeps to what is its own.

use super::services::STOP_GRACE;
use super::site::{Site, SiteError};
use crate::ids::StepName;
use crate::plan::{MountSource, ServiceKey, VolumeKey};
use futures_util::future::try_join_all;
use futures_util::{StreamExt as _, TryStreamExt as _};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt as _;
use tokio_util::io::ReaderStream;

/// What a stack is made from again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    volumes: Vec<(VolumeKey, PathBuf)>,
    /// What ran.
    services: Vec<ServiceKey>,
    images: BTreeMap<String, String>,
    /// Of all archives together.
    pub bytes: u64,
}

impl Site {
    /// Stops every service and writes each volume into a file of `folder`, which must not exist yet.
    ///
    /// # Errors
    /// [`SiteError`] when a service cannot be stopped or a volume not be written.
    pub async fn freeze(&self, folder: &Path) -> Result<Frozen, SiteError> {
        std::fs::DirBuilder::new().create(folder).map_err(at(folder))?;
        let running = self.state().containers.clone();
        try_join_all(running.iter().map(|(key, container)| async move {
            let grace = self.service(key)?.stop_grace.unwrap_or(STOP_GRACE);
            self.handles.of(key.datacenter.as_ref()).stop(container, grace).await?;
            Ok::<_, SiteError>(())
        }))
        .await?;
        let mut frozen = Frozen {
            volumes: Vec::new(),
            services: running.into_keys().collect(),
            images: self.state().images.clone(),
            bytes: 0,
        };
        for key in self.known_volumes() {
            let path = folder.join(format!("{}.tar", frozen.volumes.len()));
            frozen.bytes += self.save(&key, &path).await?;
            frozen.volumes.push((key, path));
        }
        Ok(frozen)
    }

    /// Networks, volumes and services as they were; waits until all are healthy.
    ///
    /// # Errors
    /// [`SiteError`] when something cannot be made again.
    pub async fn thaw(&self, step: &StepName, frozen: &Frozen) -> Result<(), SiteError> {
        self.use_images(frozen.images.clone());
        self.create_networks().await?;
        for (key, path) in &frozen.volumes {
            let name = self.volume(key).await?;
            let file = tokio::fs::File::open(path).await.map_err(at(path))?;
            self.handles.of(key.datacenter.as_ref()).write_volume(&name, ReaderStream::new(file).boxed()).await?;
        }
        self.start(step, &frozen.services).await
    }

    /// The volumes that exist by now.
    fn known_volumes(&self) -> BTreeSet<VolumeKey> {
        let made = self.state().volumes.clone();
        let mounts = self.plan.stack.services.iter().flat_map(|service| &service.mounts);
        let volumes = mounts.filter_map(|mount| match &mount.source {
            MountSource::Volume(key) => Some(key),
            MountSource::Stack(_) | MountSource::Secrets(_) | MountSource::Tmpfs => None,
        });
        volumes.filter(|key| made.contains(&self.names.volume(key))).cloned().collect()
    }

    async fn save(&self, key: &VolumeKey, path: &Path) -> Result<u64, SiteError> {
        let name = self.names.volume(key);
        let mut archive = self.handles.of(key.datacenter.as_ref()).read_volume(&name).await?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = tokio::fs::File::from_std(options.open(path).map_err(at(path))?);
        let mut bytes = 0;
        while let Some(piece) = archive.try_next().await.map_err(at(path))? {
            bytes += piece.len() as u64;
            file.write_all(&piece).await.map_err(at(path))?;
        }
        file.flush().await.map_err(at(path))?;
        // A stream that ended early would make a stack that has lost something before its disaster.
        if bytes == 0 {
            return Err(at(path)(ErrorKind::UnexpectedEof.into()));
        }
        Ok(bytes)
    }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> SiteError {
    move |why| SiteError::Checkpoint { path: path.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::super::bed::{Bed, datacenter, key, plan, service};
    use super::*;
    use crate::engine::Engine as _;
    use crate::plan::{Mount, Plan, ServicePlan};

    fn store() -> ServiceKey {
        key("falkenstein", None, "store")
    }

    fn volume() -> VolumeKey {
        VolumeKey { datacenter: Some(datacenter("falkenstein")), tenant: None, name: "data".to_owned() }
    }

    fn with_a_volume() -> Plan {
        let mut plan = plan();
        let mount = Mount { source: MountSource::Volume(volume()), target: "/data".to_owned(), read_only: false };
        plan.stack.services.push(ServicePlan { mounts: vec![mount], ..service(store()) });
        plan
    }

    /// A bed on which the store runs.
    async fn started() -> Bed {
        let bed = Bed::with(with_a_volume());
        bed.site.use_images(BTreeMap::from([("app".to_owned(), "app:1".to_owned())]));
        bed.site.start(&StepName("start/services".to_owned()), &[store()]).await.expect("started");
        bed
    }

    async fn is_running(bed: &Bed) -> bool {
        let container = bed.site.container(&store()).expect("known");
        bed.engine.state(&container).await.expect("a state").running
    }

    #[tokio::test]
    async fn a_stack_comes_back_with_the_content_of_its_volumes() {
        let bed = started().await;
        let name = bed.site.names.volume(&volume());
        let content = futures_util::stream::once(async { Ok("packs".into()) }).boxed();
        bed.engine.write_volume(&name, content).await.expect("written");
        let frozen = bed.site.freeze(&bed.folder.path().join("checkpoint")).await.expect("frozen");
        assert_eq!((frozen.services.as_slice(), frozen.bytes), ([store()].as_slice(), 5));
        assert!(!is_running(&bed).await, "nothing writes while volumes are read");

        let other = Bed::with(with_a_volume());
        other.site.thaw(&StepName("steady/continue".to_owned()), &frozen).await.expect("thawed");
        let read: Vec<_> = other.engine.read_volume(&name).await.expect("a stream").try_collect().await.expect("read");
        assert_eq!(read.concat(), b"packs");
        assert!(is_running(&other).await);
    }

    #[tokio::test]
    async fn a_volume_of_which_nothing_can_be_read_is_an_error() {
        let bed = started().await;
        // In the engine's memory a new volume holds no byte; a real archive is never empty.
        let error = bed.site.freeze(&bed.folder.path().join("checkpoint")).await.expect_err("nothing came");
        assert!(matches!(error, SiteError::Checkpoint { .. }), "{error}");
    }
}
