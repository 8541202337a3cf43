//! Carts over REST: make, fill, and complete them.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use contracts::ids::{CartId, ItemId};
use edge::{Idempotency, IfMatch, Json, Path, Problem, Wait, etag};
use http::{HeaderValue, StatusCode, header};
use kernel::{Fault, FieldError};

use super::{
    access::Visitor,
    orders::{New, created, refused, settled},
    read::{
        CompleteCart, WantedAddress, WantedCoupons, WantedEmail, WantedItem, WantedMethod,
        WantedQuantity,
    },
    show::{CartShown, OrderShown},
};
use crate::{
    commands::{
        Error, Orders,
        cart::Priced,
        complete_cart::{Completed, Completion},
    },
    domain::{Cart, CartError, PlaceError},
};

/// Makes an empty cart: the signed-in user's, or a guest's who gets its secret in the answer.
#[utoipa::path(post, path = "/v1/carts", operation_id = "create_cart", tag = "carts",
    security((), ("bearer" = [])),
    responses((status = 201, body = CartShown, headers(("Location" = String)))))]
pub async fn create(State(orders): State<Orders>, visitor: Visitor) -> Result<Response, Problem> {
    let (owner, secret) = visitor.claim(&orders.ids)?;
    let priced = orders.create_cart(owner).await?;
    let location = HeaderValue::from_str(&format!("/v1/carts/{}", priced.cart.id));
    let location = location.expect("an id is a header value");
    let mut response = shown(priced, secret);
    *response.status_mut() = StatusCode::CREATED;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

fn shown(priced: Priced, secret: Option<String>) -> Response {
    let tag = etag(priced.cart.version);
    let mut response = Json(CartShown::new(priced, secret)).into_response();
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// Shows a cart at the prices of this moment.
#[utoipa::path(get, path = "/v1/carts/{id}", operation_id = "show_cart", tag = "carts", params(("id" = String, Path)),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 200, body = CartShown, headers(("ETag" = String))),
        (status = 404, body = Problem, description = "`not-found`"),
    ))]
pub async fn one(
    State(orders): State<Orders>,
    visitor: Visitor,
    Path(id): Path<CartId>,
) -> Result<Response, Problem> {
    let cart = orders.cart(id, |cart| visitor.may_see(&cart.owner)).await?;
    Ok(shown(orders.priced(cart).await?, None))
}

/// Changes a cart, if the caller may and saw the version that there is.
async fn changed(
    orders: &Orders,
    visitor: &Visitor,
    id: CartId,
    seen: Option<IfMatch>,
    change: impl Fn(&mut Cart) -> Result<(), CartError>,
) -> Result<Response, Problem> {
    let expected = match seen {
        Some(IfMatch::Version(version)) => Some(version),
        Some(IfMatch::Any) | None => None,
    };
    let allowed = |cart: &Cart| visitor.may_change(&cart.owner);
    Ok(shown(orders.change_cart(id, allowed, expected, change).await?, None))
}

/// Adds a line, or to the line of the same SKU.
#[utoipa::path(post, path = "/v1/carts/{id}/items", operation_id = "add_item", tag = "carts", request_body = WantedItem,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 200, body = CartShown),
        (status = 404, body = Problem, description = "`not-found`"),
        (status = 409, body = Problem, description = "`cart-completed`"),
        (status = 422, body = Problem, description = "`invalid-body`, `not-sold`, `cart-full`"),
    ))]
pub async fn add(
    State(orders): State<Orders>,
    visitor: Visitor,
    Path(id): Path<CartId>,
    seen: Option<IfMatch>,
    Json(body): Json<WantedItem>,
) -> Result<Response, Problem> {
    let request = body.request()?;
    orders.cart(id, |cart| visitor.may_change(&cart.owner)).await?.open().map_err(Error::from)?;
    orders.check_sold(&request).await.map_err(not_sold)?;
    let item: ItemId = orders.ids.next();
    changed(&orders, &visitor, id, seen, |cart| cart.add(request.clone(), item)).await
}

/// In the body of one line, the SKU is at the top.
fn not_sold(error: Error) -> Problem {
    if matches!(error, Error::Place(PlaceError::NotSold { .. })) {
        let field = FieldError::new("/sku", "is not sold");
        return Problem::new(Fault::Invalid, "not-sold", error.to_string()).errors(vec![field]);
    }
    error.into()
}

/// Changes the quantity of a line.
#[utoipa::path(patch, path = "/v1/carts/{id}/items/{item_id}", operation_id = "change_item", tag = "carts",
    request_body = WantedQuantity,
    params(("id" = String, Path), ("item_id" = String, Path),
        ("If-Match" = Option<String>, Header)),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 200, body = CartShown),
        (status = 404, body = Problem, description = "`not-found`"),
        (status = 409, body = Problem, description = "`cart-completed`"),
        (status = 422, body = Problem, description = "`invalid-body`"),
    ))]
pub async fn change(
    State(orders): State<Orders>,
    visitor: Visitor,
    Path((id, item)): Path<(CartId, ItemId)>,
    seen: Option<IfMatch>,
    Json(body): Json<WantedQuantity>,
) -> Result<Response, Problem> {
    let quantity = body.parse()?;
    changed(&orders, &visitor, id, seen, |cart| cart.change(item, quantity)).await
}

/// Takes a line out.
#[utoipa::path(delete, path = "/v1/carts/{id}/items/{item_id}", operation_id = "remove_item", tag = "carts",
    params(("id" = String, Path), ("item_id" = String, Path),
        ("If-Match" = Option<String>, Header)),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 200, body = CartShown),
        (status = 404, body = Problem, description = "`not-found`"),
        (status = 409, body = Problem, description = "`cart-completed`"),
    ))]
