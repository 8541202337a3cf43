//! The read side: orders, their lists and their stories.

pub mod audit;
pub mod list;
pub mod wait;

use contracts::ids::OrderId;

use crate::{
    commands::{Error, Orders},
    store::{
        orders::{self, OrderRow},
        timeline::{self, Chapter},
    },
};

impl Orders {
    /// One order; not found as well when it is not for this caller.
    pub async fn order(
        &self,
        id: OrderId,
        allowed: impl Fn(&OrderRow) -> bool,
    ) -> Result<OrderRow, Error> {
        let row = orders::by_id(&self.store, id).await?;
        row.filter(allowed).ok_or(Error::NotFound { what: "order" })
    }

    /// Up to `limit` commits of an order's story that have entries after `sequence`.
    pub async fn story(
        &self,
        id: OrderId,
        sequence: i64,
        limit: u32,
    ) -> Result<Vec<Chapter>, Error> {
        Ok(timeline::after(&self.store, id, sequence, limit).await?)
    }
}
