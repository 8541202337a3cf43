//! Products one by one.

use axum::{
    body::Body,
    extract::{FromRequestParts as _, Request, State},
    response::Response,
};
use edge::{
    Caller, Json, Path, Problem,
    auth::{CatalogWrite, Staff},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    problem,
    requests::{NewProduct, ProductChange},
    tags, unknown_product,
};
use crate::{
    Products,
    commands::{CatalogueError, archive_product, change_product, create_product},
    domain::{Product, Status, change as change_of, complete},
    queries::{
        pages::{ProductPage, find},
        shapes::ProductShape,
    },
};

/// Adds a product.
#[utoipa::path(
    post, path = "/v1/products", operation_id = "create_product", tag = "products", request_body = NewProduct,
    security(("bearer" = ["catalog.write"])),
    responses((status = 201, body = ProductShape<'_>), (status = 409), (status = 422))
)]
pub async fn create(
    State(app): State<Products>,
    _: Staff<CatalogWrite>,
    Json(sent): Json<NewProduct>,
) -> Result<Response, Problem> {
    let draft = complete(sent.into()).map_err(|faults| problem(CatalogueError::Invalid(faults)))?;
    let product = create_product(&app, draft).await.map_err(problem)?;
    let mut response = answer(&app, &product).await?;
    *response.status_mut() = StatusCode::CREATED;
    let location = HeaderValue::from_str(&format!("/v1/products/{}", product.id));
    let location = location.expect("an id is a header value");
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// One product, by id or slug. Drafts and archived products are for staff only.
#[utoipa::path(
    get, path = "/v1/products/{product}", operation_id = "show_product", tag = "products",
    params(("product" = String, Path, description = "Id or slug.")),
    responses((status = 200, body = ProductShape<'_>), (status = 304), (status = 404))
)]
pub async fn show(
    State(app): State<Products>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let page = app.pages.page(&name, &app.store, &app.freshness, &app.clock).await?;
    let page = page.ok_or_else(unknown_product)?;
    let (mut parts, _) = request.into_parts();
    if page.status != Status::Published {
        let caller = Caller::from_request_parts(&mut parts, &()).await?;
        if !caller.may::<CatalogWrite>() {
            return Err(unknown_product());
        }
    }
    Ok(page_answer(&page, &parts.headers))
}

/// Changes a product, if it is at the version in `If-Match` (when given).
#[utoipa::path(
    patch, path = "/v1/products/{product}", operation_id = "change_product", tag = "products", request_body = ProductChange,
    params(("product" = String, Path, description = "Id or slug."), ("if-match" = Option<String>, Header)),
    security(("bearer" = ["catalog.write"])),
    responses((status = 200, body = ProductShape<'_>), (status = 404), (status = 409), (status = 412), (status = 422))
)]
pub async fn change(
    State(app): State<Products>,
    _: Staff<CatalogWrite>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(sent): Json<ProductChange>,
) -> Result<Response, Problem> {
    let seen = tags::seen(&headers)?;
    let patch = change_of(sent.into()).map_err(|f| problem(CatalogueError::Invalid(f)))?;
    let id = find(&app.store, &name).await?.ok_or_else(unknown_product)?.id;
    let product = change_product(&app, id, seen, patch).await.map_err(problem)?;
    answer(&app, &product).await
}

/// Takes a product off the shelf. Its history, and what orders hold of it, stay.
#[utoipa::path(
    delete, path = "/v1/products/{product}", operation_id = "archive_product", tag = "products",
    params(("product" = String, Path, description = "Id or slug."), ("if-match" = Option<String>, Header)),
    security(("bearer" = ["catalog.write"])),
    responses((status = 204), (status = 404), (status = 412))
)]
pub async fn archive(
    State(app): State<Products>,
    _: Staff<CatalogWrite>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let seen = tags::seen(&headers)?;
    let id = find(&app.store, &name).await?.ok_or_else(unknown_product)?.id;
    archive_product(&app, id, seen).await.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The page of a product that was just written.
async fn answer(app: &Products, product: &Product) -> Result<Response, Problem> {
    let name = product.id.to_string();
    let page = app.pages.page(&name, &app.store, &app.freshness, &app.clock).await?;
    page.map(|page| page_answer(&page, &HeaderMap::new())).ok_or_else(unknown_product)
}

fn page_answer(page: &ProductPage, headers: &HeaderMap) -> Response {
    let known = tags::is_known(headers, &page.tag);
    let body = if known { Body::empty() } else { Body::from(page.body.clone()) };
    let mut response = Response::new(body);
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    response.headers_mut().insert(header::ETAG, page.tag.clone());
    // Stock moves at any time: whoever keeps a page asks whether it still holds.
    let revalidate = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, revalidate);
    response
}
