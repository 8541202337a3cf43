//! The private keys that sign access tokens, in the database.

use kernel::Timestamp;
use store::{Batch, Error, Sql, Store, params};

use crate::domain::key::Turn;

/// Every statement of this file.
pub const ALL: &[Sql] = &[INSERT, DELETE_BEFORE, EVERY];

/// A conflict on it means that another process added this generation a moment ago.
pub const INSERT: Sql = Sql::new(
    "INSERT INTO signing_keys (generation, kid, seed, active_from_ms)
     VALUES ($1, $2, $3, $4)",
);

const DELETE_BEFORE: Sql = Sql::new("DELETE FROM signing_keys WHERE generation < $1");

const EVERY: Sql = Sql::new(
    "SELECT generation, kid, seed, active_from_ms
     FROM signing_keys
     ORDER BY generation
     LIMIT 1000",
);

/// A key as it is stored.
#[derive(Clone)]
pub struct StoredKey {
    /// When it signs.
    pub turn: Turn,
    /// What tokens call it.
    pub kid: String,
    /// The private key (RFC 8032).
    pub seed: [u8; 32],
}

/// Adds a key to the batch.
pub fn insert(batch: &mut Batch, key: &StoredKey) {
    let Turn { generation, active_from } = key.turn;
    let seed = key.seed.as_slice();
    batch.one(INSERT, params![generation, key.kid.as_str(), seed, active_from]);
}

/// Adds the removal of the keys before a generation to the batch.
pub fn delete_before(batch: &mut Batch, generation: i64) {
    batch.run(DELETE_BEFORE, params![generation]);
}

/// Every key that is kept, by generation.
pub async fn every(store: &Store) -> Result<Vec<StoredKey>, Error> {
    let rows = store.read(EVERY, params![]).await?;
    let key = |row: &store::Row| {
        let seed = row.bytes(2)?.try_into();
        Ok(StoredKey {
            turn: Turn { generation: row.int(0)?, active_from: Timestamp::from_ms(row.int(3)?) },
            kid: row.text(1)?.to_owned(),
            seed: seed.map_err(|_| Error::Row("signing_keys.seed is not 32 bytes".to_owned()))?,
        })
    };
    rows.iter().map(key).collect()
}
