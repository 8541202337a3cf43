//! What the audit reads: orders beside their sagas, and stories in order.

use store::{Error, Row, Sql, Store, params};

/// A page of orders with the state of their placement, in order of id.
pub const ORDERS: Sql = Sql::new(
    "SELECT orders.id, orders.status, orders.payment_status, orders.settled_at_ms,
       orders.body_json, orders.total_minor, orders.currency, saga.state, saga.finished
     FROM orders
     LEFT JOIN saga ON saga.machine = 'placement' AND saga.id = orders.id
     WHERE orders.id > $1
     ORDER BY orders.id
     LIMIT $2",
);

/// Placements of no order.
pub const STRAY_PLACEMENTS: Sql = Sql::new(
    "SELECT saga.id
     FROM saga
     LEFT JOIN orders ON orders.id = saga.id
     WHERE saga.machine = 'placement' AND orders.id IS NULL
     LIMIT $1",
);

/// A page of stories, in order.
pub const STORIES: Sql = Sql::new(
    "SELECT order_id, last, entries_json
     FROM timeline
     WHERE (order_id, last) > ($1, $2)
     ORDER BY order_id, last
     LIMIT $3",
);

/// Numbers that more than one order has.
pub const DOUBLE_NUMBERS: Sql = Sql::new(
    "SELECT number, COUNT(id)
     FROM orders
     GROUP BY number
     HAVING COUNT(id) > 1
     LIMIT $1",
);

/// Every statement of this file.
pub const ALL: &[Sql] = &[ORDERS, STRAY_PLACEMENTS, STORIES, DOUBLE_NUMBERS];

/// How many rows are read at once, and how many findings of one kind are told.
const PAGE: u32 = 500;

/// Orders with their placements, after `id`; empty behind the last.
pub async fn orders(store: &Store, id: &str) -> Result<Vec<Row>, Error> {
    store.scan(ORDERS, params![id, PAGE]).await
}

/// Rows of stories after this one; empty behind the last.
pub async fn stories(store: &Store, order: &str, last: i64) -> Result<Vec<Row>, Error> {
    store.scan(STORIES, params![order, last, PAGE]).await
}

/// Placements of no order, some of them.
pub async fn stray_placements(store: &Store) -> Result<Vec<Row>, Error> {
    store.scan(STRAY_PLACEMENTS, params![PAGE]).await
}

/// Numbers that more than one order has, some of them.
pub async fn double_numbers(store: &Store) -> Result<Vec<Row>, Error> {
    store.scan(DOUBLE_NUMBERS, params![PAGE]).await
}
