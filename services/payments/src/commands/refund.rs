//! Refund: return captured money, all of it or a part.

use contracts::ids::{PaymentId, RefundId};
use kernel::Money;

use super::operate::{Asked, operate};
use super::{Desk, PaymentError};
use crate::domain::{Kind, Payment, View};
use crate::queries::{RefundView, refund_by_key};

/// A refund as a caller asks for it.
#[derive(Debug, Clone)]
pub struct Refund {
    pub key: String,
    pub payment: PaymentId,
    /// None: all that is captured and not refunded yet.
    pub amount: Option<Money>,
    pub reason: String,
}

/// Returns captured money. Refunds, pending ones counted, never exceed what was captured.
pub async fn refund(desk: &Desk, request: Refund) -> Result<(RefundView, View), PaymentError> {
    let Refund { key, payment, amount, reason } = &request;
    let id: RefundId = desk.ids.next();
    let asked = Asked { key, payment: *payment, input: reason };
    let decide = |payment: &mut Payment| payment.ask_refund(key.clone(), *amount, id);
    let view = operate(desk, &asked, decide, |row, found| {
        row.operation.kind == Kind::Refund
            && found.id == *payment
            && row.input == *reason
            && amount.is_none_or(|amount| {
                amount == Money::new(row.operation.minor, found.amount.currency)
            })
    })
    .await?;
    let refund = refund_by_key(&desk.db, key, &view).await?.ok_or(PaymentError::NotFound)?;
    Ok((refund, view))
}
