//! What happened to payments: append-only, with the figures as they stood right after.

use ::store::{Batch, Error, Row, Sql, Store, params};
use contracts::ids::PaymentId;
use kernel::Timestamp;

use crate::domain::{Challenge, Fact, FactKind, Failure, Figures};

const INSERT_EVENT: Sql = Sql::new(
    "INSERT INTO payment_events (payment_id, version, operation_key, kind, minor, code, detail,
        status, authorized_minor, captured_minor, refunded_minor, refund_pending_minor, at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
);

const SETTLED: Sql = Sql::new(
    "SELECT payment_id, operation_key, kind, minor, code, detail, status, authorized_minor,
        captured_minor, refunded_minor, refund_pending_minor, version
     FROM payment_events
     WHERE payment_id = $1 AND operation_key = $2",
);

const EVENTS_BETWEEN: Sql = Sql::new(
    "SELECT payment_id, operation_key, kind, minor, code, detail, status, authorized_minor,
        captured_minor, refunded_minor, refund_pending_minor, version
     FROM payment_events
     WHERE payment_id >= $1 AND payment_id <= $2
     ORDER BY payment_id, version",
);

pub(super) const ALL: &[Sql] = &[INSERT_EVENT, SETTLED, EVENTS_BETWEEN];

/// A fact as it is stored: its operation by key alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRow {
    pub payment: PaymentId,
    pub key: String,
    pub kind: FactKind,
    pub minor: i64,
    pub failure: Option<Failure>,
    pub challenge: Option<Challenge>,
    pub after: Figures,
}

/// Adds the fact to `batch`.
pub fn insert(batch: &mut Batch, payment: PaymentId, fact: &Fact, now: Timestamp) {
    let (code, detail) = match (&fact.failure, &fact.challenge) {
        (Some(failure), _) => (Some(&failure.code), Some(&failure.detail)),
        (None, Some(challenge)) => (Some(&challenge.kind), Some(&challenge.prompt)),
        (None, None) => (None, None),
    };
    let after = &fact.after;
    let values = params![
        payment,
        after.version,
        &fact.operation.key,
        fact.kind.word(),
        fact.minor,
        code,
        detail,
        after.status.word(),
        after.authorized,
        after.captured,
        after.refunded,
        after.refund_pending,
        now,
    ];
    batch.one(INSERT_EVENT, values);
}

/// The fact that ended the operation `key`; none while its outcome is not known.
pub async fn settled(db: &Store, payment: PaymentId, key: &str) -> Result<Option<FactRow>, Error> {
    let row = db.read_one(SETTLED, params![payment, key]).await?;
    row.map(|row| FactRow::read(&row, 0)).transpose()
}

/// All facts of the payments from `first` to `last`, in order: for the audit.
pub async fn events_between(
    db: &Store,
    first: PaymentId,
    last: PaymentId,
) -> Result<Vec<FactRow>, Error> {
    let rows = db.scan(EVENTS_BETWEEN, params![first, last]).await?;
    rows.iter().map(|row| FactRow::read(row, 0)).collect()
}

impl FactRow {
    /// Reads the columns from `at` on.
    pub(super) fn read(row: &Row, at: usize) -> Result<Self, Error> {
        let kind: FactKind = row.parse(at + 2)?;
        let text = match (row.opt_text(at + 4)?, row.opt_text(at + 5)?) {
            (Some(code), Some(detail)) => Some((code.to_owned(), detail.to_owned())),
            (None, _) | (_, None) => None,
        };
        let (failure, challenge) = match (kind, text) {
            (FactKind::Challenged, Some((kind, prompt))) => {
                (None, Some(Challenge { kind, prompt }))
            }
            (_, Some((code, detail))) => (Some(Failure { code, detail }), None),
            (_, None) => (None, None),
        };
        Ok(Self {
            payment: row.parse(at)?,
            key: row.text(at + 1)?.to_owned(),
            kind,
            minor: row.int(at + 3)?,
            failure,
            challenge,
            after: Figures {
                status: row.parse(at + 6)?,
                authorized: row.int(at + 7)?,
                captured: row.int(at + 8)?,
                refunded: row.int(at + 9)?,
                refund_pending: row.int(at + 10)?,
                version: row.int(at + 11)?,
            },
        })
    }
}
