//! The bank's books: append-only bookings in a database of its own.

use contracts::ids::OrderId;
use kernel::{Money, Timestamp};
use store::{Batch, Error, Migration, Row, Sql, Store, params};

use super::Request;
use super::account::Decision;
use crate::domain::Kind;

const MIGRATIONS: &[Migration] = &[Migration::new(
    1,
    "bank operations",
    include_str!("../../../migrations/bank_0001_operations.sql"),
)];

const INSERT: Sql = Sql::new(
    "INSERT INTO bank_operations
        (key, authorize_key, ordinal, kind, order_ref, minor, currency, outcome, code, at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);

const BY_KEY: Sql = Sql::new(
    "SELECT key, authorize_key, ordinal, kind, order_ref, minor, currency, outcome, code
     FROM bank_operations
     WHERE key = $1",
);

const HISTORY: Sql = Sql::new(
    "SELECT key, authorize_key, ordinal, kind, order_ref, minor, currency, outcome, code
     FROM bank_operations
     WHERE authorize_key = $1
     ORDER BY ordinal",
);

const PAGE: Sql = Sql::new(
    "SELECT key, authorize_key, ordinal, kind, order_ref, minor, currency, outcome, code, seq, at_ms
     FROM bank_operations
     WHERE seq > $1
     ORDER BY seq
     LIMIT $2",
);

const ATTEMPT: Sql = Sql::new(
    "INSERT INTO bank_attempts (key, attempts)
     VALUES ($1, 1)
     ON CONFLICT (key) DO UPDATE SET attempts = bank_attempts.attempts + 1
     RETURNING attempts",
);

pub(super) const ALL: &[Sql] = &[INSERT, BY_KEY, HISTORY, PAGE, ATTEMPT];

/// One booking.
#[derive(Debug, Clone)]
pub struct Booking {
    pub key: String,
    pub authorization: String,
    pub ordinal: i64,
    pub kind: Kind,
    pub order: OrderId,
    pub amount: Money,
    pub decision: Decision,
}

/// A booking as it stands in the books.
#[derive(Debug, Clone)]
pub struct BankOperation {
    pub seq: i64,
    pub booking: Booking,
    pub at: Timestamp,
}

impl Booking {
    pub(super) fn new(
        kind: Kind,
        request: &Request<'_>,
        (decision, amount): (Decision, Money),
        ordinal: usize,
    ) -> Self {
        Self {
            key: request.key.to_owned(),
            authorization: request.authorization.to_owned(),
            ordinal: i64::try_from(ordinal).expect("an authorisation has few bookings"),
            kind,
            order: request.order,
            amount,
            decision,
        }
    }

    #[cfg(test)]
    pub(super) fn for_test(kind: Kind, decision: Decision, amount: Money) -> Self {
        let order = OrderId::from_u128(1);
        let (key, authorization) = (String::new(), String::new());
        Self { key, authorization, ordinal: 0, kind, order, amount, decision }
    }
}

pub(super) async fn migrate(books: &Store) -> Result<(), Error> {
    books.migrate("sandbox", MIGRATIONS).await
}

/// Books; a conflict means that the key is booked, or another operation came in between.
pub(super) async fn book(books: &Store, booking: &Booking, now: Timestamp) -> Result<(), Error> {
    let (outcome, code) = booking.decision.words();
    let mut batch = Batch::new(booking.kind.word());
    let values = params![
        &booking.key,
        &booking.authorization,
        booking.ordinal,
        booking.kind.word(),
        booking.order,
        booking.amount.minor,
        booking.amount.currency,
        outcome,
        code,
        now,
    ];
    batch.one(INSERT, values);
    books.commit(batch).await
}

/// The booking under this key.
pub(super) async fn booked(books: &Store, key: &str) -> Result<Option<Booking>, Error> {
    let row = books.read_one(BY_KEY, params![key]).await?;
    row.map(|row| read(&row)).transpose()
}

/// All bookings of one authorisation, oldest first.
pub(super) async fn history(books: &Store, authorization: &str) -> Result<Vec<Booking>, Error> {
    let rows = books.read(HISTORY, params![authorization]).await?;
    rows.iter().map(read).collect()
}

/// Counts one more attempt under this key, and says how many there were.
pub(super) async fn attempt(books: &Store, key: &str) -> Result<i64, Error> {
    let rows = books.claim("attempt", ATTEMPT, params![key]).await?;
    rows.first().map_or(Ok(1), |row| row.int(0))
}

/// Up to `limit` bookings in the order in which they were made, after number `after`.
pub async fn operations(
    books: &Store,
    after: i64,
    limit: u32,
) -> Result<Vec<BankOperation>, Error> {
    let rows = books.read(PAGE, params![after, limit]).await?;
    let operation =
        |row: &Row| Ok(BankOperation { seq: row.int(9)?, booking: read(row)?, at: row.time(10)? });
    rows.iter().map(operation).collect()
}

fn read(row: &Row) -> Result<Booking, Error> {
    let decision = match row.text(7)? {
        "approved" => Decision::Approved,
        "challenged" => Decision::Challenged,
        "declined" => Decision::Declined(row.parse(8)?),
        other => return Err(Error::Row(format!("unknown outcome {other:?}"))),
    };
    Ok(Booking {
        key: row.text(0)?.to_owned(),
        authorization: row.text(1)?.to_owned(),
        ordinal: row.int(2)?,
        kind: row.parse(3)?,
        order: row.parse(4)?,
        amount: Money::new(row.int(5)?, row.parse(6)?),
        decision,
    })
}
