//! The statuses an order shows, derived from its placement: this is their only source.

use contracts::ids::PaymentId;

use super::{Challenge, Closing, Ending, Placement, Step};
use crate::domain::statuses::{OrderStatus, PaymentStatus};

/// What the order shows while its placement stands where it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The order's status.
    pub status: OrderStatus,
    /// Where its money stands.
    pub payment_status: PaymentStatus,
    /// What is known of the payment.
    pub payment: PaymentNow,
    /// Why it is not served, once that is certain.
    pub rejection: Option<Ending>,
    /// Whether nothing more will happen by itself.
    pub settled: bool,
}

/// What is known of the payment of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentNow {
    /// Its id, once payments told it.
    pub id: Option<PaymentId>,
    /// What the payer must answer now.
    pub challenge: Option<Challenge>,
}

impl Placement {
    /// The statuses of the order of this placement.
    pub fn standing(&self) -> Standing {
        let step = &self.step;
        Standing {
            status: order_status(step),
            payment_status: payment_status(step),
            payment: payment(step),
            rejection: step.ending().cloned(),
            settled: step.finished(),
        }
    }
}

fn order_status(step: &Step) -> OrderStatus {
    match step {
        Step::Reserving { .. }
        | Step::Authorizing { .. }
        | Step::AwaitingAnswer { .. }
        | Step::Answering { .. } => OrderStatus::Pending,
        Step::Committing { .. } | Step::Capturing { .. } | Step::Completed { .. } => {
            OrderStatus::Confirmed
        }
        Step::Voiding { ending, .. }
        | Step::Releasing { ending, .. }
        | Step::Ended { ending, .. } => ending.closing.order_status(),
    }
}

fn payment_status(step: &Step) -> PaymentStatus {
    match step {
        Step::Reserving { .. }
        | Step::Authorizing { .. }
        | Step::AwaitingAnswer { .. }
        | Step::Answering { .. } => PaymentStatus::None,
        Step::Committing { .. } | Step::Capturing { .. } => PaymentStatus::Authorized,
        Step::Completed { .. } => PaymentStatus::Captured,
        Step::Voiding { ending, .. } => match ending.closing {
            Closing::Rejected => PaymentStatus::None,
            Closing::Canceled => PaymentStatus::Authorized,
        },
        Step::Releasing { money, .. } | Step::Ended { money, .. } => money.how.payment_status(),
    }
}

fn payment(step: &Step) -> PaymentNow {
    let known = |id| PaymentNow { id, challenge: None };
    match step {
        Step::Reserving { .. } | Step::Authorizing { .. } => PaymentNow::default(),
        Step::AwaitingAnswer { open, .. } => {
            PaymentNow { id: Some(open.payment), challenge: Some(open.challenge.clone()) }
        }
        Step::Answering { open, .. } => known(Some(open.payment)),
        Step::Committing { payment, .. }
        | Step::Capturing { payment }
        | Step::Completed { payment } => known(Some(*payment)),
        Step::Voiding { payment, .. } => known(*payment),
        Step::Releasing { money, .. } | Step::Ended { money, .. } => known(money.payment),
    }
}

impl Step {
    /// Whether nothing more will happen by itself.
    pub fn finished(&self) -> bool {
        matches!(self, Self::Completed { .. } | Self::Ended { .. })
    }
}

/// Which pairs of statuses an order of a placement may show; for the audit.
pub fn legal(status: OrderStatus, payment: PaymentStatus) -> bool {
    let allowed: &[PaymentStatus] = match status {
        OrderStatus::Pending => &[PaymentStatus::None],
        OrderStatus::Confirmed | OrderStatus::Completed => &[
            PaymentStatus::Authorized,
            PaymentStatus::PartiallyCaptured,
            PaymentStatus::Captured,
            PaymentStatus::PartiallyRefunded,
            PaymentStatus::Refunded,
        ],
        OrderStatus::Rejected | OrderStatus::Canceled => &[
            PaymentStatus::None,
            PaymentStatus::Authorized,
            PaymentStatus::Failed,
            PaymentStatus::Voided,
            PaymentStatus::Refunded,
        ],
    };
    allowed.contains(&payment)
}
