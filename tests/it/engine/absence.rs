//! Engines that fail: absent, silent, refusing one call, hanging in the middle. A proxy before the real socket plays them.

use super::{Bed, on_docker, ownership};
use assert_fs::TempDir;
use ernstfall::engine::{ContainerSpec, DockerEngine, Engine, EngineError, ExecSpec};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{UnixListener, UnixStream};

/// What the proxy does with a request.
#[derive(Debug, Clone, Copy)]
enum Trick {
    Pass,
    Refuse,
    Swallow,
}

/// A socket that passes requests on, but for those of which `trick` says otherwise; it sees the first line.
fn proxy(folder: &TempDir, trick: impl Fn(&str) -> Trick + Send + Sync + Copy + 'static) -> String {
    let path: PathBuf = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&path).expect("bound");
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    let real = host.trim_start_matches("unix://").to_owned();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let real = real.clone();
            tokio::spawn(async move {
                let mut head = vec![0; 64 << 10];
                let length = client.read(&mut head).await.expect("read");
                let text = String::from_utf8_lossy(&head[..length]).into_owned();
                match trick(text.lines().next().unwrap_or_default()) {
                    Trick::Pass => {
                        let mut engine = UnixStream::connect(real).await.expect("an engine");
                        engine.write_all(&head[..length]).await.expect("passed on");
                        drop(copy_bidirectional(&mut client, &mut engine).await);
                    }
                    Trick::Refuse => {
                        let answer = "HTTP/1.1 500 Injected\r\ncontent-length: 22\r\n\r\n{\"message\":\"injected\"}";
                        client.write_all(answer.as_bytes()).await.expect("answered");
                    }
                    Trick::Swallow => std::future::pending::<()>().await,
                }
            });
        }
    });
    format!("unix://{}", path.display())
}

async fn through(
    bed: &Bed,
    folder: &TempDir,
    trick: impl Fn(&str) -> Trick + Send + Sync + Copy + 'static,
) -> DockerEngine {
    DockerEngine::connect_to(&proxy(folder, trick), ownership(&bed.run)).await.expect("an engine behind the proxy")
}

#[tokio::test]
async fn nobody_there_and_nobody_answering_are_absent_soon() {
    let folder = TempDir::new().expect("a folder");
    let nobody = format!("unix://{}/nobody.sock", folder.path().display());
    let silent = proxy(&folder, |_| Trick::Swallow);
    for address in [nobody, silent] {
        let connecting = DockerEngine::connect_to(&address, ownership("it-absent"));
        let connected = tokio::time::timeout(Duration::from_secs(5), connecting).await.expect("soon");
        assert!(matches!(connected.err(), Some(EngineError::Absent(_))), "{address}");
    }
}

#[tokio::test]
async fn an_engine_that_goes_away_is_absent_from_then_on() {
    on_docker("gone", |bed| async move {
        let folder = TempDir::new().expect("a folder");
        let engine = through(&bed, &folder, |_| Trick::Pass).await;
        let app = engine.create(&bed.idle("app")).await.expect("created");
        folder.close().expect("the socket is gone");
        assert!(matches!(engine.start(&app).await, Err(EngineError::Absent(_))));
    })
    .await;
}

#[tokio::test]
async fn what_fails_after_the_creation_takes_the_container_away_again() {
    on_docker("half", |bed| async move {
        let folder = TempDir::new().expect("a folder");
        let trick = |line: &str| if line.contains("/connect") { Trick::Refuse } else { Trick::Pass };
        let engine = through(&bed, &folder, trick).await;
        engine.create_network(&bed.name("a"), true).await.expect("created");
        engine.create_network(&bed.name("b"), true).await.expect("created");
        let networks = vec![(bed.name("a"), Vec::new()), (bed.name("b"), Vec::new())];
        let error = engine.create(&ContainerSpec { networks, ..bed.idle("app") }).await.expect_err("refused");
        assert!(error.to_string().ends_with("injected"), "{error}");
        let names: Vec<_> = bed.engine.list().await.expect("listed").into_iter().map(|thing| thing.name).collect();
        assert_eq!(names, [bed.name("a"), bed.name("b")]);
    })
    .await;
}

#[tokio::test]
async fn a_command_ends_for_us_when_the_engine_hangs() {
    on_docker("hang", |bed| async move {
        let app = bed.started(&bed.idle("app")).await;
        let folder = TempDir::new().expect("a folder");
        let engine =
            through(&bed, &folder, |line| if line.contains("/exec/") { Trick::Swallow } else { Trick::Pass }).await;
        let command = vec!["true".to_owned()];
        let spec = ExecSpec { command, deadline: Duration::from_secs(1), ..ExecSpec::default() };
        let executing = engine.exec(&app, &spec);
        let output =
            tokio::time::timeout(Duration::from_secs(20), executing).await.expect("in time").expect("an output");
        assert!(output.timed_out && output.exit == 124, "{output:?}");
    })
    .await;
}
