//! The child that removes sessions and tokens that have been over for a while.

use std::time::Duration;

use supervisor::{Context, Exit};

use super::desk::Desk;
use crate::store::sessions;

/// How long what is over is kept, so that its reuse still shows.
const KEPT: Duration = Duration::from_secs(86_400);
/// Rows removed in one commit: a sweep never holds others up for long.
const ROWS_MAX: u32 = 500;

/// Removes what is over, a few rows at a time, until it is stopped.
pub async fn sweep(desk: Desk, context: Context) -> Result<(), Exit> {
    context.ready();
    let pause = Duration::from_secs(desk.settings.sweep_every_s);
    let mut more = false;
    while !context.is_stopping() {
        if !more {
            context.unless_stopping(desk.clock.sleep(pause)).await;
        }
        more = match sessions::sweep(&desk.store, desk.now().minus(KEPT), ROWS_MAX).await {
            Ok(removed) => removed >= ROWS_MAX as usize,
            // A full disk is no reason to take the service down: it is tried again.
            Err(error) => {
                tracing::warn!(%error, "old sessions could not be removed");
                false
            }
        };
    }
    Ok(())
}
