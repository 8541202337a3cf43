//! What an outcome changes: the provider's word ends an operation and leaves facts behind.

use std::str::FromStr;

use kernel::Money;

use super::{Challenge, Failure, Figures, Kind, Operation, Outcome, Payment, Stage, UnknownWord};

/// Something that happened to a payment, with the figures as they stood right after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub kind: FactKind,
    /// What it is the outcome of.
    pub operation: Operation,
    /// How much of the payment's currency it is about.
    pub minor: i64,
    pub failure: Option<Failure>,
    pub challenge: Option<Challenge>,
    pub after: Figures,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactKind {
    Authorized,
    Challenged,
    Declined,
    Captured,
    CaptureDeclined,
    Voided,
    VoidDeclined,
    Refunded,
    RefundDeclined,
    /// An authorisation or answer whose outcome nobody needs any more: the payment was called off.
    Abandoned,
    /// A tombstone was set.
    Closed,
}

/// Why an outcome changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsettled {
    /// It has been settled before, or was never asked.
    #[error("{0:?} does not wait for an outcome")]
    NotPending(String),
    /// The provider speaks of another amount than it was asked for. It is never trusted.
    #[error("the provider speaks of {told} where {expected} was asked")]
    Integrity { expected: Money, told: Money },
    /// The provider answered something that is no answer to this kind of operation.
    #[error("a challenge is no outcome of a {}", .0.word())]
    OutOfPlace(Kind),
}

impl Payment {
    /// Takes the provider's word on the pending operation `key`. On an error nothing has changed.
    pub fn settle(&mut self, key: &str, outcome: &Outcome) -> Result<Vec<Fact>, Unsettled> {
        let at = self.pending.iter().position(|operation| operation.key == key);
        let Some(at) = at else { return Err(Unsettled::NotPending(key.to_owned())) };
        self.check(&self.pending[at], outcome)?;
        let operation = self.pending.remove(at);
        Ok(match outcome {
            Outcome::Done(money) => self.done(operation, money.minor),
            Outcome::Declined(failure) => self.declined(operation, failure),
            Outcome::Challenged(challenge) => self.challenged(operation, challenge),
        })
    }

    fn check(&self, operation: &Operation, outcome: &Outcome) -> Result<(), Unsettled> {
        match outcome {
            Outcome::Done(told) => self.check_amount(operation, *told),
            Outcome::Declined(_) => Ok(()),
            Outcome::Challenged(_) => match operation.kind {
                Kind::Authorize => Ok(()),
                Kind::Answer | Kind::Capture | Kind::Void | Kind::Refund => {
                    Err(Unsettled::OutOfPlace(operation.kind))
                }
            },
        }
    }

    fn check_amount(&self, operation: &Operation, told: Money) -> Result<(), Unsettled> {
        let (expected, right) = match operation.kind {
            Kind::Authorize | Kind::Answer | Kind::Capture | Kind::Refund => {
                (operation.minor, told.minor == operation.minor)
            }
            // What an unknown authorisation had held, the provider knows better than we do.
            Kind::Void if self.stage != Stage::Authorized => {
                (self.amount.minor, told.minor == 0 || told.minor == self.amount.minor)
            }
            Kind::Void => (self.releasable(), told.minor == self.releasable()),
        };
        if right && told.currency == self.amount.currency {
            return Ok(());
        }
        let expected = Money::new(expected, self.amount.currency);
        Err(Unsettled::Integrity { expected, told })
    }

    fn done(&mut self, operation: Operation, minor: i64) -> Vec<Fact> {
        let kind = match operation.kind {
            Kind::Authorize | Kind::Answer => {
                self.stage = Stage::Authorized;
                self.authorized = minor;
                FactKind::Authorized
            }
            Kind::Capture => {
                self.captured += minor;
                FactKind::Captured
            }
            Kind::Refund => {
                self.refunded += minor;
                FactKind::Refunded
            }
            Kind::Void => return self.voided(operation, minor),
        };
        vec![self.fact(kind, operation, minor, None, None)]
    }

    fn voided(&mut self, void: Operation, minor: i64) -> Vec<Fact> {
        if self.stage == Stage::Authorized {
            self.voided += minor;
            return vec![self.fact(FactKind::Voided, void, minor, None, None)];
        }
        self.stage = Stage::Closed;
        let abandoned = std::mem::take(&mut self.pending);
        let mut facts = vec![self.fact(FactKind::Voided, void, minor, None, None)];
        for operation in abandoned {
            let minor = operation.minor;
            facts.push(self.fact(FactKind::Abandoned, operation, minor, None, None));
        }
        facts
    }

    fn declined(&mut self, operation: Operation, failure: &Failure) -> Vec<Fact> {
        let kind = match operation.kind {
            Kind::Authorize | Kind::Answer => {
                self.stage = Stage::Failed(failure.clone());
                FactKind::Declined
            }
            Kind::Capture => {
                // The hold is of no use any more, unless something was or may yet be taken of it.
                if self.captured == 0 && !self.is_pending(Kind::Capture) {
                    self.stage = Stage::Failed(failure.clone());
                }
                FactKind::CaptureDeclined
            }
            Kind::Void => FactKind::VoidDeclined,
            Kind::Refund => FactKind::RefundDeclined,
        };
        let minor = operation.minor;
        vec![self.fact(kind, operation, minor, Some(failure.clone()), None)]
    }

    fn challenged(&mut self, operation: Operation, challenge: &Challenge) -> Vec<Fact> {
        self.stage = Stage::Challenged(challenge.clone());
        let minor = operation.minor;
        vec![self.fact(FactKind::Challenged, operation, minor, None, Some(challenge.clone()))]
    }

    fn fact(
        &mut self,
        kind: FactKind,
        operation: Operation,
        minor: i64,
        failure: Option<Failure>,
        challenge: Option<Challenge>,
    ) -> Fact {
        self.version += 1;
        Fact { kind, operation, minor, failure, challenge, after: self.figures() }
    }
}

impl Fact {
    pub(super) fn closed(payment: &Payment, void: Operation) -> Self {
        Self {
            kind: FactKind::Closed,
            operation: void,
            minor: 0,
            failure: None,
            challenge: None,
            after: payment.figures(),
        }
    }
}

impl FactKind {
    pub const ALL: [Self; 11] = [
        Self::Authorized,
        Self::Challenged,
        Self::Declined,
        Self::Captured,
        Self::CaptureDeclined,
        Self::Voided,
        Self::VoidDeclined,
        Self::Refunded,
        Self::RefundDeclined,
        Self::Abandoned,
        Self::Closed,
    ];

    /// The word for it in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::Challenged => "challenged",
            Self::Declined => "declined",
            Self::Captured => "captured",
            Self::CaptureDeclined => "capture_declined",
            Self::Voided => "voided",
            Self::VoidDeclined => "void_declined",
            Self::Refunded => "refunded",
            Self::RefundDeclined => "refund_declined",
            Self::Abandoned => "abandoned",
            Self::Closed => "closed",
        }
    }
}

impl FromStr for FactKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let known = Self::ALL.into_iter().find(|kind| kind.word() == word);
        known.ok_or_else(|| UnknownWord(word.to_owned()))
    }
}
