//! The live tasks of a pool, to abort them: in shards, so that spawning threads seldom meet.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::future::AbortHandle;

const SHARDS: u64 = 16;

type Shard = Mutex<HashMap<u64, AbortHandle>>;

#[derive(Default)]
pub(crate) struct Registry {
    next: AtomicU64,
    shards: [Shard; SHARDS as usize],
}

impl Registry {
    /// Returns the ticket to remove it with.
    pub(crate) fn insert(&self, abort: AbortHandle) -> u64 {
        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
        self.shard(ticket).insert(ticket, abort);
        ticket
    }

    pub(crate) fn remove(&self, ticket: u64) {
        self.shard(ticket).remove(&ticket);
    }

    pub(crate) fn abort_all(&self) {
        for shard in &self.shards {
            // Outside of the lock: an aborted task may be dropped here, and remove itself.
            let live: Vec<AbortHandle> = lock(shard).values().cloned().collect();
            live.iter().for_each(AbortHandle::abort);
        }
    }

    fn shard(&self, ticket: u64) -> MutexGuard<'_, HashMap<u64, AbortHandle>> {
        lock(&self.shards[(ticket % SHARDS) as usize])
    }
}

fn lock(shard: &Shard) -> MutexGuard<'_, HashMap<u64, AbortHandle>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
