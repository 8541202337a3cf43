//! What this service does when it is asked: one file per use case.

pub mod answer_challenge;
pub mod cart;
pub mod complete_cart;
pub mod place_order;

use std::{sync::Arc, time::Duration};

use delivery::Outbox;
use kernel::{Clock, Fails, Fault, FieldError, Ids};
use saga::Runner;
use store::Store;

use crate::{
    domain::{CartError, PlaceError, ShippingRates},
    placement::{Placing, Watchers},
    store::{catalogue::Catalogue, numbers::Numbers},
};

/// What all commands and queries of this service stand on. Cheap to clone.
#[derive(Clone)]
pub struct Orders {
    /// The database.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// Ids and secrets.
    pub ids: Ids,
    /// Where events are written.
    pub outbox: Outbox,
    /// What is sold.
    pub catalogue: Catalogue,
    /// Numbers for people.
    pub numbers: Numbers,
    /// What shipping costs.
    pub rates: Arc<ShippingRates>,
    /// Runs placements.
    pub placements: Runner<Placing>,
    /// Who waits for orders.
    pub watchers: Watchers,
    /// How long a placement may take, from placement and from each answer.
    pub placement_timeout: Duration,
    /// How often whoever waits looks by itself, in case another process made the change.
    pub reread: Duration,
}

/// Why an order, a cart or an answer was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The draft does not become an order.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The cart does not allow it.
    #[error(transparent)]
    Cart(#[from] CartError),
    /// Nothing of this id, or not for this caller.
    #[error("there is no such {what}")]
    NotFound {
        /// An order or a cart.
        what: &'static str,
    },
    /// No challenge waits for an answer.
    #[error("no challenge of this order waits for an answer")]
    NoOpenChallenge,
    /// The caller saw another version.
    #[error("version {expected} was expected, the current one is {current}")]
    Stale {
        /// What the caller saw.
        expected: i64,
        /// What there is.
        current: i64,
    },
    /// Somebody else changed it, again and again.
    #[error("the cart changes too fast")]
    Busy,
    /// The database.
    #[error("the database of orders: {0}")]
    Store(#[from] store::Error),
}

impl Fails for Error {
    fn fault(&self) -> Fault {
        match self {
            Self::Place(error) => match error {
                PlaceError::TotalChanged { .. } => Fault::Conflict,
                PlaceError::Empty
                | PlaceError::TooManyLines { .. }
                | PlaceError::NotSold { .. }
                | PlaceError::MixedCurrencies { .. }
                | PlaceError::OutOfRange => Fault::Invalid,
            },
            Self::Cart(error) => match error {
                CartError::Completed { .. } => Fault::Conflict,
                CartError::NoSuchItem { .. } => Fault::NotFound,
                CartError::Full | CartError::Quantity(..) | CartError::Incomplete { .. } => {
                    Fault::Invalid
                }
            },
            Self::NotFound { .. } => Fault::NotFound,
            Self::NoOpenChallenge | Self::Busy => Fault::Conflict,
            Self::Stale { .. } => Fault::Precondition,
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Place(error) => match error {
                PlaceError::Empty | PlaceError::TooManyLines { .. } => "invalid-body",
                PlaceError::NotSold { .. } => "not-sold",
                PlaceError::MixedCurrencies { .. } => "mixed-currencies",
                PlaceError::TotalChanged { .. } => "total-changed",
                PlaceError::OutOfRange => "total-out-of-range",
            },
            Self::Cart(error) => match error {
                CartError::Completed { .. } => "cart-completed",
                CartError::NoSuchItem { .. } => "not-found",
                CartError::Full => "cart-full",
                CartError::Quantity(..) => "invalid-body",
                CartError::Incomplete { .. } => "cart-incomplete",
            },
            Self::NotFound { .. } => "not-found",
            Self::NoOpenChallenge => "no-open-challenge",
            Self::Stale { .. } => "stale-version",
            Self::Busy => "conflict",
            Self::Store(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        let says = self.to_string();
        match self {
            Self::Place(PlaceError::NotSold { lines }) => {
                let field = |(at, sku): &(usize, String)| {
                    FieldError::new(format!("/items/{at}/sku"), format!("{sku} is not sold"))
                };
                lines.iter().map(field).collect()
            }
            Self::Place(PlaceError::MixedCurrencies { line, .. }) => {
                vec![FieldError::new(format!("/items/{line}/sku"), says)]
            }
            Self::Place(PlaceError::TotalChanged { actual, .. }) => {
                vec![FieldError::new("/expected_total", format!("the total is {actual}"))]
            }
            Self::Place(
                PlaceError::Empty | PlaceError::TooManyLines { .. } | PlaceError::OutOfRange,
            ) => vec![FieldError::new("/items", says)],
            Self::Cart(CartError::Quantity(..)) => vec![FieldError::new("/quantity", says)],
            Self::Cart(CartError::Incomplete { missing }) => {
                let field = |name: &&str| FieldError::new(format!("/{name}"), "is missing");
                missing.iter().map(field).collect()
            }
            Self::Cart(
                CartError::Completed { .. } | CartError::NoSuchItem { .. } | CartError::Full,
            )
            | Self::NotFound { .. }
            | Self::NoOpenChallenge
            | Self::Stale { .. }
            | Self::Busy
            | Self::Store(_) => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(error) => error.retry_after_s(),
            Self::Busy => Some(1),
            Self::Place(_)
            | Self::Cart(_)
            | Self::NotFound { .. }
            | Self::NoOpenChallenge
            | Self::Stale { .. } => None,
        }
    }
}
