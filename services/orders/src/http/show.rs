//! Answers: orders, carts and timelines as they are shown.

use contracts::ids::{CartId, ItemId, OrderId, PaymentId, ProductId, UserId, VariantId};
use kernel::{Money, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::MoneyShape;
use crate::{
    commands::cart::Priced,
    domain::{Address, CartStatus, Totals},
    store::{
        orders::{OrderRow, SavedLine},
        timeline::{Chapter, Entry, Kind},
    },
};

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderShown {
    #[schema(value_type = String, example = "order_01h455vb4pex5vsknk084sn02q")]
    id: OrderId,
    /// For people.
    #[schema(example = "1001")]
    number: String,
    /// `pending`, then `confirmed` or `rejected`; later `canceled` or `completed`.
    status: &'static str,
    /// `none`, `authorized`, `partially_captured`, `captured`, `partially_refunded`, `refunded`,
    /// `voided` or `failed`.
    payment_status: &'static str,
    /// `unfulfilled`, `partially_fulfilled`, `fulfilled`, `partially_returned` or `returned`.
    fulfillment_status: &'static str,
    /// Why it is not served.
    rejection: Option<RejectionShown>,
    email: String,
    items: Vec<LineShown>,
    totals: TotalsShown,
    shipping_address: AddressShown,
    shipping_method: &'static str,
    payment: PaymentShown,
    #[schema(value_type = Option<String>)]
    user_id: Option<UserId>,
    #[schema(value_type = Option<String>)]
    cart_id: Option<CartId>,
    #[schema(value_type = String, format = DateTime)]
    placed_at: Timestamp,
    /// Since when nothing more happens by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    settled_at: Option<Timestamp>,
    /// Opens the order to a guest, in the header `Stoa-Access-Token`. Told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
}

/// Why an order is not served.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rejection)]
pub struct RejectionShown {
    /// Stable, for programs.
    #[schema(example = "out_of_stock")]
    code: String,
    detail: String,
}

/// A line of an order, as it was at placement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub struct LineShown {
    sku: String,
    #[schema(value_type = String)]
    variant_id: VariantId,
    #[schema(value_type = String)]
    product_id: ProductId,
    title: String,
    quantity: u32,
    #[schema(value_type = MoneyShape)]
    unit_price: Money,
    #[schema(value_type = MoneyShape)]
    total: Money,
}

/// What it costs: `total = subtotal - discount + shipping + tax`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Totals)]
pub struct TotalsShown {
    #[schema(value_type = MoneyShape)]
    subtotal: Money,
    #[schema(value_type = MoneyShape)]
    discount: Money,
    #[schema(value_type = MoneyShape)]
    shipping: Money,
    #[schema(value_type = MoneyShape)]
    tax: Money,
    #[schema(value_type = MoneyShape)]
    total: Money,
}

/// Where it goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Address)]
pub struct AddressShown {
    name: String,
    line1: String,
    line2: Option<String>,
    city: String,
    region: Option<String>,
    postal_code: Option<String>,
    country: String,
    phone: Option<String>,
}

/// The payment of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderPayment)]
pub struct PaymentShown {
    provider: String,
    #[schema(value_type = Option<String>)]
    id: Option<PaymentId>,
    /// The order's payment status, or `action_required` while a challenge is open.
    status: &'static str,
    /// What the payer must answer, by `POST /v1/orders/{id}/payment-answers`.
    challenge: Option<ChallengeShown>,
}

/// What a payer must answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Challenge)]
pub struct ChallengeShown {
    kind: String,
    prompt: String,
}

impl OrderShown {
    /// The order, with the secret that opens it if it is told now.
    pub fn new(row: OrderRow, access_token: Option<String>) -> Self {
        let challenge = row.payment.challenge;
        let status =
            if challenge.is_some() { "action_required" } else { row.payment_status.as_str() };
        Self {
            id: row.id,
            number: row.number.to_string(),
            status: row.status.as_str(),
            payment_status: row.payment_status.as_str(),
            fulfillment_status: row.fulfillment_status.as_str(),
            rejection: row.rejection.map(|(code, detail)| RejectionShown { code, detail }),
            email: row.email,
            items: row.body.items.into_iter().map(LineShown::from).collect(),
            totals: row.body.totals.into(),
            shipping_address: row.body.shipping_address.into(),
            shipping_method: "standard",
            payment: PaymentShown {
                provider: row.provider,
                id: row.payment.id,
                status,
                challenge: challenge
                    .map(|asked| ChallengeShown { kind: asked.kind, prompt: asked.prompt }),
            },
            user_id: row.owner.user,
            cart_id: row.cart,
            placed_at: row.placed_at,
            settled_at: row.settled_at,
            access_token,
        }
    }
}

impl From<SavedLine> for LineShown {
    fn from(line: SavedLine) -> Self {
        Self {
            sku: line.sku,
            variant_id: line.variant_id,
            product_id: line.product_id,
            title: line.title,
            quantity: line.quantity,
            unit_price: line.unit_price,
            total: line.total,
        }
    }
}

impl From<Totals> for TotalsShown {
    fn from(totals: Totals) -> Self {
        let Totals { subtotal, discount, shipping, tax, total } = totals;
        Self { subtotal, discount, shipping, tax, total }
    }
}

impl From<Address> for AddressShown {
    fn from(address: Address) -> Self {
        Self {
            name: address.name,
            line1: address.line1,
            line2: address.line2,
            city: address.city,
            region: address.region,
            postal_code: address.postal_code,
            country: address.country,
            phone: address.phone,
        }
    }
}

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
        let item = |item: crate::domain::CartItem| {
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

/// One thing that happened to an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
pub struct EntryShown {
    /// 1, 2, 3, ... without gaps.
    pub sequence: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `step`, `sent`, `received`, `called`, `failed`, `customer` or `timed_out`.
    #[schema(value_type = String)]
    kind: Kind,
    /// Which step, message or call.
    #[schema(example = "products.stock.reserved.v1")]
    name: String,
    detail: Option<String>,
    /// Which try of a call.
    attempt: Option<u32>,
    /// The trace of the request or message that caused it.
    trace_id: Option<String>,
}

impl EntryShown {
    /// The entries of a commit that come after a sequence number.
    pub fn after(chapter: &Chapter, sequence: i64) -> Vec<Self> {
        let shown = |(sequence, entry): (i64, &Entry)| Self {
            sequence,
            at: chapter.at,
            kind: entry.kind,
            name: entry.name.clone(),
            detail: entry.detail.clone(),
            attempt: entry.attempt,
            trace_id: chapter.trace_id.clone(),
        };
        chapter.numbered().filter(|(at, _)| *at > sequence).map(shown).collect()
    }
}

/// A page of orders.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what a page of orders looks like")]
pub struct OrderPage {
    items: Vec<OrderShown>,
    /// What to ask for the next page with; none on the last.
    next_cursor: Option<String>,
}

/// A page of a timeline.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what a page of a timeline looks like")]
pub struct TimelinePage {
    items: Vec<EntryShown>,
    /// What to ask for the next page with; none on the last.
    next_cursor: Option<String>,
}
