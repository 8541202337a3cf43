//! Commands over the queue: what one service asks of another, in the imperative. Key: order id.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::contracts;
use crate::ids::OrderId;

/// Set these lines aside for an order, all of them or none.
/// Answered by `products.stock.reserved.v1` or `products.stock.rejected.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveStock {
    pub order_id: OrderId,
    /// One line per SKU.
    pub lines: Vec<StockLine>,
    /// From then on the goods are for sale again, unless committed before.
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLine {
    pub sku: String,
    pub quantity: u32,
}

/// Take what was reserved out of stock for good.
/// Answered by `products.stock.committed.v1`, or by `products.stock.rejected.v1` when the lease
/// ran out and others bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitStock {
    pub order_id: OrderId,
}

/// Give back what was reserved, or return to stock what was committed.
///
/// For an order that reserved nothing it leaves a mark, so that a late `ReserveStock` is refused.
/// Answered by `products.stock.released.v1` in each case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseStock {
    pub order_id: OrderId,
    /// Why, for the stock movements. Free text without personal data.
    pub reason: String,
}

contracts!(Command {
    "products.reserve_stock.v1" => ReserveStock,
    "products.commit_stock.v1" => CommitStock,
    "products.release_stock.v1" => ReleaseStock,
});
