//! The seam to those who move money: what is asked of a provider and what it may answer.

pub mod sandbox;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use contracts::ids::OrderId;
use kernel::Money;

use crate::domain::{Outcome, Payment};

/// One operation as it is asked of a provider.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Names the operation at the provider, which does each key once: however often it is sent, it
    /// has one effect and one outcome.
    pub key: &'a str,
    /// The key of the authorisation that the operation belongs to; its own, for an authorisation.
    pub authorization: &'a str,
    pub order: OrderId,
    pub amount: Money,
    /// The token of an authorisation, the answer to a challenge, the reason of a refund.
    pub input: &'a str,
}

/// Why a provider gave no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It did nothing, and may do it when asked again under the same key.
    #[error("the provider could not do it now: {0}")]
    Transient(String),
    /// Whether it did anything is not known. It is asked by key before anything is sent again.
    #[error("the provider's answer is not known: {0}")]
    Unknown(String),
}

/// Someone who moves money. Every call is idempotent by its key.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Holds the amount.
    async fn authorize(&self, request: Request<'_>) -> Result<Outcome, ProviderError>;

    /// Answers the challenge of an authorisation.
    async fn answer(&self, request: Request<'_>) -> Result<Outcome, ProviderError>;

    /// Takes held money.
    async fn capture(&self, request: Request<'_>) -> Result<Outcome, ProviderError>;

    /// Gives back all that is held, and says how much it was. An authorisation that the provider
    /// has never seen is closed all the same: it is declined should it arrive later.
    async fn void(&self, request: Request<'_>) -> Result<Outcome, ProviderError>;

    /// Returns captured money.
    async fn refund(&self, request: Request<'_>) -> Result<Outcome, ProviderError>;

    /// What has become of a key; none when the provider has never seen it.
    async fn find(&self, key: &str) -> Result<Option<Outcome>, ProviderError>;
}

/// The providers that this shop works with, by name.
#[derive(Clone, Default)]
pub struct Providers(BTreeMap<&'static str, Arc<dyn Provider>>);

impl Providers {
    /// Adds a provider under a name.
    #[must_use]
    pub fn with(mut self, name: &'static str, provider: Arc<dyn Provider>) -> Self {
        self.0.insert(name, provider);
        self
    }

    /// Whether there is a provider of this name.
    pub fn knows(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The names of all providers.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    /// The provider that a payment was asked of.
    pub fn of(&self, payment: &Payment) -> Result<&dyn Provider, ProviderError> {
        let provider = self.0.get(payment.provider.as_str()).map(AsRef::as_ref);
        let missing = || format!("provider {:?} is not set up here", payment.provider);
        provider.ok_or_else(|| ProviderError::Transient(missing()))
    }
}
