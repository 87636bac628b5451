//! Images: looked up, pulled, imported, built.
//!
//! Only the classic builder is used, since every engine has it. A build is bound to its connection: when the caller goes
//! away, the engine stops it and removes what it was running.

use super::{BULK, DockerEngine, context, failed, is, told};
use crate::engine::{BuildSpec, EngineError, Result, TarStream, label};
use bollard::errors::Error;
use bollard::models::BuildInfo;
use bollard::query_parameters::{BuildImageOptions, BuilderVersion, CreateImageOptions};
use futures_util::{Stream, StreamExt};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// A registry that has said nothing for this long does not answer.
const FIRST_WORD: Duration = Duration::from_secs(15);
/// A pull that has said nothing for this long hangs.
const NEXT_WORD: Duration = Duration::from_secs(120);
/// Lines of a build's log that an error shows.
const LOG_TAIL: usize = 30;

impl DockerEngine {
    pub(super) async fn image_id(&self, name: &str) -> Result<Option<String>> {
        match self.docker.inspect_image(name).await {
            Ok(image) => Ok(image.id),
            Err(error) if is(&error, 404) => Ok(None),
            Err(error) => Err(failed("look at image", name)(error)),
        }
    }

    pub(super) async fn image_pull(&self, name: &str) -> Result<()> {
        let missing = |why: String| EngineError::NoImage { image: name.to_owned(), why };
        let (repository, tag) = split(name);
        let options = CreateImageOptions {
            from_image: Some(repository.to_owned()),
            tag: tag.map(str::to_owned),
            ..Default::default()
        };
        let mut progress = Box::pin(self.docker.create_image(Some(options), None, None));
        let mut wait = FIRST_WORD;
        loop {
            match tokio::time::timeout(wait, progress.next()).await {
                Ok(Some(Ok(_))) => wait = NEXT_WORD,
                Ok(Some(Err(error @ Error::SocketNotFoundError(_)))) => return Err(failed("pull", name)(error)),
                Ok(Some(Err(error))) => return Err(missing(told(&error))),
                Ok(None) => return Ok(()),
                Err(_) => return Err(missing(format!("the registry is silent for {} s", wait.as_secs()))),
            }
        }
    }

    pub(super) async fn image_import(&self, tag: &str, tar: TarStream) -> Result<()> {
        let (repository, version) = split(tag);
        let purpose = repository.rsplit('/').next().unwrap_or(repository);
        let options = CreateImageOptions {
            from_src: Some("-".to_owned()),
            repo: Some(repository.to_owned()),
            tag: version.map(str::to_owned),
            changes: vec![format!("LABEL {}={purpose}", label::IMAGE)],
            ..Default::default()
        };
        let docker = self.patient(BULK);
        let mut progress = Box::pin(docker.create_image(Some(options), Some(bollard::body_try_stream(tar)), None));
        while let Some(word) = progress.next().await {
            word.map_err(failed("import image", tag))?;
        }
        Ok(())
    }

    pub(super) async fn image_build(&self, spec: &BuildSpec) -> Result<()> {
        let (repository, _) = split(&spec.tag);
        let purpose = repository.rsplit('/').next().unwrap_or(repository);
        let options = BuildImageOptions {
            dockerfile: spec.dockerfile.to_string_lossy().into_owned(),
            t: Some(spec.tag.clone()),
            // Not quiet: a quiet build sends nothing until its end, and the client would take that for a hung engine.
            q: false,
            rm: true,
            forcerm: true,
            buildargs: Some(spec.args.clone().into_iter().collect()),
            labels: Some(HashMap::from([(label::IMAGE.to_owned(), purpose.to_owned())])),
            version: BuilderVersion::BuilderV1,
            ..Default::default()
        };
        let context = context::packed(&spec.context);
        let docker = self.patient(BULK);
        let progress = docker.build_image(options, None, Some(bollard::body_try_stream(context)));
        follow(Box::pin(progress)).await.map_err(|why| EngineError::Build { image: spec.tag.clone(), why })
    }
}

/// Reads a build to its end; an error carries the end of its log.
async fn follow(
    mut progress: impl Stream<Item = std::result::Result<BuildInfo, Error>> + Unpin,
) -> std::result::Result<(), String> {
    let mut log = VecDeque::new();
    while let Some(word) = progress.next().await {
        match word {
            Ok(word) => {
                for line in word.stream.unwrap_or_default().lines().filter(|line| !line.trim().is_empty()) {
                    log.push_back(line.trim_end().to_owned());
                }
                let excess = log.len().saturating_sub(LOG_TAIL);
                log.drain(..excess);
            }
            Err(error) => {
                log.push_back(told(&error));
                return Err(log.make_contiguous().join("\n"));
            }
        }
    }
    Ok(())
}

/// Repository and tag. Without a tag the engine would pull all tags, so it is `latest`; a digest needs none.
fn split(name: &str) -> (&str, Option<&str>) {
    if name.contains('@') {
        return (name, None);
    }
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        Some(_) | None => (name, Some("latest")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_tag() {
        assert_eq!(split("debian:bookworm-slim"), ("debian", Some("bookworm-slim")));
        assert_eq!(split("debian"), ("debian", Some("latest")));
        assert_eq!(split("host:5000/debian"), ("host:5000/debian", Some("latest")));
        assert_eq!(split("host:5000/debian:12"), ("host:5000/debian", Some("12")));
        assert_eq!(split("debian@sha256:00"), ("debian@sha256:00", None));
    }

    #[tokio::test]
    async fn the_error_of_a_build_ends_with_its_log() {
        let line = |text: String| Ok(BuildInfo { stream: Some(text), ..Default::default() });
        let mut words: Vec<_> = (0..100).map(|number| line(format!("line {number}\n"))).collect();
        words.push(Err(Error::DockerStreamError { error: "returned a non-zero code: 3".to_owned() }));
        let why = follow(futures_util::stream::iter(words)).await.expect_err("a failed build");
        assert_eq!(why.lines().count(), LOG_TAIL + 1);
        assert!(why.ends_with("line 99\nreturned a non-zero code: 3"), "{why}");
        assert_eq!(follow(futures_util::stream::iter([line("fine".to_owned())])).await, Ok(()));
    }
}
