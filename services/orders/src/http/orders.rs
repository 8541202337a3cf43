//! Orders over REST: place, read, list, answer a challenge.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use contracts::ids::OrderId;
use edge::{
    Idempotency, Json, Path, Problem, Query, StoredResponse, Wait, etag, page_request,
    page_response, problem::MEDIA_TYPE,
};
use http::{HeaderValue, StatusCode, Uri, header};
use kernel::{Fails as _, Fault, FieldError, Timestamp};
use serde::Deserialize;

use super::{
    access::Visitor,
    read::{PaymentAnswer, PlaceOrder},
    show::{OrderPage, OrderShown},
};
use crate::{
    commands::{Error, Orders},
    domain::{Email, OrderStatus, PlaceError},
    placement::Watcher,
    queries::list::{Filter, ListError, Whose},
    store::orders::OrderRow,
};

/// Places an order in one call.
///
/// Answers as soon as the order is durable; with `Prefer: wait=N`, when it is settled, waits for
/// the payer, or N seconds have passed.
#[utoipa::path(post, path = "/v1/orders", operation_id = "place_order", tag = "orders", request_body = PlaceOrder,
    params(
        ("Idempotency-Key" = String, Header),
        ("Prefer" = Option<String>, Header, description = "wait=N: seconds to wait, at most 60"),
    ),
    security((), ("bearer" = [])),
    responses(
        (status = 201, body = OrderShown, headers(("Location" = String))),
        (status = 400, body = Problem, description = "`idempotency-key-missing`"),
        (status = 409, body = Problem, description = "`total-changed`, `idempotency-key-in-flight`"),
        (status = 422, body = Problem,
            description = "`invalid-body`, `not-sold`, `mixed-currencies`, `idempotency-key-reused`"),
    ))]
pub async fn place(
    State(orders): State<Orders>,
    visitor: Visitor,
    key: Idempotency,
    wait: Wait,
    Json(body): Json<PlaceOrder>,
) -> Result<Response, Problem> {
    if let Some(answer) = key.replay(&orders.store).await? {
        return Ok(wait.applied(answer));
    }
    let (owner, secret) = visitor.claim(&orders.ids)?;
    let draft = body.draft(owner)?;
    let id = orders.ids.next();
    let watcher = wait.duration().map(|_| orders.watchers.watch(id));
    let now = orders.clock.now();
    let mut first = None;
    let placed = orders
        .place(draft, id, |batch, row| {
            let answer = created(row.clone(), secret.clone());
            key.record(batch, &answer, now);
            first = Some(answer);
        })
        .await;
    match (placed, first) {
        (Ok(row), Some(first)) => {
            settled(&orders, &key, wait, watcher, New { row, first, secret }).await
        }
        (Ok(row), None) => Ok(shown(row)),
        (Err(error), _) => refused(&orders, &key, error).await,
    }
}

/// The first answer about a new order.
pub(super) fn created(row: OrderRow, secret: Option<String>) -> StoredResponse {
    let (id, version) = (row.id, row.version);
    StoredResponse::json(StatusCode::CREATED, &OrderShown::new(row, secret))
        .unwrap_or_else(|_| StoredResponse::empty(StatusCode::CREATED))
        .location(format!("/v1/orders/{id}"))
        .version(version)
}

/// An order that was made just now.
pub(super) struct New {
    /// The order.
    pub row: OrderRow,
    /// The answer that is kept about it.
    pub first: StoredResponse,
    /// The secret that is told in it.
    pub secret: Option<String>,
}

/// Waits as long as the caller wants to, and answers with the order as it is then.
pub(super) async fn settled(
    orders: &Orders,
    key: &Idempotency,
    wait: Wait,
    watcher: Option<Watcher>,
    new: New,
) -> Result<Response, Problem> {
    let New { row, first, secret } = new;
    let Some((limit, mut watcher)) = wait.duration().zip(watcher) else {
        return Ok(first.into_response());
    };
    let later = orders.at_rest(row.id, &mut watcher, limit).await?;
    let answer = match later.filter(|later| later.version != row.version) {
        Some(later) => key.amend(&orders.store, created(later, secret)).await?,
        None => first.into_response(),
    };
    Ok(wait.applied(answer))
}

/// Answers from the record when a twin was faster, and with the problem otherwise.
pub(super) async fn refused(
    orders: &Orders,
    key: &Idempotency,
    error: Error,
) -> Result<Response, Problem> {
    if error.fault() == Fault::Conflict
        && let Some(answer) = key.replay(&orders.store).await?
    {
        return Ok(answer);
    }
    let Error::Place(PlaceError::TotalChanged { actual, .. }) = &error else {
        return Err(error.into());
    };
    // The one problem with a member of its own: what the customer has to agree to now.
    let total = serde_json::to_value(actual).map_err(|e| Problem::bug(&e))?;
    let problem = Problem::from(error);
    let mut body = serde_json::to_value(&problem).map_err(|e| Problem::bug(&e))?;
    body["total"] = total;
    let mut response = Json(body).into_response();
    *response.status_mut() = problem.status_code();
    let media_type = HeaderValue::from_static(MEDIA_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

/// Shows one order.
#[utoipa::path(get, path = "/v1/orders/{id}", operation_id = "show_order", tag = "orders",
    params(
        ("id" = String, Path),
    ),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 200, body = OrderShown, headers(("ETag" = String))),
        (status = 404, body = Problem, description = "`not-found`"),
    ))]
