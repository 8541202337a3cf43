//! The catalogue in and out, as streams.

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use edge::{
    Json, Problem,
    auth::{CatalogWrite, Staff},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kernel::Fault;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Products,
    commands::{Format, ImportError, Report, import_products},
    queries::export::export as lines,
};

/// What became of an import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportAnswer {
    id: String,
    /// Rows that came.
    received: u64,
    /// Products that are new.
    created: u64,
    /// Products, or their stock, that differ from before.
    updated: u64,
    /// Products that were so already.
    unchanged: u64,
    /// Rows that are not in.
    failed: u64,
    /// Why, for the first thousand.
    errors: Vec<ImportRowError>,
}

/// A row that is not in.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportRowError {
    /// Counted from 1, the header included.
    line: u64,
    code: &'static str,
    detail: String,
}

/// Adds and changes products by slug and SKU, from CSV or from one JSON object a line. Rows that
/// are wrong are told and left out; the rest is in. Sending rows again changes nothing.
#[utoipa::path(
    post, path = "/v1/imports", operation_id = "import_products", tag = "products",
    request_body(content((String = "text/csv"), (String = "application/x-ndjson"))),
    security(("bearer" = ["catalog.write"])),
    responses((status = 200, body = ImportAnswer), (status = 415), (status = 422))
)]
pub async fn import(
    State(app): State<Products>,
    _: Staff<CatalogWrite>,
    request: Request,
) -> Result<Json<ImportAnswer>, Problem> {
    let format = format(request.headers())?;
    let body = request.into_body().into_data_stream();
    let report = import_products(&app, format, body).await.map_err(problem)?;
    Ok(Json(report.into()))
}

/// Every product, one JSON object a line, as imports take them.
#[utoipa::path(
    get, path = "/v1/exports/products", operation_id = "export_products", tag = "products",
    security(("bearer" = ["catalog.write"])),
    responses((status = 200, body = String, content_type = "application/x-ndjson"))
)]
pub async fn export(State(app): State<Products>, _: Staff<CatalogWrite>) -> Response {
    let mut response = Response::new(Body::from_stream(lines(app)));
    let ndjson = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, ndjson);
    response
}

fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "text/csv" => Ok(Format::Csv),
        "application/x-ndjson" | "application/ndjson" => Ok(Format::NdJson),
        _ => {
            let detail = "rows come as text/csv or application/x-ndjson";
            Err(Problem::new(Fault::Invalid, "unsupported-media-type", detail)
                .status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
        }
    }
}

fn problem(error: ImportError) -> Problem {
    match error {
        ImportError::Broken(_) => Problem::from(error).status(StatusCode::BAD_REQUEST),
        ImportError::Header(_) | ImportError::Store(_) => error.into(),
    }
}

impl From<Report> for ImportAnswer {
    fn from(report: Report) -> Self {
        let error = |(line, code, detail)| ImportRowError { line, code, detail };
        Self {
            id: report.id.to_string(),
            received: report.received,
            created: report.created,
            updated: report.updated,
            unchanged: report.unchanged,
            failed: report.failed,
            errors: report.errors.into_iter().map(error).collect(),
        }
    }
}
