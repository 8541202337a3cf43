//! The inbox: which messages had their effect here already.

use bus::Message;
use kernel::Timestamp;
use store::{Batch, Sql, params};

/// Fails on its key when the message had its effect before.
pub(crate) const RECORD: Sql =
    Sql::new("INSERT INTO inbox (queue, message_id, at_ms) VALUES ($1, $2, $3)");

pub(crate) const PURGE: Sql =
    Sql::new("DELETE FROM inbox WHERE queue = $1 AND message_id < $2 AND at_ms < $3");

/// Every statement of the inbox.
pub const ALL: &[Sql] = &[RECORD, PURGE];

/// Puts the message's inbox row into the batch of its effect.
pub(crate) fn record(batch: &mut Batch, queue: &str, message: &Message, now: Timestamp) {
    batch.one(RECORD, params![queue, &message.id, now]);
}
