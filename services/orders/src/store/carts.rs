//! Carts: one row each, what is in them as JSON.

use contracts::ids::{CartId, ItemId, UserId};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Batch, Error, Row, Sql, Store, params};

use super::shapes::SavedAddress;
use crate::domain::{Cart, CartItem, CartStatus, Email, Owner, Quantity, Request};

/// Adds a cart.
pub const INSERT: Sql = Sql::new(
    "INSERT INTO carts (id, user_id, access_hash, body_json, created_at_ms, updated_at_ms, version)
     VALUES ($1, $2, $3, $4, $5, $6, 1)",
);

/// One cart.
pub const BY_ID: Sql = Sql::new(
    "SELECT id, user_id, access_hash, order_id, body_json, created_at_ms, version
     FROM carts
     WHERE id = $1",
);

/// Changes what is in a cart that nobody changed meanwhile.
pub const CHANGE: Sql = Sql::new(
    "UPDATE carts
     SET body_json = $1, updated_at_ms = $2, version = version + 1
     WHERE id = $3 AND version = $4 AND order_id IS NULL",
);

/// Makes it an order's cart, once, if nobody changed it meanwhile.
pub const COMPLETE: Sql = Sql::new(
    "UPDATE carts
     SET order_id = $1, updated_at_ms = $2, version = version + 1
     WHERE id = $3 AND version = $4 AND order_id IS NULL",
);

/// Every statement of this file.
pub const ALL: &[Sql] = &[INSERT, BY_ID, CHANGE, COMPLETE];

#[derive(Serialize, Deserialize)]
struct Body {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shipping_address: Option<SavedAddress>,
    items: Vec<SavedItem>,
}

#[derive(Serialize, Deserialize)]
struct SavedItem {
    id: ItemId,
    sku: String,
    quantity: u32,
}

/// Adds a new cart to a batch.
pub fn insert(batch: &mut Batch, cart: &Cart) {
    let owner = &cart.owner;
    batch.one(
        INSERT,
        params![
            cart.id,
            owner.user,
            owner.access_hash.as_ref(),
            body(cart),
            cart.created_at,
            cart.created_at,
        ],
    );
}

/// Writes a changed cart; a conflict when its version moved since it was read.
pub fn change(batch: &mut Batch, cart: &Cart, now: Timestamp) {
    batch.one(CHANGE, params![body(cart), now, cart.id, cart.version]);
}

/// One cart.
pub async fn by_id(store: &Store, id: CartId) -> Result<Option<Cart>, Error> {
    store.read_one(BY_ID, params![id]).await?.as_ref().map(row).transpose()
}

fn body(cart: &Cart) -> String {
    let item = |item: &CartItem| SavedItem {
        id: item.id,
        sku: item.request.sku.clone(),
        quantity: item.request.quantity.count(),
    };
    let body = Body {
        email: cart.email.as_ref().map(ToString::to_string),
        shipping_address: cart.shipping_address.clone().map(SavedAddress),
        items: cart.items.iter().map(item).collect(),
    };
    serde_json::to_string(&body).expect("plain data with text keys is JSON")
}

fn row(row: &Row) -> Result<Cart, Error> {
    let user = row.opt_text(1)?.map(|_| row.parse::<UserId>(1)).transpose()?;
    let order = row.opt_text(3)?.map(|_| row.parse(3)).transpose()?;
    let body: Body = row.json(4)?;
    let odd = |error| Error::Row(format!("cart: {error}"));
    let email = body.email.map(|email| Email::parse(&email)).transpose().map_err(odd)?;
    let item = |saved: SavedItem| {
        let quantity = Quantity::parse(i64::from(saved.quantity)).map_err(odd)?;
        Ok(CartItem { id: saved.id, request: Request { sku: saved.sku, quantity } })
    };
    Ok(Cart {
        id: row.parse(0)?,
        owner: Owner { user, access_hash: row.opt_text(2)?.map(str::to_owned) },
        email,
        shipping_address: body.shipping_address.map(|saved| saved.0),
        items: body.items.into_iter().map(item).collect::<Result<_, Error>>()?,
        status: order.map_or(CartStatus::Open, CartStatus::Completed),
        created_at: row.time(5)?,
        version: row.int(6)?,
    })
}
