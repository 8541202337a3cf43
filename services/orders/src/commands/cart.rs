//! Make, show and change carts.

use contracts::ids::CartId;
use store::Batch;

use super::{Error, Orders};
use crate::{
    domain::{Cart, CartError, Offers, Owner, Request, Totals, price, single_currency},
    store::carts,
};

/// A cart that somebody else changed meanwhile is read and decided anew, so often at most.
pub const CONFLICTS_MAX: u32 = 5;

/// A cart at the prices of this moment.
pub struct Priced {
    /// The cart.
    pub cart: Cart,
    /// What is sold of it.
    pub offers: Offers,
    /// What it costs, if all of it is sold in one currency.
    pub totals: Option<Totals>,
}

impl Orders {
    /// Makes an empty cart.
    pub async fn create_cart(&self, owner: Owner) -> Result<Priced, Error> {
        let cart = Cart::create(self.ids.next(), owner, self.clock.now());
        let mut batch = Batch::new("create_cart");
        carts::insert(&mut batch, &cart);
        self.store.commit(batch).await?;
        self.priced(cart).await
    }

    /// One cart; not found as well when it is not for this caller.
    pub async fn cart(&self, id: CartId, allowed: impl Fn(&Cart) -> bool) -> Result<Cart, Error> {
        let cart = carts::by_id(&self.store, id).await?;
        cart.filter(allowed).ok_or(Error::NotFound { what: "cart" })
    }

    /// Changes a cart. `expected` is the version that the caller saw, if it must be that one.
    /// Nothing is written when `change` refuses.
    pub async fn change_cart(
        &self,
        id: CartId,
        allowed: impl Fn(&Cart) -> bool,
        expected: Option<i64>,
        change: impl Fn(&mut Cart) -> Result<(), CartError>,
    ) -> Result<Priced, Error> {
        for _ in 0..CONFLICTS_MAX {
            let mut cart = self.cart(id, &allowed).await?;
            if let Some(expected) = expected.filter(|expected| *expected != cart.version) {
                return Err(Error::Stale { expected, current: cart.version });
            }
            change(&mut cart)?;
            let mut batch = Batch::new("change_cart");
            carts::change(&mut batch, &cart, self.clock.now());
            match self.store.commit(batch).await {
                Ok(()) => {
                    cart.version += 1;
                    return self.priced(cart).await;
                }
                Err(error) if error.conflicts_on(&carts::CHANGE) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Busy)
    }

    /// The SKU of a line to add is sold now; otherwise it is refused.
    pub async fn check_sold(&self, request: &Request) -> Result<(), Error> {
        let offers = self.catalogue.offers(std::iter::once(&*request.sku)).await?;
        price(std::slice::from_ref(request), &offers)?;
        Ok(())
    }

    /// A cart with what its lines cost now.
    pub async fn priced(&self, cart: Cart) -> Result<Priced, Error> {
        let wanted: Vec<Request> = cart.items.iter().map(|item| item.request.clone()).collect();
        let offers = self.catalogue.offers(wanted.iter().map(|line| &*line.sku)).await?;
        let lines = price(&wanted, &offers).ok();
        let currency = lines.as_deref().and_then(|lines| single_currency(lines).ok());
        let totals = lines.zip(currency);
        let totals =
            totals.and_then(|(lines, currency)| Totals::of(&lines, currency, &self.rates).ok());
        Ok(Priced { cart, offers, totals })
    }
}
