//! The outbox: messages that wait in the database of their sender until the relay has published
//! them.

use std::sync::Arc;

use bus::Message;
use kernel::{Clock, Contract, Id, IdKind, Ids, Role, TraceContext};
use store::{Batch, Error, Row, Sql, Store, params};
use tokio::sync::Notify;

pub(crate) const INSERT: Sql = Sql::new(
    "INSERT INTO outbox (message_id, kind, role, message_key, at_ms, trace, body)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
);

pub(crate) const UNSENT: Sql = Sql::new(
    "SELECT seq, message_id, kind, role, message_key, at_ms, trace, body
     FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2",
);

pub(crate) const SENT: Sql = Sql::new("DELETE FROM outbox WHERE seq = $1");

const COUNT: Sql = Sql::new("SELECT COUNT(seq) FROM outbox");

/// Every statement of the outbox.
pub const ALL: &[Sql] = &[INSERT, UNSENT, SENT, COUNT];

/// What a message id identifies.
#[derive(Clone, Copy)]
pub(crate) struct Event;
impl IdKind for Event {
    const PREFIX: &'static str = "event";
}

/// Wakes the relay. Prompts carry no data and may be lost: the relay also looks by itself.
#[derive(Debug, Clone, Default)]
pub struct Prompt(Arc<Notify>);

impl Prompt {
    /// Wakes the relay now, or spares it the next wait.
    pub fn prompt(&self) {
        self.0.notify_one();
    }

    pub(crate) async fn prompted(&self) {
        self.0.notified().await;
    }
}

/// How a service says something to others.
#[derive(Debug, Clone)]
pub struct Outbox {
    source: &'static str,
    ids: Ids,
    clock: Clock,
    prompt: Prompt,
}

impl Outbox {
    /// The outbox of the service `source` (`/orders`), whose relay listens to `prompt`.
    pub fn new(source: &'static str, ids: Ids, clock: Clock, prompt: Prompt) -> Self {
        Self { source, ids, clock, prompt }
    }

    /// Says `contract` about the aggregate `key`, if and when the batch commits. Messages of one
    /// key go out in the order of their commits. Costs one inserted row.
    pub fn emit<C: Contract>(&self, batch: &mut Batch, key: &str, contract: &C) {
        let body = serde_json::to_string(contract).expect("a contract is plain data");
        let role = match C::ROLE {
            Role::Command => "command",
            Role::Event => "event",
        };
        let trace = TraceContext::current().map(|trace| trace.to_string());
        let id: Id<Event> = self.ids.next();
        batch.run(INSERT, params![id, C::KIND, role, key, self.clock.now(), trace, body]);
        let prompt = self.prompt.clone();
        batch.after_commit(move || prompt.prompt());
    }

    /// Who speaks.
    pub fn source(&self) -> &'static str {
        self.source
    }
}

pub(crate) fn message(row: &Row, source: &str) -> Result<Message, Error> {
    Ok(Message {
        id: row.text(1)?.to_owned(),
        kind: row.text(2)?.to_owned(),
        role: if row.text(3)? == "command" { Role::Command } else { Role::Event },
        source: source.to_owned(),
        key: row.text(4)?.to_owned(),
        at: row.time(5)?,
        trace: row.opt_text(6)?.map(str::to_owned),
        body: row.text(7)?.to_owned(),
    })
}

/// How many messages wait to be published.
pub async fn unsent(store: &Store) -> Result<u64, Error> {
    let row = store.read_one(COUNT, params![]).await?;
    let count = row.map_or(Ok(0), |row| row.int(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}
