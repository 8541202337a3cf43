//! The one-way switch from serving to draining.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

/// Whether the process is on its way out. Cheap to clone; all clones are one switch.
#[derive(Debug, Clone, Default)]
pub struct Drain(Arc<Switch>);

#[derive(Debug, Default)]
struct Switch {
    begun: AtomicBool,
    told: Notify,
}

impl Drain {
    /// Begins: `/readyz` answers 503, answers close their connections, streams of events end.
    pub fn begin(&self) {
        self.0.begun.store(true, Ordering::SeqCst);
        self.0.told.notify_waiters();
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::SeqCst)
    }

    /// Resolves when it has begun.
    pub async fn begun(&self) {
        let mut told = std::pin::pin!(self.0.told.notified());
        // Enrolled before the look: a beginning in between is not missed.
        told.as_mut().enable();
        if !self.has_begun() {
            told.await;
        }
    }
}
