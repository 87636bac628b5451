//! The real world of a drill: images from the engine, the application through the front door.

use crate::drill::Connect;
use crate::engine::images::{ImageEvent, ensure_images};
use crate::engine::{Engine, EngineError};
use crate::journal::{Event, Writer};
use crate::plan::{self, Plan, ServiceKey};
use crate::stack::{Site, SiteError};
use crate::workload::{Door, Driver, ExecDriver, MediaWiki};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The certificate authority of the front door, in the run's secrets folder.
const CA: &str = "tls/ca.pem";

pub(super) struct Applications {
    pub engine: Arc<dyn Engine>,
    pub stack_dir: PathBuf,
    pub journal: Writer,
}

#[async_trait]
impl Connect for Applications {
    async fn images(&self, plan: &Plan) -> Result<(BTreeMap<String, String>, BTreeMap<String, String>), EngineError> {
        let journal = self.journal.clone();
        // A note that cannot be written stops the drill at its next event.
        let tell = move |event| {
            if let Some(text) = told(event) {
                drop(journal.write(Event::Note { text }));
            }
        };
        let images = ensure_images(Arc::clone(&self.engine), &self.stack_dir, &plan.stack.images, tell).await?;
        let info = self.engine.info().await?;
        let mut versions = BTreeMap::from([
            ("engine".to_owned(), info.version),
            ("engine api".to_owned(), info.api),
            ("engine storage".to_owned(), info.storage),
        ]);
        for (key, tag) in &images {
            let id = self.engine.image(tag).await?.unwrap_or_default();
            versions.insert(format!("image {key}"), format!("{tag} {id}"));
        }
        Ok((images, versions))
    }

    async fn driver(&self, plan: &Plan, site: &Site, timeout: Duration) -> Result<Arc<dyn Driver>, SiteError> {
        match &plan.stack.driver {
            plan::Driver::Mediawiki { api } => {
                let address = site.front().ok_or_else(|| failed("find", "the front door", "it publishes no port"))?;
                let path = site.secrets().join(CA);
                let ca_pem = std::fs::read(&path)
                    .map_err(|why| failed("read", &path.display().to_string(), &why.to_string()))?;
                let door = Door { address, domain: plan.stack.domain.clone(), ca_pem };
                Ok(Arc::new(MediaWiki::new(door, api.clone(), timeout)))
            }
            plan::Driver::Exec { service, run } => {
                let at = ServiceKey { datacenter: None, tenant: None, service: service.clone() };
                let attached = site.start_driver(&at, run).await?;
                Ok(Arc::new(ExecDriver::new(attached, timeout)))
            }
        }
    }
}

/// What takes time is told; what is there already is not.
fn told(event: ImageEvent) -> Option<String> {
    match event {
        ImageEvent::Present { .. } => None,
        ImageEvent::Pulling { image } => Some(format!("pulling the image {image}")),
        ImageEvent::Pulled { image } => Some(format!("pulled the image {image}")),
        ImageEvent::Bootstrapping { tag } => Some(format!(
            "no registry answers: bootstrapping the base image {tag} from Debian packages, about a minute"
        )),
        ImageEvent::Bootstrapped { tag } => Some(format!("bootstrapped {tag}")),
        ImageEvent::Building { image, tag } => Some(format!("building the image of {image} as {tag}")),
        ImageEvent::Built { image, tag } => Some(format!("built the image of {image} as {tag}")),
    }
}

fn failed(action: &'static str, what: &str, why: &str) -> EngineError {
    EngineError::Failed { action, what: what.to_owned(), why: why.to_owned() }
}
