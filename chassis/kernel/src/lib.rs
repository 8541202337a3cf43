//! Words every crate speaks: ids, money, time, faults, pages, trace context. No IO.
//!
//! Time and randomness enter the system here and nowhere else, so that a test can own both.

pub mod audit;
mod clock;
pub mod crash;
mod fault;
mod hex;
mod id;
mod money;
mod page;
mod timestamp;
mod trace;

pub use clock::{Clock, Elapsed};
pub use fault::{Fails, Fault, FieldError};
pub use hex::hex;
pub use id::{Id, IdError, IdKind, Ids};
pub use money::{Currency, Money, MoneyError};
pub use page::{BadCursor, Cursor, Page, PageRequest};
pub use timestamp::Timestamp;
pub use trace::TraceContext;

/// What a message asks of its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Somebody must act on it: publishing one that nobody subscribes to is an error.
    Command,
    /// A fact for whoever listens: nobody listening is fine.
    Event,
}

/// A message's shape and name, declared once.
pub trait Contract: serde::Serialize + serde::de::DeserializeOwned + Send + Sync {
    /// The CloudEvents type: `orders.order.placed.v1`, or a command: `products.reserve_stock.v1`.
    const KIND: &'static str;
    /// Whether somebody must act on it.
    const ROLE: Role;
}
