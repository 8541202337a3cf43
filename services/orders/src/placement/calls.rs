//! The calls to payments, and what their answers mean to a placement.

use std::time::Duration;

use contracts::{
    ids::PaymentId,
    payments::v1::{
        AnswerRequest, AuthorizeRequest, CaptureRequest, GetPaymentRequest, Payment, PaymentStatus,
        RefundRequest, RefundStatus, VoidRequest, get_payment_request::By,
        payments_client::PaymentsClient,
    },
};
use edge::Peer;
use kernel::Money;
use saga::CallFailed;
use tonic::{Code, Request, Status};

use crate::domain::{Call, Challenge, Event, MoneyBack, Placement, Returned, Step, Tender};

/// Payments, as a placement calls it. Every request carries a key that is a pure function of what
/// is asked, so a repeated call has one effect.
#[derive(Clone)]
pub struct Payments {
    client: PaymentsClient<Peer>,
    call_max: Duration,
}

/// Why a call has no result yet, or never will have another one.
enum Refusal {
    /// Unknown outcome, or nobody there: the same call again.
    Again(CallFailed),
    /// Payments understood and says no.
    Never { code: String, detail: String },
}

impl Payments {
    /// Over `peer`; each request may take `call_max`.
    pub fn new(peer: Peer, call_max: Duration) -> Self {
        Self { client: PaymentsClient::new(peer), call_max }
    }

    /// Makes the call that is due in the step of `placement`, of the order `order`.
    pub async fn call(&self, order: &str, placement: &Placement) -> Result<Event, CallFailed> {
        let total = placement.total;
        match &placement.step {
            Step::Authorizing { tender, .. } => self.authorize(order, total, tender).await,
            Step::Answering { open, answer, .. } => {
                let key = format!("{order}:{}:{}", Call::Answer, placement.answers);
                self.answer(order, total, key, open.payment, answer).await
            }
            Step::Capturing { payment } => self.capture(order, *payment).await,
            Step::Voiding { payment, .. } => self.void(order, *payment).await,
            Step::Reserving { .. }
            | Step::AwaitingAnswer { .. }
            | Step::Committing { .. }
            | Step::Releasing { .. }
            | Step::Completed { .. }
            | Step::Ended { .. } => {
                Err(CallFailed(format!("no call is due in step {}", placement.step.name())))
            }
        }
    }

    async fn authorize(
        &self,
        order: &str,
        total: Money,
        tender: &Tender,
    ) -> Result<Event, CallFailed> {
        let request = AuthorizeRequest {
            idempotency_key: format!("{order}:{}:1", Call::Authorize),
            order_id: order.to_owned(),
            amount: Some(total.into()),
            provider: tender.provider.clone(),
            token: tender.token.clone(),
        };
        match result(self.client.clone().authorize(self.request(request)).await) {
            Ok(payment) => outcome(order, total, payment),
            Err(Refusal::Again(failed)) => Err(failed),
            Err(Refusal::Never { code, detail }) => {
                Ok(Event::Declined { payment: None, code, detail })
            }
        }
    }

    async fn answer(
        &self,
        order: &str,
        total: Money,
        idempotency_key: String,
        payment: PaymentId,
        answer: &str,
    ) -> Result<Event, CallFailed> {
        let (payment_id, answer) = (payment.to_string(), answer.to_owned());
        let request = AnswerRequest { idempotency_key, payment_id, answer };
        match result(self.client.clone().answer(self.request(request)).await) {
            Ok(payment) => outcome(order, total, payment),
            Err(Refusal::Again(failed)) => Err(failed),
            // It was answered already, or the answer has no meaning: what holds is asked for.
            Err(Refusal::Never { .. }) => outcome(order, total, self.payment(order).await?),
        }
    }

    async fn capture(&self, order: &str, payment: PaymentId) -> Result<Event, CallFailed> {
        let request = CaptureRequest {
            idempotency_key: format!("{order}:{}:1", Call::Capture),
            payment_id: payment.to_string(),
            amount: None,
        };
        let (payment, refused) =
            match result(self.client.clone().capture(self.request(request)).await) {
                Ok(payment) => (payment, None),
                Err(Refusal::Again(failed)) => return Err(failed),
                Err(Refusal::Never { code, detail }) => {
                    (self.payment(order).await?, Some(format!("{code}: {detail}")))
                }
            };
        let status = payment.status();
        match status {
            PaymentStatus::Captured
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Refunded => Ok(Event::Captured),
            PaymentStatus::Voided | PaymentStatus::Failed => {
                let detail = refused.unwrap_or_else(|| format!("the payment is {status:?}"));
                Ok(Event::CaptureRefused { detail })
            }
            PaymentStatus::Authorized | PaymentStatus::PartiallyCaptured => match refused {
                Some(detail) => Ok(Event::CaptureRefused { detail }),
                None => Err(unknown(status)),
            },
            PaymentStatus::Unspecified | PaymentStatus::Pending | PaymentStatus::ActionRequired => {
                Err(unknown(status))
            }
        }
    }

