//! Products: the catalogue, its search, and stock with its reservations.
//!
//! Rooms in reading order: [`domain`] decides, `commands` do, `queries` answer, `subscribers`
//! listen, `store` holds every statement, `events` speak, `http` is the door.

pub mod domain;

mod audit;
mod commands;
mod events;
mod http;
mod queries;
mod store;
mod subscribers;

use std::{sync::Arc, time::Duration};

use ::store::{Batch, Error, Sql, Store};
use delivery::Outbox;
use edge::{Deps, Service};
use kernel::{Clock, Ids};
use serde::Deserialize;

pub use audit::audit;
pub use store::migrate;

use queries::{
    categories::Categories,
    freshness::{Cell, Freshness},
    pages::Pages,
};

/// How long the queue may take to be there.
const CONSUMER_READY_MAX: Duration = Duration::from_secs(10);

/// Limits and times of this service.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Rendered products kept in memory, in bytes. Default 16 MiB.
    pub page_bytes_max: u64,
    /// How long a rendered product is answered at most, in milliseconds, before it is read again
    /// although this process changed nothing in it: so late are commits of other processes on the
    /// same database seen. Default 5000.
    pub page_age_ms_max: u64,
    /// How often ended leases are tidied up, in milliseconds. Nothing waits for it. Default 1000.
    pub sweep_period_ms: u64,
    /// Rows of an import that are committed together. Default 256.
    pub import_chunk_rows: usize,
    /// Commits of one import at the same time. Default 8.
    pub import_commits_max: usize,
    /// Time for one import request, in milliseconds. Default 900,000.
    pub import_ms_max: u64,
    /// Products that are counted for the facets of a filtered list, at most. Default 10,000.
    pub facet_products_max: u32,
    /// Delivery of messages.
    pub delivery: delivery::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            page_bytes_max: 16 * 1024 * 1024,
            page_age_ms_max: 5000,
            sweep_period_ms: 1000,
            import_chunk_rows: 256,
            import_commits_max: 8,
            import_ms_max: 900_000,
            facet_products_max: 10_000,
            delivery: delivery::Settings::default(),
        }
    }
}

/// What commands and queries stand on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Products {
    store: Store,
    outbox: Outbox,
    clock: Clock,
    ids: Ids,
    settings: Arc<Settings>,
    freshness: Arc<Freshness>,
    pages: Arc<Pages>,
    categories: Arc<Categories>,
}

impl Products {
    fn new(deps: &Deps, settings: Settings) -> Self {
        let age_max = Duration::from_millis(settings.page_age_ms_max);
        Self {
            store: deps.store.clone(),
            outbox: deps.outbox.clone(),
            clock: deps.clock.clone(),
            ids: deps.ids.clone(),
            freshness: Arc::new(Freshness::default()),
            pages: Arc::new(Pages::new(settings.page_bytes_max, age_max)),
            categories: Arc::new(Categories::new(age_max)),
            settings: Arc::new(settings),
        }
    }

    /// Has everything that was read of these cells read anew once the batch is committed, and
    /// what was read of the catalogue as a whole.
    fn touch(&self, batch: &mut Batch, cells: Vec<Cell>, catalogue: bool) {
        let freshness = Arc::clone(&self.freshness);
        batch.after_commit(move || freshness.touch(&cells, catalogue));
    }
}

/// The service on its database, which is brought up to date first.
pub async fn service(deps: Deps, settings: Settings) -> Result<Service, Error> {
    delivery::migrate(&deps.store).await?;
    migrate(&deps.store).await?;
    let app = Products::new(&deps, settings);
    let orders = Arc::new(subscribers::Orders(app.clone()));
    let consumer = delivery::consumer(
        "products",
        &deps.store,
        &deps.bus,
        &deps.clock,
        &deps.ids,
        vec![orders],
        &app.settings.delivery,
    )
    // Who starts after it may send commands at once.
    .awaits_ready(CONSUMER_READY_MAX);
    let mut service = Service::new("products", deps.store.clone());
    service.http = http::router(&app);
    service.openapi = http::openapi();
    service.children = vec![consumer, commands::sweeper(&app)];
    let store = deps.store;
    service.audit = Arc::new(move || {
        let store = store.clone();
        Box::pin(async move { audit(&store).await })
    });
    Ok(service)
}

/// Every statement that this service runs, to be prepared by a test.
pub fn statements() -> Vec<Sql> {
    store::statements()
}
