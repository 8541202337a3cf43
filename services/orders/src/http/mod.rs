//! Routes of orders and carts, and what they promise (OpenAPI).

mod access;
mod carts;
mod orders;
mod read;
mod show;
mod stories;

use axum::{
    Router,
    routing::{get, patch, post, put},
};
use utoipa::{
    OpenApi, ToSchema,
    openapi::security::{ApiKey, ApiKeyValue, SecurityScheme},
};

use crate::commands::Orders;

/// An amount in integer minor units of an ISO 4217 currency: 1299 EUR is 12.99 euros.
#[derive(ToSchema)]
#[schema(as = Money)]
pub struct MoneyShape {
    /// Minor units.
    #[schema(example = 1299)]
    pub amount: i64,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
}

/// The REST routes of this service.
pub fn routes(orders: Orders) -> Router {
    Router::new()
        .route("/v1/orders", post(orders::place).get(orders::list))
        .route("/v1/orders/{id}", get(orders::one))
        .route("/v1/orders/{id}/payment-answers", post(orders::answer))
        .route("/v1/orders/{id}/timeline", get(stories::timeline))
        .route("/v1/orders/{id}/events", get(stories::events))
        .route("/v1/carts", post(carts::create))
        .route("/v1/carts/{id}", get(carts::one))
        .route("/v1/carts/{id}/items", post(carts::add))
        .route("/v1/carts/{id}/items/{item_id}", patch(carts::change).delete(carts::remove))
        .route("/v1/carts/{id}/email", put(carts::email))
        .route("/v1/carts/{id}/shipping-address", put(carts::shipping_address))
        .route("/v1/carts/{id}/shipping-method", put(carts::shipping_method))
        .route("/v1/carts/{id}/coupons", put(carts::coupons))
        .route("/v1/carts/{id}/complete", post(carts::complete))
        .with_state(orders)
}

/// What the routes promise.
#[derive(OpenApi)]
#[openapi(
    info(title = "orders", version = "1"),
    paths(
        orders::place,
        orders::list,
        orders::one,
        orders::answer,
        stories::timeline,
        stories::events,
        carts::create,
        carts::one,
        carts::add,
        carts::change,
        carts::remove,
        carts::email,
        carts::shipping_address,
        carts::shipping_method,
        carts::coupons,
        carts::complete,
    ),
    components(schemas(
        MoneyShape,
        show::OrderShown,
        show::CartShown,
        show::EntryShown,
        show::OrderPage,
        show::TimelinePage
    )),
    tags(
        (name = "carts", description = "What somebody is about to order."),
        (name = "orders", description = "Placing, reading and following orders."),
    )
)]
struct Promises;

/// The OpenAPI document of this service.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let about = "Carts, orders, their placement, and the story of each order.";
    let mut document = edge::openapi::described(Promises::openapi(), "orders", about);
    let told = "The `access_token` in the answer that made a guest's cart or order.";
    let guest = ApiKey::Header(ApiKeyValue::with_description("Stoa-Access-Token", told));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("guest", SecurityScheme::ApiKey(guest));
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_promised() {
        let promised = openapi();
        let count = |path: &str| {
            let item = promised.paths.paths.get(path).map(|item| {
                [&item.get, &item.post, &item.put, &item.patch, &item.delete]
                    .iter()
                    .filter(|operation| operation.is_some())
                    .count()
            });
            item.unwrap_or(0)
        };

        assert_eq!((count("/v1/orders"), count("/v1/carts/{id}/items/{item_id}")), (2, 2));
        assert_eq!(promised.paths.paths.len(), 14);
    }
}
