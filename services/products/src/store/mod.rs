//! Every SQL statement of this service, as named constants beside the shapes of their rows.

pub mod audit;
pub mod listing;
pub mod products;
pub mod reservations;
pub mod stock;

use ::store::{Error, Migration, Sql, Store};

const MIGRATIONS: &[Migration] = &[
    Migration::new(1, "catalogue", include_str!("../../migrations/0001_catalogue.sql")),
    Migration::new(2, "inventory", include_str!("../../migrations/0002_inventory.sql")),
    Migration::per_engine(
        3,
        "search",
        include_str!("../../migrations/0003_search.sqlite.sql"),
        include_str!("../../migrations/0003_search.postgres.sql"),
    ),
];

/// Brings the service's own tables up to date.
pub async fn migrate(store: &Store) -> Result<(), Error> {
    store.migrate("products", MIGRATIONS).await
}

/// Every statement, to be prepared before anyone runs it.
pub fn statements() -> Vec<Sql> {
    [products::ALL, stock::ALL, reservations::ALL, listing::ALL, audit::ALL].concat()
}

/// A list as one parameter: JSON, which both engines unfold.
pub fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<&str> = texts.into_iter().collect();
    serde_json::to_string(&texts).expect("a list of texts is JSON")
}
