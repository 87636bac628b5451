//! The images of a plan, made present before anything starts.
//!
//! What has a name is used as it is and pulled if absent. What is built gets a tag that names its content and its base,
//! so the second drill finds it, and an edit in the stack's folder makes a new one.

pub mod base;

use super::{BuildSpec, Engine, EngineError};
use crate::plan::{BASE_IMAGE, ImagePlan};
use data_encoding::HEXLOWER;
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

/// Builds side by side: more than two only wait for each other on a small runner.
const SIDE_BY_SIDE: usize = 2;
/// The build argument that names the base.
const BASE: &str = "BASE";

/// What is going on, for the telling. `image` is a key of the plan or a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageEvent {
    Present {
        image: String,
        tag: String,
    },
    Pulling {
        image: String,
    },
    Pulled {
        image: String,
    },
    /// A root filesystem from Debian packages: about a minute, once per machine.
    Bootstrapping {
        tag: String,
    },
    Bootstrapped {
        tag: String,
    },
    Building {
        image: String,
        tag: String,
    },
    Built {
        image: String,
        tag: String,
    },
}

/// Makes all images present; answers with the tag to run per key of `images`.
///
/// `stack_dir` is the absolute folder that build contexts are relative to.
///
/// # Errors
/// The first image that cannot be had; builds that are still going on are stopped.
pub async fn ensure_images(
    engine: Arc<dyn Engine>,
    stack_dir: &Path,
    images: &BTreeMap<String, ImagePlan>,
    tell: impl Fn(ImageEvent) + Send + Sync,
) -> Result<BTreeMap<String, String>, EngineError> {
    let needs_base = images.values().any(|image| match image {
        ImagePlan::Named(name) => name == BASE_IMAGE,
        ImagePlan::Build { .. } => true,
    });
    let base = if needs_base { Some(base::ensure(engine.as_ref(), &tell).await?) } else { None };
    let tags: BTreeMap<&String, String> =
        images.iter().map(|(key, image)| (key, tag_of(image, base.as_ref()))).collect();
    // Services that are built from the same content share one image.
    let distinct: BTreeMap<&String, &ImagePlan> = tags.iter().map(|(key, tag)| (tag, &images[*key])).collect();
    let jobs =
        distinct.into_iter().map(|(tag, image)| one(engine.as_ref(), stack_dir, tag, image, base.as_ref(), &tell));
    stream::iter(jobs.collect::<Vec<_>>()).buffer_unordered(SIDE_BY_SIDE).try_collect::<()>().await?;
    Ok(tags.into_iter().map(|(key, tag)| (key.clone(), tag)).collect())
}

/// The name to run an image by.
fn tag_of(image: &ImagePlan, base: Option<&base::Base>) -> String {
    match (image, base) {
        (ImagePlan::Named(name), Some(base)) if name == BASE_IMAGE => base.tag.clone(),
        (ImagePlan::Named(name), _) => name.clone(),
        (ImagePlan::Build { context, content, .. }, base) => tag(context, content, base.map_or("", |base| &base.id)),
    }
}

async fn one(
    engine: &dyn Engine,
    stack_dir: &Path,
    tag: &str,
    image: &ImagePlan,
    base: Option<&base::Base>,
    tell: &(impl Fn(ImageEvent) + Send + Sync),
) -> Result<(), EngineError> {
    match image {
        ImagePlan::Named(name) if name == BASE_IMAGE => Ok(()),
        ImagePlan::Named(name) => named(engine, name, tell).await,
        ImagePlan::Build { context, dockerfile, args, content: _ } => {
            // `ensure_images` has made a base for every build.
            let base = base.map_or(BASE_IMAGE, |base| base.tag.as_str());
            let mut args: BTreeMap<_, _> =
                args.iter().map(|(name, value)| (name.clone(), value.replace("${BASE}", base))).collect();
            args.insert(BASE.to_owned(), base.to_owned());
            let spec = BuildSpec {
                context: stack_dir.join(context),
                dockerfile: dockerfile.clone(),
                args,
                tag: tag.to_owned(),
            };
            built(engine, &name_of(context), spec, tell).await
        }
    }
}

/// What an image is called: the folder it is built in, or the one above where that is just called `image`.
fn name_of(context: &Path) -> String {
    let names = context.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().to_lowercase()),
        Component::CurDir | Component::ParentDir | Component::RootDir | Component::Prefix(_) => None,
    });
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut found =
        names.map(|name| name.replace(|c| !allowed(c), "")).filter(|name| !name.is_empty() && name != "image");
    found.next().unwrap_or_else(|| "stack".to_owned())
}

async fn named(engine: &dyn Engine, name: &str, tell: &(impl Fn(ImageEvent) + Sync)) -> Result<(), EngineError> {
    let image = name.to_owned();
    if engine.image(name).await?.is_some() {
        tell(ImageEvent::Present { tag: image.clone(), image });
    } else {
        tell(ImageEvent::Pulling { image: image.clone() });
        engine.pull(name).await?;
        tell(ImageEvent::Pulled { image });
    }
    Ok(())
}

