//! One's own address book.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use contracts::ids::AddressId;
use edge::{Json, Path, Problem};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Whole, guard::Account};
use crate::{
    commands::{self, Desk},
    domain::address::Address,
    queries,
};

/// An address as it comes in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressInputBody {
    /// Who receives it.
    name: String,
    /// Street and number.
    line1: String,
    #[serde(default)]
    line2: String,
    city: String,
    /// State, province or county.
    #[serde(default)]
    region: String,
    #[serde(default)]
    postal_code: String,
    /// ISO 3166-1 alpha-2.
    country: String,
    #[serde(default)]
    phone: String,
}

/// An address as it is kept.
#[derive(Serialize, ToSchema)]
pub struct AddressBody {
    #[schema(value_type = String, example = "addr_01h455vb4pex5vsknk084sn02q")]
    id: AddressId,
    name: String,
    line1: String,
    line2: String,
    city: String,
    region: String,
    postal_code: String,
    country: String,
    phone: String,
}

/// The addresses of one user.
#[derive(Serialize, ToSchema)]
pub struct AddressesPage {
    items: Vec<AddressBody>,
    next_cursor: Option<String>,
}

impl AddressInputBody {
    fn into_address(self) -> Address {
        let Self { name, line1, line2, city, region, postal_code, country, phone } = self;
        Address { name, line1, line2, city, region, postal_code, country, phone }
    }
}

impl AddressBody {
    /// An address as it is shown.
    pub fn of((id, address): (AddressId, Address)) -> Self {
        let Address { name, line1, line2, city, region, postal_code, country, phone } = address;
        Self { id, name, line1, line2, city, region, postal_code, country, phone }
    }
}

/// Lists the address book.
#[utoipa::path(
    get, path = "/v1/users/me/addresses", operation_id = "list_addresses",
    tag = "me", security(("bearer" = [])),
    responses((status = 200, body = AddressesPage))
)]
pub async fn list(State(desk): State<Desk>, account: Account) -> Result<Response, Problem> {
    let addresses = queries::addresses(&desk, account.user.id).await?;
    Ok(Json(Whole::of(addresses.into_iter().map(AddressBody::of).collect())).into_response())
}

/// Adds an address.
#[utoipa::path(
    post, path = "/v1/users/me/addresses", operation_id = "add_address",
    tag = "me", security(("bearer" = [])),
    request_body = AddressInputBody,
    responses(
        (status = 201, body = AddressBody),
        (status = 409, description = "`address-book-full`", body = Problem),
        (status = 422, description = "`invalid-body`", body = Problem),
    )
)]
pub async fn add(
    State(desk): State<Desk>,
    account: Account,
    Json(body): Json<AddressInputBody>,
) -> Result<Response, Problem> {
    let added = commands::add_address(&desk, account.user.id, body.into_address()).await?;
    let location = HeaderValue::try_from(format!("/v1/users/me/addresses/{}", added.0));
    let location = location.expect("an id is a header value");
    let headers = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, Json(AddressBody::of(added))).into_response())
}

/// Shows an address.
#[utoipa::path(
    get, path = "/v1/users/me/addresses/{id}", operation_id = "show_address",
    tag = "me", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = AddressBody), (status = 404, body = Problem))
)]
pub async fn show(
    State(desk): State<Desk>,
    account: Account,
    Path(id): Path<AddressId>,
) -> Result<Json<AddressBody>, Problem> {
    let addresses = queries::addresses(&desk, account.user.id).await?;
    let found = addresses.into_iter().find(|(known, _)| *known == id);
    let found = found.ok_or_else(|| Problem::not_found("there is no such address"))?;
    Ok(Json(AddressBody::of(found)))
}

/// Replaces an address.
#[utoipa::path(
    put, path = "/v1/users/me/addresses/{id}", operation_id = "replace_address",
    tag = "me", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = AddressInputBody,
    responses(
        (status = 200, body = AddressBody),
        (status = 404, body = Problem),
        (status = 422, description = "`invalid-body`", body = Problem),
    )
)]
pub async fn replace(
    State(desk): State<Desk>,
    account: Account,
    Path(id): Path<AddressId>,
    Json(body): Json<AddressInputBody>,
) -> Result<Json<AddressBody>, Problem> {
    let user = account.user.id;
    let address = commands::replace_address(&desk, user, id, body.into_address()).await?;
    Ok(Json(AddressBody::of((id, address))))
}

/// Removes an address.
#[utoipa::path(
    delete, path = "/v1/users/me/addresses/{id}", operation_id = "remove_address",
    tag = "me", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 204, description = "removed"), (status = 404, body = Problem))
)]
pub async fn remove(
    State(desk): State<Desk>,
    account: Account,
    Path(id): Path<AddressId>,
) -> Result<StatusCode, Problem> {
    commands::remove_address(&desk, account.user.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
