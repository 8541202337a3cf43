//! How a placement ends that is no sale: why, and where its money stands for good.

use contracts::ids::PaymentId;

use crate::domain::statuses::{PaymentStatus, spelled};

/// How an order ends that is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Whether it had been confirmed before.
    pub closing: Closing,
    /// Why, for programs.
    pub reason: Reason,
    /// Why, for people.
    pub detail: String,
}

/// Whether an order ended before or after it was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// Before.
    Rejected,
    /// After.
    Canceled,
}

/// Why an order is not served: the `code` of its rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Not enough goods.
    OutOfStock,
    /// The provider said no; its own code is in the detail.
    PaymentDeclined,
    /// Nobody knew in time whether the money is held.
    PaymentTimeout,
    /// The answer to the challenge was wrong.
    PaymentChallengeFailed,
    /// The challenge was not answered in time.
    PaymentChallengeExpired,
    /// The money was held and could not be taken.
    PaymentFailed,
    /// The goods could not be set aside in time.
    Timeout,
}

spelled!(Closing { Rejected = "rejected", Canceled = "canceled", });
spelled!(Reason {
    OutOfStock = "out_of_stock",
    PaymentDeclined = "payment_declined",
    PaymentTimeout = "payment_timeout",
    PaymentChallengeFailed = "payment_challenge_failed",
    PaymentChallengeExpired = "payment_challenge_expired",
    PaymentFailed = "payment_failed",
    Timeout = "timeout",
});

/// How the money of an order that is not served ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyBack {
    /// Payments was never asked.
    NeverAsked,
    /// The provider declined: nothing was held.
    Declined,
    /// What was held, or might have been, is given back.
    Voided,
    /// It had been taken by hand meanwhile, and is on its way back.
    Refunded,
}

spelled!(MoneyBack {
    NeverAsked = "never_asked",
    Declined = "declined",
    Voided = "voided",
    Refunded = "refunded",
});

impl MoneyBack {
    /// The payment status it leaves on the order.
    pub fn payment_status(self) -> PaymentStatus {
        match self {
            Self::NeverAsked => PaymentStatus::None,
            Self::Declined => PaymentStatus::Failed,
            Self::Voided => PaymentStatus::Voided,
            Self::Refunded => PaymentStatus::Refunded,
        }
    }
}

/// Where the money of an order that is not served stands for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returned {
    /// How it came there.
    pub how: MoneyBack,
    /// The payment, if payments ever told its id.
    pub payment: Option<PaymentId>,
}
