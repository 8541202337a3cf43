//! Idempotency records: what was answered to a key, stored in the batch of the effect.
//!
//! The first answer that ever leaves is the one that is repeated, byte for byte. An answer that is
//! only known later (`Prefer: wait`) may replace the stored one as long as nobody has seen that:
//! a replay first counts itself, an amendment only succeeds on a record that was never replayed.

use kernel::Timestamp;
use store::{Batch, Error, Row, Sql, Store, params};

/// Fails on its key when the key was used before.
pub const INSERT: Sql = Sql::new(
    "INSERT INTO idempotency (scope, idempotency_key, fingerprint, status, headers, body, replays,
        created_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, 0, $7)",
);

const FIND: Sql = Sql::new(
    "SELECT fingerprint, status, headers, body
     FROM idempotency WHERE scope = $1 AND idempotency_key = $2",
);

const REPLAY: Sql = Sql::new(
    "UPDATE idempotency SET replays = replays + 1
     WHERE scope = $1 AND idempotency_key = $2
     RETURNING fingerprint, status, headers, body",
);

const AMEND: Sql = Sql::new(
    "UPDATE idempotency SET status = $1, headers = $2, body = $3
     WHERE scope = $4 AND idempotency_key = $5 AND replays = 0",
);

pub(crate) const PURGE: Sql = Sql::new("DELETE FROM idempotency WHERE created_at_ms < $1");

/// Every statement of the idempotency records.
pub const ALL: &[Sql] = &[INSERT, FIND, REPLAY, AMEND, PURGE];

/// A key within the scope of its caller and route.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Caller, method and route.
    pub scope: String,
    /// What the caller sent.
    pub key: String,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The headers that belong to the answer (Location, ETag, Content-Type), as JSON text.
    pub headers: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// An answer that was given before, and what it was given to.
#[derive(Debug, Clone)]
pub struct Record {
    /// SHA-256 over the request that it answers.
    pub fingerprint: Vec<u8>,
    /// The answer.
    pub answer: Answer,
}

/// Puts the record into the batch of the effect. The batch conflicts on [`INSERT`] when the key
/// was used before.
pub fn record(batch: &mut Batch, key: &Key, fingerprint: &[u8], answer: &Answer, now: Timestamp) {
    let Answer { status, headers, body } = answer;
    let key = params![&key.scope, &key.key, fingerprint, *status, headers, body.as_slice(), now];
    batch.one(INSERT, key);
}

/// The record of a key, if it was used; one indexed read.
pub async fn find(store: &Store, key: &Key) -> Result<Option<Record>, Error> {
    let row = store.read_one(FIND, params![&key.scope, &key.key]).await?;
    row.map(|row| read(&row)).transpose()
}

/// The record of a key, about to be repeated to the caller: from now on it is never amended.
pub async fn replay(store: &Store, key: &Key) -> Result<Option<Record>, Error> {
    let rows = store.claim("replay", REPLAY, params![&key.scope, &key.key]).await?;
    rows.first().map(read).transpose()
}

/// Replaces the stored answer before it is sent for the first time. Returns whether it did: when
/// not, somebody was told the stored one already, and it stands.
pub async fn amend(store: &Store, key: &Key, answer: &Answer) -> Result<bool, Error> {
    let mut batch = Batch::new("amend");
    let Answer { status, headers, body } = answer;
    let values = params![*status, headers, body.as_slice(), &key.scope, &key.key];
    batch.one(AMEND, values);
    match store.commit(batch).await {
        Ok(()) => Ok(true),
        Err(error) if error.conflicts_on(&AMEND) => Ok(false),
        Err(error) => Err(error),
    }
}

fn read(row: &Row) -> Result<Record, Error> {
    let status = u16::try_from(row.int(1)?).map_err(|e| Error::Row(e.to_string()))?;
    let headers = row.text(2)?.to_owned();
    let answer = Answer { status, headers, body: row.bytes(3)?.to_vec() };
    Ok(Record { fingerprint: row.bytes(0)?.to_vec(), answer })
}
