//! What is checked when the journals are folded: each statement is one consistent look.

use ::store::{Error, Row, Sql, Store, params};

/// Statements of this module.
pub const ALL: &[Sql] = &[FOLD, ORPHANS, BROKEN, HELD_MISMATCH, BY_STATE];

const FOLD: Sql = Sql::new(
    "SELECT s.sku, s.on_hand, s.reserved, s.version,
        CAST(COALESCE(SUM(m.on_hand_delta), 0) AS BIGINT),
        CAST(COALESCE(SUM(m.reserved_delta), 0) AS BIGINT),
        COUNT(m.sku)
     FROM (SELECT sku, on_hand, reserved, version FROM stock WHERE sku > $1 ORDER BY sku LIMIT $2) s
     LEFT JOIN stock_movement m ON m.sku = s.sku
     GROUP BY s.sku, s.on_hand, s.reserved, s.version
     ORDER BY s.sku",
);

const ORPHANS: Sql = Sql::new(
    "SELECT m.sku
     FROM stock_movement m
     LEFT JOIN stock s ON s.sku = m.sku
     WHERE s.sku IS NULL AND m.version = 1
     LIMIT 100",
);

const BROKEN: Sql = Sql::new(
    "SELECT j.sku, j.version
     FROM (
        SELECT m.sku, m.version, m.on_hand, m.reserved, m.on_hand_delta, m.reserved_delta,
            LAG(m.version, 1, CAST(0 AS BIGINT)) OVER journal AS version_before,
            LAG(m.on_hand, 1, CAST(0 AS BIGINT)) OVER journal AS on_hand_before,
            LAG(m.reserved, 1, CAST(0 AS BIGINT)) OVER journal AS reserved_before
        FROM stock_movement m
        WHERE m.sku > $1 AND m.sku <= $2
        WINDOW journal AS (PARTITION BY m.sku ORDER BY m.version)
     ) j
     WHERE j.version <> j.version_before + 1
        OR j.on_hand <> j.on_hand_before + j.on_hand_delta
        OR j.reserved <> j.reserved_before + j.reserved_delta
     LIMIT 100",
);

// Both sides are summed side by side, so that what is missing on either side is seen.
const HELD_MISMATCH: Sql = Sql::per_engine(
    "SELECT b.sku, SUM(b.reserved), SUM(b.held)
     FROM (
        SELECT s.sku, s.reserved, 0 AS held
        FROM stock s
        WHERE s.reserved <> 0
        UNION ALL
        SELECT CAST(l.value ->> 0 AS TEXT), 0, CAST(l.value ->> 1 AS BIGINT)
        FROM reservation r, json_each(r.lines) l
        WHERE r.state = 'held'
     ) b
     GROUP BY b.sku
     HAVING SUM(b.reserved) <> SUM(b.held)
     ORDER BY b.sku
     LIMIT 100",
    "SELECT b.sku, CAST(SUM(b.reserved) AS BIGINT), CAST(SUM(b.held) AS BIGINT)
     FROM (
        SELECT s.sku, s.reserved, CAST(0 AS BIGINT) AS held
        FROM stock s
        WHERE s.reserved <> 0
        UNION ALL
        SELECT l.value ->> 0, CAST(0 AS BIGINT), CAST(l.value ->> 1 AS BIGINT)
        FROM reservation r, json_array_elements(CAST(r.lines AS JSON)) l (value)
        WHERE r.state = 'held'
     ) b
     GROUP BY b.sku
     HAVING SUM(b.reserved) <> SUM(b.held)
     ORDER BY b.sku
     LIMIT 100",
);

const BY_STATE: Sql = Sql::new(
    "SELECT r.order_id, r.lines, r.state
     FROM reservation r
     WHERE r.order_id > $1
     ORDER BY r.order_id
     LIMIT $2",
);

/// The stock of one SKU beside what its journal folds to.
pub struct Folded {
    /// Of what.
    pub sku: String,
    /// On hand, reserved and version, as the stock says.
    pub stock: (i64, i64, i64),
    /// The same, as the movements say.
    pub journal: (i64, i64, i64),
}

/// Up to `limit` SKUs after `sku`.
pub async fn folded(store: &Store, sku: &str, limit: u32) -> Result<Vec<Folded>, Error> {
    let fold = |row: &Row| {
        Ok(Folded {
            sku: row.text(0)?.to_owned(),
            stock: (row.int(1)?, row.int(2)?, row.int(3)?),
            journal: (row.int(4)?, row.int(5)?, row.int(6)?),
        })
    };
    store.scan(FOLD, params![sku, limit]).await?.iter().map(fold).collect()
}

/// SKUs with a journal and no stock; the first hundred.
pub async fn orphans(store: &Store) -> Result<Vec<String>, Error> {
    let rows = store.scan(ORPHANS, params![]).await?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// Movements after `from` up to `to` that do not continue the one before; the first hundred.
pub async fn broken(store: &Store, from: &str, to: &str) -> Result<Vec<(String, i64)>, Error> {
    let rows = store.scan(BROKEN, params![from, to]).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?))).collect()
}

/// SKUs whose reserved pieces are not what the held reservations sum to: SKU, reserved, held;
/// the first hundred.
pub async fn held_mismatch(store: &Store) -> Result<Vec<(String, i64, i64)>, Error> {
    let rows = store.scan(HELD_MISMATCH, params![]).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?, row.int(2)?))).collect()
}

/// Up to `limit` reservations after an order: order, lines, state.
pub async fn reservations(store: &Store, order_id: &str, limit: u32) -> Result<Vec<Row>, Error> {
    store.scan(BY_STATE, params![order_id, limit]).await
}
