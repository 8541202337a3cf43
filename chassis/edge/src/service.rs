//! What the binary hands to a service, and what a service hands back.

use std::sync::Arc;

use axum::Router;
use bus::Bus;
use delivery::Outbox;
use futures::future::BoxFuture;
use kernel::{Clock, Ids, audit::Audit};
use store::Store;
use supervisor::{ChildSpec, Tasks};

use crate::{Peers, auth::Verifier};

/// What a service stands on.
#[derive(Clone)]
pub struct Deps {
    /// The service's own database.
    pub store: Store,
    /// The message queue.
    pub bus: Arc<dyn Bus>,
    /// Where the service's events are written, in the batch that causes them.
    pub outbox: Outbox,
    /// Time.
    pub clock: Clock,
    /// Ids and randomness.
    pub ids: Ids,
    /// Who callers are.
    pub auth: Verifier,
    /// Supervised tasks for work that outlives a request.
    pub tasks: Tasks,
    /// The other services.
    pub peers: Peers,
}

/// Asks whether something works; what it says when not is shown on `/readyz?verbose`.
pub type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// Folds the books of a service and reports what does not add up.
pub type AuditRun = Arc<dyn Fn() -> BoxFuture<'static, Result<Audit, store::Error>> + Send + Sync>;

/// A service, ready to be served and supervised.
pub struct Service {
    /// `users`, `products`, `orders` or `payments`; also the name of its queue.
    pub name: &'static str,
    /// Its database; what is at rest in it is asked for by `/v1/ops/quiescence`.
    pub store: Store,
    /// Its REST routes.
    pub http: Router,
    /// Its gRPC routes, on the same listener.
    pub grpc: Option<tonic::service::Routes>,
    /// What must run beside the requests: relays, consumers, sagas. Started in this order.
    pub children: Vec<ChildSpec>,
    /// What it promises over REST.
    pub openapi: utoipa::openapi::OpenApi,
    /// Checks of `/readyz` by name, beyond "its database answers".
    pub ready: Vec<(&'static str, Check)>,
    /// Reports every violated invariant.
    pub audit: AuditRun,
}

impl Service {
    /// A service without routes, children or checks: set the public fields.
    pub fn new(name: &'static str, store: Store) -> Self {
        let info = utoipa::openapi::Info::new(name, "1");
        Self {
            name,
            store,
            http: Router::new(),
            grpc: None,
            children: Vec::new(),
            openapi: utoipa::openapi::OpenApi::new(info, utoipa::openapi::Paths::new()),
            ready: Vec::new(),
            audit: Arc::new(|| Box::pin(async { Ok(Audit::default()) })),
        }
    }

    /// All its routes on one router: REST and gRPC, without a front.
    pub fn router(&self) -> Router {
        match &self.grpc {
            // tonic's own fallback would collide with ours, which answers gRPC too.
            Some(routes) => {
                self.http.clone().merge(routes.clone().into_axum_router().reset_fallback())
            }
            None => self.http.clone(),
        }
    }
}
