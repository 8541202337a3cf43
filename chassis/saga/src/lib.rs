//! Process managers: persisted state machines with timers, calls and recovery.
//!
//! A saga is data: its state is a row, a transition is a pure function, and everything that a
//! transition means (the aggregate, messages, the story of it) commits together with the new
//! state. A process that is lost between two commits leaves a row that says what is due.

mod process;
mod row;
mod runner;
mod waker;

use serde::Deserialize;
use store::{Error, Migration, Sql, Store};

pub use process::{CallFailed, Inapplicable, Process, Step, Wait};
pub use row::open;
pub use runner::{Runner, Signaled};

const MIGRATIONS: &[Migration] =
    &[Migration::new(1, "saga", include_str!("../migrations/1_saga.sql"))];

/// Makes the table of this crate in a service's database.
pub async fn migrate(store: &Store) -> Result<(), Error> {
    store.migrate("saga", MIGRATIONS).await
}

/// Every statement of this crate.
pub fn statements() -> Vec<Sql> {
    row::ALL.to_vec()
}

/// Times and limits of the runner.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a call belongs to the process that began it, in milliseconds: longer than any
    /// call takes. Default 15000.
    pub call_lease_ms: u64,
    /// The first wait before a failed call is tried again, in milliseconds; it doubles.
    /// Default 100.
    pub backoff_min_ms: u64,
    /// The longest wait before a failed call is tried again, in milliseconds. Default 10000.
    pub backoff_max_ms: u64,
    /// How often due sagas are looked for, in milliseconds. Default 200.
    pub period_ms: u64,
    /// Due sagas woken at a time, at most. Default 256.
    pub wake_max: u32,
    /// Whether this process alone has the database: then calls that a crash interrupted are
    /// taken up at the next start at once, not when their lease ends. Default true.
    pub exclusive: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            call_lease_ms: 15_000,
            backoff_min_ms: 100,
            backoff_max_ms: 10_000,
            period_ms: 200,
            wake_max: 256,
            exclusive: true,
        }
    }
}
