//! The one row about the installation: how many administrators, and the link to the first one.

use kernel::Timestamp;
use store::{Batch, Error, Sql, Store, params};

use crate::domain::{
    secret::{Secret, SecretHash},
    user::Administrators,
};

/// Every statement of this file.
pub const ALL: &[Sql] = &[ADMINS, SETUP_OPEN, ISSUE_SETUP, FIRST, FIRST_BY_SETUP, GAINED, LOST];

const ADMINS: Sql = Sql::new("SELECT admins FROM installation WHERE id = 1");

const SETUP_OPEN: Sql = Sql::new(
    "SELECT 1
     FROM installation
     WHERE id = 1 AND admins = 0 AND setup_hash = $1 AND setup_expires_at_ms > $2",
);

/// A conflict on it means that there is an administrator.
pub const ISSUE_SETUP: Sql = Sql::new(
    "UPDATE installation
     SET setup_hash = $1, setup_expires_at_ms = $2
     WHERE id = 1 AND admins = 0",
);

/// A conflict on it means that there is an administrator.
pub const FIRST: Sql = Sql::new(
    "UPDATE installation
     SET admins = 1, setup_hash = NULL
     WHERE id = 1 AND admins = 0",
);

/// A conflict on it means that there is an administrator, or that the link is not valid.
pub const FIRST_BY_SETUP: Sql = Sql::new(
    "UPDATE installation
     SET admins = 1, setup_hash = NULL
     WHERE id = 1 AND admins = 0 AND setup_hash = $1 AND setup_expires_at_ms > $2",
);

const GAINED: Sql = Sql::new("UPDATE installation SET admins = admins + 1 WHERE id = 1");

/// A conflict on it means that it would be the last administrator.
pub const LOST: Sql =
    Sql::new("UPDATE installation SET admins = admins - 1 WHERE id = 1 AND admins > 1");

/// How many administrators there are.
pub async fn admins(store: &Store) -> Result<i64, Error> {
    let row = store.read_one(ADMINS, params![]).await?;
    row.ok_or_else(|| Error::Row("installation has no row".to_owned()))?.int(0)
}

/// Whether a link to the first administrator is valid.
pub async fn is_setup_open(store: &Store, token: &Secret, now: Timestamp) -> Result<bool, Error> {
    let row = store.read_one(SETUP_OPEN, params![token.hash().into_bytes(), now]).await?;
    Ok(row.is_some())
}

/// Adds a new link to the batch; the one before is dead.
pub fn issue_setup(batch: &mut Batch, token: SecretHash, expires_at: Timestamp) {
    batch.one(ISSUE_SETUP, params![token.into_bytes(), expires_at]);
}

/// Adds to the batch that this is the first administrator.
pub fn first(batch: &mut Batch) {
    batch.one(FIRST, params![]);
}

/// Adds to the batch that this is the first administrator, by a valid link, which is dead then.
pub fn first_by_setup(batch: &mut Batch, token: SecretHash, now: Timestamp) {
    batch.one(FIRST_BY_SETUP, params![token.into_bytes(), now]);
}

/// Adds to the batch how the number of administrators moves.
pub fn moved(batch: &mut Batch, administrators: Administrators) {
    match administrators {
        Administrators::Gained => batch.one(GAINED, params![]),
        Administrators::Lost => batch.one(LOST, params![]),
        Administrators::Same => {}
    }
}
