//! The public keys of access tokens.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use edge::Json;
use http::{HeaderValue, header};

use crate::{commands::Desk, queries};

/// Shows the keys that access tokens are signed with.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "show_signing_keys",
    tag = "sessions",
    responses((status = 200, description = "a JSON Web Key Set (RFC 7517)"))
)]
pub async fn show(State(desk): State<Desk>) -> Response {
    let mut response = Json(queries::signing_keys(&desk)).into_response();
    // A key is published a lead before it signs: whoever keeps the set no longer than that
    // never meets a key that is not in it.
    let kept = format!("public, max-age={}", desk.settings.signing_key_lead_s);
    let kept = HeaderValue::try_from(kept).expect("a number is a header value");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    response
}
