//! Payments: authorisations, captures, voids and refunds at a provider, and the double-entry
//! ledger.
//!
//! In reading order: what a payment is (`domain`), what can be done with it (`commands`,
//! `queries`), what is kept (`store`) and told to others (`events`), who moves the money
//! (`providers`), and the two doors (`grpc`, `http`).

mod domain;

mod commands;
mod queries;

mod events;
mod store;

mod providers;

mod grpc;
mod http;

mod audit;
mod settings;

use std::sync::Arc;

use ::store::{Error, Sql, Store};
use edge::{Deps, Service};

pub use audit::audit;
pub use http::openapi;
pub use providers::sandbox::{Sandbox, audit as audit_bank};
pub use providers::{Provider, ProviderError, Providers, Request};
pub use settings::Settings;

/// What a provider outside this crate answers with.
pub use domain::{Challenge, Failure, Outcome};

use commands::Desk;
use providers::sandbox;

/// Why the service could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the database of payments")]
    Store(#[from] Error),
    #[error("the gRPC descriptors")]
    Descriptors(#[from] grpc::Refused),
}

/// The service with the provider `sandbox`, whose own database is `bank`.
pub async fn service(deps: Deps, bank: Store, settings: Settings) -> Result<Service, StartError> {
    let clock = deps.clock.clone();
    let providers =
        Providers::default().with(sandbox::NAME, Arc::new(Sandbox::new(bank.clone(), clock)));
    service_with(deps, bank, providers, settings).await
}

/// The service with other providers. `bank` is the sandbox's database, whose books it shows.
pub async fn service_with(
    deps: Deps,
    bank: Store,
    providers: Providers,
    settings: Settings,
) -> Result<Service, StartError> {
    migrate(&deps.store).await?;
    migrate_bank(&bank).await?;
    let db = deps.store.clone();
    let desk = Desk {
        db: deps.store,
        outbox: deps.outbox,
        clock: deps.clock,
        ids: deps.ids,
        providers,
        settings: Arc::new(settings),
    };
    let mut service = Service::new("payments", db.clone());
    let key = deps.peers.key().clone();
    service.grpc = Some(grpc::routes(desk.clone(), key, deps.auth).await?);
    service.http = http::routes(desk.clone(), bank.clone());
    service.openapi = http::openapi();
    service.children = vec![commands::resolver(desk)];
    service.ready = vec![("sandbox", bank_answers(bank))];
    service.audit = Arc::new(move || {
        let db = db.clone();
        Box::pin(async move { audit(&db).await })
    });
    Ok(service)
}

/// Ready means that the sandbox's database answers too.
fn bank_answers(bank: Store) -> edge::Check {
    Arc::new(move || {
        let bank = bank.clone();
        Box::pin(async move { sandbox::answers(&bank).await.map_err(|error| error.to_string()) })
    })
}

/// Brings the service's tables up to date, those of delivery included.
pub async fn migrate(db: &Store) -> Result<(), Error> {
    delivery::migrate(db).await?;
    store::migrate(db).await
}

/// Brings the sandbox bank's tables up to date.
pub async fn migrate_bank(bank: &Store) -> Result<(), Error> {
    sandbox::migrate(bank).await
}

/// Every statement on the service's own database.
pub fn statements() -> Vec<Sql> {
    store::all()
}

/// Every statement on the sandbox bank's database.
pub fn bank_statements() -> Vec<Sql> {
    sandbox::statements()
}
