//! Keys for programs.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use contracts::ids::{KeyId, UserId};
use edge::{Json, PageQuery, Path, Problem, auth::UsersWrite, page_response};
use http::{StatusCode, Uri};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::guard::Officer;
use crate::{
    commands::{self, Desk, NewApiKey},
    queries,
    store::api_keys::ApiKey,
};

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKeyBody {
    /// What it is for.
    name: String,
    /// What it may do: no more than you.
    permissions: Vec<String>,
    /// When it ends; never, without one.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// A key.
#[derive(Serialize, ToSchema)]
pub struct KeyBody {
    #[schema(value_type = String, example = "key_01h455vb4pex5vsknk084sn02q")]
    id: KeyId,
    /// Who made it.
    #[schema(value_type = String)]
    user_id: UserId,
    name: String,
    /// How the secret begins.
    hint: String,
    permissions: Vec<&'static str>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<Timestamp>,
    /// Told once, when the key is made: exchange it at `POST /v1/sessions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// One page of keys.
#[derive(Serialize, ToSchema)]
pub struct KeysPage {
    items: Vec<KeyBody>,
    next_cursor: Option<String>,
}

impl KeyBody {
    fn of(key: ApiKey, secret: Option<String>) -> Self {
        Self {
            id: key.id,
            user_id: key.user_id,
            name: key.name,
            hint: key.hint,
            permissions: key.permissions.iter().map(|one| one.as_str()).collect(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            used_at: key.used_at,
            secret,
        }
    }
}

/// Lists API keys, without their secrets.
#[utoipa::path(
    get, path = "/v1/api-keys", operation_id = "list_api_keys",
    tag = "api-keys", security(("bearer" = ["users.write"])),
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = KeysPage), (status = 403, body = Problem))
)]
pub async fn list(
    State(desk): State<Desk>,
    _: Officer<UsersWrite>,
    uri: Uri,
    PageQuery(page): PageQuery,
) -> Result<Response, Problem> {
    let keys = queries::api_keys(&desk, &page).await?;
    Ok(page_response(&uri, &keys.map(|key| KeyBody::of(key, None))))
}

/// Makes an API key. Its secret is shown here and never again.
#[utoipa::path(
    post, path = "/v1/api-keys", operation_id = "create_api_key",
    tag = "api-keys", security(("bearer" = ["users.write"])),
    request_body = NewKeyBody,
    responses(
        (status = 201, description = "with the secret, this once", body = KeyBody),
        (status = 403, description = "`forbidden`, `grant-exceeds-own`", body = Problem),
        (status = 409, description = "`too-many-api-keys`", body = Problem),
        (status = 422, description = "`invalid-body`", body = Problem),
    )
)]
pub async fn create(
    State(desk): State<Desk>,
    officer: Officer<UsersWrite>,
    Json(body): Json<NewKeyBody>,
) -> Result<Response, Problem> {
    let NewKeyBody { name, permissions, expires_at } = body;
    let asked = NewApiKey { name, permissions, expires_at };
    let owner = (officer.user.id, &officer.access);
    let (key, secret) = commands::create_api_key(&desk, owner, asked).await?;
    let body = KeyBody::of(key, Some(secret.reveal().to_owned()));
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Deletes an API key: it is refused from now on.
#[utoipa::path(
    delete, path = "/v1/api-keys/{id}", operation_id = "delete_api_key",
    tag = "api-keys", security(("bearer" = ["users.write"])),
    params(("id" = String, Path)),
    responses((status = 204, description = "deleted"), (status = 404, body = Problem))
)]
pub async fn remove(
    State(desk): State<Desk>,
    officer: Officer<UsersWrite>,
    Path(id): Path<KeyId>,
) -> Result<StatusCode, Problem> {
    commands::delete_api_key(&desk, officer.user.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
