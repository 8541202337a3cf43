//! The audit log.

use axum::{extract::State, response::Response};
use edge::{Problem, Query, auth::AuditRead, page_request, page_response};
use http::Uri;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::guard::Officer;
use crate::{commands::Desk, domain::audit::Entry, queries};

/// One line of the log.
#[derive(Serialize, ToSchema)]
pub struct AuditEventBody {
    sequence: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    action: String,
    /// An id, `guest` or `system`.
    actor: String,
    /// An id; empty when it is not known.
    subject: String,
    detail: String,
    trace_id: String,
    /// The hash of the line before.
    previous_hash: String,
    /// The hash of this line, the one before included.
    hash: String,
}

/// One page of the log.
#[derive(Serialize, ToSchema)]
pub struct AuditEventsPage {
    items: Vec<AuditEventBody>,
    next_cursor: Option<String>,
}

impl AuditEventBody {
    /// A line as it is shown.
    pub fn of(entry: Entry) -> Self {
        let Entry { sequence, at, action, actor, subject, detail, trace_id, previous_hash, hash } =
            entry;
        Self { sequence, at, action, actor, subject, detail, trace_id, previous_hash, hash }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditParameters {
    subject: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Lists who did what, newest first.
#[utoipa::path(
    get, path = "/v1/audit-events", operation_id = "list_audit_events",
    tag = "audit", security(("bearer" = ["audit.read"])),
    params(
        ("subject" = Option<String>, Query), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = AuditEventsPage), (status = 403, body = Problem))
)]
pub async fn list(
    State(desk): State<Desk>,
    _: Officer<AuditRead>,
    uri: Uri,
    Query(asked): Query<AuditParameters>,
) -> Result<Response, Problem> {
    let page = page_request(asked.limit, asked.cursor)?;
    let events = queries::audit_events(&desk, asked.subject.as_deref(), &page).await?;
    Ok(page_response(&uri, &events.map(AuditEventBody::of)))
}
