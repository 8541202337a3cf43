//! Order numbers for people: blocks claimed from one row, handed out in memory. Gaps are fine.

use std::sync::{Arc, Mutex, PoisonError};

use store::{Error, Sql, Store, params};

/// Takes the next block.
pub const CLAIM: Sql =
    Sql::new("UPDATE numbers SET next = next + $1 WHERE name = 'order' RETURNING next");

/// Every statement of this file.
pub const ALL: &[Sql] = &[CLAIM];

/// Hands out numbers; two processes never hand out the same one.
#[derive(Debug, Clone)]
pub struct Numbers {
    store: Store,
    block: u32,
    left: Arc<Mutex<std::ops::Range<i64>>>,
    claiming: Arc<tokio::sync::Mutex<()>>,
}

impl Numbers {
    /// Numbers claimed `block` at a time.
    pub fn new(store: Store, block: u32) -> Self {
        let (left, claiming) = Default::default();
        Self { store, block, left, claiming }
    }

    /// The next number. One commit for each block, none in between.
    pub async fn next(&self) -> Result<i64, Error> {
        if let Some(number) = self.take() {
            return Ok(number);
        }
        // Held across the claim on purpose: whoever waits here gets a number of the same block
        // instead of claiming one more. The claim is bounded by the store's own limits.
        let _one_at_a_time = self.claiming.lock().await;
        if let Some(number) = self.take() {
            return Ok(number);
        }
        let rows = self.store.claim("claim_numbers", CLAIM, params![self.block]).await?;
        let row = rows.first().ok_or_else(|| Error::Row("no counter of order numbers".into()))?;
        let end = row.int(0)?;
        let first = end - i64::from(self.block);
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = first + 1..end;
        Ok(first)
    }

    fn take(&self) -> Option<i64> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}
