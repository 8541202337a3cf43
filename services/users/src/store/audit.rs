//! The audit log in the database: lines are added, never changed, never removed.

use store::{Batch, Error, Row, Sql, Store, params};

use crate::domain::audit::{Entry, Head};

/// Every statement of this file.
pub const ALL: &[Sql] = &[APPEND, HEAD, PAGE, PAGE_OF_SUBJECT, AFTER];

/// A conflict on it means that another process added a line a moment ago.
pub const APPEND: Sql = Sql::new(
    "INSERT INTO audit_events (sequence, at_ms, action, actor, subject, detail, trace_id,
         previous_hash, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);

const HEAD: Sql =
    Sql::new("SELECT sequence, hash FROM audit_events ORDER BY sequence DESC LIMIT 1");

const PAGE: Sql = Sql::new(
    "SELECT sequence, at_ms, action, actor, subject, detail, trace_id, previous_hash, hash
     FROM audit_events
     WHERE sequence < $1
     ORDER BY sequence DESC
     LIMIT $2",
);

const PAGE_OF_SUBJECT: Sql = Sql::new(
    "SELECT sequence, at_ms, action, actor, subject, detail, trace_id, previous_hash, hash
     FROM audit_events
     WHERE subject = $1 AND sequence < $2
     ORDER BY sequence DESC
     LIMIT $3",
);

const AFTER: Sql = Sql::new(
    "SELECT sequence, at_ms, action, actor, subject, detail, trace_id, previous_hash, hash
     FROM audit_events
     WHERE sequence > $1
     ORDER BY sequence
     LIMIT $2",
);

/// Adds a line to the batch.
pub fn append(batch: &mut Batch, entry: &Entry) {
    batch.one(
        APPEND,
        params![
            entry.sequence,
            entry.at,
            entry.action.as_str(),
            entry.actor.as_str(),
            entry.subject.as_str(),
            entry.detail.as_str(),
            entry.trace_id.as_str(),
            entry.previous_hash.as_str(),
            entry.hash.as_str(),
        ],
    );
}

/// Where the next line goes.
pub async fn head(store: &Store) -> Result<Head, Error> {
    let Some(row) = store.read_one(HEAD, params![]).await? else { return Ok(Head::default()) };
    Ok(Head { sequence: row.int(0)?, hash: row.text(1)?.to_owned() })
}

/// Up to `limit` lines before one, newest first.
pub async fn page(store: &Store, before: i64, limit: u32) -> Result<Vec<Entry>, Error> {
    store.read(PAGE, params![before, limit]).await?.iter().map(entry).collect()
}

/// The same of the lines about one subject.
pub async fn page_of_subject(
    store: &Store,
    subject: &str,
    before: i64,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    let rows = store.read(PAGE_OF_SUBJECT, params![subject, before, limit]).await?;
    rows.iter().map(entry).collect()
}

/// Up to `limit` lines after one, oldest first.
pub async fn after(store: &Store, sequence: i64, limit: u32) -> Result<Vec<Entry>, Error> {
    store.scan(AFTER, params![sequence, limit]).await?.iter().map(entry).collect()
}

fn entry(row: &Row) -> Result<Entry, Error> {
    Ok(Entry {
        sequence: row.int(0)?,
        at: row.time(1)?,
        action: row.text(2)?.to_owned(),
        actor: row.text(3)?.to_owned(),
        subject: row.text(4)?.to_owned(),
        detail: row.text(5)?.to_owned(),
        trace_id: row.text(6)?.to_owned(),
        previous_hash: row.text(7)?.to_owned(),
        hash: row.text(8)?.to_owned(),
    })
}
