//! Waiting for an order: woken in this process, or by looking again when another one moved it.

use std::time::Duration;

use contracts::ids::OrderId;

use crate::{
    commands::Orders,
    placement::Watcher,
    store::orders::{self, OrderRow},
};

impl Orders {
    /// Waits until nothing more happens to the order by itself (it is settled, or waits for the
    /// customer), at most `limit`, and reads it then. `watcher` was there before the order was.
    pub async fn at_rest(
        &self,
        id: OrderId,
        watcher: &mut Watcher,
        limit: Duration,
    ) -> Result<Option<OrderRow>, store::Error> {
        let until = self.clock.instant().saturating_add(limit);
        loop {
            let left = until.saturating_sub(self.clock.instant());
            if left.is_zero() {
                break;
            }
            let woken = self.clock.timeout(left.min(self.reread), watcher.at_rest()).await;
            if woken.is_ok() || orders::at_rest(&self.store, id).await? {
                break;
            }
        }
        orders::by_id(&self.store, id).await
    }
}
