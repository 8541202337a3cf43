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
    while !context.is_stopping() {
        let removed = sessions::sweep(&desk.store, desk.now().minus(KEPT), ROWS_MAX).await?;
        if removed < ROWS_MAX as usize {
            let nap = std::pin::pin!(desk.clock.sleep(pause));
            futures::future::select(nap, std::pin::pin!(context.stopping())).await;
        }
    }
    Ok(())
}
