//! Which operations a payment allows: each request adds one that waits for the provider's word.

use contracts::ids::{OrderId, PaymentId, RefundId};
use kernel::{Currency, Money, Timestamp};

use super::{Fact, Kind, Operation, Payment, Stage, Status};

/// Why a payment does not allow an operation. Nothing was asked of the provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("an amount must be more than nothing, not {0}")]
    NotPositive(Money),
    #[error("the payment is in {held}, not in {asked}")]
    OtherCurrency { asked: Currency, held: Currency },
    #[error("{asked} asked, {left} left")]
    TooMuch { asked: Money, left: Money },
    #[error("a payment that is {} does not allow to {}", .status.word(), .kind.word())]
    NotPossible { kind: Kind, status: Status },
    #[error("the outcome of an earlier {} is not known yet", .0.word())]
    InFlight(Kind),
}

/// An authorisation as the caller asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub key: String,
    pub order: OrderId,
    pub provider: String,
    pub amount: Money,
}

impl Payment {
    /// A payment whose authorisation is asked of the provider.
    pub fn ask(asked: Asked, id: PaymentId, now: Timestamp) -> Result<Self, Refusal> {
        if asked.amount.minor <= 0 {
            return Err(Refusal::NotPositive(asked.amount));
        }
        let authorize = Operation {
            key: asked.key.clone(),
            kind: Kind::Authorize,
            minor: asked.amount.minor,
            refund: None,
        };
        let base = Self::blank(id, asked.order, now);
        Ok(Self {
            provider: asked.provider,
            amount: asked.amount,
            authorize_key: asked.key,
            pending: vec![authorize],
            version: 1,
            ..base
        })
    }

    /// The tombstone of an order that shall not be paid any more: it takes the order's one place,
    /// so that a late authorisation is refused. No provider is asked.
    pub fn tombstone(key: String, order: OrderId, id: PaymentId, now: Timestamp) -> (Self, Fact) {
        let base = Self::blank(id, order, now);
        let void = Operation { key, kind: Kind::Void, minor: 0, refund: None };
        let mut closed = Self { stage: Stage::Closed, version: 2, ..base };
        closed.authorize_key.clone_from(&void.key);
        let fact = Fact::closed(&closed, void);
        (closed, fact)
    }

    fn blank(id: PaymentId, order: OrderId, created_at: Timestamp) -> Self {
        Self {
            id,
            order,
            provider: String::new(),
            amount: Money::zero(no_currency()),
            authorize_key: String::new(),
            stage: Stage::Asked,
            authorized: 0,
            captured: 0,
            voided: 0,
            refunded: 0,
            pending: Vec::new(),
            version: 0,
            created_at,
        }
    }

    /// Asks to answer the challenge.
    pub fn ask_answer(&mut self, key: String) -> Result<Operation, Refusal> {
        self.none_pending(&[Kind::Authorize, Kind::Answer, Kind::Void])?;
        match &self.stage {
            Stage::Challenged(_) => Ok(self.ask_for(key, Kind::Answer, self.amount.minor, None)),
            Stage::Asked | Stage::Authorized | Stage::Failed(_) | Stage::Closed => {
                Err(self.not_possible(Kind::Answer))
            }
        }
    }

    /// Asks to capture `amount`, or all that is left.
    pub fn ask_capture(
        &mut self,
        key: String,
        amount: Option<Money>,
    ) -> Result<Operation, Refusal> {
        self.none_pending(&[Kind::Authorize, Kind::Answer, Kind::Void])?;
        if self.releasable() <= 0 || self.stage != Stage::Authorized {
            return Err(self.not_possible(Kind::Capture));
        }
        let left = self.capturable();
        if left == 0 {
            return Err(Refusal::InFlight(Kind::Capture));
        }
        let minor = self.part_of(left, amount)?;
        Ok(self.ask_for(key, Kind::Capture, minor, None))
    }

    /// Asks to give back all that is held, also when it is not known yet whether anything is.
    pub fn ask_void(&mut self, key: String) -> Result<Operation, Refusal> {
        self.none_pending(&[Kind::Capture, Kind::Void])?;
        let may_hold = match &self.stage {
            Stage::Asked | Stage::Challenged(_) => true,
            Stage::Authorized => self.releasable() > 0,
            Stage::Failed(_) | Stage::Closed => false,
        };
        if !may_hold {
            return Err(self.not_possible(Kind::Void));
        }
        Ok(self.ask_for(key, Kind::Void, self.releasable(), None))
    }

    /// Asks to refund `amount`, or all that is left of what was captured.
    pub fn ask_refund(
        &mut self,
        key: String,
        amount: Option<Money>,
        refund: RefundId,
    ) -> Result<Operation, Refusal> {
        let left = self.refundable();
        let minor = if left == 0 && (amount.is_none() || self.captured == 0) {
            Err(self.not_possible(Kind::Refund))
        } else {
            self.part_of(left, amount)
        };
        let minor = minor.map_err(|refusal| self.after_captures(refusal))?;
        Ok(self.ask_for(key, Kind::Refund, minor, Some(refund)))
    }

    fn ask_for(
        &mut self,
        key: String,
        kind: Kind,
        minor: i64,
        refund: Option<RefundId>,
    ) -> Operation {
        let operation = Operation { key, kind, minor, refund };
        self.pending.push(operation.clone());
        self.version += 1;
        operation
    }

    fn part_of(&self, left: i64, amount: Option<Money>) -> Result<i64, Refusal> {
        let held = self.amount.currency;
        let Some(asked) = amount else { return Ok(left) };
        if asked.currency != held {
            return Err(Refusal::OtherCurrency { asked: asked.currency, held });
        }
        if asked.minor <= 0 {
            return Err(Refusal::NotPositive(asked));
        }
        if asked.minor > left {
            return Err(Refusal::TooMuch { asked, left: Money::new(left, held) });
        }
        Ok(asked.minor)
    }

    /// What is too much now may not be when a capture on its way has arrived.
    fn after_captures(&self, refusal: Refusal) -> Refusal {
        match refusal {
            Refusal::TooMuch { .. } | Refusal::NotPossible { .. } => {
                let before = [Kind::Authorize, Kind::Answer, Kind::Capture];
                self.none_pending(&before).err().unwrap_or(refusal)
            }
            Refusal::NotPositive(_) | Refusal::OtherCurrency { .. } | Refusal::InFlight(_) => {
                refusal
            }
        }
    }

    fn none_pending(&self, kinds: &[Kind]) -> Result<(), Refusal> {
        match self.pending.iter().find(|operation| kinds.contains(&operation.kind)) {
            Some(operation) => Err(Refusal::InFlight(operation.kind)),
            None => Ok(()),
        }
    }

    fn not_possible(&self, kind: Kind) -> Refusal {
        Refusal::NotPossible { kind, status: self.status() }
    }
}

/// A tombstone has an amount of nothing, in no currency.
fn no_currency() -> Currency {
    "XXX".parse().expect("ISO 4217 has the code XXX for no currency")
}
