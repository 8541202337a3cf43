//! A flag that is raised once and seen by all who wait for it.

use tokio_util::sync::CancellationToken;

/// Raised once, never lowered; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flag(CancellationToken);

impl Flag {
    pub(crate) fn raise(&self) {
        self.0.cancel();
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.is_cancelled()
    }

    pub(crate) async fn raised(&self) {
        self.0.cancelled().await;
    }
}