async fn built(
    engine: &dyn Engine,
    key: &str,
    spec: BuildSpec,
    tell: &(impl Fn(ImageEvent) + Sync),
) -> Result<(), EngineError> {
    let (image, tag) = (key.to_owned(), spec.tag.clone());
    if engine.image(&tag).await?.is_some() {
        tell(ImageEvent::Present { image, tag });
        return Ok(());
    }
    tell(ImageEvent::Building { image: image.clone(), tag: tag.clone() });
    engine.build(&spec).await?;
    if engine.image(&tag).await?.is_none() {
        return Err(EngineError::Build { image: tag, why: "the build ended without an image".to_owned() });
    }
    tell(ImageEvent::Built { image, tag });
    Ok(())
}

/// The tag of a built image: its content (as the plan hashed it) on this base.
#[must_use]
pub fn tag(folder: &Path, content: &str, base_id: &str) -> String {
    let hash = HEXLOWER.encode(&Sha256::new().chain_update(content).chain_update(base_id).finalize());
    format!("ernstfall/{}:{}", name_of(folder), &hash[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{FakeEngine, Ownership};
    use crate::ids::RunId;
    use std::path::PathBuf;
    use std::sync::Mutex;

    fn fake() -> FakeEngine {
        let run = RunId::new("r1").expect("a name");
        FakeEngine::new(Ownership { run, owner: "here".to_owned(), expires: 0, datacenter: None })
    }

    fn build(content: &str) -> ImagePlan {
        ImagePlan::Build {
            context: PathBuf::from("images/app"),
            dockerfile: PathBuf::from("Dockerfile"),
            args: BTreeMap::from([("FLAVOUR".to_owned(), "on ${BASE}".to_owned())]),
            content: content.to_owned(),
        }
    }

    async fn ensure(
        engine: &FakeEngine,
        images: &BTreeMap<String, ImagePlan>,
    ) -> (Result<BTreeMap<String, String>, EngineError>, Vec<ImageEvent>) {
        let events = Mutex::new(Vec::new());
        let tell = |event| events.lock().expect("a lock").push(event);
        let tags = ensure_images(Arc::new(engine.clone()), Path::new("/stack"), images, tell).await;
        (tags, events.into_inner().expect("a lock"))
    }

    #[tokio::test]
    async fn built_once_and_found_the_second_time() {
        let engine = fake();
        engine.put_image(BASE_IMAGE, "sha256:base");
        let images =
            BTreeMap::from([("app".to_owned(), build("c1")), ("db".to_owned(), ImagePlan::Named("db:1".into()))]);
        let (tags, _) = ensure(&engine, &images).await;
        let tags = tags.expect("all there");
        assert_eq!(tags["app"], tag(Path::new("app"), "c1", "sha256:base"));
        assert_eq!(tags["db"], "db:1");
        assert_eq!(engine.calls().len(), 2, "one build, one pull");

        let (again, events) = ensure(&engine, &images).await;
        assert_eq!(again.expect("all there"), tags);
        assert_eq!(engine.calls().len(), 2, "nothing more");
        assert!(events.iter().all(|event| matches!(event, ImageEvent::Present { .. })), "{events:?}");
    }

    #[test]
    fn tags_follow_content_and_base() {
        let tags = [
            tag(Path::new("app"), "c1", "b1"),
            tag(Path::new("app"), "c2", "b1"),
            tag(Path::new("app"), "c1", "b2"),
            tag(Path::new("db"), "c1", "b1"),
        ];
        let distinct: std::collections::BTreeSet<_> = tags.iter().collect();
        assert_eq!(distinct.len(), 4);
        assert_eq!(tags[0].len(), "ernstfall/app:".len() + 16);
    }

    #[tokio::test]
    async fn an_absent_base_is_pulled_and_an_image_that_is_the_base_needs_no_second_look() {
        let engine = fake();
        let images = BTreeMap::from([("base".to_owned(), ImagePlan::Named(BASE_IMAGE.to_owned()))]);
        let (tags, events) = ensure(&engine, &images).await;
        assert_eq!(tags.expect("all there")["base"], BASE_IMAGE);
        assert_eq!(engine.calls(), [format!("pull {BASE_IMAGE}")]);
        let image = BASE_IMAGE.to_owned();
        assert_eq!(events, [ImageEvent::Pulling { image: image.clone() }, ImageEvent::Pulled { image }]);
    }

    #[tokio::test]
    async fn a_bootstrapped_base_is_used_again_without_asking_a_registry() {
        let engine = fake();
        engine.put_image(&base::tag(), "sha256:own");
        let images = BTreeMap::from([("app".to_owned(), build("c1"))]);
        let (tags, _) = ensure(&engine, &images).await;
        assert_eq!(tags.expect("all there")["app"], tag(Path::new("app"), "c1", "sha256:own"));
        assert_eq!(engine.calls(), [format!("build {}", tag(Path::new("app"), "c1", "sha256:own"))]);
    }

    #[tokio::test]
    async fn failures_name_the_image() {
        let engine = fake();
        engine.put_image(BASE_IMAGE, "b");
        engine.fail_next("build", "step 3 failed");
        let (tags, _) = ensure(&engine, &BTreeMap::from([("app".to_owned(), build("c1"))])).await;
        assert!(matches!(tags, Err(EngineError::Build { image, .. }) if image.starts_with("ernstfall/app:")));
        engine.fail_next("pull", "no such host");
        let (tags, _) = ensure(&engine, &BTreeMap::from([("db".to_owned(), ImagePlan::Named("db:1".into()))])).await;
        assert!(matches!(tags, Err(EngineError::NoImage { image, .. }) if image == "db:1"));
    }
}
