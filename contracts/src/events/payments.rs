//! Events of payments and refunds. Key: the order's id.

use kernel::Money;
use serde::{Deserialize, Serialize};

use crate::contracts;
use crate::ids::{OrderId, PaymentId, RefundId};

/// The provider holds the amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAuthorized {
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    pub amount: Money,
}

/// Held money was taken: `amount` by this capture alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCaptured {
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    pub amount: Money,
}

/// Held money was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentVoided {
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    pub amount: Money,
}

/// The provider declined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFailed {
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    pub amount: Money,
    /// `card_declined`, `insufficient_funds`, ...: stable, for programs.
    pub code: String,
    pub detail: String,
}

/// The payer must answer a challenge before the money is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentActionRequired {
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    pub amount: Money,
    /// What kind of answer is expected.
    pub challenge: String,
}

/// A refund was asked for; the provider has not confirmed it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPending {
    pub refund_id: RefundId,
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    pub amount: Money,
}

/// The money is back with the payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundSucceeded {
    pub refund_id: RefundId,
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    pub amount: Money,
}

/// The provider refused the refund; the amount counts as captured again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundFailed {
    pub refund_id: RefundId,
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    pub amount: Money,
    pub code: String,
}

contracts!(Event {
    "payments.payment.authorized.v1" => PaymentAuthorized,
    "payments.payment.captured.v1" => PaymentCaptured,
    "payments.payment.voided.v1" => PaymentVoided,
    "payments.payment.failed.v1" => PaymentFailed,
    "payments.payment.action_required.v1" => PaymentActionRequired,
    "payments.refund.pending.v1" => RefundPending,
    "payments.refund.succeeded.v1" => RefundSucceeded,
    "payments.refund.failed.v1" => RefundFailed,
});
