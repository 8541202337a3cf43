//! The routes, and the shapes of requests and answers.

mod addresses;
mod api_keys;
mod audit;
mod guard;
mod jwks;
mod me;
mod sessions;
mod setup;
mod users;
mod wishlist;

use axum::{
    Router,
    routing::{delete, get, post, put},
};
use edge::{Peer, Problem};
use kernel::Fault;
use serde::Serialize;
use utoipa::OpenApi;

use crate::{commands::Desk, queries::ListError};

/// All routes of this service; `products` is asked about wishlists.
pub fn routes(desk: Desk, products: Peer) -> Router {
    let me = Router::new()
        .route("/", get(me::show).patch(me::change).delete(me::erase))
        .route("/export", get(me::export))
        .route("/addresses", get(addresses::list).post(addresses::add))
        .route(
            "/addresses/{id}",
            get(addresses::show).put(addresses::replace).delete(addresses::remove),
        )
        .route("/wishlist", get(wishlist::list).layer(axum::Extension(products)))
        .route("/wishlist/{variant_id}", put(wishlist::add).delete(wishlist::remove));
    Router::new()
        .route("/v1/users", get(users::list).post(users::register))
        .route("/v1/users/{id}", get(users::show).patch(users::change))
        .nest("/v1/users/me", me)
        .route("/v1/sessions", get(sessions::list).post(sessions::open))
        .route("/v1/sessions/refresh", post(sessions::refresh))
        .route("/v1/sessions/current", delete(sessions::end_current))
        .route("/v1/sessions/{id}", delete(sessions::end))
        .route("/v1/api-keys", get(api_keys::list).post(api_keys::create))
        .route("/v1/api-keys/{id}", delete(api_keys::remove))
        .route("/v1/audit-events", get(audit::list))
        .route("/.well-known/jwks.json", get(jwks::show))
        .route("/v1/setup", post(setup::complete))
        .route("/setup", get(setup::form).post(setup::submit))
        .with_state(desk)
}

#[derive(OpenApi)]
#[openapi(
    info(title = "users", version = "1"),
    paths(
        users::register,
        users::list,
        users::show,
        users::change,
        me::show,
        me::change,
        me::erase,
        me::export,
        addresses::list,
        addresses::add,
        addresses::show,
        addresses::replace,
        addresses::remove,
        wishlist::list,
        wishlist::add,
        wishlist::remove,
        sessions::open,
        sessions::refresh,
        sessions::list,
        sessions::end_current,
        sessions::end,
        api_keys::list,
        api_keys::create,
        api_keys::remove,
        audit::list,
        jwks::show,
        setup::complete,
        setup::form,
        setup::submit,
    ),
    tags(
        (name = "users", description = "Accounts: registering, and staff who look after them."),
        (name = "sessions", description = "Logging in and out; access and refresh tokens."),
        (name = "me", description = "One's own profile, addresses, wishlist and data."),
        (name = "api-keys", description = "Access for programs."),
        (name = "audit", description = "Who did what to whose account."),
        (name = "setup", description = "The first administrator."),
    )
)]
struct Description;

/// What this service promises over REST.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let about = "Accounts, sessions, roles and API keys, addresses and wishlists.";
    edge::openapi::described(Description::openapi(), "users", about)
}

/// A list that is short enough to be told whole, in the shape of all lists.
#[derive(Serialize)]
struct Whole<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

impl<T> Whole<T> {
    fn of(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Cursor(error) => Self::bad_cursor(error),
            ListError::Store(error) => error.into(),
        }
    }
}

/// 412 with the `ETag` of what there is.
fn stale(current: i64, detail: String) -> Problem {
    Problem::new(Fault::Precondition, "stale-version", detail)
        .header(http::header::ETAG, edge::etag(current))
}
