//! Opening an account, and what staff see and change of all of them.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use contracts::ids::UserId;
use edge::{
    IfMatch, Json, PageQuery, Path, Problem,
    auth::{UsersRead, UsersWrite},
    etag, page_response,
};
use http::{HeaderValue, StatusCode, Uri, header};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::guard::Officer;
use crate::{
    commands::{self, AccessChange, AccessChangeError, Desk, Registration},
    domain::{access::Access, user::User},
    queries,
};

/// Opens an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterBody {
    /// Where to write to; unique, upper and lower case are the same.
    email: String,
    /// At least 12 characters, at most 128, of any kind; common ones are refused.
    password: String,
    /// What to call you.
    #[serde(default)]
    name: String,
}

/// Another access; absent parts stay, except that only staff keep permissions.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessBody {
    /// `customer`, `staff` or `admin`.
    role: Option<String>,
    /// What staff may do.
    permissions: Option<Vec<String>>,
}

/// An account.
#[derive(Serialize, ToSchema)]
pub struct UserBody {
    #[schema(value_type = String, example = "user_01h455vb4pex5vsknk084sn02q")]
    id: UserId,
    email: String,
    name: String,
    role: &'static str,
    permissions: Vec<&'static str>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    version: i64,
}

impl UserBody {
    /// An account as it is shown: without anything that opens it.
    pub fn of(user: &User) -> Self {
        Self {
            id: user.id,
            email: user.email.as_str().to_owned(),
            name: user.name.as_str().to_owned(),
            role: user.access.role().as_str(),
            permissions: permissions(&user.access),
            created_at: user.created_at,
            updated_at: user.updated_at,
            version: user.version,
        }
    }
}

fn permissions(access: &Access) -> Vec<&'static str> {
    access.permissions().iter().map(|one| one.as_str()).collect()
}

/// An account with its `ETag`.
pub fn shown(user: &User) -> Response {
    let mut response = Json(UserBody::of(user)).into_response();
    response.headers_mut().insert(header::ETAG, etag(user.version));
    response
}

/// One page of accounts.
#[derive(Serialize, ToSchema)]
pub struct UsersPage {
    items: Vec<UserBody>,
    next_cursor: Option<String>,
}

/// Registers a customer.
#[utoipa::path(
    post, path = "/v1/users", operation_id = "register_user",
    tag = "users", request_body = RegisterBody,
    responses(
        (status = 201, body = UserBody),
        (status = 409, description = "`email-taken`", body = Problem),
        (status = 422, description = "`invalid-body`", body = Problem),
        (status = 503, description = "`overloaded`", body = Problem),
    )
)]
pub async fn register(
    State(desk): State<Desk>,
    Json(body): Json<RegisterBody>,
) -> Result<Response, Problem> {
    let length_min = desk.settings.password_length_min;
    let asked = Registration::parse(&body.email, &body.name, body.password, length_min)?;
    let user = commands::register(&desk, asked).await?;
    let mut response = shown(&user);
    *response.status_mut() = StatusCode::CREATED;
    let location = HeaderValue::try_from(format!("/v1/users/{}", user.id));
    let location = location.expect("an id is a header value");
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Lists accounts, newest first.
#[utoipa::path(
    get, path = "/v1/users", operation_id = "list_users",
    tag = "users", security(("bearer" = ["users.read"])),
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = UsersPage), (status = 403, body = Problem))
)]
pub async fn list(
    State(desk): State<Desk>,
    _: Officer<UsersRead>,
    uri: Uri,
    PageQuery(page): PageQuery,
) -> Result<Response, Problem> {
    let users = queries::users(&desk, &page).await?;
    Ok(page_response(&uri, &users.map(|user| UserBody::of(&user))))
}

/// Shows an account.
#[utoipa::path(
    get, path = "/v1/users/{id}", operation_id = "show_user",
    tag = "users", security(("bearer" = ["users.read"])),
    params(("id" = String, Path)),
    responses((status = 200, body = UserBody), (status = 404, body = Problem))
)]
pub async fn show(
    State(desk): State<Desk>,
    _: Officer<UsersRead>,
    Path(id): Path<UserId>,
) -> Result<Response, Problem> {
    let user = queries::user(&desk, id).await?;
    Ok(shown(&user.ok_or_else(|| Problem::not_found("there is no such account"))?))
}

/// Changes the role and the permissions of an account.
#[utoipa::path(
    patch, path = "/v1/users/{id}", operation_id = "change_access",
    tag = "users", security(("bearer" = ["users.write"])),
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = AccessBody,
    responses(
        (status = 200, body = UserBody),
        (status = 403, description = "`forbidden`, `grant-exceeds-own`", body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`last-admin`", body = Problem),
        (status = 412, description = "`stale-version`", body = Problem),
        (status = 422, description = "`invalid-body`", body = Problem),
    )
)]
pub async fn change(
    State(desk): State<Desk>,
    officer: Officer<UsersWrite>,
    Path(id): Path<UserId>,
    condition: Option<IfMatch>,
    Json(body): Json<AccessBody>,
) -> Result<Response, Problem> {
    let asked = AccessChange { role: body.role, permissions: body.permissions };
    let actor = (officer.user.id, &officer.access);
    let changed = commands::change_access(&desk, actor, id, asked, expected(condition)).await;
    let user = changed.map_err(|error| match error {
        AccessChangeError::Stale { current, .. } => super::stale(current, error.to_string()),
        AccessChangeError::Invalid(_)
        | AccessChangeError::BeyondOwn
        | AccessChangeError::LastAdmin
        | AccessChangeError::Unknown
        | AccessChangeError::Store(_) => error.into(),
    })?;
    Ok(shown(&user))
}

/// The version that a condition names; any will do without one.
pub fn expected(condition: Option<IfMatch>) -> Option<i64> {
    match condition {
        Some(IfMatch::Version(version)) => Some(version),
        Some(IfMatch::Any) | None => None,
    }
}
