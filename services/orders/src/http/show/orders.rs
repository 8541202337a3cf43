//! An order as it is shown.

use contracts::ids::{CartId, OrderId, PaymentId, ProductId, UserId, VariantId};
use kernel::{Money, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{Address, Totals},
    http::MoneyShape,
    store::orders::{OrderRow, SavedLine},
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

/// A page of orders.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what a page of orders looks like")]
pub struct OrderPage {
    items: Vec<OrderShown>,
    /// What to ask for the next page with; none on the last.
    next_cursor: Option<String>,
}
