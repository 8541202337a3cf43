//! Payments: list, show, capture, refund, void.

use axum::extract::State as Shared;
use axum::response::Response;
use contracts::ids::{OrderId, PaymentId};
use edge::auth::{PaymentsRead, PaymentsWrite, Staff};
use edge::{Idempotency, Json, Path, Problem, Query, StoredResponse, page_request, page_response};
use http::{StatusCode, Uri};
use kernel::{Cursor, FieldError, Page};
use serde::Deserialize;
use store::Batch;

use super::State;
use super::shapes::{
    CaptureBody, DetailBody, NewRefundBody, PaymentBody, PaymentPage, RefundResultBody, VoidBody,
};
use crate::commands::{self, Capture, Desk, PaymentError, Refund, Void};
use crate::domain::{Status, View};
use crate::queries;

const REASON_BYTES_MAX: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    order_id: Option<OrderId>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Payments, newest first.
#[utoipa::path(
    get, path = "/v1/payments", operation_id = "list_payments", tag = "payments",
    params(
        ("order_id" = Option<String>, Query, description = "only payments of this order"),
        ("limit" = Option<u32>, Query, description = "1 to 100, default 20"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, body = PaymentPage),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = ["payments.read"]))
)]
pub async fn list(
    Shared(state): Shared<State>,
    _: Staff<PaymentsRead>,
    uri: Uri,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let asked = page_request(query.limit, query.cursor)?;
    let before = asked.cursor.as_deref().map(Cursor::decode::<PaymentId>).transpose();
    let before = before.map_err(Problem::bad_cursor)?;
    let found = queries::list(&state.desk.db, query.order_id, before, asked.limit + 1).await?;
    let page = Page::of(found, asked.limit, |last| Cursor::encode(&last.id));
    Ok(page_response(&uri, &page.map(PaymentBody::from)))
}

/// One payment with its refunds. While an outcome is unknown, the provider is asked first.
#[utoipa::path(
    get, path = "/v1/payments/{id}", operation_id = "show_payment", tag = "payments",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = DetailBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = ["payments.read"]))
)]
pub async fn show(
    Shared(state): Shared<State>,
    _: Staff<PaymentsRead>,
    Path(id): Path<PaymentId>,
) -> Result<StoredResponse, Problem> {
    let payment = queries::payment(&state.desk, id).await?;
    let refunds = queries::refunds(&state.desk.db, &payment).await?;
    let version = payment.figures.version;
    let body = DetailBody::new(payment, refunds);
    Ok(StoredResponse::json(StatusCode::OK, &body)?.version(version))
}

/// Captures what is held, all of it or a part. 202 when the outcome is not known yet.
#[utoipa::path(
    post, path = "/v1/payments/{id}/captures", operation_id = "capture_payment", tag = "payments",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<CaptureBody>,
    responses(
        (status = 201, body = PaymentBody),
        (status = 202, body = PaymentBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = ["payments.write"]))
)]
pub async fn capture(
    Shared(state): Shared<State>,
    staff: Staff<PaymentsWrite>,
    Path(payment): Path<PaymentId>,
    idempotency: Idempotency,
    body: Option<Json<CaptureBody>>,
) -> Result<Response, Problem> {
    let amount = body.and_then(|Json(body)| body.amount);
    let key = key(&staff.id, "capture", &idempotency);
    once(&state.desk, &idempotency, async {
        let request = Capture { key, payment, amount };
        let view = commands::capture(&state.desk, request).await?;
        let answer = Answer { status: created(&view), version: view.figures.version };
        Ok((answer, PaymentBody::from(view)))
    })
    .await
}

