//! The aggregate's row: one per payment, guarded by its version and by the checks of the table.

use ::store::{Batch, Error, Row, Sql, Store, params};
use contracts::ids::{OrderId, PaymentId, RefundId};
use kernel::{Money, Timestamp};
use serde::{Deserialize, Serialize};

use super::unknown;
use crate::domain::{Challenge, Failure, Operation, Payment, Stage};

/// Inserts a payment; a conflict means that the order has one already.
pub const INSERT_PAYMENT: Sql = Sql::new(
    "INSERT INTO payments (id, order_id, slot, provider, amount_minor, currency, authorize_key,
        stage, code, detail, authorized_minor, captured_minor, voided_minor, refunded_minor,
        refund_pending_minor, pending, due_ms, status, version, created_ms, updated_ms)
     VALUES ($1, $2, '', $3, $4, $5, $6, $7, NULL, NULL, 0, 0, 0, 0, 0, $8, $9, $10, $11, $12,
        $12)",
);

/// Writes a payment over the version it was read at.
pub const UPDATE_PAYMENT: Sql = Sql::new(
    "UPDATE payments
     SET stage = $1, code = $2, detail = $3, authorized_minor = $4, captured_minor = $5,
        voided_minor = $6, refunded_minor = $7, refund_pending_minor = $8, pending = $9,
        due_ms = CASE WHEN $9 = '[]' THEN NULL ELSE COALESCE(due_ms, $10) END,
        status = $11, version = $12, updated_ms = $13
     WHERE id = $14 AND version = $15",
);

/// A failed payment leaves its order's place to another one.
const FREE_ORDER: Sql = Sql::new("UPDATE payments SET slot = id WHERE id = $1");

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, order_id, provider, amount_minor, currency, authorize_key, stage, code,
                detail, authorized_minor, captured_minor, voided_minor, refunded_minor, pending,
                version, created_ms, status, updated_ms
             FROM payments ",
            $rest
        ))
    };
}

