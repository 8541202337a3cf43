//! Why a command on a payment did not do what it was asked.

use contracts::ids::OrderId;
use kernel::{Fails, Fault, FieldError};

use crate::domain::Refusal;

/// Why a command on a payment failed.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    #[error("the request is not valid: {}", list(.0))]
    Invalid(Vec<FieldError>),
    #[error("there is no such payment")]
    NotFound,
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("order {0} has a payment already")]
    OrderTaken(OrderId),
    #[error("order {0} takes no payment any more: it was called off")]
    OrderClosed(OrderId),
    #[error("the idempotency key was used for another request")]
    KeyReused,
    #[error("{0}")]
    Provider(#[from] crate::providers::ProviderError),
    #[error("too many changes of the same payment at the same time")]
    Contended,
    #[error("store")]
    Store(#[from] store::Error),
}

fn list(fields: &[FieldError]) -> String {
    let each = fields.iter().map(|field| format!("{} {}", field.pointer, field.detail));
    each.collect::<Vec<_>>().join("; ")
}

/// The slug of a refusal.
fn refusal_code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NotPositive(_) | Refusal::OtherCurrency { .. } => "invalid-amount",
        Refusal::TooMuch { .. } => "amount-exceeded",
        Refusal::NotPossible { .. } => "payment-state",
        Refusal::InFlight(_) => "payment-in-flight",
    }
}

impl Fails for PaymentError {
    fn fault(&self) -> Fault {
        match self {
            Self::Invalid(_) | Self::KeyReused => Fault::Invalid,
            Self::NotFound => Fault::NotFound,
            Self::Refused(refusal) => match refusal {
                Refusal::NotPositive(_) | Refusal::OtherCurrency { .. } => Fault::Invalid,
                Refusal::TooMuch { .. } | Refusal::NotPossible { .. } => Fault::Conflict,
                Refusal::InFlight(_) => Fault::Unavailable,
            },
            Self::OrderTaken(_) | Self::OrderClosed(_) => Fault::Conflict,
            Self::Provider(_) | Self::Contended => Fault::Unavailable,
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid-body",
            Self::NotFound => "not-found",
            Self::Refused(refusal) => refusal_code(refusal),
            Self::OrderTaken(_) => "order-has-payment",
            Self::OrderClosed(_) => "order-closed",
            Self::KeyReused => "idempotency-key-reused",
            Self::Provider(_) => "provider-unavailable",
            Self::Contended => "payment-contended",
            Self::Store(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::Refused(Refusal::NotPositive(_) | Refusal::OtherCurrency { .. }) => {
                vec![FieldError::new("/amount", self.to_string())]
            }
            Self::NotFound
            | Self::Refused(_)
            | Self::OrderTaken(_)
            | Self::OrderClosed(_)
            | Self::KeyReused
            | Self::Provider(_)
            | Self::Contended
            | Self::Store(_) => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        (self.fault() == Fault::Unavailable).then_some(1)
    }
}
