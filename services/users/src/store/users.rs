//! Accounts in the database.

use std::collections::BTreeSet;

use contracts::ids::UserId;
use kernel::Timestamp;
use store::{Batch, Error, Row, Sql, Store, params};

use crate::domain::{
    access::{Access, Permission},
    email::Email,
    name::Name,
    user::User,
};

/// Every statement of this file.
pub const ALL: &[Sql] =
    &[INSERT, UPDATE, LOGGED_IN, STANDS, ERASE, BY_ID, BY_EMAIL, PAGE, COUNT_ADMINS, STRAY_ROWS];

/// A conflict on it means that the address is taken.
pub const INSERT: Sql = Sql::new(
    "INSERT INTO users (id, email, name, role, permissions, password_hash, version,
         created_at_ms, updated_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);

/// A conflict on it means that the version moved, or that the address is taken.
pub const UPDATE: Sql = Sql::new(
    "UPDATE users
     SET email = $1, name = $2, role = $3, permissions = $4, password_hash = $5,
         version = version + 1, updated_at_ms = $6
     WHERE id = $7 AND version = $8 AND erased_at_ms IS NULL",
);

/// A conflict on it means that the password was changed, or the account erased, a moment ago.
/// The version stays: nothing that anybody can see changes.
pub const LOGGED_IN: Sql = Sql::new(
    "UPDATE users
     SET logged_in_at_ms = $1, password_hash = $2
     WHERE id = $3 AND password_hash = $4 AND erased_at_ms IS NULL",
);

/// Changes nothing; a conflict on it means that the account was erased a moment ago. It holds the
/// row, so that an erasure waits until what is added to the account is there to be erased.
pub const STANDS: Sql =
    Sql::new("UPDATE users SET erased_at_ms = NULL WHERE id = $1 AND erased_at_ms IS NULL");

/// What is left of an erased account is that there was one.
pub const ERASE: Sql = Sql::new(
    "UPDATE users
     SET email = NULL, name = '', role = 'customer', permissions = '[]', password_hash = '',
         version = version + 1, updated_at_ms = $1, logged_in_at_ms = NULL, erased_at_ms = $1
     WHERE id = $2 AND version = $3 AND erased_at_ms IS NULL",
);

const BY_ID: Sql = Sql::new(
    "SELECT id, email, name, role, permissions, password_hash, version, created_at_ms,
         updated_at_ms
     FROM users
     WHERE id = $1 AND erased_at_ms IS NULL",
);

const BY_EMAIL: Sql = Sql::new(
    "SELECT id, email, name, role, permissions, password_hash, version, created_at_ms,
         updated_at_ms
     FROM users
     WHERE email = $1",
);

const PAGE: Sql = Sql::new(
    "SELECT id, email, name, role, permissions, password_hash, version, created_at_ms,
         updated_at_ms
     FROM users
     WHERE id < $1 AND erased_at_ms IS NULL
     ORDER BY id DESC
     LIMIT $2",
);

/// For the audit: administrators, counted.
pub const COUNT_ADMINS: Sql =
    Sql::new("SELECT COUNT(*) FROM users WHERE role = 'admin' AND erased_at_ms IS NULL");

/// For the audit: erased accounts that still hold something personal.
pub const STRAY_ROWS: Sql = Sql::new(
    "SELECT u.id
     FROM users u
     WHERE u.erased_at_ms IS NOT NULL
       AND (u.email IS NOT NULL OR u.name <> '' OR u.password_hash <> ''
         OR EXISTS (SELECT 1 FROM address_books a WHERE a.user_id = u.id)
         OR EXISTS (SELECT 1 FROM wishlists w WHERE w.user_id = u.id)
         OR EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id)
         OR EXISTS (SELECT 1 FROM api_keys k WHERE k.user_id = u.id))
     ORDER BY u.id
     LIMIT 100",
);

/// Adds a new account to the batch.
pub fn insert(batch: &mut Batch, user: &User) {
    batch.one(
        INSERT,
        params![
            user.id,
            user.email.as_str(),
            user.name.as_str(),
            user.access.role().as_str(),
            permissions_text(user.access.permissions()),
            user.password_hash.as_str(),
            user.version,
            user.created_at,
            user.updated_at,
        ],
    );
}

/// Adds a changed account to the batch; its version is one above the stored one.
pub fn update(batch: &mut Batch, user: &User) {
    batch.one(
        UPDATE,
        params![
            user.email.as_str(),
            user.name.as_str(),
            user.access.role().as_str(),
            permissions_text(user.access.permissions()),
            user.password_hash.as_str(),
            user.updated_at,
            user.id,
            user.version - 1,
        ],
    );
}

/// Adds a log-in with the password behind `known` to the batch; `kept` is the hash from now on.
pub fn logged_in(batch: &mut Batch, id: UserId, known: &str, kept: &str, now: Timestamp) {
    batch.one(LOGGED_IN, params![now, kept, id, known]);
}

/// Adds to the batch that the account must still be there.
pub fn stands(batch: &mut Batch, id: UserId) {
    batch.one(STANDS, params![id]);
}

/// Adds the erasure of an account to the batch.
pub fn erase(batch: &mut Batch, user: &User, now: Timestamp) {
    batch.one(ERASE, params![now, user.id, user.version]);
}

/// The account called `id`; none when there is none or it was erased.
pub async fn by_id(store: &Store, id: UserId) -> Result<Option<User>, Error> {
    one(store.read_one(BY_ID, params![id]).await?)
}

/// The account with an address.
pub async fn by_email(store: &Store, email: &Email) -> Result<Option<User>, Error> {
    one(store.read_one(BY_EMAIL, params![email.as_str()]).await?)
}

/// Up to `limit` accounts that registered before `before`, newest first.
pub async fn page(store: &Store, before: UserId, limit: u32) -> Result<Vec<User>, Error> {
    let rows = store.read(PAGE, params![before, limit]).await?;
    rows.iter().map(|row| user(row, 0)).collect()
}

fn one(row: Option<Row>) -> Result<Option<User>, Error> {
    row.map(|row| user(&row, 0)).transpose()
}

/// Reads the nine columns of an account, the first of them at `at`.
pub fn user(row: &Row, at: usize) -> Result<User, Error> {
    let broken = |what: &str| Error::Row(format!("users.{what} cannot be read"));
    let permissions = permissions(row, at + 4)?;
    Ok(User {
        id: row.parse(at)?,
        email: Email::parse(row.text(at + 1)?).map_err(|_| broken("email"))?,
        name: Name::parse(row.text(at + 2)?).map_err(|_| broken("name"))?,
        access: Access::of(row.parse(at + 3)?, permissions).map_err(|_| broken("permissions"))?,
        password_hash: row.text(at + 5)?.to_owned(),
        version: row.int(at + 6)?,
        created_at: row.time(at + 7)?,
        updated_at: row.time(at + 8)?,
    })
}

/// Permissions as they are stored: a JSON array of their names.
pub fn permissions_text(permissions: &BTreeSet<Permission>) -> String {
    let names: Vec<&str> = permissions.iter().map(|one| one.as_str()).collect();
    serde_json::to_string(&names).expect("names are plain text")
}

/// Reads permissions; names that this version does not know are left out, which takes nothing
/// away from what they allow in the version that knows them.
pub fn permissions(row: &Row, at: usize) -> Result<BTreeSet<Permission>, Error> {
    let names: Vec<String> = row.json(at)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// The position after which [`page`] begins with the newest account.
pub fn newest() -> UserId {
    UserId::from_u128(u128::MAX)
}
