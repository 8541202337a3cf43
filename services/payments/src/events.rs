//! What others learn: facts of payments as published contracts. Key: the order's id.

use contracts::events::payments::{
    PaymentActionRequired, PaymentAuthorized, PaymentCaptured, PaymentFailed, PaymentVoided,
    RefundFailed, RefundPending, RefundSucceeded,
};
use contracts::ids::RefundId;
use delivery::Outbox;
use kernel::Money;
use store::Batch;

use crate::domain::{Fact, FactKind, Failure, Operation, Payment, Stage};

/// Publishes `fact` with `batch`. `payment` is as it stands after it.
pub fn emit(outbox: &Outbox, batch: &mut Batch, payment: &Payment, fact: &Fact) {
    let (payment_id, order_id) = (payment.id, payment.order);
    let key = order_id.to_string();
    let amount = Money::new(fact.minor, payment.amount.currency);
    match fact.kind {
        FactKind::Authorized => {
            outbox.emit(batch, &key, &PaymentAuthorized { payment_id, order_id, amount });
        }
        FactKind::Challenged => {
            let challenge = fact.challenge.as_ref().map(|challenge| challenge.kind.clone());
            let challenge = challenge.unwrap_or_default();
            let event = PaymentActionRequired { payment_id, order_id, amount, challenge };
            outbox.emit(batch, &key, &event);
        }
        FactKind::Declined => failed(outbox, batch, payment, fact),
        FactKind::Captured => {
            outbox.emit(batch, &key, &PaymentCaptured { payment_id, order_id, amount });
        }
        // A part that could not be captured does not end the payment.
        FactKind::CaptureDeclined => {
            if let Stage::Failed(_) = payment.stage {
                failed(outbox, batch, payment, fact);
            }
        }
        FactKind::Voided => {
            outbox.emit(batch, &key, &PaymentVoided { payment_id, order_id, amount });
        }
        FactKind::Refunded => {
            let refund_id = refund_id(&fact.operation);
            let event = RefundSucceeded { refund_id, payment_id, order_id, amount };
            outbox.emit(batch, &key, &event);
        }
        FactKind::RefundDeclined => {
            let refund_id = refund_id(&fact.operation);
            let code = failure(fact).code;
            let event = RefundFailed { refund_id, payment_id, order_id, amount, code };
            outbox.emit(batch, &key, &event);
        }
        // Nothing that others act on: the void itself is told, a refused one changes nothing.
        FactKind::VoidDeclined | FactKind::Abandoned | FactKind::Closed => {}
    }
}

/// Publishes with `batch` that a refund was asked for.
pub fn emit_refund_pending(
    outbox: &Outbox,
    batch: &mut Batch,
    payment: &Payment,
    operation: &Operation,
) {
    let event = RefundPending {
        refund_id: refund_id(operation),
        payment_id: payment.id,
        order_id: payment.order,
        amount: Money::new(operation.minor, payment.amount.currency),
    };
    outbox.emit(batch, &payment.order.to_string(), &event);
}

fn failed(outbox: &Outbox, batch: &mut Batch, payment: &Payment, fact: &Fact) {
    let Failure { code, detail } = failure(fact);
    let event = PaymentFailed {
        payment_id: payment.id,
        order_id: payment.order,
        amount: Money::new(fact.minor, payment.amount.currency),
        code,
        detail,
    };
    outbox.emit(batch, &payment.order.to_string(), &event);
}

fn failure(fact: &Fact) -> Failure {
    fact.failure.clone().expect("a declined operation has a failure")
}

fn refund_id(operation: &Operation) -> RefundId {
    operation.refund.expect("a refund has an id")
}
