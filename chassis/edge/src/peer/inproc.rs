//! Calls within the process: each one a task of its own, over the callee's router.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use axum::{Router, body::Body};
use http::{Request, Response};
use supervisor::{Exit, Tasks};
use tower::Service as _;

use super::{PeerError, body::CatchBody};

/// The services that run in this process, by name. Looked up at each call, so that services may
/// come and go. Cheap to clone.
#[derive(Clone, Default)]
pub struct Switchboard(Arc<RwLock<HashMap<&'static str, Router>>>);

impl Switchboard {
    /// Puts a service in; its router stands behind a [`Front`](crate::Front).
    pub fn plug(&self, name: &'static str, router: Router) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name, router);
    }

    /// Takes a service out: calls to it fail from now on.
    pub fn unplug(&self, name: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    pub(super) fn find(&self, name: &str) -> Option<Router> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

/// One call. When the caller goes away, so does the task; when the task panics, the caller learns
/// it as a failure.
pub(super) async fn call(
    peer: &'static str,
    mut router: Router,
    request: Request<Body>,
    tasks: &Tasks,
) -> Result<Response<Body>, PeerError> {
    let task = tasks.spawn(async move { router.call(request).await });
    let task = task
        .map_err(|full| PeerError::Unavailable { peer, reason: full.to_string() })?
        .abort_on_drop();
    match task.await {
        Ok(Ok(response)) => Ok(response.map(|body| Body::new(CatchBody::new(body)))),
        Err(Exit::Panic(_)) => Err(PeerError::Failed { peer }),
        Err(exit @ (Exit::Normal | Exit::Shutdown | Exit::Killed | Exit::Error(_))) => {
            Err(PeerError::Broken { peer, reason: exit.to_string() })
        }
    }
}
