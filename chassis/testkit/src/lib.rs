//! What tests share: temporary stores, a bus, the built binary as a process, and waiting for
//! something to become true.

mod client;
pub mod system;

use std::{future::Future, path::Path, sync::Arc, time::Duration};

use bus::{Bus, Embedded};
use kernel::Clock;
use store::{Settings, Store};

pub use client::{Answer, Ask, Client, NoAnswer, Stream};
pub use system::System;

/// A folder that is gone when it is dropped.
#[derive(Debug)]
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// A new empty one.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("the temporary folder is writable"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A store in it, on a file named after the store.
    pub async fn store(&self, name: &'static str, clock: &Clock) -> Store {
        let settings = Settings::sqlite(name, self.path().join(format!("{name}.db")));
        Store::open(settings, clock.clone()).await.expect("a new file opens")
    }

    /// An embedded queue in it.
    pub async fn bus(&self, clock: &Clock) -> Arc<dyn Bus> {
        let store = self.store("queue", clock).await;
        Arc::new(Embedded::open(store, clock.clone()).await.expect("a new queue opens"))
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

/// Waits until `check` gives something, at most for ten seconds of real time.
///
/// # Panics
/// When it never does.
#[expect(clippy::disallowed_methods, reason = "tests of the real system wait in real time")]
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut check: impl FnMut() -> F,
) -> T {
    for _ in 0..2000 {
        if let Some(found) = check().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came true: {what}");
}
