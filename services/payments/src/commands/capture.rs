//! Capture: take held money, all of it or a part.

use contracts::ids::PaymentId;
use kernel::Money;

use super::operate::{Asked, operate};
use super::{Desk, PaymentError};
use crate::domain::{Kind, Payment, View};

/// A capture as a caller asks for it.
#[derive(Debug, Clone)]
pub struct Capture {
    pub key: String,
    pub payment: PaymentId,
    /// None: all that is held and not captured yet.
    pub amount: Option<Money>,
}

/// Takes held money. Captures, pending ones counted, never exceed what was authorised.
pub async fn capture(desk: &Desk, request: Capture) -> Result<View, PaymentError> {
    let Capture { key, payment, amount } = &request;
    let asked = Asked { key, payment: *payment, input: "" };
    let decide = |payment: &mut Payment| payment.ask_capture(key.clone(), *amount);
    operate(desk, &asked, decide, |row, found| {
        row.operation.kind == Kind::Capture
            && found.id == *payment
            && amount.is_none_or(|amount| {
                amount == Money::new(row.operation.minor, found.amount.currency)
            })
    })
    .await
}