    async fn void(&self, order: &str, payment: Option<PaymentId>) -> Result<Event, CallFailed> {
        let request = VoidRequest {
            idempotency_key: format!("{order}:{}:1", Call::Void),
            payment_id: payment.map(|id| id.to_string()).unwrap_or_default(),
            order_id: order.to_owned(),
        };
        let payment = match result(self.client.clone().void(self.request(request)).await) {
            Ok(payment) => payment,
            Err(Refusal::Again(failed)) => return Err(failed),
            Err(Refusal::Never { .. }) => self.payment(order).await?,
        };
        let returned = |how| {
            let money = Returned { how, payment: payment.id.parse().ok() };
            Ok(Event::MoneyReturned { money })
        };
        let status = payment.status();
        match status {
            PaymentStatus::Voided => returned(MoneyBack::Voided),
            PaymentStatus::Failed => returned(MoneyBack::Declined),
            PaymentStatus::Refunded => returned(MoneyBack::Refunded),
            // Somebody took the money by hand while the order was on its way to its end.
            PaymentStatus::PartiallyCaptured
            | PaymentStatus::Captured
            | PaymentStatus::PartiallyRefunded => {
                self.refund(order, &payment).await?;
                returned(MoneyBack::Refunded)
            }
            PaymentStatus::Unspecified
            | PaymentStatus::Pending
            | PaymentStatus::Authorized
            | PaymentStatus::ActionRequired => Err(unknown(status)),
        }
    }

    async fn refund(&self, order: &str, payment: &Payment) -> Result<(), CallFailed> {
        let amount = |money: &Option<contracts::payments::v1::Money>| {
            money.as_ref().map_or(0, |money| money.amount)
        };
        let back = amount(&payment.refunded).saturating_add(amount(&payment.refund_pending));
        let left = amount(&payment.captured).saturating_sub(back);
        if left <= 0 {
            return Ok(());
        }
        let currency = payment.amount.clone().unwrap_or_default().currency;
        let request = RefundRequest {
            idempotency_key: format!("{order}:refund:1"),
            payment_id: payment.id.clone(),
            amount: Some(contracts::payments::v1::Money { amount: left, currency }),
            reason: "the order was not served".to_owned(),
        };
        match result(self.client.clone().refund(self.request(request)).await) {
            Ok(made) => match made.refund.map(|refund| refund.status()) {
                Some(RefundStatus::Pending | RefundStatus::Succeeded) => Ok(()),
                Some(RefundStatus::Failed | RefundStatus::Unspecified) | None => {
                    Err(CallFailed("the refund did not succeed".to_owned()))
                }
            },
            Err(Refusal::Again(failed)) => Err(failed),
            Err(Refusal::Never { code, detail }) => {
                Err(CallFailed(format!("refund refused: {code}: {detail}")))
            }
        }
    }

    /// The payment as payments sees it now.
    async fn payment(&self, order: &str) -> Result<Payment, CallFailed> {
        let request = GetPaymentRequest { by: Some(By::OrderId(order.to_owned())) };
        match result(self.client.clone().get_payment(self.request(request)).await) {
            Ok(payment) => Ok(payment),
            Err(Refusal::Again(failed)) => Err(failed),
            Err(Refusal::Never { code, detail }) => {
                Err(CallFailed(format!("no word about the payment: {code}: {detail}")))
            }
        }
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(self.call_max);
        request
    }
}

/// What an authorisation came to. An answer about another order or amount is not believed.
fn outcome(order: &str, total: Money, payment: Payment) -> Result<Event, CallFailed> {
    let amount = payment.amount.clone().and_then(|amount| Money::try_from(amount).ok());
    if payment.order_id != order || amount != Some(total) {
        return Err(CallFailed(format!(
            "the answer is about {} of order {}, not about {total}",
            amount.map_or_else(|| "nothing".to_owned(), |amount| amount.to_string()),
            payment.order_id
        )));
    }
    let id: Option<PaymentId> = payment.id.parse().ok();
    let known = || id.ok_or_else(|| CallFailed(format!("{:?} is no payment's id", payment.id)));
    let status = payment.status();
    match status {
        PaymentStatus::Authorized | PaymentStatus::PartiallyCaptured | PaymentStatus::Captured => {
            Ok(Event::Authorized { payment: known()? })
        }
        PaymentStatus::ActionRequired => {
            let asked = payment.challenge.clone().unwrap_or_default();
            let challenge = Challenge { kind: asked.kind, prompt: asked.prompt };
            Ok(Event::ActionRequired { payment: known()?, challenge })
        }
        PaymentStatus::Failed => {
            let failure = payment.failure.clone().unwrap_or_default();
            Ok(Event::Declined { payment: id, code: failure.code, detail: failure.detail })
        }
        PaymentStatus::Voided | PaymentStatus::Refunded | PaymentStatus::PartiallyRefunded => {
            let (code, detail) = ("voided".to_owned(), "the payment was called off".to_owned());
            Ok(Event::Declined { payment: id, code, detail })
        }
        PaymentStatus::Unspecified | PaymentStatus::Pending => Err(unknown(status)),
    }
}

fn unknown(status: PaymentStatus) -> CallFailed {
    CallFailed(format!("the payment is {status:?}: its outcome is not known yet"))
}

/// Tells answers that no repetition changes from those that one may.
fn result<T>(answer: Result<tonic::Response<T>, Status>) -> Result<T, Refusal> {
    let status = match answer {
        Ok(response) => return Ok(response.into_inner()),
        Err(status) => status,
    };
    match status.code() {
        Code::InvalidArgument | Code::FailedPrecondition | Code::NotFound | Code::OutOfRange => {
            let code = status.metadata().get(edge::grpc::CODE_KEY);
            let code = code.and_then(|code| code.to_str().ok()).unwrap_or("refused").to_owned();
            Err(Refusal::Never { code, detail: status.message().to_owned() })
        }
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => {
            let reason = format!("{:?}: {}", status.code(), status.message());
            Err(Refusal::Again(CallFailed(reason)))
        }
    }
}
