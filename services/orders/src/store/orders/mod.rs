//! Orders: one row each, lines and addresses as JSON, what is listed or filtered as columns.

mod shape;

use contracts::ids::{CartId, OrderId, UserId};
use kernel::Timestamp;
use serde::Serialize;
use store::{Batch, Error, Row, Sql, Store, params};

use super::shapes::SavedChallenge;
use crate::domain::{Owner, PaymentNow, Standing};

pub use shape::{Body, OrderRow, SavedLine};

/// Adds an order. A second one of the same cart is a duplicate.
pub const INSERT: Sql = Sql::new(
    "INSERT INTO orders (id, number, user_id, access_hash, cart_id, email, email_folded, currency,
       total_minor, status, payment_status, fulfillment_status, provider, body_json,
       placed_at_ms, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1)",
);

/// Shows where the placement stands. The saga's own version guards against two writers.
pub const STAND: Sql = Sql::new(
    "UPDATE orders
     SET status = $1, payment_status = $2, rejection_code = $3, rejection_detail = $4,
       payment_id = $5, challenge_json = $6, settled_at_ms = $7, version = version + 1
     WHERE id = $8",
);

macro_rules! select {
    ($tail:literal) => {
        Sql::new(concat!(
            "SELECT id, number, user_id, access_hash, cart_id, email, status, payment_status,
               fulfillment_status, rejection_code, rejection_detail, provider, payment_id,
               challenge_json, body_json, placed_at_ms, settled_at_ms, version
             FROM orders ",
            $tail
        ))
    };
}

/// One order.
pub const BY_ID: Sql = select!("WHERE id = $1");

/// Since when an order is settled, and what its payer must answer.
pub const AT_REST: Sql = Sql::new("SELECT settled_at_ms, challenge_json FROM orders WHERE id = $1");

/// A page of all orders, newest first: ids from high to low within two bounds.
pub const LIST: Sql = select!(
    "WHERE id < $1 AND id > $2 AND placed_at_ms > $3
     ORDER BY id DESC
     LIMIT $4"
);

/// The same of one status.
pub const LIST_BY_STATUS: Sql = select!(
    "WHERE status = $1 AND id < $2 AND id > $3 AND placed_at_ms > $4
     ORDER BY id DESC
     LIMIT $5"
);

/// The same of one e-mail address.
pub const LIST_BY_EMAIL: Sql = select!(
    "WHERE email_folded = $1 AND id < $2 AND id > $3 AND placed_at_ms > $4
     ORDER BY id DESC
     LIMIT $5"
);

/// The same of one e-mail address and status.
pub const LIST_BY_EMAIL_AND_STATUS: Sql = select!(
    "WHERE email_folded = $1 AND status = $2 AND id < $3 AND id > $4 AND placed_at_ms > $5
     ORDER BY id DESC
     LIMIT $6"
);

/// The same of one user.
pub const LIST_BY_USER: Sql = select!(
    "WHERE user_id = $1 AND id < $2 AND id > $3 AND placed_at_ms > $4
     ORDER BY id DESC
     LIMIT $5"
);

/// The same of one user and status.
pub const LIST_BY_USER_AND_STATUS: Sql = select!(
    "WHERE user_id = $1 AND status = $2 AND id < $3 AND id > $4 AND placed_at_ms > $5
     ORDER BY id DESC
     LIMIT $6"
);

/// A page of all orders, oldest first, for the audit.
pub const WALK: Sql = select!(
    "WHERE id > $1
     ORDER BY id
     LIMIT $2"
);

/// Every statement of this file.
pub const ALL: &[Sql] = &[
    INSERT,
    STAND,
    BY_ID,
    AT_REST,
    LIST,
    LIST_BY_STATUS,
    LIST_BY_EMAIL,
    LIST_BY_EMAIL_AND_STATUS,
    LIST_BY_USER,
    LIST_BY_USER_AND_STATUS,
    WALK,
];

/// Adds a new order to a batch.
pub fn insert(batch: &mut Batch, row: &OrderRow, email_folded: String) {
    let total = row.body.totals.total;
    batch.one(
        INSERT,
        params![
            row.id,
            row.number,
            row.owner.user,
            row.owner.access_hash.as_ref(),
            row.cart,
            &row.email,
            email_folded,
            total.currency,
            total.minor,
            row.status.as_str(),
            row.payment_status.as_str(),
            row.fulfillment_status.as_str(),
            &row.provider,
            json(&row.body),
            row.placed_at,
        ],
    );
}

/// Makes an order show where its placement stands.
pub fn stand(batch: &mut Batch, id: &str, standing: &Standing, now: Timestamp) {
    let challenge = standing.payment.challenge.clone().map(SavedChallenge);
    let rejection = standing.rejection.as_ref();
    batch.one(
        STAND,
        params![
            standing.status.as_str(),
            standing.payment_status.as_str(),
            rejection.map(|ending| ending.reason.as_str()),
            rejection.map(|ending| ending.detail.as_str()),
            standing.payment.id,
            challenge.as_ref().map(json),
            standing.settled.then_some(now),
            id,
        ],
    );
}

/// One order.
pub async fn by_id(store: &Store, id: OrderId) -> Result<Option<OrderRow>, Error> {
    store.read_one(BY_ID, params![id]).await?.as_ref().map(row).transpose()
}

/// Whether nothing more happens to an order by itself: it is settled, or waits for the payer.
pub async fn at_rest(store: &Store, id: OrderId) -> Result<bool, Error> {
    let Some(row) = store.read_one(AT_REST, params![id]).await? else { return Ok(false) };
    Ok(row.opt_time(0)?.is_some() || row.opt_text(1)?.is_some())
}

/// Whether an order is settled.
pub async fn settled(store: &Store, id: OrderId) -> Result<bool, Error> {
    let row = store.read_one(AT_REST, params![id]).await?;
    Ok(row.map(|row| row.opt_time(0)).transpose()?.flatten().is_some())
}

/// Reads the columns of a `select!`.
pub fn row(row: &Row) -> Result<OrderRow, Error> {
    let user = row.opt_text(2)?.map(|_| row.parse::<UserId>(2)).transpose()?;
    let cart = row.opt_text(4)?.map(|_| row.parse::<CartId>(4)).transpose()?;
    let code = row.opt_text(9)?;
    let rejection = code.map(|code| (code.to_owned(), row.opt_text(10)));
    let rejection = match rejection {
        Some((code, detail)) => Some((code, detail?.unwrap_or_default().to_owned())),
        None => None,
    };
    Ok(OrderRow {
        id: row.parse(0)?,
        number: row.int(1)?,
        owner: Owner { user, access_hash: row.opt_text(3)?.map(str::to_owned) },
        cart,
        email: row.text(5)?.to_owned(),
        status: row.parse(6)?,
        payment_status: row.parse(7)?,
        fulfillment_status: row.parse(8)?,
        rejection,
        provider: row.text(11)?.to_owned(),
        payment: payment(row)?,
        body: row.json(14)?,
        placed_at: row.time(15)?,
        settled_at: row.opt_time(16)?,
        version: row.int(17)?,
    })
}

fn payment(row: &Row) -> Result<PaymentNow, Error> {
    let id = row.opt_text(12)?.map(|_| row.parse(12)).transpose()?;
    let challenge = row.opt_text(13)?.map(|_| row.json::<SavedChallenge>(13)).transpose()?;
    Ok(PaymentNow { id, challenge: challenge.map(|saved| saved.0) })
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data with text keys is JSON")
}