pub async fn one(
    State(orders): State<Orders>,
    visitor: Visitor,
    Path(id): Path<OrderId>,
) -> Result<Response, Problem> {
    let row = orders.order(id, |row| visitor.may_see(&row.owner)).await?;
    Ok(shown(row))
}

fn shown(row: OrderRow) -> Response {
    let tag = etag(row.version);
    let mut response = Json(OrderShown::new(row, None)).into_response();
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// Which orders to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    status: Option<String>,
    email: Option<String>,
    placed_after: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Lists orders, newest first: one's own, or for staff with `orders.read` those of all customers.
#[utoipa::path(get, path = "/v1/orders", operation_id = "list_orders", tag = "orders",
    params(
        ("status" = Option<String>, Query, description = "only orders of this status"),
        ("email" = Option<String>, Query, description = "staff: only orders of this address"),
        ("placed_after" = Option<String>, Query, description = "RFC 3339"),
        ("limit" = Option<u32>, Query, description = "1 to 100"),
        ("cursor" = Option<String>, Query),
    ),
    security(("bearer" = [])),
    responses(
        (status = 200, body = OrderPage),
        (status = 400, body = Problem, description = "`invalid-query`, `invalid-cursor`"),
        (status = 401, body = Problem, description = "`unauthenticated`"),
    ))]
pub async fn list(
    State(orders): State<Orders>,
    visitor: Visitor,
    uri: Uri,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let page = page_request(query.limit, query.cursor.clone())?;
    let filter = filter(&visitor, &query)?;
    let found = orders.list(&filter, &page).await.map_err(|error| match error {
        ListError::Cursor(error) => Problem::bad_cursor(error),
        ListError::Store(error) => error.into(),
    })?;
    Ok(page_response(&uri, &found.map(|row| OrderShown::new(row, None))))
}

fn filter(visitor: &Visitor, query: &ListQuery) -> Result<Filter, Problem> {
    let status = query.status.as_deref().map(str::parse::<OrderStatus>).transpose();
    let status = status.map_err(|error| bad_query("status", &error))?;
    let placed_after = query.placed_after.as_deref().map(str::parse::<Timestamp>).transpose();
    let placed_after = placed_after.map_err(|error| bad_query("placed_after", &error))?;
    let email = query.email.as_deref().map(Email::parse).transpose();
    let email = email.map_err(|error| bad_query("email", &error))?;
    let whose = match (visitor.sees_all(), visitor.user()?, email) {
        (true, _, Some(email)) => Whose::Email(email),
        (true, _, None) => Whose::All,
        (false, Some(_), Some(_)) => {
            let detail = "the permission orders.read is needed to list by e-mail address";
            return Err(Problem::new(Fault::Forbidden, "forbidden", detail));
        }
        (false, Some(user), None) => Whose::User(user),
        (false, None, _) => {
            let detail = "sign in to list orders; a guest reaches an order by its id and secret";
            return Err(Problem::new(Fault::Unauthenticated, "unauthenticated", detail));
        }
    };
    Ok(Filter { whose, status, placed_after })
}

fn bad_query(name: &str, error: &dyn std::error::Error) -> Problem {
    Problem::new(Fault::Invalid, "invalid-query", format!("the query is not valid: {error}"))
        .status(StatusCode::BAD_REQUEST)
        .errors(vec![FieldError::new(name, error.to_string())])
}

/// Answers the open challenge of an order's payment.
///
/// With `Prefer: wait=N` the answer tells what came of it.
#[utoipa::path(post, path = "/v1/orders/{id}/payment-answers", operation_id = "answer_challenge", tag = "orders",
    request_body = PaymentAnswer,
    params(
        ("id" = String, Path),
        ("Prefer" = Option<String>, Header, description = "wait=N: seconds to wait, at most 60"),
    ),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 200, body = OrderShown),
        (status = 404, body = Problem, description = "`not-found`"),
        (status = 409, body = Problem, description = "`no-open-challenge`"),
    ))]
pub async fn answer(
    State(orders): State<Orders>,
    visitor: Visitor,
    Path(id): Path<OrderId>,
    wait: Wait,
    Json(body): Json<PaymentAnswer>,
) -> Result<Response, Problem> {
    let answer = body.parse()?;
    orders.order(id, |row| visitor.may_change(&row.owner)).await?;
    let mut watcher = orders.watchers.watch(id);
    orders.answer_challenge(id, answer).await?;
    let limit = wait.duration().unwrap_or_default();
    let row = orders.at_rest(id, &mut watcher, limit).await?;
    let row = row.ok_or(Error::NotFound { what: "order" })?;
    Ok(wait.applied(shown(row)))
}
