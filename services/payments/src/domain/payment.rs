//! The aggregate: one payment of one order, its counters, and the status that follows from them.

use std::str::FromStr;

use contracts::ids::{OrderId, PaymentId};
use kernel::{Money, Timestamp};

use super::{Challenge, Failure, Kind, Operation, UnknownWord};

/// One payment of one order. The counters are minor units of `amount`'s currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub order: OrderId,
    pub provider: String,
    /// What was asked for.
    pub amount: Money,
    /// The key under which the provider knows the authorisation.
    pub authorize_key: String,
    pub stage: Stage,
    /// What the provider held when it authorised.
    pub authorized: i64,
    pub captured: i64,
    /// What was given back uncaptured.
    pub voided: i64,
    pub refunded: i64,
    /// Asked of the provider, outcome not known yet.
    pub pending: Vec<Operation>,
    /// Grows by one with each request and each fact.
    pub version: i64,
    pub created_at: Timestamp,
}

/// How far the authorisation came. What happened to the held money after that is in the counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The provider was asked; its answer is not known.
    Asked,
    Challenged(Challenge),
    Authorized,
    Failed(Failure),
    /// Called off before anything was held, or a tombstone that keeps a late authorisation out.
    Closed,
}

/// The payment's state in one word, derived from stage and counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Pending,
    Authorized,
    ActionRequired,
    PartiallyCaptured,
    Captured,
    PartiallyRefunded,
    Refunded,
    Voided,
    Failed,
}

/// The figures of a payment as they stood at one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    pub status: Status,
    pub authorized: i64,
    pub captured: i64,
    pub refunded: i64,
    pub refund_pending: i64,
    pub version: i64,
}

/// What a caller is answered: a payment as it stands, or as it stood right after an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub id: PaymentId,
    pub order: OrderId,
    pub provider: String,
    pub amount: Money,
    pub figures: Figures,
    pub failure: Option<Failure>,
    pub challenge: Option<Challenge>,
    pub created_at: Timestamp,
}

impl Payment {
    /// What may still be captured: held, neither captured nor voided, nor on its way to be.
    pub fn capturable(&self) -> i64 {
        self.releasable() - self.pending_of(Kind::Capture)
    }

    /// What may still be refunded; refunds on their way count as gone.
    pub fn refundable(&self) -> i64 {
        self.captured - self.refunded - self.pending_of(Kind::Refund)
    }

    /// What the provider holds, as far as is known.
    pub fn releasable(&self) -> i64 {
        self.authorized - self.captured - self.voided
    }

    /// Whether the order is free for another payment.
    pub fn frees_order(&self) -> bool {
        matches!(self.stage, Stage::Failed(_)) && self.pending.is_empty()
    }

    pub fn is_pending(&self, kind: Kind) -> bool {
        self.pending.iter().any(|operation| operation.kind == kind)
    }

    pub fn status(&self) -> Status {
        // A refund on its way has a counter of its own and leaves the status alone.
        if self.pending.iter().any(|operation| operation.kind != Kind::Refund) {
            return Status::Pending;
        }
        match &self.stage {
            Stage::Asked => Status::Pending,
            Stage::Challenged(_) => Status::ActionRequired,
            Stage::Failed(_) => Status::Failed,
            Stage::Closed => Status::Voided,
            Stage::Authorized => self.status_of_held_money(),
        }
    }

    fn status_of_held_money(&self) -> Status {
        if self.captured == 0 {
            if self.voided > 0 { Status::Voided } else { Status::Authorized }
        } else if self.refunded == self.captured {
            Status::Refunded
        } else if self.refunded > 0 {
            Status::PartiallyRefunded
        } else if self.releasable() > 0 {
            Status::PartiallyCaptured
        } else {
            Status::Captured
        }
    }

    pub fn figures(&self) -> Figures {
        Figures {
            status: self.status(),
            authorized: self.authorized,
            captured: self.captured,
            refunded: self.refunded,
            refund_pending: self.pending_of(Kind::Refund),
            version: self.version,
        }
    }

    /// The payment as it stands.
    pub fn view(&self) -> View {
        let (failure, challenge) = match &self.stage {
            Stage::Failed(failure) => (Some(failure.clone()), None),
            Stage::Challenged(challenge) => (None, Some(challenge.clone())),
            Stage::Asked | Stage::Authorized | Stage::Closed => (None, None),
        };
        self.view_at(self.figures(), failure, challenge)
    }

    /// The payment as it stood at `figures`.
    pub fn view_at(
        &self,
        figures: Figures,
        failure: Option<Failure>,
        challenge: Option<Challenge>,
    ) -> View {
        View {
            id: self.id,
            order: self.order,
            provider: self.provider.clone(),
            amount: self.amount,
            figures,
            failure,
            challenge,
            created_at: self.created_at,
        }
    }

    pub(super) fn pending_of(&self, kind: Kind) -> i64 {
        let of_kind = self.pending.iter().filter(|operation| operation.kind == kind);
        of_kind.map(|operation| operation.minor).sum()
    }
}

impl View {
    /// `minor` units of this payment's currency.
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.amount.currency)
    }
}

impl Stage {
    /// The word for it in the database.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Challenged(_) => "challenged",
            Self::Authorized => "authorized",
            Self::Failed(_) => "failed",
            Self::Closed => "closed",
        }
    }
}

impl Status {
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Authorized,
        Self::ActionRequired,
        Self::PartiallyCaptured,
        Self::Captured,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Voided,
        Self::Failed,
    ];

    /// The word for it, in the database and in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Authorized => "authorized",
            Self::ActionRequired => "action_required",
            Self::PartiallyCaptured => "partially_captured",
            Self::Captured => "captured",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for Status {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let known = Self::ALL.into_iter().find(|status| status.word() == word);
        known.ok_or_else(|| UnknownWord(word.to_owned()))
    }
}