/// Refunds what was captured, all of it or a part. 202 when the outcome is not known yet.
#[utoipa::path(
    post, path = "/v1/payments/{id}/refunds", operation_id = "refund_payment", tag = "payments",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<NewRefundBody>,
    responses(
        (status = 201, body = RefundResultBody),
        (status = 202, body = RefundResultBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = ["payments.write"]))
)]
pub async fn refund(
    Shared(state): Shared<State>,
    staff: Staff<PaymentsWrite>,
    Path(payment): Path<PaymentId>,
    idempotency: Idempotency,
    body: Option<Json<NewRefundBody>>,
) -> Result<Response, Problem> {
    let NewRefundBody { amount, reason } = body.map(|Json(body)| body).unwrap_or_default();
    if reason.len() > REASON_BYTES_MAX {
        let detail = format!("must be at most {REASON_BYTES_MAX} bytes");
        return Err(Problem::invalid(vec![FieldError::new("/reason", detail)]));
    }
    let key = key(&staff.id, "refund", &idempotency);
    once(&state.desk, &idempotency, async {
        let request = Refund { key, payment, amount, reason };
        let (refund, view) = commands::refund(&state.desk, request).await?;
        let pending = refund.status == queries::RefundStatus::Pending;
        let status = if pending { StatusCode::ACCEPTED } else { StatusCode::CREATED };
        let answer = Answer { status, version: view.figures.version };
        Ok((answer, RefundResultBody::new(refund, view)))
    })
    .await
}

/// Gives back what is held. 202 when the outcome is not known yet.
#[utoipa::path(
    post, path = "/v1/payments/{id}/void", operation_id = "void_payment", tag = "payments",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<VoidBody>,
    responses(
        (status = 200, body = PaymentBody),
        (status = 202, body = PaymentBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = ["payments.write"]))
)]
pub async fn void(
    Shared(state): Shared<State>,
    staff: Staff<PaymentsWrite>,
    Path(payment): Path<PaymentId>,
    idempotency: Idempotency,
    _body: Option<Json<VoidBody>>,
) -> Result<Response, Problem> {
    let key = key(&staff.id, "void", &idempotency);
    once(&state.desk, &idempotency, async {
        let request = Void { key, payment: Some(payment), order: None };
        let view = commands::void(&state.desk, request).await?;
        let pending = view.figures.status == Status::Pending;
        let status = if pending { StatusCode::ACCEPTED } else { StatusCode::OK };
        let answer = Answer { status, version: view.figures.version };
        Ok((answer, PaymentBody::from(view)))
    })
    .await
}

struct Answer {
    status: StatusCode,
    version: i64,
}

fn created(view: &View) -> StatusCode {
    match view.figures.status {
        Status::Pending => StatusCode::ACCEPTED,
        Status::Authorized
        | Status::ActionRequired
        | Status::PartiallyCaptured
        | Status::Captured
        | Status::PartiallyRefunded
        | Status::Refunded
        | Status::Voided
        | Status::Failed => StatusCode::CREATED,
    }
}

/// The operation's key: the caller's, so that a repetition after a crash finds what was begun.
fn key(caller: &str, action: &str, idempotency: &Idempotency) -> String {
    format!("rest:{caller}:{action}:{}", idempotency.key())
}

/// Answers from the record, or runs the command and records its answer. The command is idempotent
/// by itself: a crash before the record means that a repetition gets the same answer from the
/// command.
async fn once<T: serde::Serialize>(
    desk: &Desk,
    idempotency: &Idempotency,
    command: impl Future<Output = Result<(Answer, T), PaymentError>>,
) -> Result<Response, Problem> {
    if let Some(answer) = idempotency.replay(&desk.db).await? {
        return Ok(answer);
    }
    let (Answer { status, version }, body) = command.await?;
    let answer = StoredResponse::json(status, &body)?.version(version);
    let mut batch = Batch::new("staff_answer");
    idempotency.record(&mut batch, &answer, desk.clock.now());
    match desk.db.commit(batch).await {
        Ok(()) => Ok(answer.into_response()),
        Err(error) if error.is_conflict() => {
            let twin = idempotency.replay(&desk.db).await?;
            twin.map_or_else(|| Err(error.into()), Ok)
        }
        Err(error) => Err(error.into()),
    }
}
