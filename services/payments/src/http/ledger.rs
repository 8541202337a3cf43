//! The ledger, and beside it the books of the sandbox bank.

use axum::extract::State as Shared;
use axum::response::Response;
use edge::auth::{PaymentsRead, Staff};
use edge::{Json, PageQuery, Problem, page_response};
use http::Uri;
use kernel::{Cursor, Page};

use super::State;
use super::lines::{AccountBody, AccountsBody, BankOperationBody, BankPage, LedgerPage, LineBody};
use crate::providers::sandbox;
use crate::store::books;

/// The accounts with what was ever booked to them.
#[utoipa::path(
    get, path = "/v1/ledger/accounts", operation_id = "list_accounts", tag = "ledger",
    responses(
        (status = 200, body = AccountsBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = ["payments.read"]))
)]
pub async fn accounts(
    Shared(state): Shared<State>,
    _: Staff<PaymentsRead>,
) -> Result<Json<AccountsBody>, Problem> {
    let totals = books::account_totals(&state.desk.db).await?;
    Ok(Json(AccountsBody { items: totals.into_iter().map(AccountBody::from).collect() }))
}

/// The lines of the ledger, oldest first. They never change.
#[utoipa::path(
    get, path = "/v1/ledger/entries", operation_id = "list_entries", tag = "ledger",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 100, default 20"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, body = LedgerPage),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = ["payments.read"]))
)]
pub async fn entries(
    Shared(state): Shared<State>,
    _: Staff<PaymentsRead>,
    uri: Uri,
    PageQuery(asked): PageQuery,
) -> Result<Response, Problem> {
    let after = position(asked.cursor.as_deref())?;
    let lines = books::ledger_lines(&state.desk.db, after, asked.limit + 1).await?;
    let lines = lines.into_iter().map(LineBody::from).collect();
    let page = Page::of(lines, asked.limit, |last: &LineBody| Cursor::encode(&last.seq));
    Ok(page_response(&uri, &page))
}

/// What the sandbox bank has booked, oldest first: its own books, not ours.
#[utoipa::path(
    get, path = "/v1/sandbox/operations", operation_id = "list_bank_operations", tag = "sandbox",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 100, default 20"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, body = BankPage),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = ["payments.read"]))
)]
pub async fn bank_operations(
    Shared(state): Shared<State>,
    _: Staff<PaymentsRead>,
    uri: Uri,
    PageQuery(asked): PageQuery,
) -> Result<Response, Problem> {
    let after = position(asked.cursor.as_deref())?;
    let found = sandbox::operations(&state.bank, after, asked.limit + 1).await?;
    let found = found.into_iter().map(BankOperationBody::from).collect();
    let page = Page::of(found, asked.limit, |last: &BankOperationBody| Cursor::encode(&last.seq));
    Ok(page_response(&uri, &page))
}

fn position(cursor: Option<&str>) -> Result<i64, Problem> {
    cursor.map_or(Ok(0), |cursor| Cursor::decode(cursor).map_err(Problem::bad_cursor))
}
