//! Wakes whoever waits for an order in this process, right after the commit that changed it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use contracts::ids::OrderId;
use store::Batch;
use tokio::sync::watch;

/// Who waits for which order. A hint and no more: whoever waits also looks by itself, because
/// another process may have made the change.
#[derive(Debug, Clone, Default)]
pub struct Watchers(Arc<Mutex<HashMap<OrderId, Seat>>>);

#[derive(Debug)]
struct Seat {
    changes: watch::Sender<Progress>,
    watchers: usize,
}

/// How far an order has come, as far as those who wait for it need to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Counts the changes that were seen here.
    pub changes: u64,
    /// Nothing more happens by itself: it is settled, or waits for the customer.
    pub at_rest: bool,
}

/// One who waits; gives up the place when dropped.
#[derive(Debug)]
pub struct Watcher {
    watchers: Watchers,
    order: OrderId,
    changes: watch::Receiver<Progress>,
}

impl Watchers {
    /// Begins to watch an order, which need not exist yet.
    pub fn watch(&self, order: OrderId) -> Watcher {
        let mut seats = self.seats();
        let seat = seats
            .entry(order)
            .or_insert_with(|| Seat { changes: watch::Sender::default(), watchers: 0 });
        seat.watchers += 1;
        let changes = seat.changes.subscribe();
        Watcher { watchers: self.clone(), order, changes }
    }

    /// Wakes who watches `order` as soon as the batch is committed.
    pub fn wake_after(&self, batch: &mut Batch, order: OrderId, at_rest: bool) {
        let watchers = self.clone();
        batch.after_commit(move || watchers.wake(order, at_rest));
    }

    fn wake(&self, order: OrderId, at_rest: bool) {
        if let Some(seat) = self.seats().get(&order) {
            seat.changes.send_modify(|progress| {
                *progress = Progress { changes: progress.changes + 1, at_rest };
            });
        }
    }

    fn seats(&self) -> MutexGuard<'_, HashMap<OrderId, Seat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    /// Waits for the next change and tells how far the order is then.
    pub async fn changed(&mut self) -> Progress {
        // The sender lives as long as this watcher's seat, so there is always a next change.
        if self.changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        *self.changes.borrow_and_update()
    }

    /// Waits until nothing more happens by itself.
    pub async fn at_rest(&mut self) {
        while !self.changed().await.at_rest {}
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut seats = self.watchers.seats();
        if let Some(seat) = seats.get_mut(&self.order) {
            seat.watchers -= 1;
            if seat.watchers == 0 {
                seats.remove(&self.order);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_watches_is_woken_and_gone_watchers_leave_nothing_behind() {
        let watchers = Watchers::default();
        let order = OrderId::from_u128(1);
        let mut watcher = watchers.watch(order);
        let other = watchers.watch(order);
        drop(other);

        watchers.wake(order, false);
        watchers.wake(OrderId::from_u128(2), true);
        assert_eq!(watcher.changed().await, Progress { changes: 1, at_rest: false });
        watchers.wake(order, true);
        watcher.at_rest().await;

        drop(watcher);
        assert!(watchers.seats().is_empty());
    }
}
