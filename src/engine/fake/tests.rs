//! The fake must behave like an engine, or the tests that rely on it prove nothing.

use super::*;
use crate::ids::RunId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn engine(run: &str) -> FakeEngine {
    let run = RunId::new(run).expect("a name");
    FakeEngine::new(Ownership { run, owner: "host".to_owned(), expires: 1000, datacenter: None })
}

fn spec(name: &str) -> ContainerSpec {
    ContainerSpec { name: name.to_owned(), image: "app".to_owned(), ..ContainerSpec::default() }
}

#[tokio::test]
async fn calls_are_recorded_in_their_order_with_names() {
    let engine = engine("r1");
    engine.create_volume("data", None).await.expect("created");
    let id = engine.create(&spec("app")).await.expect("created");
    engine.start(&id).await.expect("started");
    let exec = ExecSpec { command: vec!["echo".to_owned(), "hi".to_owned()], ..ExecSpec::default() };
    engine.exec(&id, &exec).await.expect("executed");
    engine.remove(ResourceKind::Container, &id).await.expect("removed");
    engine.remove(ResourceKind::Container, &id).await.expect("gone already is success");
    let expected = ["create_volume data", "create app", "start app", "exec app: echo hi", "remove container app"];
    assert_eq!(engine.calls(), expected);
    assert_eq!(engine.list().await.expect("listed").len(), 1, "the volume is left");
}

#[tokio::test]
async fn injected_failures_hit_the_next_such_call_only() {
    let engine = engine("r1");
    let app = engine.create(&spec("app")).await.expect("created");
    let app2 = engine.create(&spec("app-2")).await.expect("created");
    engine.fail_next("start app", "no memory");
    engine.start(&app2).await.expect("another container whose name begins so");
    let error = engine.start(&app).await.expect_err("injected");
    assert_eq!(error.to_string(), "cannot start app: no memory");
    engine.start(&app).await.expect("only once");
}

#[tokio::test]
async fn a_hanging_call_can_be_cancelled() {
    let engine = engine("r1");
    let app = engine.create(&spec("app")).await.expect("created");
    engine.hang_next("stop");
    let stopped = tokio::time::timeout(Duration::from_millis(20), engine.stop(&app, Duration::ZERO)).await;
    assert!(stopped.is_err(), "it hangs");
    engine.stop(&app, Duration::ZERO).await.expect("only once");
}

#[tokio::test]
async fn the_guard_refuses_what_others_made() {
    let engine = engine("r1");
    let theirs = BTreeMap::from([(label::RUN.to_owned(), "r2".to_owned())]);
    let container = engine.plant(ResourceKind::Container, "theirs", theirs.clone());
    let volume = engine.plant(ResourceKind::Volume, "their-data", BTreeMap::new());
    let network = engine.plant(ResourceKind::Network, "their-net", theirs);
    let refused = |result: Result<()>| matches!(result, Err(EngineError::NotOurs { .. }));

    assert!(refused(engine.start(&container).await));
    assert!(refused(engine.kill(&container).await));
    assert!(refused(engine.exec(&container, &ExecSpec::default()).await.map(|_| ())));
    assert!(refused(engine.remove(ResourceKind::Container, &container).await));
    assert!(refused(engine.remove(ResourceKind::Volume, &volume).await));
    assert!(refused(engine.remove(ResourceKind::Network, &network).await));
    assert!(refused(engine.create_volume("their-data", None).await.map(|_| ())));
    let mount = MountSpec::Volume { name: "their-data".to_owned(), target: "/data".to_owned(), read_only: true };
    assert!(refused(engine.create(&ContainerSpec { mounts: vec![mount], ..spec("app") }).await.map(|_| ())));
    let joining = ContainerSpec { networks: vec![("their-net".to_owned(), vec![])], ..spec("app") };
    assert!(refused(engine.create(&joining).await.map(|_| ())));
    assert_eq!(engine.calls(), ["create_volume their-data"], "nothing else was even tried");
    assert_eq!(engine.resources(|_| true).len(), 3, "and all three are still there");
}

#[tokio::test]
async fn volumes_keep_their_bytes_and_datacenters_their_labels() {
    let engine = engine("r1");
    let helsinki = engine.for_datacenter(Datacenter::new("helsinki").ok());
    helsinki.create_volume("vault", None).await.expect("created");
    engine.create_volume("front", None).await.expect("created");
    let tar = stream::iter([Ok(Bytes::from_static(b"by")), Ok(Bytes::from_static(b"tes"))]).boxed();
    helsinki.write_volume("vault", tar).await.expect("written");
    let read: Vec<Bytes> = engine.read_volume("vault").await.expect("a stream").try_collect().await.expect("read");
    assert_eq!(read.concat(), b"bytes");
    assert_eq!(helsinki.list().await.expect("listed").len(), 1);
    assert_eq!(engine.list().await.expect("listed").len(), 2);
}

#[tokio::test]
async fn programs_and_states_are_arranged() {
    let engine = engine("r1");
    engine.on_exec(|name, spec| ExecOutput { stdout: format!("{name} {}", spec.command[0]), ..ExecOutput::default() });
    engine.on_attach(|_, mut program| {
        tokio::spawn(async move { program.write_all(b"hello").await });
    });
    engine.set_exit("job", 3);
    let job = engine.create(&ContainerSpec { publish: Some(443), ..spec("job") }).await.expect("created");
    let asleep = engine.exec(&job, &ExecSpec::default()).await;
    assert!(matches!(asleep, Err(EngineError::NotRunning { .. })), "it does not run yet");
    let mut greeting = String::new();
    let mut attached = engine.attach(&job).await.expect("attached");
    engine.start(&job).await.expect("started");
    attached.stdout.read_to_string(&mut greeting).await.expect("read");
    assert_eq!(greeting, "hello");
    let exec = ExecSpec { command: vec!["id".to_owned()], ..ExecSpec::default() };
    assert_eq!(engine.exec(&job, &exec).await.expect("executed").stdout, "job id");
    let published = engine.state(&job).await.expect("a state").published;
    assert_eq!(engine.wait(&job).await.expect("ended"), 3);
    let state = engine.state(&job).await.expect("a state");
    assert_eq!((state.running, state.exit, state.published), (false, Some(3), published));
}
