//! What was asked of a provider: one row per idempotency key, written before the provider is asked.

use ::store::{Batch, Error, Row, Sql, Store, params};
use contracts::ids::PaymentId;
use kernel::Timestamp;

use super::events::FactRow;
use crate::domain::Operation;

/// Inserts an operation; a conflict means that its key has been used.
pub const INSERT_OPERATION: Sql = Sql::new(
    "INSERT INTO operations (payment_id, version, key, kind, minor, input, refund_id, at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);

const OPERATION: Sql = Sql::new(
    "SELECT payment_id, version, key, kind, minor, input, refund_id, at_ms
     FROM operations
     WHERE key = $1",
);

const OPERATIONS_BETWEEN: Sql = Sql::new(
    "SELECT payment_id, version, key, kind, minor, input, refund_id, at_ms
     FROM operations
     WHERE payment_id >= $1 AND payment_id <= $2
     ORDER BY payment_id, version",
);

const REFUNDS_OF: Sql = Sql::new(
    "SELECT o.payment_id, o.version, o.key, o.kind, o.minor, o.input, o.refund_id, o.at_ms,
        e.payment_id, e.operation_key, e.kind, e.minor, e.code, e.detail, e.status,
        e.authorized_minor, e.captured_minor, e.refunded_minor, e.refund_pending_minor, e.version
     FROM operations o
     LEFT JOIN payment_events e ON e.payment_id = o.payment_id AND e.operation_key = o.key
     WHERE o.payment_id = $1 AND o.kind = 'refund'
     ORDER BY o.version
     LIMIT $2",
);

pub(super) const ALL: &[Sql] = &[INSERT_OPERATION, OPERATION, OPERATIONS_BETWEEN, REFUNDS_OF];

/// An operation with what else the caller said.
#[derive(Debug, Clone)]
pub struct OperationRow {
    pub payment: PaymentId,
    /// The payment's version that the request made.
    pub version: i64,
    pub operation: Operation,
    /// The token of an authorisation, the answer to a challenge, the reason of a refund.
    pub input: String,
    pub at: Timestamp,
}

/// Adds the operation to `batch`, as the request that made `version` of the payment.
pub fn insert(
    batch: &mut Batch,
    (payment, version): (PaymentId, i64),
    operation: &Operation,
    input: &str,
    now: Timestamp,
) {
    let values = params![
        payment,
        version,
        &operation.key,
        operation.kind.word(),
        operation.minor,
        input,
        operation.refund,
        now,
    ];
    batch.one(INSERT_OPERATION, values);
}

/// The operation under this key.
pub async fn operation(db: &Store, key: &str) -> Result<Option<OperationRow>, Error> {
    let row = db.read_one(OPERATION, params![key]).await?;
    row.map(|row| read(&row)).transpose()
}

/// All operations of the payments from `first` to `last`, in order: for the audit.
pub async fn operations_between(
    db: &Store,
    first: PaymentId,
    last: PaymentId,
) -> Result<Vec<OperationRow>, Error> {
    let rows = db.scan(OPERATIONS_BETWEEN, params![first, last]).await?;
    rows.iter().map(read).collect()
}

/// The payment's refunds, oldest first, each with the fact that ended it.
pub async fn refunds_of(
    db: &Store,
    payment: PaymentId,
    limit: u32,
) -> Result<Vec<(OperationRow, Option<FactRow>)>, Error> {
    let rows = db.read(REFUNDS_OF, params![payment, limit]).await?;
    let pair = |row: &Row| {
        let fact = row.opt_text(8)?.map(|_| FactRow::read(row, 8)).transpose()?;
        Ok((read(row)?, fact))
    };
    rows.iter().map(pair).collect()
}

fn read(row: &Row) -> Result<OperationRow, Error> {
    Ok(OperationRow {
        payment: row.parse(0)?,
        version: row.int(1)?,
        operation: Operation {
            key: row.text(2)?.to_owned(),
            kind: row.parse(3)?,
            minor: row.int(4)?,
            refund: row.opt_text(6)?.map(|_| row.parse(6)).transpose()?,
        },
        input: row.text(5)?.to_owned(),
        at: row.time(7)?,
    })
}
