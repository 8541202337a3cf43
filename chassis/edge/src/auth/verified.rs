//! Tokens whose signature was checked before, by hash, so that hot paths check it once.

use std::sync::Arc;

use kernel::Timestamp;
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

/// How many tokens are remembered.
const TOKENS_MAX: usize = 10_000;

/// What tokens said, until they end.
pub(super) struct Verified<T>(Cache<[u8; 32], (Timestamp, Arc<T>)>);

impl<T> Verified<T> {
    pub(super) fn new() -> Self {
        Self(Cache::new(TOKENS_MAX))
    }

    /// What the token said, if it was verified before and has not ended.
    pub(super) fn find(&self, hash: &[u8; 32], now: Timestamp) -> Option<Arc<T>> {
        let (expires_at, found) = self.0.get(hash)?;
        if now < expires_at {
            return Some(found);
        }
        self.0.remove(hash);
        None
    }

    pub(super) fn remember(&self, hash: [u8; 32], expires_at: Timestamp, said: &Arc<T>) {
        self.0.insert(hash, (expires_at, Arc::clone(said)));
    }

    pub(super) fn forget_all(&self) {
        self.0.clear();
    }
}

pub(super) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
