//! Stock, for staff.

use axum::{extract::State, response::Response};
use edge::{
    Json, PageQuery, Path, Problem,
    auth::{InventoryRead, InventoryWrite, Staff},
    page_response,
};
use http::Uri;
use kernel::FieldError;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    problem,
    requests::{StockAdjustment, StockCount},
    unknown_sku,
};
use crate::{
    Products,
    commands::{CatalogueError, Correction, correct_stock},
    domain::{QUANTITY_MAX, Sku, line},
    queries::{
        inventory::{self, JournalError},
        shapes::{MovementShape, StockShape},
    },
};

const REASON_MAX: usize = 200;

/// A page of movements.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovementList {
    items: Vec<MovementShape>,
    next_cursor: Option<String>,
}

/// How much there is of a SKU.
#[utoipa::path(
    get, path = "/v1/inventory/{sku}", operation_id = "show_stock", tag = "inventory", params(("sku" = String, Path)),
    security(("bearer" = ["inventory.read"])),
    responses((status = 200, body = StockShape), (status = 404))
)]
pub async fn show(
    State(app): State<Products>,
    _: Staff<InventoryRead>,
    Path(sku): Path<String>,
) -> Result<Json<StockShape>, Problem> {
    level(&app, &parse(&sku)?).await
}

/// Says how many there are.
#[utoipa::path(
    put, path = "/v1/inventory/{sku}", operation_id = "set_stock", tag = "inventory", params(("sku" = String, Path)),
    request_body = StockCount,
    security(("bearer" = ["inventory.write"])),
    responses((status = 200, body = StockShape), (status = 404), (status = 409), (status = 422))
)]
pub async fn set(
    State(app): State<Products>,
    _: Staff<InventoryWrite>,
    Path(sku): Path<String>,
    Json(StockCount { on_hand }): Json<StockCount>,
) -> Result<Json<StockShape>, Problem> {
    let sku = parse(&sku)?;
    if !(0..=QUANTITY_MAX).contains(&on_hand) {
        let detail = format!("must be a whole number from 0 to {QUANTITY_MAX}");
        return Err(Problem::invalid(vec![FieldError::new("/on_hand", detail)]));
    }
    correct_stock(&app, &sku, &Correction::Set { on_hand }).await.map_err(problem)?;
    level(&app, &sku).await
}

/// Says how many more there are, or fewer, and why.
#[utoipa::path(
    post, path = "/v1/inventory/{sku}/adjustments", operation_id = "adjust_stock", tag = "inventory",
    params(("sku" = String, Path)), request_body = StockAdjustment,
    security(("bearer" = ["inventory.write"])),
    responses((status = 200, body = StockShape), (status = 404), (status = 409), (status = 422))
)]
pub async fn adjust(
    State(app): State<Products>,
    _: Staff<InventoryWrite>,
    Path(sku): Path<String>,
    Json(StockAdjustment { delta, reason }): Json<StockAdjustment>,
) -> Result<Json<StockShape>, Problem> {
    let sku = parse(&sku)?;
    let mut faults = Vec::new();
    if delta == 0 || !(-QUANTITY_MAX..=QUANTITY_MAX).contains(&delta) {
        let detail = format!("must be a whole number up to {QUANTITY_MAX} either way, not 0");
        faults.push(FieldError::new("/delta", detail));
    }
    let reason = line(&reason, REASON_MAX).unwrap_or_else(|fault| {
        faults.push(FieldError::new("/reason", fault.to_string()));
        String::new()
    });
    if !faults.is_empty() {
        return Err(problem(CatalogueError::Invalid(faults)));
    }
    correct_stock(&app, &sku, &Correction::Adjust { delta, reason }).await.map_err(problem)?;
    level(&app, &sku).await
}

/// Every change of the stock of a SKU, newest first.
#[utoipa::path(
    get, path = "/v1/inventory/{sku}/movements", operation_id = "list_movements", tag = "inventory",
    params(("sku" = String, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    security(("bearer" = ["inventory.read"])),
    responses((status = 200, body = MovementList), (status = 404))
)]
pub async fn movements(
    State(app): State<Products>,
    _: Staff<InventoryRead>,
    uri: Uri,
    Path(sku): Path<String>,
    PageQuery(page): PageQuery,
) -> Result<Response, Problem> {
    let found = inventory::movements(&app, &parse(&sku)?, page).await;
    match found {
        Ok(page) => Ok(page_response(&uri, &page)),
        Err(JournalError::UnknownSku) => Err(unknown_sku()),
        Err(JournalError::Cursor(error)) => Err(Problem::bad_cursor(error)),
        Err(JournalError::Store(error)) => Err(error.into()),
    }
}

/// A text that cannot be a SKU names nothing.
fn parse(sku: &str) -> Result<Sku, Problem> {
    Sku::parse(sku).map_err(|_| unknown_sku())
}

async fn level(app: &Products, sku: &Sku) -> Result<Json<StockShape>, Problem> {
    inventory::level(app, sku).await?.map(Json).ok_or_else(unknown_sku)
}
