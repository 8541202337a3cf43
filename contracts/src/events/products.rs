//! Events of the catalogue (key: product id), and of stock (key: order id, or SKU for adjustments).

use kernel::{Money, Timestamp};
use serde::{Deserialize, Serialize};

use crate::contracts;
use crate::ids::{OrderId, ProductId, ReservationId, VariantId};

/// A product is for sale, as it stands now. Sent again on every change of a published product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductPublished {
    pub product_id: ProductId,
    pub slug: String,
    pub title: String,
    #[serde(default)]
    pub category: Option<String>,
    /// Grows with each change; a reader keeps the highest it has seen.
    pub version: i64,
    /// All variants that are sold; one that is missing is no longer sold.
    pub variants: Vec<SellableVariant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SellableVariant {
    pub variant_id: VariantId,
    pub sku: String,
    pub title: String,
    pub price: Money,
}

/// A product is no longer for sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductArchived {
    pub product_id: ProductId,
    pub version: i64,
}

/// The price of one variant changed. Comes beside `ProductPublished`, for those who follow prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceChanged {
    pub product_id: ProductId,
    pub variant_id: VariantId,
    pub sku: String,
    pub price: Money,
    pub previous: Money,
    pub version: i64,
}

/// The stock on hand changed for a reason other than an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAdjusted {
    pub sku: String,
    pub delta: i64,
    /// The stock on hand after the change.
    pub on_hand: i64,
    pub reason: String,
}

/// All lines of an order are set aside until `expires_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReserved {
    pub order_id: OrderId,
    pub reservation_id: ReservationId,
    pub expires_at: Timestamp,
}

/// The order could not be served; nothing of it is reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockRejected {
    pub order_id: OrderId,
    /// What is short. Empty when the order was released before it asked.
    pub shortages: Vec<Shortage>,
    pub stage: Stage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortage {
    pub sku: String,
    pub asked: u32,
    pub available: i64,
}

/// Where the order stood when stock was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Reserve,
    Commit,
}

/// Nothing is held for the order any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReleased {
    pub order_id: OrderId,
}

/// The goods left the stock for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockCommitted {
    pub order_id: OrderId,
}

/// The reservation ran out; its goods are for sale again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockExpired {
    pub order_id: OrderId,
}

contracts!(Event {
    "products.product.published.v1" => ProductPublished,
    "products.product.archived.v1" => ProductArchived,
    "products.price.changed.v1" => PriceChanged,
    "products.stock.adjusted.v1" => StockAdjusted,
    "products.stock.reserved.v1" => StockReserved,
    "products.stock.rejected.v1" => StockRejected,
    "products.stock.released.v1" => StockReleased,
    "products.stock.committed.v1" => StockCommitted,
    "products.stock.expired.v1" => StockExpired,
});
