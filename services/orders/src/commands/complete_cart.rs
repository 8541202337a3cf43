//! Complete a cart: it becomes an order by the same steps, and only one.

use contracts::ids::{CartId, OrderId, UserId};
use kernel::Money;
use store::{Batch, params};

use super::{Error, Orders, cart::CONFLICTS_MAX};
use crate::{
    domain::{Cart, CartStatus, Tender},
    store::{
        carts,
        orders::{self, OrderRow},
    },
};

/// How a cart is to become an order.
pub struct Completion {
    /// Which cart.
    pub cart: CartId,
    /// The id of the order, if it does not have one yet.
    pub order: OrderId,
    /// What pays for it.
    pub tender: Tender,
    /// The total that the customer agreed to.
    pub expected_total: Option<Money>,
    /// The user who completes it, if one is signed in.
    pub user: Option<UserId>,
}

/// What a completion came to.
pub enum Completed {
    /// The cart became this order now.
    Now(OrderRow),
    /// It was this order already.
    Before(OrderRow),
}

impl Orders {
    /// Makes the cart an order. `seal` adds to the batch what the caller's answer needs. A cart
    /// that changes meanwhile is read again, a few times.
    pub async fn complete(
        &self,
        completion: &Completion,
        allowed: impl Fn(&Cart) -> bool,
        mut seal: impl FnMut(&mut Batch, &OrderRow),
    ) -> Result<Completed, Error> {
        for _ in 0..CONFLICTS_MAX {
            let cart = self.cart(completion.cart, &allowed).await?;
            if let CartStatus::Completed(order) = cart.status {
                let row = orders::by_id(&self.store, order).await?;
                return row.map(Completed::Before).ok_or(Error::NotFound { what: "order" });
            }
            let mut draft = cart.draft(completion.tender.clone(), completion.expected_total)?;
            draft.owner.user = draft.owner.user.or(completion.user);
            let (row, order) = self.assemble(draft, completion.order).await?;
            // First in the batch: whoever was slower conflicts on it and reads the cart again.
            let mut batch = Batch::new("complete_cart");
            let now = self.clock.now();
            batch.one(carts::COMPLETE, params![row.id, now, cart.id, cart.version]);
            batch.append(order);
            seal(&mut batch, &row);
            match self.store.commit(batch).await {
                Ok(()) => {
                    metrics::counter!("stoa_orders_placed_total").increment(1);
                    return Ok(Completed::Now(row));
                }
                Err(error) if error.conflicts_on(&carts::COMPLETE) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Busy)
    }
}
