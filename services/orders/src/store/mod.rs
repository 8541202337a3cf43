//! Every SQL statement of this service, as named constants, and the rows behind them.

pub mod audit;
pub mod carts;
pub mod catalogue;
pub mod numbers;
pub mod orders;
pub mod shapes;
pub mod timeline;

use store::{Migration, Sql};

/// How the tables came to be.
pub const MIGRATIONS: &[Migration] = &[
    Migration::new(1, "orders", include_str!("../../migrations/0001_orders.sql")),
    Migration::new(2, "carts", include_str!("../../migrations/0002_carts.sql")),
    Migration::new(3, "catalogue", include_str!("../../migrations/0003_catalogue.sql")),
];

/// Every statement, so that a test prepares all of them.
pub fn statements() -> Vec<Sql> {
    [audit::ALL, carts::ALL, catalogue::ALL, numbers::ALL, orders::ALL, timeline::ALL].concat()
}
