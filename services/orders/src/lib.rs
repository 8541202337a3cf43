//! Orders: carts, placement, orders, and the story of each. In reading order: what they are
//! ([`domain`]), what may be done ([`commands`]), how a placement runs ([`placement`]), what is
//! heard ([`subscribers`]) and told ([`events`]), and how it is reached ([`http`]).

pub mod commands;
pub mod domain;
pub mod events;
pub mod http;
pub mod placement;
pub mod queries;
pub mod settings;
pub mod store;
pub mod subscribers;

use std::{sync::Arc, time::Duration};

use ::store::{Sql, Store};
use delivery::Subscriber;
use edge::{Deps, Service};
use saga::Runner;

use crate::{
    commands::Orders,
    placement::{Payments, Placing, Watchers},
    store::{catalogue::Catalogue, numbers::Numbers},
    subscribers::{CatalogueNews, StockNews},
};

pub use placement::{placement_crash_points, placement_steps};
pub use queries::audit::audit;
pub use settings::{Settings, SettingsError};

/// The name of this service, of its queue and of its database.
pub const NAME: &str = "orders";

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings contradict themselves.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Its tables could not be made.
    #[error("the database of orders")]
    Store(#[from] ::store::Error),
    /// Its queue could not be made.
    #[error("the queue of orders")]
    Bus(#[from] bus::Error),
}

/// The service, over what it stands on.
pub async fn service(deps: Deps, settings: Settings) -> Result<Service, StartError> {
    settings.check()?;
    migrate(&deps.store).await?;
    let orders = orders(&deps, &settings)?;
    let subscribers: Vec<Arc<dyn Subscriber>> = vec![
        Arc::new(CatalogueNews { catalogue: orders.catalogue.clone() }),
        Arc::new(StockNews { placements: orders.placements.clone() }),
    ];
    let Deps { store, bus, clock, ids, .. } = deps;
    // Before anybody speaks: what is said while no queue is bound to it is heard by nobody.
    let kinds: Vec<_> = subscribers.iter().flat_map(|s| s.kinds()).copied().collect();
    bus.declare(NAME, &kinds).await?;
    let consumer =
        delivery::consumer(NAME, &store, &bus, &clock, &ids, subscribers, &settings.delivery);
    let mut service = Service::new(NAME, store.clone());
    service.children = vec![orders.placements.child(), consumer];
    service.http = http::routes(orders);
    service.openapi = http::openapi();
    service.audit = Arc::new(move || {
        let store = store.clone();
        Box::pin(async move { audit(&store).await })
    });
    Ok(service)
}

fn orders(deps: &Deps, settings: &Settings) -> Result<Orders, SettingsError> {
    let Deps { store, clock, ids, outbox, .. } = deps.clone();
    let ms = Duration::from_millis;
    let watchers = Watchers::default();
    let placing = Placing {
        limits: settings.limits(),
        lease: ms(settings.reservation_lease_ms),
        outbox: outbox.clone(),
        payments: Payments::new(
            deps.peers.seen_by(NAME).to("payments"),
            ms(settings.payment_request_ms),
        ),
        watchers: watchers.clone(),
    };
    let placements = Runner::new(
        placing,
        store.clone(),
        clock.clone(),
        ids.clone(),
        deps.tasks.clone(),
        settings.saga.clone(),
    );
    let fresh = ms(settings.offers_fresh_ms);
    Ok(Orders {
        catalogue: Catalogue::new(store.clone(), clock.clone(), settings.offers_max, fresh),
        numbers: Numbers::new(store.clone(), settings.number_block),
        rates: Arc::new(settings.rates()?),
        placement_timeout: ms(settings.placement_timeout_ms),
        reread: ms(settings.reread_ms),
        store,
        clock,
        ids,
        outbox,
        placements,
        watchers,
    })
}

/// Brings the tables of this service up to date, with those of the chassis in its database.
pub async fn migrate(store: &Store) -> Result<(), ::store::Error> {
    delivery::migrate(store).await?;
    saga::migrate(store).await?;
    store.migrate(NAME, store::MIGRATIONS).await
}

/// Every statement of this service, so that a test prepares all of them.
pub fn statements() -> Vec<Sql> {
    store::statements()
}
