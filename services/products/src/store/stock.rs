//! Stock and its journal: no statement here changes one without the other.

use std::collections::{BTreeMap, HashMap};

use ::store::{Batch, Error, Row, Sql, Store, Value, params};
use contracts::ids::{ProductId, VariantId};
use kernel::Timestamp;

use super::list;
use crate::domain::{Known, Level, Movement, NewStock, Sku};

/// Statements of this module.
pub const ALL: &[Sql] = &[
    BY_SKU,
    BY_SKUS,
    BY_PRODUCTS,
    BY_VARIANTS,
    INSERT,
    MOVE,
    MOVE_FROM,
    RECORD,
    RECORD_INITIAL,
    JOURNAL,
];

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT s.sku, s.product_id, s.variant_id, s.on_hand, s.reserved, s.version
             FROM stock s ",
            $rest
        )
    };
}

const BY_SKU: Sql = Sql::new(columns!("WHERE s.sku = $1"));

const BY_SKUS: Sql = Sql::per_engine(
    columns!("WHERE s.sku IN (SELECT value FROM json_each($1))"),
    columns!("WHERE s.sku IN (SELECT json_array_elements_text(CAST(CAST($1 AS TEXT) AS JSON)))"),
);

const BY_PRODUCTS: Sql = Sql::per_engine(
    columns!("WHERE s.product_id IN (SELECT value FROM json_each($1))"),
    columns!(
        "WHERE s.product_id IN (SELECT json_array_elements_text(CAST(CAST($1 AS TEXT) AS JSON)))"
    ),
);

const BY_VARIANTS: Sql = Sql::per_engine(
    columns!("WHERE s.variant_id IN (SELECT value FROM json_each($1))"),
    columns!(
        "WHERE s.variant_id IN (SELECT json_array_elements_text(CAST(CAST($1 AS TEXT) AS JSON)))"
    ),
);

/// Fails with a conflict when the SKU is in use.
pub const INSERT: Sql = Sql::new(
    "INSERT INTO stock (sku, variant_id, product_id, on_hand, reserved, version)
     VALUES ($1, $2, $3, $4, 0, $5)",
);

/// Changes no row when the pieces are not there.
pub const MOVE: Sql = Sql::new(
    "UPDATE stock
     SET on_hand = on_hand + $1, reserved = reserved + $2, version = version + 1
     WHERE sku = $3 AND reserved + $2 >= 0 AND on_hand + $1 >= reserved + $2",
);

/// The same, for a difference that was reckoned from what was on hand: changes no row when that
/// is another number by now.
const MOVE_FROM: Sql = Sql::new(
    "UPDATE stock
     SET on_hand = on_hand + $1, version = version + 1
     WHERE sku = $2 AND on_hand = $3 AND on_hand + $1 >= reserved",
);

const RECORD: Sql = Sql::new(
    "INSERT INTO stock_movement (kind, on_hand_delta, reserved_delta, order_id, reason, at_ms,
        sku, version, on_hand, reserved)
     SELECT $1, CAST($2 AS BIGINT), CAST($3 AS BIGINT), $4, $5, CAST($6 AS BIGINT),
        sku, version, on_hand, reserved
     FROM stock
     WHERE sku = $7",
);

const RECORD_INITIAL: Sql = Sql::new(
    "INSERT INTO stock_movement (sku, version, kind, on_hand_delta, reserved_delta, on_hand,
        reserved, order_id, reason, at_ms)
     VALUES ($1, 1, 'initial', $2, 0, $2, 0, NULL, NULL, $3)",
);

const JOURNAL: Sql = Sql::new(
    "SELECT version, kind, on_hand_delta, reserved_delta, on_hand, reserved, order_id, reason, at_ms
     FROM stock_movement
     WHERE sku = $1 AND version < $2
     ORDER BY version DESC
     LIMIT $3",
);

/// A movement as it was written.
#[derive(Debug)]
pub struct Recorded {
    /// The number of the movement among those of its SKU: 1, 2, 3, ...
    pub version: i64,
    /// Why.
    pub kind: String,
    /// Pieces more on hand, or fewer.
    pub on_hand_delta: i64,
    /// Pieces more set aside, or fewer.
    pub reserved_delta: i64,
    /// The level afterwards.
    pub after: Level,
    /// For which order.
    pub order_id: Option<String>,
    /// In somebody's words.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The stock of one SKU.
pub async fn by_sku(store: &Store, sku: &Sku) -> Result<Option<Known>, Error> {
    let row = store.read_one(BY_SKU, params![sku.as_str()]).await?;
    row.map(|row| known(&row)).transpose()
}

/// The stock of each of these SKUs that is known.
pub async fn by_skus(store: &Store, skus: &[&Sku]) -> Result<HashMap<Sku, Known>, Error> {
    let skus = list(skus.iter().map(|sku| sku.as_str()));
    keyed(&store.read(BY_SKUS, params![skus]).await?)
}

/// The levels of each of these SKUs that is known.
pub async fn levels(store: &Store, skus: &[&str]) -> Result<BTreeMap<String, Level>, Error> {
    let rows = store.read(BY_SKUS, params![list(skus.iter().copied())]).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), level(row)?))).collect()
}

