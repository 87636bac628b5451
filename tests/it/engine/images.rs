//! Images: built once, found the second time, and nothing left of a failed or cancelled build.

use super::{Bed, on_docker};
use assert_fs::TempDir;
use assert_fs::prelude::*;
use bollard::query_parameters::{ListContainersOptions, RemoveImageOptions};
use ernstfall::engine::images::{ImageEvent, ensure_images};
use ernstfall::engine::{BuildSpec, ContainerSpec, Engine, EngineError, ResourceKind, label};
use ernstfall::plan::ImagePlan;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn plan(bed: &Bed) -> BTreeMap<String, ImagePlan> {
    let image = ImagePlan::Build {
        context: PathBuf::from("itapp"),
        dockerfile: PathBuf::from("Dockerfile"),
        args: BTreeMap::new(),
        content: bed.run.clone(),
    };
    BTreeMap::from([("itapp".to_owned(), image)])
}

async fn forget(bed: &Bed, tag: &str) {
    let options = RemoveImageOptions { force: true, ..Default::default() };
    bed.docker.remove_image(tag, Some(options), None).await.expect("removed");
}

#[tokio::test]
async fn an_image_is_built_once_and_its_volumes_are_labelled() {
    on_docker("build", |bed| async move {
        let stack = TempDir::new().expect("a folder");
        stack.child("itapp/hello").write_str(&bed.run).expect("written");
        let dockerfile = "ARG BASE\nFROM ${BASE}\nCOPY hello /hello\nRUN cat /hello\nVOLUME /data\n";
        stack.child("itapp/Dockerfile").write_str(dockerfile).expect("written");
        let ensure = async || {
            let events = Mutex::new(Vec::new());
            let engine: Arc<dyn Engine> = Arc::new(bed.engine.clone());
            let tell = |event| events.lock().expect("a lock").push(event);
            let tags = ensure_images(engine, stack.path(), &plan(&bed), tell).await.expect("built");
            (tags["itapp"].clone(), events.into_inner().expect("a lock"))
        };
        let (tag, events) = ensure().await;
        assert!(matches!(events.last(), Some(ImageEvent::Built { .. })), "{events:?}");
        let (again, events) = ensure().await;
        assert_eq!(again, tag);
        assert!(events.iter().all(|event| matches!(event, ImageEvent::Present { .. })), "{events:?}");
        let labels = bed.docker.inspect_image(&tag).await.expect("there").config.expect("a configuration").labels;
        let labels = labels.expect("labels");
        assert_eq!(labels.get(label::IMAGE).map(String::as_str), Some("itapp"));
        assert!(!labels.contains_key(label::RUN), "an image belongs to no run");

        // What the image declares as a volume would be anonymous; ours has a name and the labels.
        let app = bed.started(&ContainerSpec { image: tag.clone(), ..bed.idle("app") }).await;
        assert_eq!(bed.said(&app, "cat /hello; : >/data/file").await, bed.run);
        let kinds = |kind| async move {
            let all = bed.engine.list().await.expect("listed");
            (all.into_iter().filter(|thing| thing.kind == kind).count(), bed)
        };
        let (volumes, bed) = kinds(ResourceKind::Volume).await;
        assert_eq!(volumes, 1);
        bed.engine.remove(ResourceKind::Container, &app).await.expect("removed");
        assert_eq!(bed.engine.list().await.expect("listed"), [], "and it goes with its container");

        let refused = ContainerSpec { image: tag.clone(), memory: Some(1), ..bed.idle("tiny") };
        assert!(bed.engine.create(&refused).await.is_err());
        assert_eq!(bed.engine.list().await.expect("listed"), [], "the volume of a failed creation goes, too");
        forget(&bed, &tag).await;
    })
    .await;
}

#[tokio::test]
async fn a_failed_build_shows_its_log() {
    on_docker("badbuild", |bed| async move {
        let stack = TempDir::new().expect("a folder");
        let dockerfile = "ARG BASE\nFROM ${BASE}\nRUN echo what went wrong; exit 3\n";
        stack.child("itapp/Dockerfile").write_str(dockerfile).expect("written");
        let engine: Arc<dyn Engine> = Arc::new(bed.engine.clone());
        let error = ensure_images(engine, stack.path(), &plan(&bed), |_| ()).await.expect_err("it fails");
        assert!(matches!(error, EngineError::Build { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("what went wrong") && text.contains("non-zero code: 3"), "{text}");
    })
    .await;
}

async fn running(bed: &Bed, token: &str) -> usize {
    let options = ListContainersOptions { all: true, ..Default::default() };
    let all = bed.docker.list_containers(Some(options)).await.expect("listed");
    all.iter().filter(|container| container.command.as_ref().is_some_and(|command| command.contains(token))).count()
}

#[tokio::test]
async fn a_cancelled_build_leaves_nothing_running() {
    on_docker("cancel", |bed| async move {
        let context = TempDir::new().expect("a folder");
        let token = format!("token-{}", bed.run);
        let dockerfile = format!("ARG BASE\nFROM ${{BASE}}\nRUN : {token}; sleep 300\n");
        context.child("Dockerfile").write_str(&dockerfile).expect("written");
        let spec = BuildSpec {
            context: context.path().to_owned(),
            dockerfile: PathBuf::from("Dockerfile"),
            args: BTreeMap::from([("BASE".to_owned(), bed.image.clone())]),
            tag: format!("ernstfall/it-cancel:{}", bed.run),
        };
        let build = {
            let (engine, spec) = (bed.engine.clone(), spec.clone());
            tokio::spawn(async move { engine.build(&spec).await })
        };
        let until = async |wanted: usize| {
            for _ in 0..150 {
                if running(&bed, &token).await == wanted {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            false
        };
        assert!(until(1).await, "the step runs");
        build.abort();
        assert!(until(0).await, "the engine has stopped it and removed its container");
        assert_eq!(bed.engine.image(&spec.tag).await.expect("looked"), None);
    })
    .await;
}

#[tokio::test]
async fn what_no_registry_has_is_a_quick_typed_error() {
    on_docker("pull", |bed| async move {
        let pulling = bed.engine.pull("localhost:1/ernstfall/absent:1");
        let pulled = tokio::time::timeout(Duration::from_secs(20), pulling).await.expect("quick");
        assert!(matches!(pulled, Err(EngineError::NoImage { .. })), "{pulled:?}");
    })
    .await;
}
