//! Authorise: have a provider hold an order's amount, once.

use contracts::ids::OrderId;
use kernel::Money;
use store::Batch;

use super::operate::{perform, repeat};
use super::{Desk, PaymentError};
use crate::domain::{Asked, Kind, Payment, Status, View};
use crate::store::operations::{self, OperationRow};
use crate::store::payments;

/// An authorisation as a caller asks for it.
#[derive(Debug, Clone)]
pub struct Authorize {
    pub key: String,
    pub order: OrderId,
    pub amount: Money,
    /// The name of a provider that this shop works with.
    pub provider: String,
    /// What stands for the means of payment at the provider.
    pub token: String,
}

/// Holds the amount. The answer is pending when the outcome is not known; asking again under the
/// same key asks the provider what became of it. An order takes one payment that has not failed.
pub async fn authorize(desk: &Desk, request: Authorize) -> Result<View, PaymentError> {
    let now = desk.clock.now();
    let asked = Asked {
        key: request.key.clone(),
        order: request.order,
        provider: request.provider.clone(),
        amount: request.amount,
    };
    let payment = Payment::ask(asked, desk.ids.next(), now)?;
    let mut batch = Batch::new("authorize_intent");
    for operation in &payment.pending {
        let at = (payment.id, payment.version);
        operations::insert(&mut batch, at, operation, &request.token, now);
    }
    payments::insert(&mut batch, &payment, Some(now.plus(desk.settings.due_after())));
    match desk.db.commit(batch).await {
        Ok(()) => {
            let operation = payment.pending[0].clone();
            perform(desk, payment, &operation, &request.token).await
        }
        Err(error) if error.conflicts_on(&operations::INSERT_OPERATION) => {
            let view = repeat(desk, &request.key, |row, payment| request.is(row, payment)).await?;
            view.ok_or(PaymentError::Contended)
        }
        Err(error) if error.conflicts_on(&payments::INSERT_PAYMENT) => {
            Err(taken(desk, request.order).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Why an order takes no further payment.
async fn taken(desk: &Desk, order: OrderId) -> Result<PaymentError, PaymentError> {
    let payment = payments::place_of_order(&desk.db, order).await?;
    let closed = payment.is_some_and(|payment| payment.status() == Status::Voided);
    Ok(if closed { PaymentError::OrderClosed(order) } else { PaymentError::OrderTaken(order) })
}

impl Authorize {
    /// Whether an operation is of this very request.
    fn is(&self, row: &OperationRow, payment: &Payment) -> bool {
        row.operation.kind == Kind::Authorize
            && row.input == self.token
            && payment.order == self.order
            && payment.amount == self.amount
            && payment.provider == self.provider
    }
}