/// The stock of everything that belongs to these products.
pub async fn by_products(store: &Store, ids: &[ProductId]) -> Result<HashMap<Sku, Known>, Error> {
    let ids: Vec<String> = ids.iter().map(ProductId::to_string).collect();
    let ids = list(ids.iter().map(String::as_str));
    keyed(&store.read(BY_PRODUCTS, params![ids]).await?)
}

/// The stock of these variants.
pub async fn by_variants(store: &Store, ids: &[VariantId]) -> Result<HashMap<Sku, Known>, Error> {
    let ids: Vec<String> = ids.iter().map(VariantId::to_string).collect();
    let ids = list(ids.iter().map(String::as_str));
    keyed(&store.read(BY_VARIANTS, params![ids]).await?)
}

/// Up to `limit` movements before one, newest first.
pub async fn journal(
    store: &Store,
    sku: &Sku,
    before: i64,
    limit: u32,
) -> Result<Vec<Recorded>, Error> {
    let rows = store.read(JOURNAL, params![sku.as_str(), before, limit]).await?;
    rows.iter().map(recorded).collect()
}

/// Adds the stock of a new SKU, with the movement that brought it.
pub fn insert(batch: &mut Batch, product_id: ProductId, new: &NewStock, now: Timestamp) {
    let (sku, on_hand) = (new.sku.as_str(), new.on_hand);
    let moved = on_hand != 0;
    batch.one(INSERT, params![sku, new.variant_id, product_id, on_hand, moved]);
    if moved {
        batch.one(RECORD_INITIAL, params![sku, on_hand, now]);
    }
}

/// Moves stock and writes the journal, SKU by SKU in order, so that no two batches wait for each
/// other; movements of one SKU stay in the order given. The commit fails with a conflict when
/// the pieces are not there.
pub fn move_all(batch: &mut Batch, movements: &mut [Movement], now: Timestamp) {
    movements.sort_by(|a, b| a.sku.cmp(&b.sku));
    for movement in movements {
        let Movement { sku, on_hand_delta, reserved_delta, .. } = &*movement;
        batch.one(MOVE, params![*on_hand_delta, *reserved_delta, sku]);
        record(batch, movement, now);
    }
}

/// Moves what is on hand by a difference that was reckoned from `on_hand`. The commit fails with
/// a conflict when that is another number by now, or orders hold more than would be left.
pub fn move_from(batch: &mut Batch, movement: &Movement, on_hand: i64, now: Timestamp) {
    batch.one(MOVE_FROM, params![movement.on_hand_delta, &movement.sku, on_hand]);
    record(batch, movement, now);
}

fn record(batch: &mut Batch, movement: &Movement, now: Timestamp) {
    let Movement { sku, kind, on_hand_delta, reserved_delta, order_id, reason } = movement;
    let reason = reason.as_deref().map(Value::from);
    batch.one(
        RECORD,
        params![kind.as_str(), *on_hand_delta, *reserved_delta, *order_id, reason, now, sku],
    );
}

fn keyed(rows: &[Row]) -> Result<HashMap<Sku, Known>, Error> {
    rows.iter().map(|row| Ok((row.parse(0)?, known(row)?))).collect()
}

fn known(row: &Row) -> Result<Known, Error> {
    Ok(Known {
        product_id: row.parse(1)?,
        variant_id: row.parse(2)?,
        level: level(row)?,
        version: row.int(5)?,
    })
}

fn level(row: &Row) -> Result<Level, Error> {
    Ok(Level { on_hand: row.int(3)?, reserved: row.int(4)? })
}

fn recorded(row: &Row) -> Result<Recorded, Error> {
    Ok(Recorded {
        version: row.int(0)?,
        kind: row.text(1)?.to_owned(),
        on_hand_delta: row.int(2)?,
        reserved_delta: row.int(3)?,
        after: Level { on_hand: row.int(4)?, reserved: row.int(5)? },
        order_id: row.opt_text(6)?.map(str::to_owned),
        reason: row.opt_text(7)?.map(str::to_owned),
        at: row.time(8)?,
    })
}
