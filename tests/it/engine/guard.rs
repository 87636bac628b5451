//! Nothing that is not ours is touched; everything that is ours bears its labels; sweeping takes dead runs only.

use super::{Foreign, on_docker, ownership};
use bytes::Bytes;
use ernstfall::clock::unix_now;
use ernstfall::engine::doctor::{Asker, Level, examine};
use ernstfall::engine::sweep::{Kept, Reach, sweep};
use ernstfall::engine::{
    ContainerSpec, DockerEngine, Engine, EngineError, ExecSpec, Id, MountSpec, ResourceKind, Result, label,
};
use ernstfall::ids::{Datacenter, Service, Tenant};
use futures_util::{StreamExt, stream};
use std::time::Duration;

fn refused<T>(result: &Result<T>) -> bool {
    matches!(result, Err(EngineError::NotOurs { .. }))
}

#[tokio::test]
async fn everything_is_labelled() {
    on_docker("labels", |bed| async move {
        let helsinki = bed.engine.for_datacenter(Some(Datacenter::new("helsinki").expect("a name")));
        let tenant = Tenant::new("acme").expect("a name");
        let network = helsinki.create_network(&bed.name("net"), true).await.expect("created");
        let volume = helsinki.create_volume(&bed.name("data"), Some(&tenant)).await.expect("created");
        let spec = ContainerSpec {
            tenant: Some(tenant),
            service: Some(Service::new("wiki-web").expect("a name")),
            networks: vec![(bed.name("net"), vec!["acme-wiki-web".to_owned()])],
            mounts: vec![MountSpec::Volume { name: volume.0.clone(), target: "/data".to_owned(), read_only: false }],
            ..bed.idle("app")
        };
        let container = helsinki.create(&spec).await.expect("created");
        bed.engine.create_volume(&bed.name("front"), None).await.expect("created");

        assert_eq!(bed.engine.list().await.expect("listed").len(), 4);
        let listed = helsinki.list().await.expect("listed");
        let ids: Vec<&Id> = listed.iter().map(|thing| &thing.id).collect();
        assert_eq!(ids, [&container, &network, &volume], "the front's volume belongs to no datacenter");
        for thing in &listed {
            let is = |name: &str, value: &str| thing.labels.get(name).is_some_and(|found| found == value);
            assert!(is(label::RUN, &bed.run) && is(label::OWNER, "it-host"), "{thing:?}");
            assert!(is(label::DATACENTER, "helsinki"), "{thing:?}");
            let expires: i64 = thing.labels[label::EXPIRES].parse().expect("seconds");
            assert!(expires > unix_now(), "{thing:?}");
            assert_eq!(is(label::TENANT, "acme"), thing.kind != ResourceKind::Network, "{thing:?}");
            assert_eq!(is(label::SERVICE, "wiki-web"), thing.kind == ResourceKind::Container, "{thing:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn foreign_things_are_refused_and_stay_untouched() {
    on_docker("guard", |bed| async move {
        let foreign = Foreign::make(&bed).await;
        let own = bed.started(&bed.idle("own")).await;
        let (theirs, engine) = (Id(foreign.container.clone()), &bed.engine);
        let grace = Duration::from_secs(1);

        assert!(refused(&engine.start(&theirs).await));
        assert!(refused(&engine.stop(&theirs, grace).await));
        assert!(refused(&engine.restart(&theirs, grace).await));
        assert!(refused(&engine.kill(&theirs).await));
        assert!(refused(&engine.pause(&theirs).await));
        assert!(refused(&engine.unpause(&theirs).await));
        assert!(refused(&engine.state(&theirs).await));
        assert!(refused(&engine.wait(&theirs).await));
        assert!(refused(&engine.logs(&theirs, 10).await));
        assert!(refused(&engine.attach(&theirs).await));
        let exec = ExecSpec { command: vec!["true".to_owned()], deadline: grace, ..ExecSpec::default() };
        assert!(refused(&engine.exec(&theirs, &exec).await));
        assert!(refused(&engine.connect(&foreign.network, &own, &[]).await));
        assert!(refused(&engine.disconnect(&foreign.network, &own).await));
        engine.create_network(&bed.name("net"), true).await.expect("created");
        assert!(refused(&engine.connect(&bed.name("net"), &theirs, &[]).await));
        assert!(refused(&engine.create_network(&foreign.network, true).await));
        assert!(refused(&engine.create_volume(&foreign.volume, None).await));
        assert!(refused(&engine.read_volume(&foreign.volume).await));
        let tar = stream::iter([Ok(Bytes::from_static(&[0; 1024]))]).boxed();
        assert!(refused(&engine.write_volume(&foreign.volume, tar).await));
        let mount = MountSpec::Volume { name: foreign.volume.clone(), target: "/x".to_owned(), read_only: true };
        assert!(refused(&engine.create(&ContainerSpec { mounts: vec![mount], ..bed.idle("mounts") }).await));
        let networks = vec![(foreign.network.clone(), Vec::new())];
        assert!(refused(&engine.create(&ContainerSpec { networks, ..bed.idle("joins") }).await));
        for (kind, name) in [
            (ResourceKind::Container, &foreign.container),
            (ResourceKind::Network, &foreign.network),
            (ResourceKind::Volume, &foreign.volume),
        ] {
            assert!(refused(&engine.remove(kind, &Id(name.clone())).await));
        }
        // A network of ours with a stranger in it: neither is touched.
        let request = bollard::models::NetworkConnectRequest { container: theirs.0.clone(), ..Default::default() };
        bed.docker.connect_network(&bed.name("net"), request).await.expect("joined");
        assert!(refused(&engine.remove(ResourceKind::Network, &Id(bed.name("net"))).await));

        assert!(foreign.untouched(&bed).await);
        foreign.clear(&bed).await;
        let names = engine.list().await.expect("listed").into_iter().map(|thing| thing.name).collect::<Vec<_>>();
        assert_eq!(names, [bed.name("own"), bed.name("net")], "no half-made container is left");
    })
    .await;
}

#[tokio::test]
async fn another_run_is_as_foreign_as_a_stranger() {
    on_docker("run", |bed| async move {
        let own = bed.started(&bed.idle("own")).await;
        let other = DockerEngine::connect(ownership("it-other")).await.expect("an engine");
        assert!(refused(&other.kill(&own).await));
        assert!(refused(&other.remove(ResourceKind::Container, &own).await));
        assert!(bed.engine.state(&own).await.expect("a state").running);
    })
    .await;
}

#[tokio::test]
async fn a_sweep_takes_dead_runs_and_nothing_else() {
    on_docker("sweep", |bed| async move {
        let foreign = Foreign::make(&bed).await;
        let dead_run = format!("{}-x", bed.run);
        let dead = DockerEngine::connect(ownership(&dead_run)).await.expect("an engine");
        let spec = ContainerSpec {
            networks: vec![(format!("{dead_run}-net"), Vec::new())],
            mounts: vec![MountSpec::Volume {
                name: format!("{dead_run}-data"),
                target: "/d".to_owned(),
                read_only: false,
            }],
            ..bed.idle("dead")
        };
        dead.create_network(&format!("{dead_run}-net"), false).await.expect("created");
        dead.create_volume(&format!("{dead_run}-data"), None).await.expect("created");
        let app = dead.create(&spec).await.expect("created");
        dead.start(&app).await.expect("started");
        bed.started(&bed.idle("alive")).await;

        // All other runs on this machine count as live: their tests go on.
        let live = |run: &ernstfall::ids::RunId| run.as_str() != dead_run;
        let asker = Asker { host: "it-host", now_unix: unix_now() };
        let findings = examine(Ok(&bed.engine), asker, live, None).await;
        let leftovers = findings.iter().find(|finding| finding.what == "leftovers").expect("looked at");
        assert!(leftovers.level == Level::Warn && leftovers.detail.starts_with("3 "), "{leftovers:?}");
        assert!(findings.iter().all(|finding| finding.level != Level::Fail), "{findings:?}");

        let elsewhere = sweep(&bed.engine, "other-host", live, unix_now(), Reach::Careful).await.expect("swept");
        assert_eq!(elsewhere.removed, [], "another host's, not expired");

        let report = sweep(&bed.engine, "it-host", live, unix_now(), Reach::Careful).await.expect("swept");
        assert_eq!(report.removed.len(), 3, "{report:?}");
        assert!(report.removed.iter().all(|thing| thing.labels[label::RUN] == dead_run));
        let alive =
            |(thing, why): &(ernstfall::engine::Resource, Kept)| thing.name == bed.name("alive") && *why == Kept::Live;
        assert!(report.kept.iter().any(alive), "{report:?}");
        assert_eq!(dead.list().await.expect("listed"), []);
        assert!(foreign.untouched(&bed).await);
        foreign.clear(&bed).await;
    })
    .await;
}
