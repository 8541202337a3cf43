//! The line to the bank, which a test can cut: before the request arrives, after, or with a false
//! word.

use std::collections::HashMap;
use std::sync::Mutex;

use payments::{Outcome, Provider, ProviderError, Request, Sandbox};

/// What goes wrong on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing.
    Whole,
    /// The request does not arrive.
    Request,
    /// The bank does it; its reply does not arrive.
    Reply,
    /// The bank does it; then we crash.
    Crash,
    /// The bank does it, and nothing can be asked either.
    Silence,
    /// The bank's reply, also to questions, speaks of one unit more.
    OtherAmount,
}

/// A provider: the sandbox behind a line.
pub struct Line {
    bank: Sandbox,
    cut: Mutex<Cut>,
    sent: Mutex<HashMap<String, u32>>,
}

impl Line {
    pub fn new(bank: Sandbox) -> Self {
        Self { bank, cut: Mutex::new(Cut::Whole), sent: Mutex::default() }
    }

    pub fn cut(&self, cut: Cut) {
        *self.cut.lock().unwrap() = cut;
    }

    /// How often a key was sent.
    pub fn sent(&self, key: &str) -> u32 {
        self.sent.lock().unwrap().get(key).copied().unwrap_or(0)
    }

    async fn carry(
        &self,
        key: &str,
        call: impl Future<Output = Result<Outcome, ProviderError>>,
    ) -> Result<Outcome, ProviderError> {
        *self.sent.lock().unwrap().entry(key.to_owned()).or_default() += 1;
        let cut = *self.cut.lock().unwrap();
        let lost = || Err(ProviderError::Unknown("the line was cut".into()));
        match cut {
            Cut::Whole => call.await,
            Cut::Request => lost(),
            Cut::Reply | Cut::Silence => call.await.and_then(|_| lost()),
            Cut::OtherAmount => call.await.map(one_more),
            Cut::Crash => {
                call.await?;
                panic!("a crash after the bank has done {key}");
            }
        }
    }
}

fn one_more(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Done(mut money) => {
            money.minor += 1;
            Outcome::Done(money)
        }
        other @ (Outcome::Declined(_) | Outcome::Challenged(_)) => other,
    }
}

#[tonic::async_trait]
impl Provider for Line {
    async fn authorize(&self, request: Request<'_>) -> Result<Outcome, ProviderError> {
        self.carry(request.key, self.bank.authorize(request)).await
    }

    async fn answer(&self, request: Request<'_>) -> Result<Outcome, ProviderError> {
        self.carry(request.key, self.bank.answer(request)).await
    }

    async fn capture(&self, request: Request<'_>) -> Result<Outcome, ProviderError> {
        self.carry(request.key, self.bank.capture(request)).await
    }

    async fn void(&self, request: Request<'_>) -> Result<Outcome, ProviderError> {
        self.carry(request.key, self.bank.void(request)).await
    }

    async fn refund(&self, request: Request<'_>) -> Result<Outcome, ProviderError> {
        self.carry(request.key, self.bank.refund(request)).await
    }

    async fn find(&self, key: &str) -> Result<Option<Outcome>, ProviderError> {
        let cut = *self.cut.lock().unwrap();
        match cut {
            Cut::Whole | Cut::Request | Cut::Reply | Cut::Crash => self.bank.find(key).await,
            Cut::Silence => Err(ProviderError::Unknown("the line was cut".into())),
            Cut::OtherAmount => Ok(self.bank.find(key).await?.map(one_more)),
        }
    }
}
