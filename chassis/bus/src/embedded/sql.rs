//! Every statement of the embedded queue, and its row shapes.

use kernel::Role;
use store::{Error, Migration, Row, Sql, Value, params};

use crate::{DeadLetter, Message};

pub(super) const MIGRATIONS: &[Migration] =
    &[Migration::new(1, "queue", include_str!("../../migrations/1_queue.sql"))];

pub(super) const BIND: Sql =
    Sql::new("INSERT INTO binding (kind, queue) VALUES ($1, $2) ON CONFLICT DO NOTHING");

pub(super) const BINDINGS: Sql = Sql::new("SELECT kind, queue FROM binding ORDER BY kind, queue");

pub(super) const PUBLISH: Sql = Sql::new(
    "INSERT INTO queue_message (seq, queue, message_id, kind, role, source, message_key, at_ms,
        trace, body, attempts, visible_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0)",
);

pub(super) const WAITING: Sql = Sql::new(
    "SELECT seq, queue, message_key, attempts, visible_at_ms
     FROM queue_message WHERE seq > $1 ORDER BY seq LIMIT $2",
);

pub(super) const NEWEST: Sql = Sql::new(
    "SELECT MAX(seq) FROM (SELECT MAX(seq) AS seq FROM queue_message
        UNION ALL SELECT MAX(seq) FROM dead_letter) AS newest",
);

pub(super) const MESSAGE: Sql = Sql::new(
    "SELECT message_id, kind, role, source, message_key, at_ms, trace, body
     FROM queue_message WHERE seq = $1",
);

pub(super) const REMOVE: Sql = Sql::new("DELETE FROM queue_message WHERE seq = $1");

pub(super) const RETRY: Sql =
    Sql::new("UPDATE queue_message SET attempts = $1, visible_at_ms = $2 WHERE seq = $3");

pub(super) const COUNT_ATTEMPT: Sql =
    Sql::new("UPDATE queue_message SET attempts = attempts + 1 WHERE seq = $1");

pub(super) const START_FLIGHT: Sql = Sql::new(
    "INSERT INTO flight (token, seqs) VALUES ($1, $2)
     ON CONFLICT (token) DO UPDATE SET seqs = excluded.seqs",
);

pub(super) const FLIGHTS: Sql = Sql::new("SELECT token, seqs FROM flight ORDER BY token");

pub(super) const END_FLIGHT: Sql = Sql::new("DELETE FROM flight WHERE token = $1");

pub(super) const BURY: Sql = Sql::new(
    "INSERT INTO dead_letter (seq, queue, message_id, kind, role, source, message_key, at_ms,
        trace, body, attempts, reason, died_at_ms)
     SELECT seq, queue, message_id, kind, role, source, message_key, at_ms, trace, body,
        CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS BIGINT)
     FROM queue_message WHERE seq = $4",
);

pub(super) const DEAD_COUNT: Sql = Sql::new("SELECT COUNT(seq) FROM dead_letter WHERE queue = $1");

pub(super) const DEAD_LETTERS: Sql = Sql::new(
    "SELECT seq, message_id, queue, kind, message_key, attempts, reason, died_at_ms, body
     FROM dead_letter WHERE queue = $1 AND seq > $2 ORDER BY seq LIMIT $3",
);

pub(super) const REVIVE: Sql = Sql::new(
    "INSERT INTO queue_message (seq, queue, message_id, kind, role, source, message_key, at_ms,
        trace, body, attempts, visible_at_ms)
     SELECT CAST($1 AS BIGINT), queue, message_id, kind, role, source, message_key, at_ms, trace,
        body, 0, 0
     FROM dead_letter WHERE seq = $2",
);

pub(super) const FORGET: Sql = Sql::new("DELETE FROM dead_letter WHERE seq = $1");

/// Every statement above.
pub const ALL: &[Sql] = &[
    BIND,
    BINDINGS,
    PUBLISH,
    WAITING,
    NEWEST,
    MESSAGE,
    REMOVE,
    RETRY,
    COUNT_ATTEMPT,
    START_FLIGHT,
    FLIGHTS,
    END_FLIGHT,
    BURY,
    DEAD_COUNT,
    DEAD_LETTERS,
    REVIVE,
    FORGET,
];

pub(super) fn publish(seq: i64, queue: &str, message: &Message) -> Vec<Value> {
    params![
        seq,
        queue,
        &message.id,
        &message.kind,
        role(message.role),
        &message.source,
        &message.key,
        message.at,
        message.trace.as_deref(),
        &message.body,
    ]
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Command => "command",
        Role::Event => "event",
    }
}

pub(super) fn message(row: &Row) -> Result<Message, Error> {
    Ok(Message {
        id: row.text(0)?.to_owned(),
        kind: row.text(1)?.to_owned(),
        role: if row.text(2)? == "command" { Role::Command } else { Role::Event },
        source: row.text(3)?.to_owned(),
        key: row.text(4)?.to_owned(),
        at: row.time(5)?,
        trace: row.opt_text(6)?.map(str::to_owned),
        body: row.text(7)?.to_owned(),
    })
}

pub(super) fn dead_letter(row: &Row) -> Result<(i64, DeadLetter), Error> {
    let letter = DeadLetter {
        id: row.text(1)?.to_owned(),
        queue: row.text(2)?.to_owned(),
        kind: row.text(3)?.to_owned(),
        key: row.text(4)?.to_owned(),
        attempts: row.count(5)?,
        reason: row.text(6)?.to_owned(),
        died_at: row.time(7)?,
        body: row.text(8)?.to_owned(),
    };
    Ok((row.int(0)?, letter))
}
