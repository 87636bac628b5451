//! Volumes: created with our labels, read and replaced as tar streams.
//!
//! The engine moves files in and out of containers only, so a volume is mounted into a helper: a labelled container of an
//! empty image that is never started. This works whether or not other containers use the volume. The streams pass through
//! in pieces; nothing is held in memory. A task of its own owns the helper, so that it is removed although the reader
//! loses interest.

use super::{BULK, DockerEngine, failed, is, told};
use crate::engine::{EngineError, Id, ResourceKind, Result, TarStream};
use bollard::models::{ContainerCreateBody, HostConfig, Mount, MountType, MountVolumeOptions, VolumeCreateRequest};
use bollard::query_parameters::{
    DownloadFromContainerOptions, ListContainersOptions, RemoveVolumeOptions, UploadToContainerOptions,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use std::collections::HashMap;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Image of the helpers: without any file.
const EMPTY_IMAGE: &str = "ernstfall/helper:empty";
/// Where a helper has the volume.
const MOUNT: &str = "/volume";
/// Where an archive is unpacked. Its entries begin with `volume/`, so that the volume's own owner and mode are in it: of
/// an archive of `.` the engine would leave them out, and a database server refuses a data folder that is not its own.
const UNPACK: &str = "/";
/// An archive without entries: two blocks of zeros.
const EMPTY_TAR: [u8; 1024] = [0; 1024];
/// Pieces on the way from the engine to the reader.
const IN_FLIGHT: usize = 4;

impl DockerEngine {
    pub(super) async fn volume_create(&self, name: &str, labels: HashMap<String, String>) -> Result<Id> {
        let request = VolumeCreateRequest { name: Some(name.to_owned()), labels: Some(labels), ..Default::default() };
        let volume = self.docker.create_volume(request).await.map_err(failed("create volume", name))?;
        // The engine answers with the one that is there already, whoever's it is.
        self.guard.demand("take over", ResourceKind::Volume, name, &volume.labels.into_iter().collect())?;
        Ok(Id(volume.name))
    }

    /// The guard has admitted it.
    pub(super) async fn volume_remove(&self, id: &Id) -> Result<()> {
        match self.docker.remove_volume(&id.0, None::<RemoveVolumeOptions>).await {
            Ok(()) => Ok(()),
            Err(error) if is(&error, 404) => Ok(()),
            Err(error) => Err(failed("remove volume", &id.0)(error)),
        }
    }

    pub(super) async fn volume_read(&self, name: &str) -> Result<TarStream> {
        self.admit("read", ResourceKind::Volume, name).await?;
        let helper = self.helper(name, &Helper::Idle).await?;
        let (pieces, reader) = mpsc::channel::<std::result::Result<Bytes, std::io::Error>>(IN_FLIGHT);
        let engine = self.clone();
        tokio::spawn(async move {
            let options = DownloadFromContainerOptions { path: MOUNT.to_owned() };
            let mut archive = Box::pin(engine.docker.download_from_container(&helper.0, Some(options)));
            while let Some(piece) = archive.next().await {
                if pieces.send(piece.map_err(std::io::Error::other)).await.is_err() {
                    break;
                }
            }
            drop(archive);
            // Before `pieces` is dropped: whoever has read to the end finds no helper any more.
            engine.remove_helper(&helper).await;
        });
        Ok(stream::unfold(reader, async |mut reader| reader.recv().await.map(|piece| (piece, reader))).boxed())
    }

    pub(super) async fn volume_write(&self, name: &str, tar: TarStream) -> Result<()> {
        self.admit("write", ResourceKind::Volume, name).await?;
        self.empty(name).await?;
        let helper = self.helper(name, &Helper::Idle).await?;
        let engine = self.clone();
        let what = name.to_owned();
        self.owned(helper, async move |helper| {
            let options = UploadToContainerOptions { path: UNPACK.to_owned(), ..Default::default() };
            let docker = engine.patient(BULK);
            docker
                .upload_to_container(&helper.0, Some(options), bollard::body_try_stream(tar))
                .await
                .map_err(failed("write volume", what))
        })
        .await
    }

    /// Leaves a volume without files. One that no container knows is made anew; of one that is in use the files are
    /// deleted by a program of an image which uses it.
    async fn empty(&self, name: &str) -> Result<()> {
        let seen = self.docker.inspect_volume(name).await.map_err(failed("write volume", name))?;
        match self.docker.remove_volume(name, None::<RemoveVolumeOptions>).await {
            Ok(()) => return self.volume_create(name, seen.labels).await.map(|_| ()),
            Err(error) if is(&error, 409) => {}
            Err(error) => return Err(failed("empty volume", name)(error)),
        }
        let filters = Some(HashMap::from([("volume".to_owned(), vec![name.to_owned()])]));
        let options = ListContainersOptions { all: true, filters, ..Default::default() };
        let users = self.docker.list_containers(Some(options)).await.map_err(failed("list", "containers"))?;
        let mut images: Vec<String> = users.into_iter().filter_map(|user| user.image_id).collect();
        images.sort();
        images.dedup();
        let mut last = "no container with a `find` uses it".to_owned();
        for image in images {
            match self.empty_with(name, &image).await {
                Ok(()) => return Ok(()),
                Err(error) => last = error.to_string(),
            }
        }
        Err(EngineError::Failed { action: "empty volume", what: name.to_owned(), why: last })
    }

    async fn empty_with(&self, name: &str, image: &str) -> Result<()> {
        let helper = self.helper(name, &Helper::Deleting(image.to_owned())).await?;
        let engine = self.clone();
        let what = name.to_owned();
        self.owned(helper, async move |helper| {
            engine.container_start(&helper).await?;
            match engine.container_wait(&helper).await? {
                0 => Ok(()),
                exit => {
                    let why = format!("`find -delete` ended with {exit}");
                    Err(EngineError::Failed { action: "empty volume", what, why })
                }
            }
        })
        .await
    }

    /// Runs `work` in a task that removes the helper afterwards, also when the caller is cancelled.
    async fn owned<F>(&self, helper: Id, work: impl FnOnce(Id) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let cancelled = CancellationToken::new();
        let _on_drop = cancelled.clone().drop_guard();
        let work = work(helper.clone());
        let engine = self.clone();
        let task = tokio::spawn(async move {
            let done = cancelled.run_until_cancelled(work).await;
            engine.remove_helper(&helper).await;
            done.unwrap_or(Ok(()))
        });
        task.await.unwrap_or_else(|error| {
            Err(EngineError::Failed { action: "work on", what: "a volume".to_owned(), why: error.to_string() })
        })
    }

    async fn helper(&self, volume: &str, helper: &Helper) -> Result<Id> {
        let mount = Mount {
            target: Some(MOUNT.to_owned()),
            source: Some(volume.to_owned()),
            typ: Some(MountType::VOLUME),
            // Nothing of the image's may get into the volume.
            volume_options: Some(MountVolumeOptions { no_copy: Some(true), ..Default::default() }),
            ..Default::default()
        };
        let (image, entrypoint, cmd) = match helper {
            // The engine wants a command, although it will never be started.
            Helper::Idle => (EMPTY_IMAGE, None, vec!["/none".to_owned()]),
            Helper::Deleting(image) => {
                let find = [MOUNT, "-mindepth", "1", "-delete"].map(str::to_owned);
                (image.as_str(), Some(vec!["find".to_owned()]), find.to_vec())
            }
        };
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            entrypoint,
            cmd: Some(cmd),
            user: Some("0".to_owned()),
            labels: Some(self.labels(None)),
            host_config: Some(HostConfig {
                mounts: Some(vec![mount]),
                network_mode: Some("none".to_owned()),
                ..Default::default()
            }),
            ..Default::default()
        };
        let created = match self.docker.create_container(None, body.clone()).await {
            Err(error) if is(&error, 404) && told(&error).contains("image") && matches!(helper, Helper::Idle) => {
                let empty = stream::once(async { Ok(Bytes::from_static(&EMPTY_TAR)) }).boxed();
                self.image_import(EMPTY_IMAGE, empty).await?;
                self.docker.create_container(None, body).await
            }
            answer => answer,
        };
        Ok(Id(created.map_err(failed("mount volume", volume))?.id))
    }

    async fn remove_helper(&self, helper: &Id) {
        if let Err(error) = self.container_remove(helper).await {
            // It carries the run's label: the teardown will find it.
            tracing::warn!(%error, "a helper container stays for now");
        }
    }
}

/// What a helper is for.
enum Helper {
    /// Never started: a mount for the engine's archive calls.
    Idle,
    /// Deletes all files, with the `find` of this image.
    Deleting(String),
}
