//! The read side: payments, refunds, the ledger. A payment with an unknown outcome is asked about
//! first.

use contracts::ids::{OrderId, PaymentId, RefundId};
use kernel::{Money, Timestamp};
use store::{Error, Store};

use crate::commands::{Desk, PaymentError, Resend, inquire};
use crate::domain::{FactKind, Failure, Payment, View};
use crate::store::operations::OperationRow;
use crate::store::{events, events::FactRow, operations, payments};

/// The refunds of one payment that an answer shows, at most.
const REFUNDS_MAX: u32 = 100;

/// A refund as callers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundView {
    pub id: RefundId,
    pub payment: PaymentId,
    pub status: RefundStatus,
    pub amount: Money,
    pub reason: String,
    pub failure: Option<Failure>,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStatus {
    Pending,
    Succeeded,
    Failed,
}

impl RefundStatus {
    /// The word for it in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

/// The payment with this id.
pub async fn payment(desk: &Desk, id: PaymentId) -> Result<View, PaymentError> {
    let found = payments::payment(&desk.db, id).await?;
    known(desk, found.ok_or(PaymentError::NotFound)?).await
}

/// The payment of this order: the one that has not failed, else the newest.
pub async fn payment_of_order(desk: &Desk, order: OrderId) -> Result<View, PaymentError> {
    let found = payments::open_of_order(&desk.db, order).await?;
    known(desk, found.ok_or(PaymentError::NotFound)?).await
}

/// The payment, once the provider was asked about what is pending. A provider that does not answer
/// leaves it pending.
async fn known(desk: &Desk, payment: Payment) -> Result<View, PaymentError> {
    if payment.pending.is_empty() {
        return Ok(payment.view());
    }
    let id = payment.id;
    inquire(desk, payment, Resend::No).await?;
    let now = payments::payment(&desk.db, id).await?;
    Ok(now.ok_or(PaymentError::NotFound)?.view())
}

/// All payments, or those of one order, newest first, before `before`.
pub async fn list(
    db: &Store,
    order: Option<OrderId>,
    before: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<View>, Error> {
    let found = match order {
        Some(order) => payments::payments_of_order(db, order, before, limit).await?,
        None => payments::payments(db, before, limit).await?,
    };
    Ok(found.iter().map(Payment::view).collect())
}

/// The refunds of a payment, oldest first.
pub async fn refunds(db: &Store, payment: &View) -> Result<Vec<RefundView>, Error> {
    let rows = operations::refunds_of(db, payment.id, REFUNDS_MAX).await?;
    rows.into_iter().map(|(row, fact)| refund(row, fact, payment)).collect()
}

/// The refund that was asked for under this key.
pub async fn refund_by_key(
    db: &Store,
    key: &str,
    payment: &View,
) -> Result<Option<RefundView>, Error> {
    let Some(row) = operations::operation(db, key).await? else { return Ok(None) };
    let fact = events::settled(db, payment.id, key).await?;
    refund(row, fact, payment).map(Some)
}

fn refund(row: OperationRow, fact: Option<FactRow>, payment: &View) -> Result<RefundView, Error> {
    let status = match fact.as_ref().map(|fact| fact.kind) {
        None => RefundStatus::Pending,
        Some(FactKind::Refunded) => RefundStatus::Succeeded,
        Some(FactKind::RefundDeclined) => RefundStatus::Failed,
        Some(
            other @ (FactKind::Authorized
            | FactKind::Challenged
            | FactKind::Declined
            | FactKind::Captured
            | FactKind::CaptureDeclined
            | FactKind::Voided
            | FactKind::VoidDeclined
            | FactKind::Abandoned
            | FactKind::Closed),
        ) => return Err(Error::Row(format!("a refund that ended as {}", other.word()))),
    };
    let id = row.operation.refund;
    Ok(RefundView {
        id: id.ok_or_else(|| Error::Row("a refund without an id".into()))?,
        payment: row.payment,
        status,
        amount: payment.money(row.operation.minor),
        reason: row.input,
        failure: fact.and_then(|fact| fact.failure),
        created_at: row.at,
    })
}
