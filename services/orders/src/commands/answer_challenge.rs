//! Answer a challenge: the payer's word goes to the placement, which tells payments.

use contracts::ids::OrderId;
use saga::Signaled;

use super::{Error, Orders};
use crate::domain::Event;

impl Orders {
    /// Gives `answer` to the open challenge of an order. Fails when none is open.
    pub async fn answer_challenge(&self, order: OrderId, answer: String) -> Result<(), Error> {
        let event = Event::Answered { answer };
        match self.placements.signal(&order.to_string(), event.into()).await? {
            Signaled::Stepped => Ok(()),
            Signaled::Inapplicable(_) => Err(Error::NoOpenChallenge),
            Signaled::Unknown => Err(Error::NotFound { what: "order" }),
        }
    }
}
