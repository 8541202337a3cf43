//! Events of orders. Key: the order's id.

use kernel::Money;
use serde::{Deserialize, Serialize};

use crate::contracts;
use crate::ids::OrderId;

/// An order was accepted and its placement has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPlaced {
    pub order_id: OrderId,
    pub number: String,
    pub email: String,
    pub items: Vec<OrderItem>,
    pub total: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderItem {
    pub sku: String,
    pub quantity: u32,
    pub unit_price: Money,
}

/// Goods are reserved and the money is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderConfirmed {
    pub order_id: OrderId,
    pub number: String,
    pub total: Money,
}

/// The order will not be served: it was never confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRejected {
    pub order_id: OrderId,
    pub number: String,
    /// `out_of_stock`, `payment_declined`, ...: stable, for programs.
    pub code: String,
    pub detail: String,
}

/// A confirmed order was called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCanceled {
    pub order_id: OrderId,
    pub number: String,
    pub code: String,
    pub detail: String,
}

/// Everything about the order is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCompleted {
    pub order_id: OrderId,
    pub number: String,
    pub total: Money,
}

contracts!(Event {
    "orders.order.placed.v1" => OrderPlaced,
    "orders.order.confirmed.v1" => OrderConfirmed,
    "orders.order.rejected.v1" => OrderRejected,
    "orders.order.canceled.v1" => OrderCanceled,
    "orders.order.completed.v1" => OrderCompleted,
});
