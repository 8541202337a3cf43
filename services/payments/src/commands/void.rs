//! Void: give held money back, or make sure that an order's money is never held.

use contracts::ids::{OrderId, PaymentId};
use kernel::FieldError;
use store::Batch;

use super::operate::{Asked, operate, repeat};
use super::{Desk, PaymentError};
use crate::domain::{Kind, Payment, Refusal, Status, View};
use crate::store::operations::OperationRow;
use crate::store::{events, operations, payments};

/// A void as a caller asks for it: by payment, by order, or by both when they belong together.
#[derive(Debug, Clone)]
pub struct Void {
    pub key: String,
    pub payment: Option<PaymentId>,
    pub order: Option<OrderId>,
}

/// Sees to it that nothing of the payment is held any more, and nothing ever will be.
///
/// A payment that failed or was voided already is answered as it stands. By order: where no payment
/// takes the order's place, a tombstone does, so that a late authorisation is refused.
pub async fn void(desk: &Desk, request: Void) -> Result<View, PaymentError> {
    for _ in 0..desk.settings.decisions_max {
        let voided = match target(desk, &request).await? {
            Some(payment) => existing(desk, &request, payment).await?,
            None => None,
        };
        if let Some(view) = voided {
            return Ok(view);
        }
        let order = request.order.ok_or(PaymentError::NotFound)?;
        if let Some(view) = bury(desk, &request, order).await? {
            return Ok(view);
        }
    }
    Err(PaymentError::Contended)
}

/// The payment that the request is about.
async fn target(desk: &Desk, request: &Void) -> Result<Option<Payment>, PaymentError> {
    let by_id = match request.payment {
        Some(id) => Some(payments::payment(&desk.db, id).await?.ok_or(PaymentError::NotFound)?),
        None => None,
    };
    match (by_id, request.order) {
        (Some(payment), Some(order)) if payment.order != order => {
            let field = FieldError::new("/order_id", "is not the order of that payment");
            Err(PaymentError::Invalid(vec![field]))
        }
        // Another payment may have taken the place that a failed one left.
        (Some(payment), Some(order)) if payment.frees_order() => {
            Ok(payments::place_of_order(&desk.db, order).await?)
        }
        (Some(payment), _) => Ok(Some(payment)),
        (None, Some(order)) => Ok(payments::place_of_order(&desk.db, order).await?),
        (None, None) => {
            let field = FieldError::new("/payment_id", "a payment or an order must be named");
            Err(PaymentError::Invalid(vec![field]))
        }
    }
}

/// Voids a payment that exists; none when it has failed and left the order's place to a tombstone.
async fn existing(
    desk: &Desk,
    request: &Void,
    payment: Payment,
) -> Result<Option<View>, PaymentError> {
    let key = &request.key;
    let asked = Asked { key, payment: payment.id, input: "" };
    let decide = |payment: &mut Payment| payment.ask_void(key.clone());
    let voided = operate(desk, &asked, decide, |row, found| request.is(row, found)).await;
    match voided {
        Ok(view) => Ok(Some(view)),
        Err(PaymentError::Refused(Refusal::NotPossible {
            kind: Kind::Void,
            status: Status::Voided | Status::Failed,
        })) => {
            let now = payments::payment(&desk.db, payment.id).await?;
            let now = now.ok_or(PaymentError::NotFound)?;
            let bury = now.frees_order() && request.order.is_some();
            Ok(if bury { None } else { Some(now.view()) })
        }
        Err(error) => Err(error),
    }
}

/// Sets the tombstone; none when a payment was faster.
async fn bury(desk: &Desk, request: &Void, order: OrderId) -> Result<Option<View>, PaymentError> {
    let now = desk.clock.now();
    let (payment, fact) = Payment::tombstone(request.key.clone(), order, desk.ids.next(), now);
    let mut batch = Batch::new("void_tombstone");
    operations::insert(&mut batch, (payment.id, 1), &fact.operation, "", now);
    payments::insert(&mut batch, &payment, None);
    events::insert(&mut batch, payment.id, &fact, now);
    match desk.db.commit(batch).await {
        Ok(()) => Ok(Some(payment.view())),
        Err(error) if error.conflicts_on(&operations::INSERT_OPERATION) => {
            repeat(desk, &request.key, |row, found| request.is(row, found)).await
        }
        Err(error) if error.conflicts_on(&payments::INSERT_PAYMENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Void {
    /// Whether an operation is of this very request.
    fn is(&self, row: &OperationRow, payment: &Payment) -> bool {
        row.operation.kind == Kind::Void
            && self.order.is_none_or(|order| order == payment.order)
            && (self.order.is_some() || self.payment == Some(payment.id))
    }
}
