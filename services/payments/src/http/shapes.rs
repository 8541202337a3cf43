//! Payments and refunds as JSON.

use contracts::ids::{OrderId, PaymentId, RefundId};
use kernel::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{Challenge, Failure, View};
use crate::queries::RefundView;

/// An amount in minor units: 1299 EUR is 12.99 euros.
#[derive(ToSchema)]
#[schema(as = Money)]
#[expect(dead_code, reason = "describes kernel::Money, which knows no OpenAPI")]
pub struct MoneySchema {
    amount: i64,
    #[schema(example = "EUR")]
    currency: String,
}

/// A payment.
#[derive(Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentBody {
    #[schema(value_type = String, example = "payment_01h455vb4pex5vsknk084sn02q")]
    id: PaymentId,
    #[schema(value_type = String, example = "order_01h455vb4pex5vsknk084sn02q")]
    order_id: OrderId,
    /// `pending` (outcome unknown), `authorized`, `action_required`, `partially_captured`,
    /// `captured`, `partially_refunded`, `refunded`, `voided` or `failed`.
    status: &'static str,
    provider: String,
    /// What was asked for.
    #[schema(value_type = MoneySchema)]
    amount: Money,
    /// What the provider held when it authorised.
    #[schema(value_type = MoneySchema)]
    authorized: Money,
    #[schema(value_type = MoneySchema)]
    captured: Money,
    /// What was returned and confirmed.
    #[schema(value_type = MoneySchema)]
    refunded: Money,
    /// What is on its way back; counts against what was captured.
    #[schema(value_type = MoneySchema)]
    refund_pending: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<ChallengeBody>,
    version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Why the provider refused.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentFailure)]
pub struct FailureBody {
    /// Stable, for programs.
    #[schema(example = "card_declined")]
    code: String,
    /// For people.
    detail: String,
}

/// What the payer must answer.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentChallenge)]
pub struct ChallengeBody {
    kind: String,
    prompt: String,
}

/// A payment with its refunds.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentDetail)]
pub struct DetailBody {
    #[serde(flatten)]
    payment: PaymentBody,
    refunds: Vec<RefundBody>,
}

/// A refund.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentRefund)]
pub struct RefundBody {
    #[schema(value_type = String, example = "refund_01h455vb4pex5vsknk084sn02q")]
    id: RefundId,
    #[schema(value_type = String)]
    payment_id: PaymentId,
    /// `pending`, `succeeded` or `failed`.
    status: &'static str,
    #[schema(value_type = MoneySchema)]
    amount: Money,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureBody>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A refund, and the payment as it stands after it.
#[derive(Serialize, ToSchema)]
#[schema(as = RefundResult)]
pub struct RefundResultBody {
    refund: RefundBody,
    payment: PaymentBody,
}

/// Which part is captured.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCapture)]
pub struct CaptureBody {
    /// Absent: all that is held and not captured yet.
    #[schema(value_type = Option<MoneySchema>)]
    pub amount: Option<Money>,
}

/// Which part is refunded, and why.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRefund)]
pub struct NewRefundBody {
    /// Absent: all that is captured and not refunded yet.
    #[schema(value_type = Option<MoneySchema>)]
    pub amount: Option<Money>,
    /// For the books, without personal data; up to 500 bytes.
    #[serde(default)]
    pub reason: String,
}

/// A void says nothing more.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewVoid)]
pub struct VoidBody {}

/// One page of payments, newest first.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes kernel::Page, which knows no OpenAPI")]
pub struct PaymentPage {
    items: Vec<PaymentBody>,
    next_cursor: Option<String>,
}

impl From<View> for PaymentBody {
    fn from(view: View) -> Self {
        let figures = view.figures;
        Self {
            id: view.id,
            order_id: view.order,
            status: figures.status.word(),
            amount: view.amount,
            authorized: view.money(figures.authorized),
            captured: view.money(figures.captured),
            refunded: view.money(figures.refunded),
            refund_pending: view.money(figures.refund_pending),
            provider: view.provider,
            failure: view.failure.map(Into::into),
            challenge: view.challenge.map(Into::into),
            version: figures.version,
            created_at: view.created_at,
        }
    }
}

impl From<Failure> for FailureBody {
    fn from(Failure { code, detail }: Failure) -> Self {
        Self { code, detail }
    }
}

impl From<Challenge> for ChallengeBody {
    fn from(Challenge { kind, prompt }: Challenge) -> Self {
        Self { kind, prompt }
    }
}

impl From<RefundView> for RefundBody {
    fn from(view: RefundView) -> Self {
        Self {
            id: view.id,
            payment_id: view.payment,
            status: view.status.word(),
            amount: view.amount,
            reason: view.reason,
            failure: view.failure.map(Into::into),
            created_at: view.created_at,
        }
    }
}

impl DetailBody {
    pub fn new(payment: View, refunds: Vec<RefundView>) -> Self {
        let refunds = refunds.into_iter().map(Into::into).collect();
        Self { payment: payment.into(), refunds }
    }
}

impl RefundResultBody {
    pub fn new(refund: RefundView, payment: View) -> Self {
        Self { refund: refund.into(), payment: payment.into() }
    }
}
