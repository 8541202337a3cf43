//! Keys for programs in the database.

use std::collections::BTreeSet;

use contracts::ids::{KeyId, UserId};
use kernel::Timestamp;
use store::{Batch, Error, Row, Sql, Store, params};

use super::users;
use crate::domain::{
    access::Permission,
    secret::{Secret, SecretHash},
    user::User,
};

/// Every statement of this file.
pub const ALL: &[Sql] = &[INSERT, DELETE, DELETE_OF_USER, USED, PAGE, OF_USER, BY_HASH, WITH_USER];

const INSERT: Sql = Sql::new(
    "INSERT INTO api_keys (id, user_id, name, hint, hash, permissions, created_at_ms,
         expires_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);

/// A conflict on it means that there is no such key.
pub const DELETE: Sql = Sql::new("DELETE FROM api_keys WHERE id = $1");

const DELETE_OF_USER: Sql = Sql::new("DELETE FROM api_keys WHERE user_id = $1");

/// A conflict on it means that the key was deleted a moment ago.
pub const USED: Sql = Sql::new("UPDATE api_keys SET used_at_ms = $1 WHERE id = $2");

const PAGE: Sql = Sql::new(
    "SELECT id, user_id, name, hint, permissions, created_at_ms, expires_at_ms, used_at_ms
     FROM api_keys
     WHERE id < $1
     ORDER BY id DESC
     LIMIT $2",
);

const OF_USER: Sql = Sql::new(
    "SELECT id, user_id, name, hint, permissions, created_at_ms, expires_at_ms, used_at_ms
     FROM api_keys
     WHERE user_id = $1
     ORDER BY id DESC
     LIMIT 1000",
);

const BY_HASH: Sql = Sql::new(
    "SELECT k.id, k.user_id, k.name, k.hint, k.permissions, k.created_at_ms, k.expires_at_ms,
         k.used_at_ms,
         u.id, u.email, u.name, u.role, u.permissions, u.password_hash, u.version,
         u.created_at_ms, u.updated_at_ms
     FROM api_keys k
     JOIN users u ON u.id = k.user_id
     WHERE k.hash = $1 AND u.erased_at_ms IS NULL",
);

const WITH_USER: Sql = Sql::new(
    "SELECT k.id, k.user_id, k.name, k.hint, k.permissions, k.created_at_ms, k.expires_at_ms,
         k.used_at_ms,
         u.id, u.email, u.name, u.role, u.permissions, u.password_hash, u.version,
         u.created_at_ms, u.updated_at_ms
     FROM api_keys k
     JOIN users u ON u.id = k.user_id
     WHERE k.id = $1 AND u.erased_at_ms IS NULL",
);

/// A key for programs; its secret is known to whom it was given only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Which.
    pub id: KeyId,
    /// Who made it: it may never do more than they may.
    pub user_id: UserId,
    /// What it is for.
    pub name: String,
    /// How the secret begins.
    pub hint: String,
    /// What it may do.
    pub permissions: BTreeSet<Permission>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was last exchanged for an access token.
    pub used_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it still opens something.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|ends| now < ends)
    }
}

/// Adds a new key to the batch.
pub fn insert(batch: &mut Batch, key: &ApiKey, secret: &Secret) {
    users::stands(batch, key.user_id);
    batch.one(
        INSERT,
        params![
            key.id,
            key.user_id,
            key.name.as_str(),
            key.hint.as_str(),
            secret.hash().into_bytes(),
            users::permissions_text(&key.permissions),
            key.created_at,
            key.expires_at,
        ],
    );
}

/// Adds the deletion of a key to the batch.
pub fn delete(batch: &mut Batch, id: KeyId) {
    batch.one(DELETE, params![id]);
}

/// Adds the deletion of all keys of a user to the batch.
pub fn delete_of_user(batch: &mut Batch, user: UserId) {
    batch.run(DELETE_OF_USER, params![user]);
}

/// Adds to the batch that a key was used.
pub fn used(batch: &mut Batch, id: KeyId, now: Timestamp) {
    batch.one(USED, params![now, id]);
}

/// Up to `limit` keys made before `before`, newest first.
pub async fn page(store: &Store, before: KeyId, limit: u32) -> Result<Vec<ApiKey>, Error> {
    store.read(PAGE, params![before, limit]).await?.iter().map(key).collect()
}

/// The keys of a user.
pub async fn of_user(store: &Store, user: UserId) -> Result<Vec<ApiKey>, Error> {
    store.read(OF_USER, params![user]).await?.iter().map(key).collect()
}

/// The key behind a secret, with its owner.
pub async fn by_hash(store: &Store, hash: SecretHash) -> Result<Option<(ApiKey, User)>, Error> {
    let row = store.read_one(BY_HASH, params![hash.into_bytes()]).await?;
    row.map(|row| Ok((key(&row)?, users::user(&row, 8)?))).transpose()
}

/// A key with its owner.
pub async fn with_user(store: &Store, id: KeyId) -> Result<Option<(ApiKey, User)>, Error> {
    let row = store.read_one(WITH_USER, params![id]).await?;
    row.map(|row| Ok((key(&row)?, users::user(&row, 8)?))).transpose()
}

fn key(row: &Row) -> Result<ApiKey, Error> {
    Ok(ApiKey {
        id: row.parse(0)?,
        user_id: row.parse(1)?,
        name: row.text(2)?.to_owned(),
        hint: row.text(3)?.to_owned(),
        permissions: users::permissions(row, 4)?,
        created_at: row.time(5)?,
        expires_at: row.opt_time(6)?,
        used_at: row.opt_time(7)?,
    })
}

/// The position after which [`page`] begins with the newest key.
pub fn newest() -> KeyId {
    KeyId::from_u128(u128::MAX)
}
