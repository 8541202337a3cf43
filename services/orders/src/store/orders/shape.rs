//! An order as a row: what is kept of it, and as what.

use std::sync::Arc;

use contracts::ids::{CartId, OrderId, ProductId, VariantId};
use kernel::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use store::Error;

use crate::{
    domain::{
        Address, FulfillmentStatus, Line, Offer, Order, OrderStatus, Owner, PaymentNow,
        PaymentStatus, Quantity, Standing, Totals,
    },
    store::shapes::{AddressShape, TotalsShape},
};

/// An order as it is read.
#[derive(Debug, Clone)]
pub struct OrderRow {
    /// Its id.
    pub id: OrderId,
    /// Its number for people.
    pub number: i64,
    /// Who may see it.
    pub owner: Owner,
    /// The cart it came from.
    pub cart: Option<CartId>,
    /// Whom to write to.
    pub email: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its money stands.
    pub payment_status: PaymentStatus,
    /// Where its goods stand.
    pub fulfillment_status: FulfillmentStatus,
    /// Why it is not served: code and detail.
    pub rejection: Option<(String, String)>,
    /// Which provider of payments the customer named.
    pub provider: String,
    /// What is known of the payment.
    pub payment: PaymentNow,
    /// What never changes.
    pub body: Body,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Since when nothing more happens by itself.
    pub settled_at: Option<Timestamp>,
    /// Grows by one with each visible change.
    pub version: i64,
}

/// What never changes of an order, as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Body {
    /// What was bought, in the order it was asked for.
    pub items: Vec<SavedLine>,
    /// Where it goes.
    #[serde(with = "AddressShape")]
    pub shipping_address: Address,
    /// What it costs.
    #[serde(with = "TotalsShape")]
    pub totals: Totals,
}

/// A line of an order, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedLine {
    /// Which variant.
    pub sku: String,
    /// Its id.
    pub variant_id: VariantId,
    /// The product it is a variant of.
    pub product_id: ProductId,
    /// What was shown.
    pub title: String,
    /// The price of one.
    pub unit_price: Money,
    /// How many.
    pub quantity: u32,
    /// The price of all.
    pub total: Money,
}

impl From<&Line> for SavedLine {
    fn from(line: &Line) -> Self {
        let offer = &line.offer;
        Self {
            sku: offer.sku.clone(),
            variant_id: offer.variant_id,
            product_id: offer.product_id,
            title: offer.title.clone(),
            unit_price: offer.price,
            quantity: line.quantity.count(),
            total: line.total,
        }
    }
}

impl SavedLine {
    /// The line it was made of; fails when the row holds what no order can.
    pub fn line(&self) -> Result<Line, Error> {
        let quantity = Quantity::parse(i64::from(self.quantity));
        let quantity = quantity.map_err(|e| Error::Row(format!("line {}: {e}", self.sku)))?;
        let offer = Arc::new(Offer {
            sku: self.sku.clone(),
            variant_id: self.variant_id,
            product_id: self.product_id,
            title: self.title.clone(),
            price: self.unit_price,
        });
        Ok(Line { offer, quantity, total: self.total })
    }
}

impl OrderRow {
    /// The row of an order that was placed just now.
    pub fn placed(order: &Order, standing: &Standing) -> Self {
        let draft = &order.draft;
        Self {
            id: order.stamp.id,
            number: order.stamp.number,
            owner: draft.owner.clone(),
            cart: draft.cart,
            email: draft.email.as_str().to_owned(),
            status: standing.status,
            payment_status: standing.payment_status,
            fulfillment_status: FulfillmentStatus::Unfulfilled,
            rejection: None,
            provider: draft.tender.provider.clone(),
            payment: standing.payment.clone(),
            body: Body {
                items: order.lines.iter().map(SavedLine::from).collect(),
                shipping_address: draft.shipping_address.clone(),
                totals: order.totals,
            },
            placed_at: order.stamp.at,
            settled_at: None,
            version: 1,
        }
    }
}
