//! Containers, commands, streams, networks, ports.

use super::on_docker;
use bytes::Bytes;
use ernstfall::engine::{ContainerSpec, Engine, EngineError, ExecSpec, ResourceKind};
use ernstfall::plan::{Health, RestartPolicy};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn a_container_is_created_as_specified() {
    on_docker("spec", |bed| async move {
        let spec = ContainerSpec {
            environment: BTreeMap::from([("COLOUR".to_owned(), "blue".to_owned())]),
            memory: Some(64 << 20),
            milli_cpus: Some(500),
            restart: Some(RestartPolicy::UnlessStopped),
            user: Some("65534".to_owned()),
            working_dir: Some("/tmp".to_owned()),
            cap_drop: vec!["ALL".to_owned()],
            stop_grace: Some(Duration::from_secs(7)),
            health: Some(Health {
                test: words(&["CMD", "true"]),
                interval: Duration::from_millis(200),
                timeout: Duration::from_secs(1),
                retries: 3,
                start_period: Duration::ZERO,
            }),
            ..bed.idle("app")
        };
        let app = bed.started(&spec).await;
        assert_eq!(bed.said(&app, "echo $COLOUR $(id -u) $PWD").await, "blue 65534 /tmp");
        let seen = bed.docker.inspect_container(&app.0, None).await.expect("there");
        let host = seen.host_config.expect("a host configuration");
        assert_eq!((host.memory, host.nano_cpus, host.init), (Some(64 << 20), Some(500_000_000), Some(true)));
        assert_eq!(host.network_mode.as_deref(), Some("none"), "no network unless one is named");
        assert_eq!(seen.config.expect("a configuration").stop_timeout, Some(7));
        let mut healthy = None;
        for _ in 0..50 {
            healthy = bed.engine.state(&app).await.expect("a state").healthy;
            if healthy == Some(true) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(healthy, Some(true));
    })
    .await;
}

#[tokio::test]
async fn commands_have_streams_exit_codes_and_an_end() {
    on_docker("exec", |bed| async move {
        let app = bed.started(&bed.idle("app")).await;
        let output = bed.sh(&app, "echo out; echo err >&2; exit 3").await;
        assert_eq!((output.exit, output.stdout.as_str(), output.stderr.as_str()), (3, "out\n", "err\n"));

        // More than any pipe holds, in both directions at once.
        let input = Bytes::from("0123456789abcdef".repeat(200_000));
        let spec = ExecSpec {
            command: words(&["cat"]),
            stdin: Some(input.clone()),
            deadline: Duration::from_secs(30),
            ..ExecSpec::default()
        };
        let output = bed.engine.exec(&app, &spec).await.expect("executed");
        assert!(output.exit == 0 && output.stdout.as_bytes() == input, "{} bytes", output.stdout.len());

        let endless =
            ExecSpec { command: words(&["cat", "/dev/zero"]), deadline: Duration::from_secs(1), ..spec.clone() };
        let error = bed.engine.exec(&app, &ExecSpec { stdin: None, ..endless }).await.expect_err("too much");
        assert!(error.to_string().contains("more than 8 MiB"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_deadline_ends_the_command_in_the_container() {
    on_docker("deadline", |bed| async move {
        let app = bed.started(&bed.idle("app")).await;
        let deaf = "trap '' TERM; while :; do sleep 4711; done";
        for command in [words(&["sleep", "4711"]), words(&["sh", "-c", deaf])] {
            let spec = ExecSpec { command, deadline: Duration::from_secs(1), ..ExecSpec::default() };
            let output = bed.engine.exec(&app, &spec).await.expect("executed");
            assert!(output.timed_out && output.exit == 124, "{output:?}");
            let all = "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null; echo; done";
            let running = bed.said(&app, all).await;
            assert!(running.contains("sleep infinity") && !running.contains("sleep 4711;"), "{running}");
        }
        // A command that is killed for another reason has not timed out.
        let output = bed.sh(&app, "kill -KILL $$").await;
        assert!(output.exit == 137 && !output.timed_out, "{output:?}");
        bed.engine.pause(&app).await.expect("paused");
        let spec = ExecSpec { command: words(&["true"]), deadline: Duration::from_secs(5), ..ExecSpec::default() };
        assert!(matches!(bed.engine.exec(&app, &spec).await, Err(EngineError::NotRunning { .. })));
        bed.engine.unpause(&app).await.expect("unpaused");
        assert_eq!(bed.engine.exec(&app, &spec).await.expect("executed").exit, 0);
        bed.engine.kill(&app).await.expect("killed");
        assert!(matches!(bed.engine.exec(&app, &spec).await, Err(EngineError::NotRunning { .. })));
        bed.engine.remove(ResourceKind::Container, &app).await.expect("removed");
        assert!(matches!(bed.engine.exec(&app, &spec).await, Err(EngineError::NotRunning { .. })));
        assert!(matches!(bed.engine.restart(&app, Duration::ZERO).await, Err(EngineError::NotRunning { .. })));
    })
    .await;
}

#[tokio::test]
async fn a_program_is_spoken_with_and_waited_for() {
    on_docker("attach", |bed| async move {
        let script = "echo noise >&2; while read line; do echo \"heard $line\"; done; exit 5";
        let spec = ContainerSpec { command: Some(words(&["sh", "-c", script])), stdin: true, ..bed.idle("driver") };
        let driver = bed.engine.create(&spec).await.expect("created");
        let mut streams = bed.engine.attach(&driver).await.expect("attached");
        bed.engine.start(&driver).await.expect("started");
        for word in ["one", "two"] {
            streams.stdin.write_all(format!("{word}\n").as_bytes()).await.expect("written");
            let mut answer = vec![0; "heard one\n".len()];
            streams.stdout.read_exact(&mut answer).await.expect("read");
            assert_eq!(String::from_utf8_lossy(&answer), format!("heard {word}\n"));
        }
        streams.stdin.shutdown().await.expect("closed");
        assert_eq!(bed.engine.wait(&driver).await.expect("ended"), 5);
        let mut rest = String::new();
        streams.stdout.read_to_string(&mut rest).await.expect("read");
        assert_eq!(rest, "");
        let state = bed.engine.state(&driver).await.expect("a state");
        assert_eq!((state.running, state.exit), (false, Some(5)));
        let (stdout, stderr) = bed.engine.logs(&driver, 1).await.expect("read");
        assert!(stdout.len() + stderr.len() < 20, "one line only: {stdout:?} {stderr:?}");
        let (stdout, stderr) = bed.engine.logs(&driver, 10).await.expect("read");
        assert_eq!((stdout.as_str(), stderr.as_str()), ("heard one\nheard two\n", "noise\n"));
    })
    .await;
}

/// What the published port says, once it says something.
async fn greeting(address: SocketAddr) -> String {
    for _ in 0..100 {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            let mut said = String::new();
            if stream.read_to_string(&mut said).await.is_ok() && !said.is_empty() {
                return said;
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{address} says nothing");
}

#[tokio::test]
async fn a_published_port_survives_restarts() {
    on_docker("port", |bed| async move {
        let server = "use IO::Socket::INET; $s = IO::Socket::INET->new(LocalPort => 80, Listen => 5, ReuseAddr => 1) \
                      or die; while ($c = $s->accept) { print $c 'hello'; close $c }";
        bed.engine.create_network(&bed.name("front"), false).await.expect("created");
        bed.engine.create_network(&bed.name("inner"), true).await.expect("created");
        let networks = vec![(bed.name("front"), Vec::new()), (bed.name("inner"), Vec::new())];
        let spec = ContainerSpec {
            command: Some(words(&["perl", "-e", server])),
            publish: Some(80),
            networks,
            ..bed.idle("proxy")
        };
        let proxy = bed.started(&spec).await;
        let published = |state: ernstfall::engine::ContainerState| state.published.expect("an address");
        let address = published(bed.engine.state(&proxy).await.expect("a state"));
        assert!(address.ip().is_loopback());
        assert_eq!(greeting(address).await, "hello");
        bed.engine.restart(&proxy, Duration::from_secs(1)).await.expect("restarted");
        assert_eq!(published(bed.engine.state(&proxy).await.expect("a state")), address);
        assert_eq!(greeting(address).await, "hello");
        bed.engine.stop(&proxy, Duration::from_secs(1)).await.expect("stopped");
        let stopped = bed.engine.state(&proxy).await.expect("a state");
        assert_eq!((stopped.running, stopped.published), (false, Some(address)));
        bed.engine.start(&proxy).await.expect("started");
        assert_eq!(greeting(address).await, "hello");
    })
    .await;
}

#[tokio::test]
async fn networks_have_aliases_with_dots_and_go_with_their_members() {
    on_docker("net", |bed| async move {
        bed.engine.create_network(&bed.name("a"), true).await.expect("created");
        bed.engine.create_network(&bed.name("link"), true).await.expect("created");
        assert!(bed.engine.create_network(&bed.name("a"), true).await.is_err(), "a name means one thing");
        let networks = vec![(bed.name("a"), words(&["vault"])), (bed.name("link"), words(&["vault.helsinki"]))];
        let vault = bed.started(&ContainerSpec { networks, ..bed.idle("vault") }).await;
        let networks = vec![(bed.name("link"), Vec::new())];
        let job = bed.started(&ContainerSpec { networks, ..bed.idle("job") }).await;
        assert!(!bed.said(&job, "getent hosts vault.helsinki").await.is_empty());
        assert_ne!(bed.sh(&job, "getent hosts vault").await.exit, 0, "it is not in that network");
        bed.engine.connect(&bed.name("a"), &job, &words(&["job"])).await.expect("connected");
        assert!(!bed.said(&job, "getent hosts vault").await.is_empty());
        bed.engine.disconnect(&bed.name("link"), &vault).await.expect("disconnected");
        assert_ne!(bed.sh(&job, "getent hosts vault.helsinki").await.exit, 0);

        let seen = bed.docker.inspect_network(&bed.name("a"), None).await.expect("there");
        assert_eq!(seen.internal, Some(true));
        let id = ernstfall::engine::Id(bed.name("a"));
        bed.engine.remove(ResourceKind::Network, &id).await.expect("removed with both members");
        bed.engine.remove(ResourceKind::Network, &id).await.expect("gone already is success");
    })
    .await;
}

#[tokio::test]
async fn a_failed_creation_leaves_nothing() {
    on_docker("undo", |bed| async move {
        let net = bed.engine.create_network(&bed.name("net"), true).await.expect("created");
        let absent = ContainerSpec { image: "ernstfall/absent:1".to_owned(), ..bed.idle("app") };
        assert!(matches!(bed.engine.create(&absent).await, Err(EngineError::NoImage { .. })));
        let unknown = vec![(bed.name("nowhere"), Vec::new())];
        assert!(bed.engine.create(&ContainerSpec { networks: unknown, ..bed.idle("app") }).await.is_err());
        let left = bed.engine.list().await.expect("listed");
        assert_eq!(left.iter().map(|thing| &thing.id).collect::<Vec<_>>(), [&net]);

        let app = bed.engine.create(&bed.idle("app")).await.expect("the name is free");
        bed.engine.remove(ResourceKind::Container, &app).await.expect("removed");
        bed.engine.remove(ResourceKind::Container, &app).await.expect("gone already is success");
    })
    .await;
}
