//! What travels through a queue, and what may become of it.

use std::time::Duration;

use kernel::{Role, Timestamp};
use serde::Serialize;

/// A message: the envelope of CloudEvents 1.0 with a JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Unique; a repeated delivery has the same one.
    pub id: String,
    /// The CloudEvents type: `orders.order.placed.v1`.
    pub kind: String,
    /// Command or event.
    pub role: Role,
    /// Who says it: `/orders`.
    pub source: String,
    /// The aggregate it is about; order is kept per key.
    pub key: String,
    /// When it was said.
    pub at: Timestamp,
    /// W3C traceparent of the work that said it.
    pub trace: Option<String>,
    /// JSON.
    pub body: String,
}

/// A message in the hands of a consumer.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// 1 for the first time.
    pub attempt: u32,
    /// To settle it with.
    pub receipt: Receipt,
}

/// Names one delivery of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Receipt {
    pub(crate) seq: i64,
    pub(crate) token: i64,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Done.
    Ack,
    /// Failed: again after a while.
    Retry {
        /// How long to wait.
        after: Duration,
    },
    /// Not tried, or not its fault: again after a while, without counting the attempt.
    Defer {
        /// How long to wait.
        after: Duration,
    },
    /// Never again: to the dead letters.
    Dead {
        /// Why, for people.
        reason: String,
    },
}

/// How much is in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Depth {
    /// Waiting, or in the hands of consumers.
    pub unread: u64,
    /// Waiting for another attempt.
    pub retries: u64,
    /// Dead letters.
    pub dead: u64,
}

/// A message that was given up.
#[derive(Debug, Clone, Serialize)]
pub struct DeadLetter {
    /// The message's id.
    pub id: String,
    /// Which queue gave it up.
    pub queue: String,
    /// Its CloudEvents type.
    pub kind: String,
    /// The aggregate it is about.
    pub key: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was given up.
    pub reason: String,
    /// When.
    pub died_at: Timestamp,
    /// JSON, as text.
    pub body: String,
}
