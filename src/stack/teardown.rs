//! The end of things: a datacenter that is lost, and the teardown of the whole run.

use super::site::{Site, SiteError};
use crate::engine::{Engine, EngineError, Resource, ResourceKind};
use crate::ids::Datacenter;
use crate::journal::Event;
use crate::plan::NetworkKey;
use futures_util::StreamExt as _;
use futures_util::stream;
use std::sync::Arc;

/// Removals at once.
const SIDE_BY_SIDE: usize = 8;
/// Looks at what is left, at the most.
const PASSES: usize = 5;

impl Site {
    /// Everything that carries this run's label in `datacenter`.
    ///
    /// # Errors
    /// [`SiteError::Engine`] when the engine does not answer.
    pub async fn inhabitants(&self, datacenter: &Datacenter) -> Result<Vec<Resource>, SiteError> {
        Ok(self.handles.of(Some(datacenter)).list().await?)
    }

    /// Destroys a datacenter: its containers, volumes and network. The front loses its leg there.
    ///
    /// # Errors
    /// [`SiteError`] when something could not be removed.
    pub async fn destroy(&self, datacenter: &Datacenter, targets: &[Resource]) -> Result<(), SiteError> {
        self.leave_network(datacenter).await?;
        let engine = Arc::clone(self.handles.of(Some(datacenter)));
        for removed in remove_all(&engine, targets).await {
            self.removed(&removed?, Some(datacenter.clone()))?;
        }
        let mut state = self.state();
        state.containers.retain(|key, _| key.datacenter.as_ref() != Some(datacenter));
        state.networks.remove(&NetworkKey::Datacenter(datacenter.clone()));
        let gone: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        state.volumes.retain(|name| !gone.contains(&name.as_str()));
        Ok(())
    }

    /// Containers of the front stand in every datacenter's network, and a network with a member cannot be removed.
    async fn leave_network(&self, datacenter: &Datacenter) -> Result<(), SiteError> {
        let name = self.names.network(&NetworkKey::Datacenter(datacenter.clone()));
        let front: Vec<_> = {
            let state = self.state();
            state.containers.iter().filter(|(key, _)| key.datacenter.is_none()).map(|(_, id)| id.clone()).collect()
        };
        for container in front {
            self.handles.of(None).disconnect(&name, &container).await?;
        }
        Ok(())
    }

    /// Removes everything that carries this run's label and journals what is left, which must be nothing.
    ///
    /// # Errors
    /// [`SiteError`] when something could not be removed; the rest is removed all the same.
    pub async fn teardown(&self) -> Result<(), SiteError> {
        let engine = Arc::clone(self.handles.of(None));
        let mut first_error = None;
        // What was being created when the drill was cancelled appears after the first look.
        for _ in 0..PASSES {
            let standing = engine.list().await?;
            if standing.is_empty() {
                first_error = None;
                break;
            }
            first_error = self.remove(&engine, &standing).await;
        }
        let names = engine.list().await?.into_iter().map(|resource| resource.name).collect();
        self.journal.write(Event::Leftovers { names })?;
        first_error.map_or(Ok(()), Err)
    }

    /// Removes and journals; the first error, if any.
    async fn remove(&self, engine: &Arc<dyn Engine>, standing: &[Resource]) -> Option<SiteError> {
        let mut first_error = None;
        for removed in remove_all(engine, standing).await {
            let result = match removed {
                Ok(resource) => {
                    let datacenter = resource.labels.get(crate::engine::label::DATACENTER).cloned();
                    let datacenter = datacenter.and_then(|name| Datacenter::new(name).ok());
                    self.removed(&resource, datacenter).map_err(SiteError::from)
                }
                Err(error) => Err(error.into()),
            };
            if let Err(error) = result {
                first_error.get_or_insert(error);
            }
        }
        first_error
    }
}

/// Containers first, since volumes and networks in use cannot be removed; side by side within a kind.
async fn remove_all(engine: &Arc<dyn Engine>, targets: &[Resource]) -> Vec<Result<Resource, EngineError>> {
    let mut results = Vec::with_capacity(targets.len());
    for kind in [ResourceKind::Container, ResourceKind::Volume, ResourceKind::Network] {
        let of_kind: Vec<Resource> = targets.iter().filter(|target| target.kind == kind).cloned().collect();
        let removals = stream::iter(of_kind).map(|target| async move {
            engine.remove(target.kind, &target.id).await?;
            Ok(target)
        });
        results.extend(removals.buffer_unordered(SIDE_BY_SIDE).collect::<Vec<_>>().await);
    }
    results
}
