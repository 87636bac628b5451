//! The engine's promises, on a real Docker. Without one these tests fail; they are not skipped.
//!
//! Every test is a run of its own, with its own label, so they may run side by side and beside other runs on the machine.

mod absence;
mod containers;
mod guard;
mod images;
mod volumes;

use bollard::models::{ContainerCreateBody, NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::{RemoveContainerOptions, RemoveVolumeOptions};
use ernstfall::clock::unix_now;
use ernstfall::engine::images::ensure_images;
use ernstfall::engine::{ContainerSpec, DockerEngine, Engine, ExecOutput, ExecSpec, Id, Ownership, ResourceKind};
use ernstfall::ids::RunId;
use ernstfall::plan::{BASE_IMAGE, ImagePlan};
use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

#[expect(clippy::disallowed_types, reason = "the tests look at the engine past our own door")]
type Docker = bollard::Docker;

/// An engine for one test.
#[derive(Clone)]
struct Bed {
    run: String,
    engine: DockerEngine,
    /// The base image.
    image: String,
    /// The engine as strangers see it.
    docker: Docker,
}

impl Bed {
    fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.run)
    }

    /// A container that does nothing until it is told.
    fn idle(&self, name: &str) -> ContainerSpec {
        ContainerSpec {
            name: self.name(name),
            image: self.image.clone(),
            command: Some(vec!["sleep".to_owned(), "infinity".to_owned()]),
            init: true,
            ..ContainerSpec::default()
        }
    }

    async fn started(&self, spec: &ContainerSpec) -> Id {
        let id = self.engine.create(spec).await.expect("created");
        self.engine.start(&id).await.expect("started");
        id
    }

    async fn sh(&self, container: &Id, script: &str) -> ExecOutput {
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        let spec = ExecSpec { command, deadline: Duration::from_secs(20), ..ExecSpec::default() };
        self.engine.exec(container, &spec).await.expect("executed")
    }

    /// A command that must succeed: its output.
    async fn said(&self, container: &Id, script: &str) -> String {
        let output = self.sh(container, script).await;
        assert_eq!(output.exit, 0, "{script}: {output:?}");
        output.stdout.trim().to_owned()
    }
}

/// Runs one test as the run `it-<name>-<process>` and removes what it leaves, also when it fails.
async fn on_docker<F>(name: &str, test: impl FnOnce(Bed) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let bed = bed(&format!("it-{name}-{}", std::process::id() % 100_000)).await;
    let outcome = tokio::spawn(test(bed.clone())).await;
    let left = bed.engine.list().await.expect("listed");
    for kind in [ResourceKind::Container, ResourceKind::Network, ResourceKind::Volume] {
        for thing in left.iter().filter(|thing| thing.kind == kind) {
            bed.engine.remove(kind, &thing.id).await.expect("removed");
        }
    }
    assert_eq!(bed.engine.list().await.expect("listed"), [], "nothing of the run may be left");
    if let Err(failed) = outcome {
        std::panic::resume_unwind(failed.into_panic());
    }
}

/// The base image, made present: `ernstfall/base:<hash>`, or the one that was pulled.
pub async fn base_image(engine: &DockerEngine) -> String {
    static IMAGE: OnceCell<String> = OnceCell::const_new();
    let shared: Arc<dyn Engine> = Arc::new(engine.clone());
    let image = IMAGE.get_or_init(|| async {
        let images = BTreeMap::from([("base".to_owned(), ImagePlan::Named(BASE_IMAGE.to_owned()))]);
        let tags = ensure_images(shared, Path::new("/"), &images, |_| ()).await.expect("a base image");
        tags["base"].clone()
    });
    image.await.clone()
}

pub async fn connected(run: &str) -> DockerEngine {
    DockerEngine::connect(ownership(run)).await.expect("these tests need a container engine: make engine")
}

async fn bed(run: &str) -> Bed {
    let engine = connected(run).await;
    let image = base_image(&engine).await;
    let docker = Docker::connect_with_defaults().expect("a socket").negotiate_version().await.expect("an engine");
    Bed { run: run.to_owned(), engine, image, docker }
}

fn ownership(run: &str) -> Ownership {
    let run = RunId::new(run).expect("a name");
    Ownership { run, owner: "it-host".to_owned(), expires: unix_now() + 3600, datacenter: None }
}

/// Things without our label, as somebody else on the machine would have them.
struct Foreign {
    container: String,
    network: String,
    volume: String,
}

impl Foreign {
    async fn make(bed: &Bed) -> Self {
        let (network, volume) = (bed.name("foreign-net"), bed.name("foreign-data"));
        let request = NetworkCreateRequest { name: network.clone(), ..Default::default() };
        bed.docker.create_network(request).await.expect("a network");
        let request = VolumeCreateRequest { name: Some(volume.clone()), ..Default::default() };
        bed.docker.create_volume(request).await.expect("a volume");
        let body = ContainerCreateBody {
            image: Some(bed.image.clone()),
            cmd: Some(vec!["sleep".to_owned(), "infinity".to_owned()]),
            ..Default::default()
        };
        let container = bed.docker.create_container(None, body).await.expect("a container").id;
        bed.docker.start_container(&container, None).await.expect("started");
        Self { container, network, volume }
    }

    async fn untouched(&self, bed: &Bed) -> bool {
        let state = bed.docker.inspect_container(&self.container, None).await.expect("there").state.expect("a state");
        state.running == Some(true)
            && state.paused == Some(false)
            && bed.docker.inspect_network(&self.network, None).await.is_ok()
            && bed.docker.inspect_volume(&self.volume).await.is_ok()
    }

    async fn clear(self, bed: &Bed) {
        let force = RemoveContainerOptions { force: true, v: true, ..Default::default() };
        bed.docker.remove_container(&self.container, Some(force)).await.expect("removed");
        bed.docker.remove_network(&self.network).await.expect("removed");
        bed.docker.remove_volume(&self.volume, None::<RemoveVolumeOptions>).await.expect("removed");
    }
}
