//! One's own account.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use contracts::ids::{KeyId, SessionId, VariantId};
use edge::{IfMatch, Json, Problem};
use http::{HeaderValue, StatusCode, header};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    addresses::AddressBody,
    audit::AuditEventBody,
    guard::Account,
    users::{UserBody, expected, shown},
};
use crate::{
    commands::{self, Desk, ProfileChange, ProfileError},
    domain::session::Session,
    queries::{self, Export},
    store::api_keys::ApiKey,
};

/// A change of one's own account; absent parts stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileBody {
    name: Option<String>,
    /// Needs `current_password`.
    email: Option<String>,
    /// Needs `current_password`; ends all other sessions.
    password: Option<String>,
    current_password: Option<String>,
}

/// A session in an export.
#[derive(Serialize, ToSchema)]
pub struct ExportedSession {
    #[schema(value_type = String)]
    id: SessionId,
    agent: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    refreshed_at: Timestamp,
}

/// A wish in an export.
#[derive(Serialize, ToSchema)]
pub struct ExportedWish {
    #[schema(value_type = String)]
    variant_id: VariantId,
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
}

/// An API key in an export.
#[derive(Serialize, ToSchema)]
pub struct ExportedKey {
    #[schema(value_type = String)]
    id: KeyId,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Everything that is known about one user.
#[derive(Serialize, ToSchema)]
pub struct ExportBody {
    #[schema(value_type = String, format = DateTime)]
    exported_at: Timestamp,
    user: UserBody,
    addresses: Vec<AddressBody>,
    wishlist: Vec<ExportedWish>,
    sessions: Vec<ExportedSession>,
    api_keys: Vec<ExportedKey>,
    audit_events: Vec<AuditEventBody>,
}

impl ExportBody {
    fn of(export: Export) -> Self {
        let session = |Session { id, agent, created_at, refreshed_at, .. }| ExportedSession {
            id,
            agent,
            created_at,
            refreshed_at,
        };
        let wish = |wish: crate::domain::wishlist::Wish| ExportedWish {
            variant_id: wish.variant_id,
            added_at: wish.added_at,
        };
        let key = |ApiKey { id, name, created_at, .. }| ExportedKey { id, name, created_at };
        Self {
            exported_at: export.at,
            user: UserBody::of(&export.user),
            addresses: export.addresses.into_iter().map(AddressBody::of).collect(),
            wishlist: export.wishes.into_iter().map(wish).collect(),
            sessions: export.sessions.into_iter().map(session).collect(),
            api_keys: export.api_keys.into_iter().map(key).collect(),
            audit_events: export.audit_events.into_iter().map(AuditEventBody::of).collect(),
        }
    }
}

/// Shows one's own account.
#[utoipa::path(
    get, path = "/v1/users/me", operation_id = "show_me",
    tag = "me", security(("bearer" = [])),
    responses((status = 200, body = UserBody), (status = 401, body = Problem))
)]
pub async fn show(account: Account) -> Response {
    shown(&account.user)
}

/// Changes one's own name, address or password.
#[utoipa::path(
    patch, path = "/v1/users/me", operation_id = "change_me",
    tag = "me", security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header)), request_body = ProfileBody,
    responses(
        (status = 200, body = UserBody),
        (status = 403, description = "`wrong-password`", body = Problem),
        (status = 409, description = "`email-taken`", body = Problem),
        (status = 412, description = "`stale-version`", body = Problem),
        (status = 422, description = "`invalid-body`", body = Problem),
        (status = 429, description = "`too-many-attempts`", body = Problem),
    )
)]
pub async fn change(
    State(desk): State<Desk>,
    account: Account,
    condition: Option<IfMatch>,
    Json(body): Json<ProfileBody>,
) -> Result<Response, Problem> {
    let ProfileBody { name, email, password, current_password } = body;
    let asked = ProfileChange { name, email, password, current_password };
    let (id, session) = (account.user.id, account.session);
    let changed = commands::change_profile(&desk, id, session, asked, expected(condition)).await;
    let user = changed.map_err(|error| match error {
        ProfileError::Stale { current, .. } => super::stale(current, error.to_string()),
        ProfileError::Invalid(_)
        | ProfileError::WrongPassword
        | ProfileError::TooManyAttempts { .. }
        | ProfileError::EmailTaken
        | ProfileError::Unknown
        | ProfileError::Overloaded(_)
        | ProfileError::Store(_) => error.into(),
    })?;
    Ok(shown(&user))
}

/// Erases one's own account with everything personal.
#[utoipa::path(
    delete, path = "/v1/users/me", operation_id = "erase_me",
    tag = "me", security(("bearer" = [])),
    responses(
        (status = 204, description = "erased, with everything personal"),
        (status = 409, description = "`last-admin`", body = Problem),
    )
)]
pub async fn erase(State(desk): State<Desk>, account: Account) -> Result<StatusCode, Problem> {
    commands::erase(&desk, account.user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Exports everything that is kept about oneself.
#[utoipa::path(
    get, path = "/v1/users/me/export", operation_id = "export_me",
    tag = "me", security(("bearer" = [])),
    responses((status = 200, body = ExportBody))
)]
pub async fn export(State(desk): State<Desk>, account: Account) -> Result<Response, Problem> {
    let export = queries::export(&desk, account.user).await?;
    let mut response = Json(ExportBody::of(export)).into_response();
    let attachment = HeaderValue::from_static("attachment; filename=\"stoa-account.json\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, attachment);
    Ok(response)
}
