//! A wishlist as products sees it today; without what products knows when products is away.

use std::{collections::HashMap, time::Duration};

use contracts::ids::{ProductId, UserId, VariantId};
use edge::{Peer, PeerError};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{commands::Desk, domain::wishlist::Wishlist, store::possessions};

/// What products says about a variant.
#[derive(Debug, Clone, Deserialize)]
pub struct Offer {
    /// Which variant.
    pub id: VariantId,
    /// Of which product.
    pub product_id: ProductId,
    /// What orders name it by.
    pub sku: String,
    /// The variant's title.
    pub title: String,
    /// The product's title.
    pub product_title: String,
    /// Where the product's page is.
    pub slug: String,
    /// What it costs today.
    pub price: Price,
    /// How many can be bought today.
    pub available: i64,
    /// The product's status.
    pub status: String,
}

/// An amount of money in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Price {
    /// In minor units: 1299 is 12.99 EUR.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

/// One wish and, if products told, what it costs today.
#[derive(Debug, Clone)]
pub struct Want {
    /// For what.
    pub variant_id: VariantId,
    /// Since when.
    pub added_at: Timestamp,
    /// None when products is away, or does not know the variant any more.
    pub offer: Option<Offer>,
}

/// Why the offers are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degraded {
    /// Products did not answer in time.
    Timeout,
    /// Products cannot be reached.
    Unavailable,
    /// Products answered something that is no answer.
    Failed,
}

/// A wishlist with what products says about it.
#[derive(Debug, Clone)]
pub struct WishlistView {
    /// The wishes, in the order in which they were made.
    pub wants: Vec<Want>,
    /// Set when products could not be asked.
    pub degraded: Option<Degraded>,
}

#[derive(Deserialize)]
struct Offers {
    items: Vec<Offer>,
}

/// The wishlist of a user, with today's offers. Products being away is no error.
pub async fn wishlist(
    desk: &Desk,
    products: &Peer,
    user: UserId,
) -> Result<WishlistView, store::Error> {
    let (list, _) = possessions::wishlist(&desk.store, user).await?;
    let asked = offers(desk, products, &list).await;
    let degraded = asked.as_ref().err().map(|error| {
        tracing::warn!(%error, "a wishlist is shown without what products knows");
        degraded(error)
    });
    let mut offers = asked.unwrap_or_default();
    let want = |wish: &crate::domain::wishlist::Wish| Want {
        variant_id: wish.variant_id,
        added_at: wish.added_at,
        offer: offers.remove(&wish.variant_id),
    };
    Ok(WishlistView { wants: list.wishes().iter().map(want).collect(), degraded })
}

async fn offers(
    desk: &Desk,
    products: &Peer,
    list: &Wishlist,
) -> Result<HashMap<VariantId, Offer>, PeerError> {
    if list.wishes().is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<String> = list.wishes().iter().map(|wish| wish.variant_id.to_string()).collect();
    let path = format!("/v1/variants?ids={}", ids.join(","));
    let at_most = Duration::from_millis(desk.settings.products_timeout_ms);
    let offers: Offers = products.get_json(&path, at_most).await?;
    Ok(offers.items.into_iter().map(|offer| (offer.id, offer)).collect())
}

fn degraded(error: &PeerError) -> Degraded {
    match error {
        PeerError::Timeout { .. } => Degraded::Timeout,
        PeerError::Unavailable { .. } | PeerError::Broken { .. } => Degraded::Unavailable,
        PeerError::Failed { .. }
        | PeerError::Status { .. }
        | PeerError::Answer { .. }
        | PeerError::Request(_) => Degraded::Failed,
    }
}