const PAYMENT: Sql = select!("WHERE id = $1");
const PLACE_OF_ORDER: Sql = select!("WHERE order_id = $1 AND slot = ''");
const PAYMENTS_OF_ORDER: Sql = select!("WHERE order_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
const PAYMENTS: Sql = select!("WHERE id < $1 ORDER BY id DESC LIMIT $2");
const PAYMENTS_UP: Sql = select!("WHERE id > $1 ORDER BY id LIMIT $2");

const ANY_DUE: Sql = Sql::new("SELECT id FROM payments WHERE due_ms <= $1 LIMIT 1");

/// Takes payments whose provider is due to be asked; each is due again later, the later the longer
/// it has waited, so that a lost process or a provider that is down costs little.
const CLAIM_DUE: Sql = Sql::new(
    "UPDATE payments
     SET due_ms = $1 + CASE WHEN $1 - updated_ms < $2 THEN $1 - updated_ms ELSE $2 END + $3
     WHERE due_ms <= $1
        AND id IN (SELECT id FROM payments WHERE due_ms <= $1 ORDER BY due_ms LIMIT $4)
     RETURNING id",
);

pub(super) const ALL: &[Sql] = &[
    INSERT_PAYMENT,
    UPDATE_PAYMENT,
    FREE_ORDER,
    PAYMENT,
    PLACE_OF_ORDER,
    PAYMENTS_OF_ORDER,
    PAYMENTS,
    PAYMENTS_UP,
    ANY_DUE,
    CLAIM_DUE,
];

/// A payment as it was read.
#[derive(Debug, Clone)]
pub struct Stored {
    pub payment: Payment,
    /// The status that was stored beside it; audited against the derived one.
    pub status: String,
    pub updated_at: Timestamp,
}

/// An operation as it travels in its payment's row.
#[derive(Debug, Serialize, Deserialize)]
struct PendingJson {
    key: String,
    kind: String,
    minor: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refund: Option<RefundId>,
}

/// Adds a new payment's row to `batch`.
pub fn insert(batch: &mut Batch, payment: &Payment, due: Option<Timestamp>) {
    let values = params![
        payment.id,
        payment.order,
        &payment.provider,
        payment.amount.minor,
        payment.amount.currency,
        &payment.authorize_key,
        payment.stage.word(),
        pending_json(&payment.pending),
        due,
        payment.status().word(),
        payment.version,
        payment.created_at,
    ];
    batch.one(INSERT_PAYMENT, values);
}

/// Adds the payment's new state to `batch`; it conflicts unless the row is still at `before`.
/// While an outcome is not known, the provider is asked about it from `due` on.
pub fn update(batch: &mut Batch, payment: &Payment, before: i64, due: Timestamp, now: Timestamp) {
    let (code, detail) = match &payment.stage {
        Stage::Failed(failure) => (Some(&failure.code), Some(&failure.detail)),
        Stage::Challenged(challenge) => (Some(&challenge.kind), Some(&challenge.prompt)),
        Stage::Asked | Stage::Authorized | Stage::Closed => (None, None),
    };
    let figures = payment.figures();
    let values = params![
        payment.stage.word(),
        code,
        detail,
        payment.authorized,
        payment.captured,
        payment.voided,
        payment.refunded,
        figures.refund_pending,
        pending_json(&payment.pending),
        due,
        figures.status.word(),
        payment.version,
        now,
        payment.id,
        before,
    ];
    batch.one(UPDATE_PAYMENT, values);
    if payment.frees_order() {
        batch.one(FREE_ORDER, params![payment.id]);
    }
}

/// The payment with this id.
pub async fn payment(db: &Store, id: PaymentId) -> Result<Option<Payment>, Error> {
    let row = db.read_one(PAYMENT, params![id]).await?;
    row.map(|row| read(&row)).transpose()
}

/// The payment that takes the order's one place: any but failed ones.
pub async fn place_of_order(db: &Store, order: OrderId) -> Result<Option<Payment>, Error> {
    let row = db.read_one(PLACE_OF_ORDER, params![order]).await?;
    row.map(|row| read(&row)).transpose()
}

/// The payment that an order is asked about: the one in its place, else the newest failed one.
pub async fn open_of_order(db: &Store, order: OrderId) -> Result<Option<Payment>, Error> {
    match place_of_order(db, order).await? {
        Some(payment) => Ok(Some(payment)),
        None => Ok(payments_of_order(db, order, None, 1).await?.pop()),
    }
}

/// The order's payments, newest first, before `before`.
pub async fn payments_of_order(
    db: &Store,
    order: OrderId,
    before: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<Payment>, Error> {
    let rows = db.read(PAYMENTS_OF_ORDER, params![order, end(before), limit]).await?;
    rows.iter().map(read).collect()
}

/// All payments, newest first, before `before`.
pub async fn payments(
    db: &Store,
    before: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<Payment>, Error> {
    let rows = db.read(PAYMENTS, params![end(before), limit]).await?;
    rows.iter().map(read).collect()
}

/// Payments by id, oldest first, after `after`, with what else their rows say: for the audit.
pub async fn payments_up(
    db: &Store,
    after: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<Stored>, Error> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let rows = db.scan(PAYMENTS_UP, params![after, limit]).await?;
    rows.iter().map(stored).collect()
}

/// Takes up to `limit` payments whose provider is due to be asked. Writes nothing when none is.
pub async fn claim_due(
    db: &Store,
    now: Timestamp,
    pause: std::ops::Range<i64>,
    limit: u32,
) -> Result<Vec<PaymentId>, Error> {
    if db.read_one(ANY_DUE, params![now]).await?.is_none() {
        return Ok(Vec::new());
    }
    let values = params![now, pause.end, pause.start, limit];
    let rows = db.claim("resolve_claim", CLAIM_DUE, values).await?;
    rows.iter().map(|row| row.parse(0)).collect()
}

/// Above every id, in any collation, when there is no bound: ids begin with a digit up to 7.
fn end(before: Option<PaymentId>) -> String {
    before.map_or_else(|| "payment_z".to_owned(), |id| id.to_string())
}

fn pending_json(pending: &[Operation]) -> String {
    if pending.is_empty() {
        return "[]".to_owned();
    }
    let all: Vec<_> = pending
        .iter()
        .map(|operation| PendingJson {
            key: operation.key.clone(),
            kind: operation.kind.word().to_owned(),
            minor: operation.minor,
            refund: operation.refund,
        })
        .collect();
    serde_json::to_string(&all).expect("text and numbers are JSON")
}

fn read(row: &Row) -> Result<Payment, Error> {
    let pending: Vec<PendingJson> = row.json(13)?;
    let pending = pending.into_iter().map(|json| {
        let kind = json.kind.parse().map_err(unknown)?;
        Ok(Operation { key: json.key, kind, minor: json.minor, refund: json.refund })
    });
    Ok(Payment {
        id: row.parse(0)?,
        order: row.parse(1)?,
        provider: row.text(2)?.to_owned(),
        amount: Money::new(row.int(3)?, row.parse(4)?),
        authorize_key: row.text(5)?.to_owned(),
        stage: stage(row)?,
        authorized: row.int(9)?,
        captured: row.int(10)?,
        voided: row.int(11)?,
        refunded: row.int(12)?,
        pending: pending.collect::<Result<_, Error>>()?,
        version: row.int(14)?,
        created_at: row.time(15)?,
    })
}

fn stage(row: &Row) -> Result<Stage, Error> {
    let two = || Ok::<_, Error>((row.text(7)?.to_owned(), row.text(8)?.to_owned()));
    Ok(match row.text(6)? {
        "asked" => Stage::Asked,
        "challenged" => {
            let (kind, prompt) = two()?;
            Stage::Challenged(Challenge { kind, prompt })
        }
        "authorized" => Stage::Authorized,
        "failed" => {
            let (code, detail) = two()?;
            Stage::Failed(Failure { code, detail })
        }
        "closed" => Stage::Closed,
        other => return Err(unknown(format!("unknown stage {other:?}"))),
    })
}

fn stored(row: &Row) -> Result<Stored, Error> {
    Ok(Stored { payment: read(row)?, status: row.text(16)?.to_owned(), updated_at: row.time(17)? })
}
