//! Address books and wishlists in the database: one row per user each.

use contracts::ids::{AddressId, UserId, VariantId};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Batch, Error, Sql, Store, params};

use super::users;
use crate::domain::{
    address::{Address, AddressBook},
    wishlist::{Wish, Wishlist},
};

/// Every statement of this file.
pub const ALL: &[Sql] = &[SAVE_BOOK, SAVE_WISHLIST, DELETE_BOOK, DELETE_WISHLIST, BOOK, WISHLIST];

/// A conflict on it means that the version moved.
pub const SAVE_BOOK: Sql = Sql::new(
    "INSERT INTO address_books (user_id, addresses, version)
     VALUES ($1, $2, 1)
     ON CONFLICT (user_id) DO UPDATE
     SET addresses = excluded.addresses, version = address_books.version + 1
     WHERE address_books.version = $3",
);

/// A conflict on it means that the version moved.
pub const SAVE_WISHLIST: Sql = Sql::new(
    "INSERT INTO wishlists (user_id, wishes, version)
     VALUES ($1, $2, 1)
     ON CONFLICT (user_id) DO UPDATE
     SET wishes = excluded.wishes, version = wishlists.version + 1
     WHERE wishlists.version = $3",
);

const DELETE_BOOK: Sql = Sql::new("DELETE FROM address_books WHERE user_id = $1");
const DELETE_WISHLIST: Sql = Sql::new("DELETE FROM wishlists WHERE user_id = $1");
const BOOK: Sql = Sql::new("SELECT addresses, version FROM address_books WHERE user_id = $1");
const WISHLIST: Sql = Sql::new("SELECT wishes, version FROM wishlists WHERE user_id = $1");

#[derive(Serialize, Deserialize)]
struct AddressRow {
    id: AddressId,
    name: String,
    line1: String,
    line2: String,
    city: String,
    region: String,
    postal_code: String,
    country: String,
    phone: String,
}

#[derive(Serialize, Deserialize)]
struct WishRow {
    variant_id: VariantId,
    added_at_ms: i64,
}

/// Adds an address book to the batch; `version` is the one it was read at.
pub fn save_book(batch: &mut Batch, user: UserId, book: &AddressBook, version: i64) {
    let rows: Vec<AddressRow> = book.entries().iter().map(to_row).collect();
    let text = serde_json::to_string(&rows).expect("addresses are plain data");
    users::stands(batch, user);
    batch.one(SAVE_BOOK, params![user, text, version]);
}

/// Adds a wishlist to the batch; `version` is the one it was read at.
pub fn save_wishlist(batch: &mut Batch, user: UserId, list: &Wishlist, version: i64) {
    let row =
        |wish: &Wish| WishRow { variant_id: wish.variant_id, added_at_ms: wish.added_at.ms() };
    let rows: Vec<WishRow> = list.wishes().iter().map(row).collect();
    let text = serde_json::to_string(&rows).expect("wishes are plain data");
    users::stands(batch, user);
    batch.one(SAVE_WISHLIST, params![user, text, version]);
}

/// Adds the removal of both to the batch.
pub fn delete(batch: &mut Batch, user: UserId) {
    batch.run(DELETE_BOOK, params![user]);
    batch.run(DELETE_WISHLIST, params![user]);
}

/// The address book of a user and its version; empty at version 0 when there is none.
pub async fn book(store: &Store, user: UserId) -> Result<(AddressBook, i64), Error> {
    let row = store.read_one(BOOK, params![user]).await?;
    let Some(row) = row else { return Ok((AddressBook::default(), 0)) };
    let rows: Vec<AddressRow> = row.json(0)?;
    Ok((AddressBook::of(rows.into_iter().map(from_row).collect()), row.int(1)?))
}

/// The wishlist of a user and its version; empty at version 0 when there is none.
pub async fn wishlist(store: &Store, user: UserId) -> Result<(Wishlist, i64), Error> {
    let row = store.read_one(WISHLIST, params![user]).await?;
    let Some(row) = row else { return Ok((Wishlist::default(), 0)) };
    let rows: Vec<WishRow> = row.json(0)?;
    let wish = |row: WishRow| Wish {
        variant_id: row.variant_id,
        added_at: Timestamp::from_ms(row.added_at_ms),
    };
    Ok((Wishlist::of(rows.into_iter().map(wish).collect()), row.int(1)?))
}

fn to_row((id, address): &(AddressId, Address)) -> AddressRow {
    let Address { name, line1, line2, city, region, postal_code, country, phone } = address.clone();
    AddressRow { id: *id, name, line1, line2, city, region, postal_code, country, phone }
}

fn from_row(row: AddressRow) -> (AddressId, Address) {
    let AddressRow { id, name, line1, line2, city, region, postal_code, country, phone } = row;
    (id, Address { name, line1, line2, city, region, postal_code, country, phone })
}
