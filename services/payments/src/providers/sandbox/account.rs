//! How the sandbox bank decides: by token, and by what it has booked for an authorisation. Pure.

use std::str::FromStr;

use kernel::Money;

use super::books::Booking;
use crate::domain::{Kind, UnknownWord};

/// The answer that passes the challenge of `tok_challenge`.
const RIGHT_ANSWER: &str = "123456";

/// What the bank decided on an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Approved,
    Challenged,
    Declined(Reason),
}

/// Why the bank declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    CardDeclined,
    InsufficientFunds,
    InvalidToken,
    ChallengeFailed,
    /// The authorisation was called off, or never challenged.
    AuthorizationClosed,
    /// More than is held.
    AmountNotHeld,
    /// More than was captured.
    AmountNotCaptured,
}

/// What stands behind one authorisation, folded from its bookings. Minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    seen: bool,
    closed: bool,
    challenged: bool,
    pub held: i64,
    pub captured: i64,
    pub refunded: i64,
}

impl Account {
    /// Folds all bookings of one authorisation, oldest first.
    pub fn of(history: &[Booking]) -> Self {
        history.iter().fold(Self::default(), Self::after)
    }

    /// The account after one more booking.
    pub fn after(mut self, booking: &Booking) -> Self {
        self.seen = true;
        let minor = booking.amount.minor;
        match (booking.kind, booking.decision) {
            (Kind::Authorize | Kind::Answer, Decision::Approved) => {
                self.held = minor;
                self.challenged = false;
            }
            (Kind::Authorize, Decision::Challenged) => self.challenged = true,
            (Kind::Answer, Decision::Declined(_)) => self.challenged = false,
            (Kind::Capture, Decision::Approved) => {
                self.held -= minor;
                self.captured += minor;
            }
            (Kind::Void, Decision::Approved) => {
                self.held = 0;
                self.challenged = false;
                self.closed = true;
            }
            (Kind::Refund, Decision::Approved) => self.refunded += minor,
            (
                Kind::Authorize | Kind::Capture | Kind::Void | Kind::Refund,
                Decision::Declined(_),
            )
            | (Kind::Answer | Kind::Capture | Kind::Void | Kind::Refund, Decision::Challenged) => {}
        }
        self
    }

    /// Decides on one more operation. For a void, all that is held goes back, whatever `amount`
    /// says.
    pub fn decide(self, kind: Kind, amount: Money, input: &str) -> (Decision, Money) {
        let decision = match kind {
            Kind::Authorize if self.seen => Decision::Declined(Reason::AuthorizationClosed),
            Kind::Authorize => by_token(input),
            Kind::Answer if !self.challenged => Decision::Declined(Reason::AuthorizationClosed),
            Kind::Answer if input == RIGHT_ANSWER => Decision::Approved,
            Kind::Answer => Decision::Declined(Reason::ChallengeFailed),
            Kind::Capture if amount.minor > self.held => Decision::Declined(Reason::AmountNotHeld),
            Kind::Capture => Decision::Approved,
            Kind::Void if self.captured > 0 && self.held == 0 => {
                Decision::Declined(Reason::AmountNotHeld)
            }
            Kind::Void => return (Decision::Approved, Money::new(self.held, amount.currency)),
            Kind::Refund if amount.minor > self.captured - self.refunded => {
                Decision::Declined(Reason::AmountNotCaptured)
            }
            Kind::Refund => Decision::Approved,
        };
        (decision, amount)
    }
}

fn by_token(token: &str) -> Decision {
    match token {
        "tok_visa" | super::TOKEN_ERROR | super::TOKEN_TIMEOUT => Decision::Approved,
        "tok_declined" => Decision::Declined(Reason::CardDeclined),
        "tok_insufficient_funds" => Decision::Declined(Reason::InsufficientFunds),
        "tok_challenge" => Decision::Challenged,
        _ => Decision::Declined(Reason::InvalidToken),
    }
}

impl Decision {
    /// The word for it in the books, and the reason's code when it is a refusal.
    pub const fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Approved => ("approved", None),
            Self::Challenged => ("challenged", None),
            Self::Declined(reason) => ("declined", Some(reason.code())),
        }
    }
}

impl Reason {
    const ALL: [Self; 7] = [
        Self::CardDeclined,
        Self::InsufficientFunds,
        Self::InvalidToken,
        Self::ChallengeFailed,
        Self::AuthorizationClosed,
        Self::AmountNotHeld,
        Self::AmountNotCaptured,
    ];

