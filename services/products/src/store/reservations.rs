//! Reservations: one row for each order, its lines as JSON.

use std::collections::{BTreeMap, BTreeSet};

use ::store::{Batch, Error, Row, Sql, Store, params};
use contracts::ids::OrderId;
use kernel::Timestamp;

use crate::domain::{Line, Reservation, Save, Shortage};

/// Lapsed reservations looked at in one read.
pub const LAPSED_PAGE: u32 = 256;

/// Statements of this module.
pub const ALL: &[Sql] = &[BY_ORDER, LAPSED, NEXT_LAPSE, INSERT, UPDATE];

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT r.order_id, r.id, r.state, r.lines, r.shortages, r.expires_at_ms
             FROM reservation r ",
            $rest
        )
    };
}

const BY_ORDER: Sql = Sql::new(columns!("WHERE r.order_id = $1"));

const LAPSED: Sql = Sql::new(columns!(
    "WHERE r.state = 'held' AND r.expires_at_ms <= $1 AND (r.expires_at_ms, r.order_id) > ($2, $3)
     ORDER BY r.expires_at_ms, r.order_id
     LIMIT $4"
));

const NEXT_LAPSE: Sql = Sql::new(
    "SELECT r.expires_at_ms
     FROM reservation r
     WHERE r.state = 'held' AND r.expires_at_ms > $1
     ORDER BY r.expires_at_ms
     LIMIT 1",
);

/// Fails with a conflict when the order has one already.
pub const INSERT: Sql = Sql::new(
    "INSERT INTO reservation (order_id, id, state, lines, shortages, expires_at_ms, updated_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
);

/// Changes no row when it does not stand where it stood.
pub const UPDATE: Sql = Sql::new(
    "UPDATE reservation SET state = $1, shortages = $2, updated_at_ms = $3
     WHERE order_id = $4 AND state = $5",
);

/// The reservation of an order.
pub async fn by_order(store: &Store, order_id: OrderId) -> Result<Option<Reservation>, Error> {
    let row = store.read_one(BY_ORDER, params![order_id]).await?;
    row.map(|row| reservation(&row)).transpose()
}

/// Up to `limit` held reservations whose lease has ended, the longest ago first, after `last`.
pub async fn lapsed(
    store: &Store,
    now: Timestamp,
    last: Option<&Reservation>,
    limit: u32,
) -> Result<Vec<Reservation>, Error> {
    let at = last.map_or(i64::MIN, |last| last.expires_at.ms());
    let id = last.map_or(String::new(), |last| last.order_id.to_string());
    let rows = store.read(LAPSED, params![now, at, id, limit]).await?;
    rows.iter().map(reservation).collect()
}

/// The lapsed reservations that hold one of these SKUs, the longest ago first, up to `limit`.
/// Lapsed ones are few: the sweeper is behind them.
pub async fn lapsed_with(
    store: &Store,
    now: Timestamp,
    skus: &BTreeSet<&str>,
    limit: usize,
) -> Result<Vec<Reservation>, Error> {
    let mut found = Vec::new();
    let mut last = None;
    loop {
        let page = lapsed(store, now, last.as_ref(), LAPSED_PAGE).await?;
        let whole = page.len() == LAPSED_PAGE as usize;
        last = page.last().cloned();
        let holds = |held: &Reservation| held.lines.iter().any(|l| skus.contains(l.sku.as_str()));
        found.extend(page.into_iter().filter(holds));
        if !whole || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
    }
}

/// How many pieces of each of these SKUs are free although no one has swept them yet.
pub async fn lapsed_pieces(
    store: &Store,
    now: Timestamp,
    skus: &BTreeSet<&str>,
) -> Result<BTreeMap<String, i64>, Error> {
    let mut pieces = BTreeMap::new();
    for reservation in lapsed_with(store, now, skus, usize::MAX).await? {
        for line in reservation.lines {
            *pieces.entry(line.sku).or_default() += i64::from(line.quantity);
        }
    }
    Ok(pieces)
}

/// When the next lease ends that runs now.
pub async fn next_lapse(store: &Store, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let row = store.read_one(NEXT_LAPSE, params![now]).await?;
    row.map(|row| row.time(0)).transpose()
}

/// Writes what a decision makes of a reservation.
pub fn save(batch: &mut Batch, save: &Save, now: Timestamp) {
    match save {
        Save::Nothing => {}
        Save::Insert(new) => {
            let Reservation { order_id, id, state, lines, expires_at, shortages } = new;
            let (lines, shortages) = (lines_json(lines), shortages_json(shortages));
            let row = params![*order_id, *id, state.as_str(), lines, shortages, *expires_at, now];
            batch.one(INSERT, row);
        }
        Save::Update { from, to } => {
            let shortages = shortages_json(&to.shortages);
            let row = params![to.state.as_str(), shortages, now, to.order_id, from.as_str()];
            batch.one(UPDATE, row);
        }
    }
}

fn lines_json(lines: &[Line]) -> String {
    let pairs: Vec<(&str, u32)> =
        lines.iter().map(|line| (line.sku.as_str(), line.quantity)).collect();
    serde_json::to_string(&pairs).expect("lines are plain data")
}

fn shortages_json(shortages: &[Shortage]) -> String {
    let triples: Vec<(&str, u32, i64)> =
        shortages.iter().map(|s| (s.sku.as_str(), s.asked, s.available)).collect();
    serde_json::to_string(&triples).expect("shortages are plain data")
}

/// The lines in column `at`.
pub fn lines(row: &Row, at: usize) -> Result<Vec<Line>, Error> {
    let pairs: Vec<(String, u32)> = row.json(at)?;
    Ok(pairs.into_iter().map(|(sku, quantity)| Line { sku, quantity }).collect())
}

fn reservation(row: &Row) -> Result<Reservation, Error> {
    let shortages: Vec<(String, u32, i64)> = row.json(4)?;
    let shortage = |(sku, asked, available)| Shortage { sku, asked, available };
    Ok(Reservation {
        order_id: row.parse(0)?,
        id: row.parse(1)?,
        state: row.parse(2)?,
        lines: lines(row, 3)?,
        shortages: shortages.into_iter().map(shortage).collect(),
        expires_at: row.time(5)?,
    })
}
