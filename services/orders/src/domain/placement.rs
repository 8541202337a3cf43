//! The placement saga as a pure machine: `(state, event, now) -> state`, and what each state owes.
//!
//! The picture is in the service's README; the table test covers every pair.

mod effects;
mod ending;
mod machine;
mod reach;
mod standing;

use std::time::Duration;

use contracts::{commands::StockLine, ids::PaymentId};
use kernel::{Money, Timestamp};

use super::{statuses::spelled, words::Tender};

pub use effects::{Send, sends};
pub use ending::{Closing, Ending, MoneyBack, Reason, Returned};
pub use machine::{Late, step};
pub use reach::reachable;
pub use standing::{PaymentNow, Standing, legal};

/// How long the saga waits for others. All of it together is shorter than the reservation's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From placement to confirmation, and again from each answer to a challenge.
    pub placement: Duration,
    /// From the first challenge to its answer.
    pub challenge: Duration,
    /// From a command over the queue to its answer; then it is sent again, each time after twice
    /// the wait, up to [`Self::resend_max`].
    pub resend: Duration,
    /// The longest wait between two sendings.
    pub resend_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            placement: Duration::from_secs(30),
            challenge: Duration::from_secs(600),
            resend: Duration::from_secs(5),
            resend_max: Duration::from_secs(60),
        }
    }
}

/// One placement: the facts that later steps need, and the step it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The order's number, for the events about it.
    pub number: i64,
    /// What is charged.
    pub total: Money,
    /// How many answers to challenges were given: the ordinal of their idempotency keys.
    pub answers: u32,
    /// Where it stands.
    pub step: Step,
}

/// Where a placement stands, with what only this step needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Stock was asked to set the lines aside.
    Reserving {
        /// What to set aside.
        lines: Vec<StockLine>,
        /// What pays for it.
        tender: Tender,
        /// When the customer has waited long enough.
        deadline: Timestamp,
    },
    /// Payments is asked to hold the total.
    Authorizing {
        /// What pays for it.
        tender: Tender,
        /// When the customer has waited long enough.
        deadline: Timestamp,
    },
    /// The payer must answer a challenge.
    AwaitingAnswer {
        /// What is waited for.
        open: OpenChallenge,
        /// When this wait began.
        since: Timestamp,
    },
    /// Payments is told the answer.
    Answering {
        /// What it answers.
        open: OpenChallenge,
        /// What the payer said.
        answer: String,
        /// When the customer has waited long enough.
        deadline: Timestamp,
    },
    /// Confirmed. Stock was asked to take the goods out for good.
    Committing {
        /// Where the money is held.
        payment: PaymentId,
        /// How many times stock was asked.
        sends: u32,
    },
    /// The goods are ours to send. Payments is asked to take the money.
    Capturing {
        /// Where the money is held.
        payment: PaymentId,
    },
    /// Payments is asked to let go of whatever it holds.
    Voiding {
        /// Where the money is held; unknown when no answer ever came.
        payment: Option<PaymentId>,
        /// How the order ends.
        ending: Ending,
    },
    /// Stock was asked to give back whatever is set aside or taken.
    Releasing {
        /// How the order ends.
        ending: Ending,
        /// Where the money stands for good.
        money: Returned,
        /// How many times stock was asked.
        sends: u32,
    },
    /// Goods and money changed hands.
    Completed {
        /// Where the money was taken.
        payment: PaymentId,
    },
    /// Ended without a sale; everything is given back.
    Ended {
        /// How the order ends.
        ending: Ending,
        /// Where the money stands for good.
        money: Returned,
    },
}

/// A challenge that the payer has not met yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenChallenge {
    /// The payment that needs it.
    pub payment: PaymentId,
    /// What the payer is asked.
    pub challenge: Challenge,
    /// When it is too late. A second challenge does not move it.
    pub until: Timestamp,
}

/// What a payer is asked before the money is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// What kind of answer is expected.
    pub kind: String,
    /// What to show to the payer.
    pub prompt: String,
}

/// Where stock refused an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// When it was to set the lines aside.
    Reserve,
    /// When it was to take them out, after the lease had run out.
    Commit,
}

/// What can happen to a placement: a message, the result of a call, an answer, or nothing in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// All lines are set aside.
    StockReserved,
    /// Stock refused.
    StockRejected {
        /// What it was asked for.
        stage: Stage,
        /// What is short, for people.
        detail: String,
    },
    /// Nothing is set aside or taken any more.
    StockReleased,
    /// The goods were taken out for good.
    StockCommitted,
    /// The lease on the lines ran out.
    StockExpired,
    /// The total is held.
    Authorized {
        /// Where.
        payment: PaymentId,
    },
    /// The payer must answer first.
    ActionRequired {
        /// Which payment needs it.
        payment: PaymentId,
        /// What the payer is asked.
        challenge: Challenge,
    },
    /// The provider said no.
    Declined {
        /// Where, if payments keeps a record of it.
        payment: Option<PaymentId>,
        /// The provider's code.
        code: String,
        /// The provider's words.
        detail: String,
    },
    /// The payer answered.
    Answered {
        /// What they said.
        answer: String,
    },
    /// The money was taken.
    Captured,
    /// The money can never be taken.
    CaptureRefused {
        /// Why, for people.
        detail: String,
    },
    /// Payments holds nothing of this order any more.
    MoneyReturned {
        /// How that came about.
        money: Returned,
    },
    /// What was waited for did not come in time.
    TimedOut,
}

/// What a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// The result of this call, which is made until it has one.
    Call(Call),
    /// Somebody else's word, at most so long.
    Reply(Duration),
    /// Nothing: it is finished.
    Nothing,
}

/// The external effects of a placement, each with an idempotency key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Hold the total.
    Authorize,
    /// Tell the payer's answer.
    Answer,
    /// Take the money.
    Capture,
    /// Let go of what is held.
    Void,
}

spelled!(Call {
    Authorize = "authorize",
    Answer = "answer",
    Capture = "capture",
    Void = "void",
});

#[cfg(test)]
mod tests;
