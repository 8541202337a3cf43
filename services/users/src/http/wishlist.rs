//! One's own wishlist, with what products says about it today.

use axum::{Extension, extract::State};
use contracts::ids::{ProductId, VariantId};
use edge::{Json, Path, Peer, Problem};
use http::StatusCode;
use kernel::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::guard::Account;
use crate::{
    commands::{self, Desk},
    queries::{self, Degraded, Price, Want, WishlistView},
};

/// One wish. What products knows is null when products is away or knows the variant no more.
#[derive(Serialize, ToSchema)]
pub struct WishBody {
    #[schema(value_type = String, example = "variant_01h455vb4pex5vsknk084sn02q")]
    variant_id: VariantId,
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
    #[schema(value_type = Option<String>)]
    product_id: Option<ProductId>,
    sku: Option<String>,
    title: Option<String>,
    product_title: Option<String>,
    slug: Option<String>,
    price: Option<Price>,
    available: Option<i64>,
    /// The product's status; `gone` when products knows the variant no more.
    status: Option<String>,
}

/// A wishlist.
#[derive(Serialize, ToSchema)]
pub struct WishlistBody {
    items: Vec<WishBody>,
    next_cursor: Option<String>,
    /// Whether products could not be asked, so that items have ids only.
    degraded: bool,
    /// `products-timeout`, `products-unavailable` or `products-failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    degraded_reason: Option<&'static str>,
}

impl WishlistBody {
    fn of(view: WishlistView) -> Self {
        let degraded_reason = view.degraded.map(|degraded| match degraded {
            Degraded::Timeout => "products-timeout",
            Degraded::Unavailable => "products-unavailable",
            Degraded::Failed => "products-failed",
        });
        let degraded = degraded_reason.is_some();
        let items = view.wants.into_iter().map(|want| WishBody::of(want, degraded)).collect();
        Self { items, next_cursor: None, degraded, degraded_reason }
    }
}

impl WishBody {
    fn of(want: Want, degraded: bool) -> Self {
        let Want { variant_id, added_at, offer } = want;
        let gone = (!degraded && offer.is_none()).then(|| "gone".to_owned());
        let offer = offer.as_ref();
        Self {
            variant_id,
            added_at,
            product_id: offer.map(|offer| offer.product_id),
            sku: offer.map(|offer| offer.sku.clone()),
            title: offer.map(|offer| offer.title.clone()),
            product_title: offer.map(|offer| offer.product_title.clone()),
            slug: offer.map(|offer| offer.slug.clone()),
            price: offer.map(|offer| offer.price.clone()),
            available: offer.map(|offer| offer.available),
            status: offer.map(|offer| offer.status.clone()).or(gone),
        }
    }
}

/// Shows the wishlist with today's prices; marked as degraded when products cannot be asked.
#[utoipa::path(
    get, path = "/v1/users/me/wishlist", operation_id = "show_wishlist",
    tag = "me", security(("bearer" = [])),
    responses((status = 200, body = WishlistBody))
)]
pub async fn list(
    State(desk): State<Desk>,
    Extension(products): Extension<Peer>,
    account: Account,
) -> Result<Json<WishlistBody>, Problem> {
    let view = queries::wishlist(&desk, &products, account.user.id).await?;
    Ok(Json(WishlistBody::of(view)))
}

/// Puts a variant on the wishlist.
#[utoipa::path(
    put, path = "/v1/users/me/wishlist/{variant_id}", operation_id = "add_wish",
    tag = "me", security(("bearer" = [])),
    params(("variant_id" = String, Path)),
    responses(
        (status = 204, description = "on the list"),
        (status = 409, description = "`wishlist-full`", body = Problem),
    )
)]
pub async fn add(
    State(desk): State<Desk>,
    account: Account,
    Path(variant): Path<VariantId>,
) -> Result<StatusCode, Problem> {
    commands::wish(&desk, account.user.id, variant).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a variant off the wishlist.
#[utoipa::path(
    delete, path = "/v1/users/me/wishlist/{variant_id}", operation_id = "remove_wish",
    tag = "me", security(("bearer" = [])),
    params(("variant_id" = String, Path)),
    responses((status = 204, description = "not on the list"))
)]
pub async fn remove(
    State(desk): State<Desk>,
    account: Account,
    Path(variant): Path<VariantId>,
) -> Result<StatusCode, Problem> {
    commands::unwish(&desk, account.user.id, variant).await?;
    Ok(StatusCode::NO_CONTENT)
}
