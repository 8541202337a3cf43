//! Every SQL statement of this service, by what it is about, and how rows become words of the
//! domain.

pub mod books;
pub mod events;
pub mod operations;
pub mod payments;

use ::store::{Error, Migration, Sql, Store};

/// The tables of this service.
const MIGRATIONS: &[Migration] =
    &[Migration::new(1, "payments", include_str!("../../migrations/0001_payments.sql"))];

/// Brings this service's own tables up to date.
pub async fn migrate(store: &Store) -> Result<(), Error> {
    store.migrate("payments", MIGRATIONS).await
}

/// Every statement there is.
pub fn all() -> Vec<Sql> {
    [payments::ALL, operations::ALL, events::ALL, books::ALL].concat()
}

/// A word of the database that this version does not know, as an error of the row.
fn unknown(error: impl std::fmt::Display) -> Error {
    Error::Row(error.to_string())
}
