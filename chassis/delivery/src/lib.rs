//! At-least-once delivery with exactly-once effect: outbox, relay, inbox, consumers, idempotency
//! keys, leases.
//!
//! A message leaves a service as an outbox row in the batch of its cause, and enters another one
//! together with an inbox row in the batch of its effect. Between the two it may be delivered any
//! number of times.

pub mod consumer;
pub mod idempotency;
pub mod inbox;
mod janitor;
mod lease;
pub mod outbox;
mod relay;

use std::time::Duration;

use serde::Deserialize;
use store::{Error, Migration, Sql, Store};

pub use consumer::{Refused, Subscriber, consumer};
pub use janitor::janitor;
pub use lease::Lease;
pub use outbox::{Outbox, Prompt};
pub use relay::relay;

const MIGRATIONS: &[Migration] =
    &[Migration::new(1, "delivery", include_str!("../migrations/1_delivery.sql"))];

/// Makes the tables of this crate in a service's database.
pub async fn migrate(store: &Store) -> Result<(), Error> {
    store.migrate("delivery", MIGRATIONS).await
}

/// Every statement of this crate.
pub fn statements() -> Vec<Sql> {
    [outbox::ALL, inbox::ALL, idempotency::ALL, lease::ALL].concat()
}

/// Limits and times of delivery.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Outbox rows that the relay publishes at a time, at most. Default 256.
    pub relay_batch_max: u32,
    /// How often the relay looks by itself, in milliseconds; prompts come between. Default 500.
    pub relay_period_ms: u64,
    /// How long the relay's lease lasts, in milliseconds; renewed at a third of it. Default 6000.
    pub relay_lease_ms: u64,
    /// Messages fetched from a queue at a time, at most. Default 128.
    pub fetch_max: usize,
    /// Messages of a queue being handled at a time, at most. Default 256.
    pub in_flight_max: usize,
    /// How long a fetched message is hidden from others, in milliseconds. Default 60000.
    pub visibility_ms: u64,
    /// Attempts of a message before it becomes a dead letter. Default 10.
    pub attempts_max: u32,
    /// The first wait before another attempt, in milliseconds; it doubles. Default 50.
    pub backoff_min_ms: u64,
    /// The longest wait before another attempt, in milliseconds. Default 30000.
    pub backoff_max_ms: u64,
    /// How long inbox rows are kept, in hours; longer than any redelivery. Default 168.
    pub inbox_retention_h: u64,
    /// How long idempotency records are kept, in hours. Default 48.
    pub idempotency_retention_h: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            relay_batch_max: 256,
            relay_period_ms: 500,
            relay_lease_ms: 6000,
            fetch_max: 128,
            in_flight_max: 256,
            visibility_ms: 60_000,
            attempts_max: 10,
            backoff_min_ms: 50,
            backoff_max_ms: 30_000,
            inbox_retention_h: 168,
            idempotency_retention_h: 48,
        }
    }
}

impl Settings {
    /// The wait before attempt `attempt + 1`: doubled each time, capped, without jitter.
    pub fn backoff(&self, attempt: u32) -> Duration {
        let doubled = self.backoff_min_ms.saturating_mul(1 << attempt.saturating_sub(1).min(20));
        Duration::from_millis(doubled.min(self.backoff_max_ms))
    }
}
