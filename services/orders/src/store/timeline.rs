//! The story of an order: one row per commit, holding what happened in it.

use contracts::ids::OrderId;
use kernel::{Timestamp, TraceContext};
use serde::{Deserialize, Serialize};
use store::{Batch, Error, Row, Sql, Store, params};

/// The first entries of an order.
pub const BEGIN: Sql = Sql::new(
    "INSERT INTO timeline (order_id, last, entries_json, trace_id, at_ms)
     VALUES ($1, $2, $3, $4, $5)",
);

/// More entries behind the ones that are there. Two writers at once are a duplicate for one.
pub const APPEND: Sql = Sql::new(
    "INSERT INTO timeline (order_id, last, entries_json, trace_id, at_ms)
     VALUES ($1,
       (SELECT COALESCE(MAX(last), 0) + $2 FROM timeline WHERE order_id = $1),
       $3, $4, $5)",
);

/// A page of commits with entries after a sequence number.
pub const AFTER: Sql = Sql::new(
    "SELECT last, entries_json, trace_id, at_ms
     FROM timeline
     WHERE order_id = $1 AND last > $2
     ORDER BY last
     LIMIT $3",
);

/// Every statement of this file.
pub const ALL: &[Sql] = &[BEGIN, APPEND, AFTER];

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The placement came to a step.
    Step,
    /// A command or event went out.
    Sent,
    /// A command's answer or an event came in.
    Received,
    /// A call to another service had a result.
    Called,
    /// A call failed and will be tried again.
    Failed,
    /// The customer did something.
    Customer,
    /// Something did not come in time.
    TimedOut,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What kind of thing.
    pub kind: Kind,
    /// Which step, message or call.
    pub name: String,
    /// What there is to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Which try of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
}

impl Entry {
    /// An entry that says no more than what it is.
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), detail: None, attempt: None }
    }

    /// The same with something to say.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same with the number of the try.
    #[must_use]
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = Some(attempt);
        self
    }
}

/// The entries of one commit.
#[derive(Debug, Clone)]
pub struct Chapter {
    /// The sequence number of its last entry.
    pub last: i64,
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// The trace of the request or message that caused it.
    pub trace_id: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Adds the first entries of an order to a batch.
pub fn begin(batch: &mut Batch, order: &str, entries: &[Entry], now: Timestamp) {
    batch.one(BEGIN, values(order, entries, now));
}

/// Adds further entries to a batch.
pub fn append(batch: &mut Batch, order: &str, entries: &[Entry], now: Timestamp) {
    batch.one(APPEND, values(order, entries, now));
}

fn values(order: &str, entries: &[Entry], now: Timestamp) -> Vec<store::Value> {
    let count = u32::try_from(entries.len()).expect("a commit has a handful of entries");
    let json = serde_json::to_string(entries).expect("entries are plain data");
    let trace = TraceContext::current().map(TraceContext::trace_id_hex);
    params![order, count, json, trace, now]
}

/// Up to `limit` commits that have entries after `sequence`, oldest first.
pub async fn after(
    store: &Store,
    order: OrderId,
    sequence: i64,
    limit: u32,
) -> Result<Vec<Chapter>, Error> {
    let rows = store.read(AFTER, params![order, sequence, limit]).await?;
    rows.iter().map(chapter).collect()
}

fn chapter(row: &Row) -> Result<Chapter, Error> {
    Ok(Chapter {
        last: row.int(0)?,
        entries: row.json(1)?,
        trace_id: row.opt_text(2)?.map(str::to_owned),
        at: row.time(3)?,
    })
}

impl Chapter {
    /// Its entries with their sequence numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (i64, &Entry)> {
        let count = i64::try_from(self.entries.len()).unwrap_or(i64::MAX);
        let first = self.last - count + 1;
        (first..).zip(&self.entries)
    }
}
