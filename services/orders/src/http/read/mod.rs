//! Request bodies: parsed once into words that cannot be wrong, all faults told at once.

mod carts;

use edge::Problem;
use kernel::{FieldError, Money};
use serde::Deserialize;
use utoipa::ToSchema;

use super::MoneyShape;
use crate::domain::{
    Address, Draft, Email, LINES_MAX, Owner, Quantity, Request, Tender, WordError, country, text,
};

pub use carts::{CompleteCart, WantedCoupons, WantedEmail, WantedMethod, WantedQuantity};

/// The longest SKU, in characters.
const SKU_CHARS_MAX: usize = 64;
/// The longest name of a provider, token or answer, in characters.
const TOKEN_CHARS_MAX: usize = 255;
/// The longest line of an address, in characters.
const LINE_CHARS_MAX: usize = 200;

/// `POST /v1/orders`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    /// Whom to write to about the order.
    #[schema(example = "guest@example.com")]
    email: String,
    /// What is wanted: 1 to 100 lines.
    items: Vec<WantedItem>,
    /// Where it goes.
    shipping_address: WantedAddress,
    /// What pays for it.
    payment: WantedPayment,
    /// The total that the customer agreed to; 409 `total-changed` when it is another one by now.
    #[serde(default)]
    #[schema(value_type = Option<MoneyShape>)]
    expected_total: Option<Money>,
}

/// One wanted line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedItem {
    /// Which variant.
    #[schema(example = "AERO-BLK")]
    sku: String,
    /// How many: 1 to 9999.
    #[schema(example = 2, minimum = 1, maximum = 9999)]
    quantity: i64,
}

/// Where the goods go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedAddress {
    /// Who receives them.
    name: String,
    /// Street and number.
    line1: String,
    #[serde(default)]
    line2: Option<String>,
    city: String,
    /// State, province or county.
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    country: String,
    #[serde(default)]
    phone: Option<String>,
}

/// What pays for an order: a provider and its token, never a card number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedPayment {
    #[schema(example = "sandbox")]
    provider: String,
    #[schema(example = "tok_visa")]
    token: String,
}

/// `POST /v1/orders/{id}/payment-answers`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentAnswer {
    /// What the payer entered for the challenge.
    answer: String,
}

/// Gathers what is wrong with a body.
#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn keep<T>(&mut self, pointer: &str, parsed: Result<T, WordError>) -> Option<T> {
        parsed.map_err(|error| self.0.push(FieldError::new(pointer, error.to_string()))).ok()
    }

    /// The parsed body; everything that was wrong with it otherwise.
    fn settle<T>(self, parsed: Option<T>) -> Result<T, Problem> {
        parsed.filter(|_| self.0.is_empty()).ok_or_else(|| Problem::invalid(self.0))
    }
}

impl PlaceOrder {
    /// The draft it asks for.
    pub fn draft(self, owner: Owner) -> Result<Draft, Problem> {
        let mut faults = Faults::default();
        let email = faults.keep("/email", Email::parse(&self.email));
        let lines = lines(&self.items, &mut faults);
        let address = self.shipping_address.parse("/shipping_address", &mut faults);
        let tender = self.payment.parse(&mut faults);
        let draft = || {
            Some(Draft {
                email: email?,
                lines,
                shipping_address: address?,
                tender: tender?,
                expected_total: self.expected_total,
                owner,
                cart: None,
            })
        };
        faults.settle(draft())
    }
}

fn lines(items: &[WantedItem], faults: &mut Faults) -> Vec<Request> {
    if items.is_empty() || items.len() > LINES_MAX {
        let detail = format!("must have 1 to {LINES_MAX} entries");
        faults.0.push(FieldError::new("/items", detail));
        return Vec::new();
    }
    let parse = |(at, item): (usize, &WantedItem)| {
        let sku = faults.keep(&format!("/items/{at}/sku"), text(&item.sku, SKU_CHARS_MAX));
        let quantity = Quantity::parse(item.quantity);
        let quantity = faults.keep(&format!("/items/{at}/quantity"), quantity);
        Some(Request { sku: sku?, quantity: quantity? })
    };
    items.iter().enumerate().filter_map(parse).collect()
}

impl WantedAddress {
    /// The address that the whole body is.
    pub fn address(self) -> Result<Address, Problem> {
        let mut faults = Faults::default();
        let address = self.parse("", &mut faults);
        faults.settle(address)
    }

    fn parse(self, at: &str, faults: &mut Faults) -> Option<Address> {
        let mut needed = |name: &str, value: &str| {
            faults.keep(&format!("{at}/{name}"), text(value, LINE_CHARS_MAX))
        };
        let name = needed("name", &self.name);
        let line1 = needed("line1", &self.line1);
        let city = needed("city", &self.city);
        let mut optional = |name: &str, value: Option<String>| match value {
            Some(value) if !value.trim().is_empty() => needed(name, &value).map(Some),
            Some(_) | None => Some(None),
        };
        let line2 = optional("line2", self.line2);
        let region = optional("region", self.region);
        let postal_code = optional("postal_code", self.postal_code);
        let phone = optional("phone", self.phone);
        let country = faults.keep(&format!("{at}/country"), country(&self.country));
        Some(Address {
            name: name?,
            line1: line1?,
            line2: line2?,
            city: city?,
            region: region?,
            postal_code: postal_code?,
            country: country?,
            phone: phone?,
        })
    }
}

impl WantedPayment {
    fn parse(self, faults: &mut Faults) -> Option<Tender> {
        let provider = faults.keep("/payment/provider", text(&self.provider, TOKEN_CHARS_MAX));
        let token = faults.keep("/payment/token", text(&self.token, TOKEN_CHARS_MAX));
        Some(Tender { provider: provider?, token: token? })
    }
}

impl PaymentAnswer {
    /// The answer.
    pub fn parse(self) -> Result<String, Problem> {
        let mut faults = Faults::default();
        let answer = faults.keep("/answer", text(&self.answer, TOKEN_CHARS_MAX));
        faults.settle(answer)
    }
}
