//! Accounts, credentials, sessions, access, API keys, addresses, wishlists and the audit log.

pub mod domain;

pub mod commands;
pub mod queries;

mod events;
mod store;

mod audit;
mod http;
mod settings;

use std::sync::Arc;

use ::store::{Sql, Store};
use edge::{Deps, Peers, Service};
use supervisor::ChildSpec;

pub use audit::audit;
pub use commands::{
    AdminError, Desk, add_key, create_admin, ensure_admin, has_admin, issue_setup_token,
};
pub use http::openapi;
pub use settings::{BadSetting, Settings};

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting cannot work.
    #[error(transparent)]
    Setting(#[from] BadSetting),
    /// The database failed.
    #[error("users")]
    Store(#[from] ::store::Error),
    /// There is no key to sign access tokens with.
    #[error("users")]
    Key(#[from] commands::KeyError),
}

/// Makes the tables of this service.
pub async fn migrate(store: &Store) -> Result<(), ::store::Error> {
    delivery::migrate(store).await?;
    store.migrate("users", crate::store::MIGRATIONS).await
}

/// Every statement of this service.
pub fn statements() -> Vec<Sql> {
    crate::store::statements()
}

/// The service over a migrated database. At the first start it makes the first signing key.
pub async fn service(deps: Deps, settings: Settings) -> Result<Service, StartError> {
    let Deps { store, outbox, clock, ids, peers, .. } = deps;
    service_of(Desk::new(store, outbox, clock, ids, settings)?, &peers).await
}

/// The same for who has a desk already.
pub async fn service_of(desk: Desk, peers: &Peers) -> Result<Service, StartError> {
    commands::look(&desk).await?;
    let store = desk.store().clone();
    let mut service = Service::new("users", store.clone());
    service.http = http::routes(desk.clone(), peers.to("products"));
    service.openapi = http::openapi();
    service.children = children(&desk);
    service.audit = Arc::new(move || {
        let store = store.clone();
        Box::pin(async move { audit(&store).await })
    });
    Ok(service)
}

fn children(desk: &Desk) -> Vec<ChildSpec> {
    let (keys, sweeper) = (desk.clone(), desk.clone());
    vec![
        ChildSpec::worker("signing-keys", move |context| {
            commands::keep_keys(keys.clone(), context)
        }),
        ChildSpec::worker("session-sweeper", move |context| {
            commands::sweep(sweeper.clone(), context)
        }),
    ]
}
