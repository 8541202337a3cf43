//! Request bodies of carts.

use edge::Problem;
use kernel::{FieldError, Money};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Faults, SKU_CHARS_MAX, WantedItem, WantedPayment};
use crate::{
    domain::{Email, Quantity, Request, Tender, text},
    http::MoneyShape,
};

/// A new quantity of a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedQuantity {
    /// How many: 1 to 9999.
    #[schema(example = 2, minimum = 1, maximum = 9999)]
    quantity: i64,
}

/// `POST /v1/carts/{id}/complete`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteCart {
    /// What pays for it.
    payment: WantedPayment,
    /// The total that the customer agreed to; 409 `total-changed` when it is another one by now.
    #[serde(default)]
    #[schema(value_type = Option<MoneyShape>)]
    expected_total: Option<Money>,
}

/// `PUT /v1/carts/{id}/email`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedEmail {
    email: String,
}

/// `PUT /v1/carts/{id}/shipping-method`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedMethod {
    /// `standard` is the one there is.
    #[schema(example = "standard")]
    method: String,
}

/// `PUT /v1/carts/{id}/coupons`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedCoupons {
    codes: Vec<String>,
}

impl WantedItem {
    /// The line it asks for.
    pub fn request(self) -> Result<Request, Problem> {
        let mut faults = Faults::default();
        let sku = faults.keep("/sku", text(&self.sku, SKU_CHARS_MAX));
        let quantity = faults.keep("/quantity", Quantity::parse(self.quantity));
        let request = || Some(Request { sku: sku?, quantity: quantity? });
        faults.settle(request())
    }
}

impl WantedQuantity {
    /// The quantity.
    pub fn parse(self) -> Result<Quantity, Problem> {
        let mut faults = Faults::default();
        let quantity = faults.keep("/quantity", Quantity::parse(self.quantity));
        faults.settle(quantity)
    }
}

impl CompleteCart {
    /// What pays, and the total that was agreed to.
    pub fn parse(self) -> Result<(Tender, Option<Money>), Problem> {
        let mut faults = Faults::default();
        let tender = self.payment.parse(&mut faults);
        faults.settle(tender).map(|tender| (tender, self.expected_total))
    }
}

impl WantedEmail {
    /// The address.
    pub fn parse(self) -> Result<Email, Problem> {
        let mut faults = Faults::default();
        let email = faults.keep("/email", Email::parse(&self.email));
        faults.settle(email)
    }
}

impl WantedMethod {
    /// Refuses every method but the one there is.
    pub fn check(self) -> Result<(), Problem> {
        if self.method == "standard" {
            return Ok(());
        }
        Err(Problem::invalid(vec![FieldError::new("/method", "must be \"standard\"")]))
    }
}

impl WantedCoupons {
    /// Refuses every code: there are none yet. An empty list takes nothing off and is fine.
    pub fn check(self) -> Result<(), Problem> {
        if self.codes.is_empty() {
            return Ok(());
        }
        let unknown = |at| FieldError::new(format!("/codes/{at}"), "is not known");
        let errors = (0..self.codes.len()).map(unknown).collect();
        let detail = "no coupon has this code";
        Err(Problem::new(kernel::Fault::Invalid, "coupon-unknown", detail).errors(errors))
    }
}
