//! Publish, fetch, settle: the durable message queue behind one trait.
//!
//! A message goes to every queue bound to its kind. Delivery is at least once; within a queue,
//! messages of one key are handed out in order, and none while an earlier one of its key is
//! unsettled. A message that fails too often becomes a dead letter, with the reason.

pub mod embedded;
mod message;

use std::time::Duration;

use kernel::{Fails, Fault, Page, PageRequest};

pub use embedded::Embedded;
pub use message::{DeadLetter, Delivery, Depth, Message, Receipt, Verdict};

/// A message queue. Every method may be called from many tasks at once.
#[async_trait::async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Makes a queue, if there is none, and binds it to these kinds of messages.
    async fn declare(&self, queue: &str, kinds: &[&str]) -> Result<(), Error>;

    /// Takes messages in, all or none; durable when it returns `Ok`. A command that no queue is
    /// bound to is an error, an event without listeners is dropped.
    async fn publish(&self, messages: Vec<Message>) -> Result<(), Error>;

    /// Up to `max` messages, hidden from other fetches until they are settled or `visibility` has
    /// passed. Messages of one key come in order and must be settled in order. Does not wait.
    async fn fetch(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, Error>;

    /// Says what became of fetched messages. Receipts whose visibility ran out are ignored.
    async fn settle(&self, queue: &str, verdicts: Vec<(Receipt, Verdict)>) -> Result<(), Error>;

    /// Returns when there may be something to fetch, at the latest after `at_most`.
    async fn arrival(&self, queue: &str, at_most: Duration);

    /// How much is in a queue.
    async fn depth(&self, queue: &str) -> Result<Depth, Error>;

    /// The names of all queues.
    async fn queues(&self) -> Result<Vec<String>, Error>;

    /// A page of a queue's dead letters, oldest first.
    async fn dead_letters(&self, queue: &str, page: PageRequest)
    -> Result<Page<DeadLetter>, Error>;

    /// Puts dead letters back into their queue, with a fresh count of attempts: those with these
    /// message ids, or all. Returns how many.
    async fn redrive(&self, queue: &str, message_ids: Option<&[String]>) -> Result<u64, Error>;
}

/// Why the queue could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Nobody is bound to this kind of command.
    #[error("no queue is bound to commands of kind {kind}")]
    Unroutable {
        /// The kind.
        kind: String,
    },
    /// There is no such queue.
    #[error("there is no queue {0:?}")]
    UnknownQueue(String),
    /// The cursor was not given out by this list.
    #[error(transparent)]
    Cursor(#[from] kernel::BadCursor),
    /// What holds the messages failed.
    #[error("queue storage")]
    Store(#[from] store::Error),
}

impl Fails for Error {
    fn fault(&self) -> Fault {
        match self {
            Self::Unroutable { .. } => Fault::Unavailable,
            Self::UnknownQueue(_) => Fault::NotFound,
            Self::Cursor(_) => Fault::Invalid,
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unroutable { .. } => "queue-unroutable",
            Self::UnknownQueue(_) => "queue-not-found",
            Self::Cursor(_) => "invalid-cursor",
            Self::Store(error) => error.code(),
        }
    }
}
