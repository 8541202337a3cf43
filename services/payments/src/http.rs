//! REST for staff: payments and what may be done with them, the ledger, the sandbox bank's books.

mod ledger;
mod payments;

mod lines;
mod shapes;

use axum::Router;
use axum::routing::{get, post};
use store::Store;
use utoipa::OpenApi;

use crate::commands::Desk;

/// What the handlers work with.
#[derive(Clone)]
struct State {
    desk: Desk,
    /// The sandbox bank's own books.
    bank: Store,
}

/// The routes.
pub fn routes(desk: Desk, bank: Store) -> Router {
    Router::new()
        .route("/v1/payments", get(payments::list))
        .route("/v1/payments/{id}", get(payments::show))
        .route("/v1/payments/{id}/captures", post(payments::capture))
        .route("/v1/payments/{id}/refunds", post(payments::refund))
        .route("/v1/payments/{id}/void", post(payments::void))
        .route("/v1/ledger/accounts", get(ledger::accounts))
        .route("/v1/ledger/entries", get(ledger::entries))
        .route("/v1/sandbox/operations", get(ledger::bank_operations))
        .with_state(State { desk, bank })
}

/// What the routes promise.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let about = "Authorise, capture, void, refund, and the double-entry ledger.";
    edge::openapi::described(Docs::openapi(), "payments", about)
}

#[derive(OpenApi)]
#[openapi(
    info(title = "payments", version = "1"),
    paths(
        payments::list,
        payments::show,
        payments::capture,
        payments::refund,
        payments::void,
        ledger::accounts,
        ledger::entries,
        ledger::bank_operations,
    ),
    tags(
        (name = "payments", description = "Payments and what staff may do with them."),
        (name = "ledger", description = "The double-entry ledger. It only grows."),
        (name = "sandbox", description = "What the sandbox bank believes."),
    )
)]
struct Docs;
