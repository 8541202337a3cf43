//! A cart as it is shown.

use contracts::ids::{CartId, ItemId, OrderId};
use kernel::{Money, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::orders::{AddressShown, TotalsShown};
use crate::{
    commands::cart::Priced,
    domain::{CartItem, CartStatus},
    http::MoneyShape,
};

/// A cart at the prices of this moment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cart)]
pub struct CartShown {
    #[schema(value_type = String)]
    id: CartId,
    /// `open` or `completed`.
    status: &'static str,
    /// The order it became.
    #[schema(value_type = Option<String>)]
    order_id: Option<OrderId>,
    email: Option<String>,
    shipping_address: Option<AddressShown>,
    shipping_method: &'static str,
    coupons: Vec<String>,
    items: Vec<CartItemShown>,
    /// Absent while an item is not sold, or while they have more than one currency.
    totals: Option<TotalsShown>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Opens the cart to a guest, in the header `Stoa-Access-Token`. Told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
}

/// A line of a cart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CartItem)]
pub struct CartItemShown {
    #[schema(value_type = String)]
    id: ItemId,
    sku: String,
    quantity: u32,
    /// Whether it is sold at this moment; its title and prices are absent when not.
    sold: bool,
    title: Option<String>,
    #[schema(value_type = Option<MoneyShape>)]
    unit_price: Option<Money>,
    #[schema(value_type = Option<MoneyShape>)]
    total: Option<Money>,
}

impl CartShown {
    /// The cart, with the secret that opens it if it is told now.
    pub fn new(priced: Priced, access_token: Option<String>) -> Self {
        let Priced { cart, offers, totals } = priced;
        let (status, order_id) = match cart.status {
            CartStatus::Open => ("open", None),
            CartStatus::Completed(order) => ("completed", Some(order)),
        };
        let item = |item: CartItem| {
            let offer = offers.get(&item.request.sku);
            let quantity = item.request.quantity.count();
            let total = offer.and_then(|offer| offer.price.times(i64::from(quantity)).ok());
            CartItemShown {
                id: item.id,
                quantity,
                sold: offer.is_some(),
                title: offer.map(|offer| offer.title.clone()),
                unit_price: offer.map(|offer| offer.price),
                total,
                sku: item.request.sku,
            }
        };
        Self {
            id: cart.id,
            status,
            order_id,
            email: cart.email.map(|email| email.to_string()),
            shipping_address: cart.shipping_address.map(AddressShown::from),
            shipping_method: "standard",
            coupons: Vec::new(),
            items: cart.items.into_iter().map(item).collect(),
            totals: totals.map(TotalsShown::from),
            created_at: cart.created_at,
            access_token,
        }
    }
}
