//! A cart: what somebody gathers before it becomes an order. Prices are looked up when it is read.

use contracts::ids::{CartId, ItemId, OrderId};
use kernel::{Money, Timestamp};

use super::{
    order::{Draft, LINES_MAX, Owner, Request},
    words::{Address, Email, Quantity, Tender, WordError},
};

/// Whether a cart can still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CartStatus {
    /// It can.
    Open,
    /// It became this order and never changes again.
    Completed(OrderId),
}

/// One line of a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartItem {
    /// Its id within the cart.
    pub id: ItemId,
    /// What is wanted and how many of it.
    pub request: Request,
}

/// A cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    /// Its id.
    pub id: CartId,
    /// Who may see and change it.
    pub owner: Owner,
    /// Whom to write to, once known.
    pub email: Option<Email>,
    /// Where it goes, once known.
    pub shipping_address: Option<Address>,
    /// What is in it; one line per SKU.
    pub items: Vec<CartItem>,
    /// Whether it can still change.
    pub status: CartStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// Grows by one with each change.
    pub version: i64,
}

/// Why a cart does not change or does not become an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CartError {
    /// It is an order already.
    #[error("the cart became order {order} and does not change any more")]
    Completed {
        /// Which order.
        order: OrderId,
    },
    /// No line has this id.
    #[error("the cart has no item {item}")]
    NoSuchItem {
        /// The id.
        item: ItemId,
    },
    /// One line more than an order may have.
    #[error("a cart holds at most {LINES_MAX} items")]
    Full,
    /// The line would ask for more than one may.
    #[error("{sku}: quantity {0}", sku = .1)]
    Quantity(#[source] WordError, String),
    /// Something an order needs is not there.
    #[error("the cart is not complete: {} missing", missing.join(", "))]
    Incomplete {
        /// The names of what is missing.
        missing: Vec<&'static str>,
    },
}

impl Cart {
    /// An empty cart.
    pub fn create(id: CartId, owner: Owner, now: Timestamp) -> Self {
        Self {
            id,
            owner,
            email: None,
            shipping_address: None,
            items: Vec::new(),
            status: CartStatus::Open,
            created_at: now,
            version: 1,
        }
    }

    /// Fails when the cart cannot change any more.
    pub fn open(&self) -> Result<(), CartError> {
        match self.status {
            CartStatus::Open => Ok(()),
            CartStatus::Completed(order) => Err(CartError::Completed { order }),
        }
    }

    /// Adds to the line of the same SKU, or a new line with the id `item`.
    pub fn add(&mut self, request: Request, item: ItemId) -> Result<(), CartError> {
        self.open()?;
        let known = self.items.iter_mut().find(|i| i.request.sku == request.sku);
        if let Some(line) = known {
            let more = line.request.quantity.plus(request.quantity);
            line.request.quantity = more.map_err(|e| CartError::Quantity(e, request.sku))?;
            return Ok(());
        }
        if self.items.len() >= LINES_MAX {
            return Err(CartError::Full);
        }
        self.items.push(CartItem { id: item, request });
        Ok(())
    }

    /// Makes the line `item` ask for `quantity`.
    pub fn change(&mut self, item: ItemId, quantity: Quantity) -> Result<(), CartError> {
        self.open()?;
        let line = self.items.iter_mut().find(|i| i.id == item);
        line.ok_or(CartError::NoSuchItem { item })?.request.quantity = quantity;
        Ok(())
    }

    /// Takes the line `item` out.
    pub fn remove(&mut self, item: ItemId) -> Result<(), CartError> {
        self.open()?;
        let at = self.items.iter().position(|i| i.id == item);
        self.items.remove(at.ok_or(CartError::NoSuchItem { item })?);
        Ok(())
    }

    /// Says whom to write to.
    pub fn write_to(&mut self, email: Email) -> Result<(), CartError> {
        self.open()?;
        self.email = Some(email);
        Ok(())
    }

    /// Says where it goes.
    pub fn ship_to(&mut self, address: Address) -> Result<(), CartError> {
        self.open()?;
        self.shipping_address = Some(address);
        Ok(())
    }

    /// What to order, paid with `tender`; tells everything that is missing at once.
    pub fn draft(&self, tender: Tender, expected: Option<Money>) -> Result<Draft, CartError> {
        self.open()?;
        let (Some(email), Some(address)) = (&self.email, &self.shipping_address) else {
            return Err(CartError::Incomplete { missing: self.missing() });
        };
        if self.items.is_empty() {
            return Err(CartError::Incomplete { missing: self.missing() });
        }
        Ok(Draft {
            email: email.clone(),
            lines: self.items.iter().map(|item| item.request.clone()).collect(),
            shipping_address: address.clone(),
            tender,
            expected_total: expected,
            owner: self.owner.clone(),
            cart: Some(self.id),
        })
    }

    fn missing(&self) -> Vec<&'static str> {
        let needs = [
            ("items", self.items.is_empty()),
            ("email", self.email.is_none()),
            ("shipping_address", self.shipping_address.is_none()),
        ];
        needs.into_iter().filter(|(_, missing)| *missing).map(|(name, _)| name).collect()
    }
}

#[cfg(test)]
mod tests;
