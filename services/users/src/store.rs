//! Every SQL statement of this service, as named constants, and the shapes of its rows.

pub mod api_keys;
pub mod audit;
pub mod installation;
pub mod possessions;
pub mod sessions;
pub mod signing_keys;
pub mod users;

use store::{Migration, Sql};

/// How the tables came to be.
pub const MIGRATIONS: &[Migration] =
    &[Migration::new(1, "accounts", include_str!("../migrations/0001_accounts.sql"))];

/// Every statement, to be prepared on both engines before anyone runs it.
pub fn statements() -> Vec<Sql> {
    [
        api_keys::ALL,
        audit::ALL,
        installation::ALL,
        possessions::ALL,
        sessions::ALL,
        signing_keys::ALL,
        users::ALL,
    ]
    .concat()
}