pub async fn remove(
    State(orders): State<Orders>,
    visitor: Visitor,
    Path((id, item)): Path<(CartId, ItemId)>,
    seen: Option<IfMatch>,
) -> Result<Response, Problem> {
    changed(&orders, &visitor, id, seen, |cart| cart.remove(item)).await
}

/// Says whom to write to.
#[utoipa::path(put, path = "/v1/carts/{id}/email", operation_id = "set_email", tag = "carts", request_body = WantedEmail,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 200, body = CartShown),
        (status = 404, body = Problem, description = "`not-found`"),
        (status = 422, body = Problem, description = "`invalid-body`"),
    ))]
pub async fn email(
    State(orders): State<Orders>,
    visitor: Visitor,
    Path(id): Path<CartId>,
    seen: Option<IfMatch>,
    Json(body): Json<WantedEmail>,
) -> Result<Response, Problem> {
    let email = body.parse()?;
    changed(&orders, &visitor, id, seen, |cart| cart.write_to(email.clone())).await
}

/// Says where it goes.
#[utoipa::path(put, path = "/v1/carts/{id}/shipping-address", operation_id = "set_shipping_address", tag = "carts",
    request_body = WantedAddress,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 200, body = CartShown),
        (status = 404, body = Problem, description = "`not-found`"),
        (status = 422, body = Problem, description = "`invalid-body`"),
    ))]
pub async fn shipping_address(
    State(orders): State<Orders>,
    visitor: Visitor,
    Path(id): Path<CartId>,
    seen: Option<IfMatch>,
    Json(body): Json<WantedAddress>,
) -> Result<Response, Problem> {
    let address = body.address()?;
    changed(&orders, &visitor, id, seen, |cart| cart.ship_to(address.clone())).await
}

/// Chooses how it is sent: `standard` is the one way there is.
#[utoipa::path(put, path = "/v1/carts/{id}/shipping-method", operation_id = "set_shipping_method", tag = "carts",
    request_body = WantedMethod,
    params(("id" = String, Path)),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 200, body = CartShown),
        (status = 404, body = Problem, description = "`not-found`"),
        (status = 422, body = Problem, description = "`invalid-body`"),
    ))]
pub async fn shipping_method(
    State(orders): State<Orders>,
    visitor: Visitor,
    Path(id): Path<CartId>,
    Json(body): Json<WantedMethod>,
) -> Result<Response, Problem> {
    body.check()?;
    unchanged(&orders, &visitor, id).await
}

/// Sets the coupons. None exist yet: every code is refused.
#[utoipa::path(put, path = "/v1/carts/{id}/coupons", operation_id = "set_coupons", tag = "carts", request_body = WantedCoupons,
    params(("id" = String, Path)),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 200, body = CartShown),
        (status = 404, body = Problem, description = "`not-found`"),
        (status = 422, body = Problem, description = "`coupon-unknown`"),
    ))]
pub async fn coupons(
    State(orders): State<Orders>,
    visitor: Visitor,
    Path(id): Path<CartId>,
    Json(body): Json<WantedCoupons>,
) -> Result<Response, Problem> {
    body.check()?;
    unchanged(&orders, &visitor, id).await
}

/// What was chosen is what holds already; a completed cart still says that it is one.
async fn unchanged(orders: &Orders, visitor: &Visitor, id: CartId) -> Result<Response, Problem> {
    let cart = orders.cart(id, |cart| visitor.may_change(&cart.owner)).await?;
    cart.open().map_err(Error::from)?;
    Ok(shown(orders.priced(cart).await?, None))
}

/// Makes the cart an order. A cart that is one already answers with it.
///
/// A guest's order is opened by the secret of the cart.
#[utoipa::path(post, path = "/v1/carts/{id}/complete", operation_id = "complete_cart", tag = "carts", request_body = CompleteCart,
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header),
        ("Prefer" = Option<String>, Header, description = "wait=N: seconds to wait, at most 60"),
    ),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 201, body = OrderShown, headers(("Location" = String))),
        (status = 200, body = OrderShown, description = "it was this order already"),
        (status = 404, body = Problem, description = "`not-found`"),
        (status = 409, body = Problem, description = "`total-changed`"),
        (status = 422, body = Problem, description = "`cart-incomplete`, `not-sold`"),
    ))]
pub async fn complete(
    State(orders): State<Orders>,
    visitor: Visitor,
    key: Idempotency,
    wait: Wait,
    Path(cart): Path<CartId>,
    Json(body): Json<CompleteCart>,
) -> Result<Response, Problem> {
    if let Some(answer) = key.replay(&orders.store).await? {
        return Ok(wait.applied(answer));
    }
    let (tender, expected_total) = body.parse()?;
    let order = orders.ids.next();
    let completion = Completion { cart, order, tender, expected_total, user: visitor.user()? };
    let watcher = wait.duration().map(|_| orders.watchers.watch(order));
    let (secret, now) = (visitor.token().map(str::to_owned), orders.clock.now());
    let allowed = |cart: &Cart| visitor.may_change(&cart.owner);
    let mut first = None;
    let completed = orders
        .complete(&completion, allowed, |batch, row| {
            let answer = created(row.clone(), secret.clone());
            key.record(batch, &answer, now);
            first = Some(answer);
        })
        .await;
    match (completed, first) {
        (Ok(Completed::Now(row)), Some(first)) => {
            settled(&orders, &key, wait, watcher, New { row, first, secret }).await
        }
        (Ok(Completed::Now(row) | Completed::Before(row)), _) => {
            Ok(Json(OrderShown::new(row, None)).into_response())
        }
        (Err(error), _) => refused(&orders, &key, error).await,
    }
}