    /// Stable, for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CardDeclined => "card_declined",
            Self::InsufficientFunds => "insufficient_funds",
            Self::InvalidToken => "invalid_token",
            Self::ChallengeFailed => "challenge_failed",
            Self::AuthorizationClosed => "authorization_closed",
            Self::AmountNotHeld => "amount_not_held",
            Self::AmountNotCaptured => "amount_not_captured",
        }
    }

    /// For people.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::CardDeclined => "the bank declined the card",
            Self::InsufficientFunds => "the account does not cover the amount",
            Self::InvalidToken => "the bank does not know this token",
            Self::ChallengeFailed => "the answer to the challenge was wrong",
            Self::AuthorizationClosed => "the authorisation is not open",
            Self::AmountNotHeld => "the bank does not hold this amount",
            Self::AmountNotCaptured => "the bank has not captured this amount",
        }
    }
}

impl FromStr for Reason {
    type Err = UnknownWord;

    fn from_str(code: &str) -> Result<Self, UnknownWord> {
        let known = Self::ALL.into_iter().find(|reason| reason.code() == code);
        known.ok_or_else(|| UnknownWord(code.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euro(minor: i64) -> Money {
        Money::new(minor, kernel::Currency::EUR)
    }

    /// Books operations such as `authorize tok_visa 100`, and tells the last decision and what
    /// stands.
    #[track_caller]
    fn check(operations: &[(Kind, &str, i64)], expected: &str) {
        let (mut account, mut told) = (Account::default(), String::new());
        for (kind, input, minor) in operations {
            let (decision, amount) = account.decide(*kind, euro(*minor), input);
            account = account.after(&Booking::for_test(*kind, decision, amount));
            told = match decision {
                Decision::Approved => format!("approved {}", amount.minor),
                Decision::Challenged => "challenged".into(),
                Decision::Declined(reason) => reason.code().into(),
            };
        }
        let Account { held, captured, refunded, .. } = account;
        assert_eq!(format!("{told}; {held} {captured} {refunded}"), expected);
    }

    #[test]
    fn tokens_decide() {
        check(&[(Kind::Authorize, "tok_visa", 100)], "approved 100; 100 0 0");
        check(&[(Kind::Authorize, "tok_timeout", 100)], "approved 100; 100 0 0");
        check(&[(Kind::Authorize, "tok_error", 100)], "approved 100; 100 0 0");
        check(&[(Kind::Authorize, "tok_declined", 100)], "card_declined; 0 0 0");
        check(&[(Kind::Authorize, "tok_insufficient_funds", 1)], "insufficient_funds; 0 0 0");
        check(&[(Kind::Authorize, "4242424242424242", 1)], "invalid_token; 0 0 0");
        check(&[(Kind::Authorize, "tok_challenge", 100)], "challenged; 0 0 0");
    }

    #[test]
    fn a_challenge_takes_one_answer() {
        let asked = (Kind::Authorize, "tok_challenge", 100);
        let right = (Kind::Answer, "123456", 100);
        let wrong = (Kind::Answer, "654321", 100);
        check(&[asked, right], "approved 100; 100 0 0");
        check(&[asked, wrong], "challenge_failed; 0 0 0");
        check(&[asked, wrong, right], "authorization_closed; 0 0 0");
        check(&[(Kind::Authorize, "tok_visa", 100), right], "authorization_closed; 100 0 0");
    }

    #[test]
    fn no_more_is_captured_than_held_and_no_more_refunded_than_captured() {
        let visa = (Kind::Authorize, "tok_visa", 100);
        check(&[visa, (Kind::Capture, "", 60)], "approved 60; 40 60 0");
        check(
            &[visa, (Kind::Capture, "", 60), (Kind::Capture, "", 41)],
            "amount_not_held; 40 60 0",
        );
        let paid = [visa, (Kind::Capture, "", 100)];
        check(&[&paid[..], &[(Kind::Refund, "", 30)]].concat(), "approved 30; 0 100 30");
        let twice = [(Kind::Refund, "", 30), (Kind::Refund, "", 71)];
        check(&[&paid[..], &twice].concat(), "amount_not_captured; 0 100 30");
        check(&[&paid[..], &[(Kind::Void, "", 100)]].concat(), "amount_not_held; 0 100 0");
    }

    #[test]
    fn a_void_gives_back_what_is_held_and_keeps_a_late_authorisation_out() {
        let visa = (Kind::Authorize, "tok_visa", 100);
        check(&[visa, (Kind::Void, "", 0)], "approved 100; 0 0 0");
        check(&[visa, (Kind::Void, "", 0), (Kind::Capture, "", 1)], "amount_not_held; 0 0 0");
        check(&[(Kind::Void, "", 100), visa], "authorization_closed; 0 0 0");
        check(&[visa, (Kind::Capture, "", 60), (Kind::Void, "", 0)], "approved 40; 0 60 0");
    }
}
