//! Provider `sandbox`: a bank that decides by token, the same way each time, and keeps its own
//! books.

mod account;
mod audit;
mod books;

use async_trait::async_trait;
use kernel::{Clock, Money};
use store::{Error, Sql, Store};

use super::{Provider, ProviderError, Request};
use crate::domain::{Challenge, Failure, Kind, Outcome};
use account::{Account, Decision};
use books::Booking;

pub use audit::audit;
pub use books::{BankOperation, operations};

/// The name under which orders ask for it.
pub const NAME: &str = "sandbox";

/// Answers transiently twice under each key, then approves.
const TOKEN_ERROR: &str = "tok_error";
/// Books the authorisation and never answers.
const TOKEN_TIMEOUT: &str = "tok_timeout";
/// How often `tok_error` fails under one key.
const TRANSIENT_FAILURES: i64 = 2;
/// How often two operations of one authorisation may collide before the bank gives up for the
/// moment.
const COLLISIONS_MAX: u32 = 32;

/// The bank. Its database belongs to it alone, as another company's would.
#[derive(Debug, Clone)]
pub struct Sandbox {
    books: Store,
    clock: Clock,
}

/// Brings the bank's tables up to date.
pub async fn migrate(books: &Store) -> Result<(), Error> {
    books::migrate(books).await
}

/// Every statement of the bank.
pub fn statements() -> Vec<Sql> {
    books::ALL.to_vec()
}

/// Whether the bank's database answers.
pub async fn answers(books: &Store) -> Result<(), Error> {
    books::operations(books, 0, 1).await.map(drop)
}

impl Sandbox {
    pub fn new(books: Store, clock: Clock) -> Self {
        Self { books, clock }
    }

    /// Decides and books, unless the key was booked before.
    async fn book(&self, kind: Kind, request: Request<'_>) -> Result<Outcome, ProviderError> {
        // A fresh authorisation has no history: the insert itself tells when that is not so.
        let mut history = match kind {
            Kind::Authorize => Vec::new(),
            Kind::Answer | Kind::Capture | Kind::Void | Kind::Refund => {
                self.history(request.authorization).await?
            }
        };
        for _ in 0..COLLISIONS_MAX {
            if let Some(booked) = history.iter().find(|booked| booked.key == request.key) {
                return Ok(outcome(&booked.decision, booked.amount));
            }
            let decision = Account::of(&history).decide(kind, request.amount, request.input);
            let booking = Booking::new(kind, &request, decision, history.len());
            match books::book(&self.books, &booking, self.clock.now()).await {
                Ok(()) => return Ok(outcome(&booking.decision, booking.amount)),
                Err(error) if error.is_conflict() => {
                    history = self.history(request.authorization).await?;
                }
                Err(error) => return Err(unknown(&error)),
            }
        }
        Err(ProviderError::Transient("the account is busy".into()))
    }

    async fn history(&self, authorization: &str) -> Result<Vec<Booking>, ProviderError> {
        books::history(&self.books, authorization).await.map_err(|error| unknown(&error))
    }

    async fn fails_for_now(&self, key: &str) -> Result<bool, ProviderError> {
        let attempts = books::attempt(&self.books, key).await.map_err(|error| unknown(&error))?;
        Ok(attempts <= TRANSIENT_FAILURES)
    }
}

#[async_trait]
impl Provider for Sandbox {
    async fn authorize(&self, request: Request<'_>) -> Result<Outcome, ProviderError> {
        if request.input == TOKEN_ERROR && self.fails_for_now(request.key).await? {
            return Err(ProviderError::Transient("the bank is busy".into()));
        }
        let outcome = self.book(Kind::Authorize, request).await?;
        if request.input == TOKEN_TIMEOUT {
            return std::future::pending().await;
        }
        Ok(outcome)
    }

    async fn answer(&self, request: Request<'_>) -> Result<Outcome, ProviderError> {
        self.book(Kind::Answer, request).await
    }

    async fn capture(&self, request: Request<'_>) -> Result<Outcome, ProviderError> {
        self.book(Kind::Capture, request).await
    }

    async fn void(&self, request: Request<'_>) -> Result<Outcome, ProviderError> {
        self.book(Kind::Void, request).await
    }

    async fn refund(&self, request: Request<'_>) -> Result<Outcome, ProviderError> {
        self.book(Kind::Refund, request).await
    }

    async fn find(&self, key: &str) -> Result<Option<Outcome>, ProviderError> {
        let booked = books::booked(&self.books, key).await.map_err(|error| unknown(&error))?;
        Ok(booked.map(|booked| outcome(&booked.decision, booked.amount)))
    }
}

/// A bank whose own disk fails has not said whether it booked.
fn unknown(error: &Error) -> ProviderError {
    ProviderError::Unknown(error.to_string())
}

fn outcome(decision: &Decision, amount: Money) -> Outcome {
    match decision {
        Decision::Approved => Outcome::Done(amount),
        Decision::Challenged => Outcome::Challenged(Challenge {
            kind: "code".into(),
            prompt: "Enter the code that the bank has sent".into(),
        }),
        Decision::Declined(reason) => Outcome::Declined(Failure {
            code: reason.code().into(),
            detail: reason.detail().into(),
        }),
    }
}
