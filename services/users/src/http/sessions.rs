//! Logging in and out, and the tokens between.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use contracts::ids::SessionId;
use edge::{Json, Path, Problem};
use http::{HeaderMap, StatusCode, header};
use kernel::{FieldError, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Whole, guard::Account};
use crate::{
    commands::{self, Desk, Opened},
    domain::{password::Password, secret::Secret, session::Session},
    queries,
};

/// Who wants to come in: `email` and `password`, or an `api_key`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInBody {
    email: Option<String>,
    password: Option<String>,
    /// In the place of the two above.
    api_key: Option<String>,
}

/// The refresh token of the answer before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshBody {
    refresh_token: String,
}

/// What opens the other doors.
#[derive(Serialize, ToSchema)]
pub struct TokensBody {
    /// A JWT (RFC 9068), sent as `Authorization: Bearer`.
    access_token: String,
    /// Good for one use; absent when an API key was exchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Life of the access token, in seconds.
    expires_in: u64,
}

impl TokensBody {
    fn of(opened: &Opened) -> Self {
        Self {
            access_token: opened.access_token.clone(),
            refresh_token: opened.refresh_token.as_ref().map(|token| token.reveal().to_owned()),
            token_type: "Bearer",
            expires_in: opened.expires_in_s,
        }
    }
}

/// A log-in that still stands.
#[derive(Serialize, ToSchema)]
pub struct SessionBody {
    #[schema(value_type = String, example = "session_01h455vb4pex5vsknk084sn02q")]
    id: SessionId,
    /// Whether it is the one that asks.
    current: bool,
    /// What the client called itself.
    agent: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    refreshed_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// The sessions of one user.
#[derive(Serialize, ToSchema)]
pub struct SessionsPage {
    items: Vec<SessionBody>,
    next_cursor: Option<String>,
}

/// Logs in: an access token for ten minutes, and a refresh token for the next one.
#[utoipa::path(
    post, path = "/v1/sessions", operation_id = "log_in",
    tag = "sessions", request_body = LogInBody,
    responses(
        (status = 201, body = TokensBody),
        (status = 401, description = "`invalid-credentials`", body = Problem),
        (status = 422, description = "`invalid-body`", body = Problem),
        (status = 429, description = "`too-many-attempts`", body = Problem),
        (status = 503, description = "`overloaded`", body = Problem),
    )
)]
pub async fn open(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Json(body): Json<LogInBody>,
) -> Result<Response, Problem> {
    let opened = match (body.email, body.password, body.api_key) {
        (Some(email), Some(password), None) => {
            let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
            let agent = agent.unwrap_or_default();
            commands::log_in(&desk, &email, Password::new(password), agent).await?
        }
        (None, None, Some(key)) => {
            commands::exchange_api_key(&desk, Secret::presented(key)).await?
        }
        (email, password, key) => return Err(mixed(&email, &password, &key)),
    };
    Ok((StatusCode::CREATED, Json(TokensBody::of(&opened))).into_response())
}

fn mixed(email: &Option<String>, password: &Option<String>, key: &Option<String>) -> Problem {
    if key.is_some() {
        let why = "comes alone, without email and password";
        return Problem::invalid(vec![FieldError::new("/api_key", why)]);
    }
    let fields = [("/email", email), ("/password", password)];
    let missing = fields.into_iter().filter(|(_, value)| value.is_none());
    Problem::invalid(missing.map(|(at, _)| FieldError::new(at, "is required")).collect())
}

/// Trades a refresh token for new tokens. Each is good once; a second use ends the session.
#[utoipa::path(
    post, path = "/v1/sessions/refresh", operation_id = "refresh_session",
    tag = "sessions", request_body = RefreshBody,
    responses(
        (status = 200, body = TokensBody),
        (
            status = 401, body = Problem,
            description = "`invalid-refresh-token`, `refresh-token-reused`",
        ),
    )
)]
pub async fn refresh(
    State(desk): State<Desk>,
    Json(body): Json<RefreshBody>,
) -> Result<Response, Problem> {
    let opened = commands::refresh(&desk, Secret::presented(body.refresh_token)).await?;
    Ok(Json(TokensBody::of(&opened)).into_response())
}

/// Lists one's own sessions.
#[utoipa::path(
    get, path = "/v1/sessions", operation_id = "list_sessions",
    tag = "sessions", security(("bearer" = [])),
    responses((status = 200, body = SessionsPage))
)]
pub async fn list(State(desk): State<Desk>, account: Account) -> Result<Response, Problem> {
    let sessions = queries::sessions(&desk, account.user.id).await?;
    let body = |session: Session| SessionBody {
        id: session.id,
        current: session.id == account.session,
        agent: session.agent,
        created_at: session.created_at,
        refreshed_at: session.refreshed_at,
        expires_at: session.expires_at,
    };
    Ok(Json(Whole::of(sessions.into_iter().map(body).collect())).into_response())
}

/// Logs out: the session ends, its refresh token with it.
#[utoipa::path(
    delete, path = "/v1/sessions/current", operation_id = "log_out",
    tag = "sessions", security(("bearer" = [])),
    responses((status = 204, description = "logged out"), (status = 401, body = Problem))
)]
pub async fn end_current(
    State(desk): State<Desk>,
    account: Account,
) -> Result<StatusCode, Problem> {
    commands::log_out(&desk, account.user.id, account.session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends another of one's own sessions.
#[utoipa::path(
    delete, path = "/v1/sessions/{id}", operation_id = "end_session",
    tag = "sessions", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 204, description = "ended"), (status = 404, body = Problem))
)]
pub async fn end(
    State(desk): State<Desk>,
    account: Account,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, Problem> {
    commands::log_out(&desk, account.user.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
