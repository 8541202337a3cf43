//! Requests parsed into words of the domain, all faults at once, and views as they go over the
//! wire.

use std::fmt::Display;
use std::str::FromStr;

use contracts::payments::v1;
use kernel::{FieldError, Money};

use crate::commands::PaymentError;
use crate::domain::{Challenge, Failure, Status, View};
use crate::queries::{RefundStatus, RefundView};

const KEY_BYTES_MAX: usize = 255;
const TEXT_BYTES_MAX: usize = 500;

/// Collects what is wrong with a request.
#[derive(Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    pub fn wrong(&mut self, pointer: &str, detail: impl Display) {
        self.0.push(FieldError::new(pointer, detail.to_string()));
    }

    pub fn key(&mut self, key: String) -> String {
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || key.len() > KEY_BYTES_MAX || !visible {
            self.wrong("/idempotency_key", "must be 1 to 255 visible ASCII characters");
        }
        key
    }

    pub fn id<T: FromStr<Err: Display>>(&mut self, pointer: &str, text: &str) -> Option<T> {
        text.parse().map_err(|error| self.wrong(pointer, error)).ok()
    }

    pub fn optional_id<T: FromStr<Err: Display>>(
        &mut self,
        pointer: &str,
        text: &str,
    ) -> Option<T> {
        if text.is_empty() { None } else { self.id(pointer, text) }
    }

    pub fn money(&mut self, wire: Option<v1::Money>) -> Option<Money> {
        if wire.is_none() {
            self.wrong("/amount", "is missing");
        }
        self.optional_money(wire)
    }

    pub fn optional_money(&mut self, wire: Option<v1::Money>) -> Option<Money> {
        let money = wire?.try_into();
        money.map_err(|error| self.wrong("/amount/currency", error)).ok()
    }

    pub fn text(&mut self, pointer: &str, text: String, bytes_min: usize) -> String {
        if !(bytes_min..=TEXT_BYTES_MAX).contains(&text.len()) {
            self.wrong(pointer, format!("must be {bytes_min} to {TEXT_BYTES_MAX} bytes"));
        }
        text
    }

    /// The value, unless anything of the request was wrong.
    pub fn one<T>(self, value: Option<T>) -> Result<T, PaymentError> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) | None => Err(PaymentError::Invalid(self.0)),
        }
    }

    /// Both values, unless anything of the request was wrong.
    pub fn both<A, B>(self, a: Option<A>, b: Option<B>) -> Result<(A, B), PaymentError> {
        self.one(a.zip(b))
    }
}

pub fn payment(view: View) -> v1::Payment {
    let money = |minor| Some(view.money(minor).into());
    let figures = view.figures;
    v1::Payment {
        id: view.id.to_string(),
        order_id: view.order.to_string(),
        status: status(figures.status).into(),
        amount: money(view.amount.minor),
        authorized: money(figures.authorized),
        captured: money(figures.captured),
        refunded: money(figures.refunded),
        refund_pending: money(figures.refund_pending),
        failure: view.failure.map(failure),
        challenge: view.challenge.map(challenge),
        version: figures.version,
        created_at_ms: view.created_at.ms(),
        provider: view.provider,
    }
}

pub fn refund(view: RefundView) -> v1::Refund {
    let status = match view.status {
        RefundStatus::Pending => v1::RefundStatus::Pending,
        RefundStatus::Succeeded => v1::RefundStatus::Succeeded,
        RefundStatus::Failed => v1::RefundStatus::Failed,
    };
    v1::Refund {
        id: view.id.to_string(),
        payment_id: view.payment.to_string(),
        status: status.into(),
        amount: Some(view.amount.into()),
        reason: view.reason,
        failure: view.failure.map(failure),
        created_at_ms: view.created_at.ms(),
    }
}

fn status(status: Status) -> v1::PaymentStatus {
    match status {
        Status::Pending => v1::PaymentStatus::Pending,
        Status::Authorized => v1::PaymentStatus::Authorized,
        Status::ActionRequired => v1::PaymentStatus::ActionRequired,
        Status::PartiallyCaptured => v1::PaymentStatus::PartiallyCaptured,
        Status::Captured => v1::PaymentStatus::Captured,
        Status::PartiallyRefunded => v1::PaymentStatus::PartiallyRefunded,
        Status::Refunded => v1::PaymentStatus::Refunded,
        Status::Voided => v1::PaymentStatus::Voided,
        Status::Failed => v1::PaymentStatus::Failed,
    }
}

fn failure(failure: Failure) -> v1::Failure {
    v1::Failure { code: failure.code, detail: failure.detail }
}

fn challenge(challenge: Challenge) -> v1::Challenge {
    v1::Challenge { kind: challenge.kind, prompt: challenge.prompt }
}
