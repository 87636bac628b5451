//! Volumes as tar streams.

use super::{Bed, on_docker};
use bytes::Bytes;
use ernstfall::engine::{ContainerSpec, Engine, Id, MountSpec, ResourceKind};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::time::Duration;

fn mounting(bed: &Bed, name: &str, volume: &str) -> ContainerSpec {
    let mount = MountSpec::Volume { name: bed.name(volume), target: "/data".to_owned(), read_only: false };
    ContainerSpec { mounts: vec![mount], ..bed.idle(name) }
}

/// Content, owners, modes, links and times of everything in `/data`.
const PRINT: &str = "cd /data && find . -printf '%p %u %g %m %y %l %s %T@\\n' | sed 's/\\.[0-9]*$//' | sort && \
                     find . -type f -print0 | sort -z | xargs -0 sha256sum";

const FILL: &str = "cd /data && mkdir -p inner/deep && echo hello >inner/deep/file && ln -s inner/deep/file link && \
                    dd if=/dev/urandom of=random bs=1M count=20 status=none && : >empty && chmod 600 random && \
                    chown -R 999:998 . && chmod 750 .";

async fn containers(bed: &Bed) -> usize {
    let all = bed.engine.list().await.expect("listed");
    all.iter().filter(|thing| thing.kind == ResourceKind::Container).count()
}

#[tokio::test]
async fn a_volume_in_use_is_read_and_comes_back_the_same() {
    on_docker("volume", |bed| async move {
        for volume in ["one", "two"] {
            bed.engine.create_volume(&bed.name(volume), None).await.expect("created");
        }
        let source = bed.started(&mounting(&bed, "source", "one")).await;
        bed.said(&source, FILL).await;
        let original = bed.said(&source, PRINT).await;

        let tar = bed.engine.read_volume(&bed.name("one")).await.expect("a stream");
        let pieces: Vec<Bytes> = tar.try_collect().await.expect("read");
        assert!(pieces.len() > 100, "in pieces, not at once");
        assert_eq!(containers(&bed).await, 1, "the helper is gone when the stream has ended");

        // Into a volume that nobody uses, straight from the one in use.
        let tar = bed.engine.read_volume(&bed.name("one")).await.expect("a stream");
        bed.engine.write_volume(&bed.name("two"), tar).await.expect("written");
        let copy = bed.started(&mounting(&bed, "copy", "two")).await;
        assert_eq!(bed.said(&copy, PRINT).await, original);

        // Into the volume in use: what was not in the snapshot is gone, what was is back.
        bed.said(&source, "rm -r /data/inner; echo later >/data/later; mkdir /data/.hidden").await;
        assert_ne!(bed.said(&source, PRINT).await, original);
        let tar = stream::iter(pieces.into_iter().map(Ok)).boxed();
        bed.engine.write_volume(&bed.name("one"), tar).await.expect("written");
        assert_eq!(bed.said(&source, PRINT).await, original);
        assert_eq!(containers(&bed).await, 2);
        let labels = |name: &str| Id(bed.name(name));
        for volume in ["one", "two"] {
            let listed = bed.engine.list().await.expect("listed");
            assert!(listed.iter().any(|thing| thing.id == labels(volume)), "{volume} still bears its labels");
        }
    })
    .await;
}

#[tokio::test]
async fn a_reader_or_writer_that_goes_away_leaves_no_helper() {
    on_docker("helper", |bed| async move {
        bed.engine.create_volume(&bed.name("one"), None).await.expect("created");
        let source = bed.started(&mounting(&bed, "source", "one")).await;
        bed.said(&source, FILL).await;
        let mut tar = bed.engine.read_volume(&bed.name("one")).await.expect("a stream");
        tar.next().await.expect("a piece").expect("read");
        assert_eq!(containers(&bed).await, 2, "the helper is there, and bears our label");
        drop(tar);

        bed.engine.create_volume(&bed.name("two"), None).await.expect("created");
        let endless = stream::repeat_with(|| Ok(Bytes::from_static(&[0; 512]))).boxed();
        let endless = stream::pending().chain(endless).boxed();
        let name = bed.name("two");
        let writing = bed.engine.write_volume(&name, endless);
        assert!(tokio::time::timeout(Duration::from_secs(1), writing).await.is_err(), "cancelled");
        let mut left = containers(&bed).await;
        for _ in 0..50 {
            if left == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            left = containers(&bed).await;
        }
        assert_eq!(left, 1);

        let broken = stream::iter([Ok(Bytes::from_static(b"no archive")), Err(std::io::Error::other("torn"))]).boxed();
        assert!(bed.engine.write_volume(&bed.name("two"), broken).await.is_err());
        assert_eq!(containers(&bed).await, 1);
    })
    .await;
}
