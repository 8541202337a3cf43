//! What operators ask a running system: is it at rest, how does its tree look.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use axum::{Router, extract::State, routing::get};
use bus::{Bus, Depth};
use kernel::Fault;
use serde::Serialize;
use store::Store;
use supervisor::{Tree, View};
use utoipa::ToSchema;

use crate::{
    Json, Problem, Service,
    auth::{OpsRead, Staff},
};

/// What operators may ask about.
#[derive(Clone)]
pub struct Ops {
    bus: Arc<dyn Bus>,
    services: Arc<Vec<(&'static str, Store)>>,
    tree: TreeSlot,
}

/// Where the binary puts the view of the supervision tree once that runs.
#[derive(Clone, Default)]
pub struct TreeSlot(Arc<OnceLock<View>>);

impl TreeSlot {
    /// Shows this tree from now on; the first one stays.
    pub fn show(&self, view: View) {
        self.0.get_or_init(|| view);
    }
}

impl Ops {
    /// About these services and their queues.
    pub fn new(services: &[Service], bus: Arc<dyn Bus>, tree: TreeSlot) -> Self {
        let stores = services.iter().map(|service| (service.name, service.store.clone()));
        Self { bus, services: Arc::new(stores.collect()), tree }
    }

    /// `/v1/ops/quiescence` and `/v1/ops/tree`; they belong behind the front.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/v1/ops/quiescence", get(quiescence))
            .route("/v1/ops/tree", get(tree))
            .with_state(self)
    }
}

/// What of a service is not at rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unrest {
    /// Sagas that have not finished.
    pub open_sagas: u64,
    /// Outbox rows that wait to be published.
    pub unsent: u64,
    /// Messages that wait in its queue or are in work.
    pub unread: u64,
    /// Messages that wait for another attempt.
    pub retries: u64,
    /// Messages that were given up.
    pub dead_letters: u64,
}

/// What is not at rest; all zero means that nothing moves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Quiescence {
    /// Whether everything is zero.
    pub at_rest: bool,
    /// By service.
    pub services: BTreeMap<&'static str, Unrest>,
}

impl Ops {
    async fn quiescence(&self) -> Result<Quiescence, Problem> {
        let mut found = Quiescence { at_rest: true, services: BTreeMap::new() };
        for (name, store) in self.services.iter() {
            let depth = self.depth(name).await?;
            let unrest = Unrest {
                open_sagas: open_sagas(store).await?,
                unsent: delivery::outbox::unsent(store).await?,
                unread: depth.unread,
                retries: depth.retries,
                dead_letters: depth.dead,
            };
            found.at_rest &= unrest == Unrest::default();
            found.services.insert(name, unrest);
        }
        Ok(found)
    }

    async fn depth(&self, queue: &str) -> Result<Depth, Problem> {
        match self.bus.depth(queue).await {
            Ok(depth) => Ok(depth),
            // Not every service listens to messages.
            Err(bus::Error::UnknownQueue(_)) => Ok(Depth::default()),
            Err(error @ (bus::Error::Unroutable { .. } | bus::Error::Cursor(_))) => {
                Err(Problem::bug(&error))
            }
            Err(error @ bus::Error::Store(_)) => Err(error.into()),
        }
    }
}

/// Not every service has sagas: where their table is missing, none are open.
async fn open_sagas(store: &Store) -> Result<u64, Problem> {
    match saga::open(store).await {
        Ok(count) => Ok(count),
        Err(store::Error::Statement { .. }) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Tells whether everything is at rest, and what is not.
#[utoipa::path(
    get, path = "/v1/ops/quiescence", operation_id = "show_quiescence", tag = "ops",
    security(("bearer" = ["ops.read"])), responses((status = 200, body = Quiescence))
)]
async fn quiescence(
    _: Staff<OpsRead>,
    State(ops): State<Ops>,
) -> Result<Json<Quiescence>, Problem> {
    ops.quiescence().await.map(Json)
}

/// Shows the supervision tree: every child, its state and its restarts.
#[utoipa::path(
    get, path = "/v1/ops/tree", operation_id = "show_tree", tag = "ops",
    security(("bearer" = ["ops.read"])),
    responses((status = 200, description = "the root and everything below it", body = Object))
)]
async fn tree(_: Staff<OpsRead>, State(ops): State<Ops>) -> Result<Json<Tree>, Problem> {
    let view = ops.tree.0.get().ok_or_else(|| {
        Problem::new(Fault::Unavailable, "starting", "the supervision tree is still starting")
    })?;
    Ok(Json(view.tree()))
}

/// What this module promises over REST.
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(
        paths(quiescence, tree),
        components(schemas(Quiescence, Unrest)),
        tags((name = "ops", description = "How the running system is."))
    )]
    struct Document;
    let about = "How the running system is.";
    crate::openapi::described(<Document as utoipa::OpenApi>::openapi(), "ops", about)
}
