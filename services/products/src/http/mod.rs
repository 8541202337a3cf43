//! The REST door: routes, requests, answers, OpenAPI.

mod imports;
mod inventory;
mod lists;
mod products;
mod requests;
mod tags;

use axum::{
    Router,
    routing::{get, post},
};
use edge::{Problem, RouteLimits};
use kernel::Fault;
use utoipa::OpenApi as _;

use crate::{Products, commands::CatalogueError, queries};

/// All routes of this service.
pub fn router(app: &Products) -> Router {
    let import_limits =
        RouteLimits { request_ms_max: app.settings.import_ms_max, ..RouteLimits::default() };
    Router::new()
        .route("/v1/products", get(lists::list_products).post(products::create))
        .route(
            "/v1/products/{product}",
            get(products::show).patch(products::change).delete(products::archive),
        )
        .route("/v1/categories", get(lists::list_categories))
        .route("/v1/variants", get(lists::list_variants))
        .route("/v1/inventory/{sku}", get(inventory::show).put(inventory::set))
        .route("/v1/inventory/{sku}/adjustments", post(inventory::adjust))
        .route("/v1/inventory/{sku}/movements", get(inventory::movements))
        .route("/v1/imports", post(imports::import).layer(import_limits))
        .route("/v1/exports/products", get(imports::export))
        .with_state(app.clone())
}

/// What the routes promise.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let about = "The catalogue, search, imports; stock, its movements and reservations.";
    edge::openapi::described(Promises::openapi(), "products", about)
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "products", version = "1"),
    paths(
        products::create,
        products::show,
        products::change,
        products::archive,
        lists::list_products,
        lists::list_categories,
        lists::list_variants,
        inventory::show,
        inventory::set,
        inventory::adjust,
        inventory::movements,
        imports::import,
        imports::export,
    ),
    components(schemas(
        requests::NewProduct,
        requests::ProductChange,
        requests::StockCount,
        requests::StockAdjustment,
        imports::ImportAnswer,
        lists::ProductList,
        lists::CategoryList,
        lists::VariantList,
        inventory::MovementList,
        queries::shapes::ProductShape<'_>,
        queries::shapes::StockShape,
    )),
    tags(
        (name = "products", description = "The catalogue: what is for sale, search, import."),
        (name = "inventory", description = "Stock and its movements."),
    )
)]
struct Promises;

/// The error as a problem, with the current entity tag where that is what went wrong.
fn problem(error: CatalogueError) -> Problem {
    let current = match &error {
        CatalogueError::Stale { current, .. } => Some(*current),
        CatalogueError::Invalid(_)
        | CatalogueError::UnknownProduct
        | CatalogueError::UnknownSku { .. }
        | CatalogueError::SlugTaken { .. }
        | CatalogueError::Unfit(_)
        | CatalogueError::BelowReserved { .. }
        | CatalogueError::TooMany { .. }
        | CatalogueError::Moved
        | CatalogueError::Store(_) => None,
    };
    let problem = Problem::from(error);
    match current {
        Some(version) => problem.header(http::header::ETAG, edge::etag(version)),
        None => problem,
    }
}

fn unknown_sku() -> Problem {
    Problem::new(Fault::NotFound, "not-found", "there is no such sku")
}

fn unknown_product() -> Problem {
    Problem::new(Fault::NotFound, "not-found", "there is no such product")
}
