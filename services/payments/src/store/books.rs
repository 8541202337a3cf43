//! The ledger: append-only lines in double entry, and the sums over them.

use ::store::{Batch, Error, Row, Sql, Store, params};
use contracts::ids::{EntryId, OrderId, PaymentId};
use kernel::{Currency, Money, Timestamp};

use crate::domain::{Account, Entry, Payment};

/// Both lines of an entry in one statement.
const INSERT_ENTRY: Sql = Sql::new(
    "INSERT INTO ledger_entries
        (entry_id, account, minor, currency, payment_id, order_id, operation_key, at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8), ($1, $9, $10, $4, $5, $6, $7, $8)",
);

const LINES: Sql = Sql::new(
    "SELECT seq, entry_id, account, minor, currency, payment_id, order_id, operation_key, at_ms
     FROM ledger_entries
     WHERE seq > $1
     ORDER BY seq
     LIMIT $2",
);

const ACCOUNT_TOTALS: Sql = Sql::new(
    "SELECT account, currency,
        CAST(SUM(CASE WHEN minor > 0 THEN minor ELSE 0 END) AS BIGINT),
        CAST(SUM(CASE WHEN minor < 0 THEN -minor ELSE 0 END) AS BIGINT)
     FROM ledger_entries
     GROUP BY account, currency
     ORDER BY account, currency",
);

pub(super) const ALL: &[Sql] = &[INSERT_ENTRY, LINES, ACCOUNT_TOTALS];

/// One line of the ledger.
#[derive(Debug, Clone)]
pub struct LedgerLine {
    pub seq: i64,
    /// The lines of one entry sum to zero.
    pub entry: EntryId,
    pub account: Account,
    /// Debits are positive, credits negative.
    pub money: Money,
    pub payment: PaymentId,
    pub order: OrderId,
    pub operation_key: String,
    pub at: Timestamp,
}

/// What was ever booked to one account in one currency.
#[derive(Debug, Clone)]
pub struct AccountTotal {
    pub account: Account,
    pub debits: Money,
    pub credits: Money,
}

/// Adds an entry of two lines to `batch`.
pub fn insert_entry(
    batch: &mut Batch,
    id: EntryId,
    lines: [Entry; 2],
    (payment, key): (&Payment, &str),
    now: Timestamp,
) {
    let [first, second] = lines;
    let values = params![
        id,
        first.account.code(),
        first.minor,
        payment.amount.currency,
        payment.id,
        payment.order,
        key,
        now,
        second.account.code(),
        second.minor,
    ];
    batch.run(INSERT_ENTRY, values);
}

/// Up to `limit` lines in the order in which they were written, after line `after`.
pub async fn ledger_lines(db: &Store, after: i64, limit: u32) -> Result<Vec<LedgerLine>, Error> {
    let rows = db.read(LINES, params![after, limit]).await?;
    rows.iter().map(line).collect()
}

/// The totals of every account. Reads the whole ledger, off the workers.
pub async fn account_totals(db: &Store) -> Result<Vec<AccountTotal>, Error> {
    let rows = db.scan(ACCOUNT_TOTALS, params![]).await?;
    let total = |row: &Row| {
        let currency: Currency = row.parse(1)?;
        Ok(AccountTotal {
            account: row.parse(0)?,
            debits: Money::new(row.int(2)?, currency),
            credits: Money::new(row.int(3)?, currency),
        })
    };
    rows.iter().map(total).collect()
}

fn line(row: &Row) -> Result<LedgerLine, Error> {
    Ok(LedgerLine {
        seq: row.int(0)?,
        entry: row.parse(1)?,
        account: row.parse(2)?,
        money: Money::new(row.int(3)?, row.parse(4)?),
        payment: row.parse(5)?,
        order: row.parse(6)?,
        operation_key: row.text(7)?.to_owned(),
        at: row.time(8)?,
    })
}
