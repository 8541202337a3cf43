//! What is asked of a provider, and what it says has come of it.

use std::str::FromStr;

use contracts::ids::RefundId;
use kernel::Money;

/// What can be asked of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Hold an amount.
    Authorize,
    /// Answer a challenge that came instead of a hold.
    Answer,
    /// Take held money.
    Capture,
    /// Give held money back.
    Void,
    /// Return taken money.
    Refund,
}

/// Something that was asked of the provider. Its key names it there too: the provider does a key
/// once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The caller's idempotency key: a pure function of the logical operation, never of the retry.
    pub key: String,
    pub kind: Kind,
    /// Minor units, in the payment's currency.
    pub minor: i64,
    /// Names the refund, when it is one.
    pub refund: Option<RefundId>,
}

/// What a provider says has come of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, for this amount. For a void: what had been held.
    Done(Money),
    /// It was refused for good.
    Declined(Failure),
    /// The payer must answer first.
    Challenged(Challenge),
}

/// Why the provider refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Stable, for programs: `card_declined`, `insufficient_funds`, ...
    pub code: String,
    /// For people.
    pub detail: String,
}

/// What the payer must answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// What kind of answer is expected: `code`, ...
    pub kind: String,
    /// For the payer.
    pub prompt: String,
}

/// A word of the database that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown word {0:?}")]
pub struct UnknownWord(pub String);

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::Authorize, Self::Answer, Self::Capture, Self::Void, Self::Refund];

    /// The word for it, in the database and in names of crash points.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Answer => "answer",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
        }
    }
}

impl FromStr for Kind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let known = Self::ALL.into_iter().find(|kind| kind.word() == word);
        known.ok_or_else(|| UnknownWord(word.to_owned()))
    }
}
