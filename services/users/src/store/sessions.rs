//! Sessions and their refresh tokens in the database.

use contracts::ids::{SessionId, UserId};
use kernel::Timestamp;
use store::{Batch, Error, Row, Sql, Store, params};

use super::users;
use crate::domain::{
    secret::{Secret, SecretHash},
    session::{Issued, Session},
    user::User,
};

/// Every statement of this file.
pub const ALL: &[Sql] = &[
    INSERT,
    INSERT_TOKEN,
    USE_TOKEN,
    REFRESHED,
    END,
    END_OTHERS,
    DELETE_TOKENS_OF_USER,
    DELETE_OF_USER,
    WITH_USER,
    OF_USER,
    BY_TOKEN,
    TOKEN_UNUSED,
    DELETE_OLD_TOKENS,
    DELETE_OLD,
    LIVE_TWICE,
    ORPHANS,
];

const INSERT: Sql = Sql::new(
    "INSERT INTO sessions (id, user_id, agent, salt, created_at_ms, refreshed_at_ms,
         expires_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
);

const INSERT_TOKEN: Sql = Sql::new(
    "INSERT INTO refresh_tokens (hash, session_id, expires_at_ms)
     VALUES ($1, $2, $3)",
);

/// A conflict on it means that somebody else used the token a moment ago.
pub const USE_TOKEN: Sql =
    Sql::new("UPDATE refresh_tokens SET used_at_ms = $1 WHERE hash = $2 AND used_at_ms IS NULL");

/// A conflict on it means that the session was ended a moment ago.
pub const REFRESHED: Sql = Sql::new(
    "UPDATE sessions
     SET refreshed_at_ms = $1, salt = $2
     WHERE id = $3 AND ended_at_ms IS NULL",
);

/// A conflict on it means that there is no such session of that user, or that it has ended.
pub const END: Sql = Sql::new(
    "UPDATE sessions SET ended_at_ms = $1 WHERE id = $2 AND user_id = $3 AND ended_at_ms IS NULL",
);

const END_OTHERS: Sql = Sql::new(
    "UPDATE sessions
     SET ended_at_ms = $1
     WHERE user_id = $2 AND id <> $3 AND ended_at_ms IS NULL",
);

const DELETE_TOKENS_OF_USER: Sql = Sql::new(
    "DELETE FROM refresh_tokens
     WHERE session_id IN (SELECT id FROM sessions WHERE user_id = $1)",
);

const DELETE_OF_USER: Sql = Sql::new("DELETE FROM sessions WHERE user_id = $1");

const WITH_USER: Sql = Sql::new(
    "SELECT s.id, s.user_id, s.agent, s.created_at_ms, s.refreshed_at_ms, s.expires_at_ms,
         s.ended_at_ms,
         u.id, u.email, u.name, u.role, u.permissions, u.password_hash, u.version,
         u.created_at_ms, u.updated_at_ms
     FROM sessions s
     JOIN users u ON u.id = s.user_id
     WHERE s.id = $1 AND u.erased_at_ms IS NULL",
);

const OF_USER: Sql = Sql::new(
    "SELECT id, user_id, agent, created_at_ms, refreshed_at_ms, expires_at_ms, ended_at_ms
     FROM sessions
     WHERE user_id = $1 AND ended_at_ms IS NULL AND expires_at_ms > $2
     ORDER BY id DESC
     LIMIT 100",
);

const BY_TOKEN: Sql = Sql::new(
    "SELECT s.id, s.user_id, s.agent, s.created_at_ms, s.refreshed_at_ms, s.expires_at_ms,
         s.ended_at_ms, s.salt, t.expires_at_ms, t.used_at_ms
     FROM refresh_tokens t
     JOIN sessions s ON s.id = t.session_id
     WHERE t.hash = $1",
);

const TOKEN_UNUSED: Sql =
    Sql::new("SELECT 1 FROM refresh_tokens WHERE hash = $1 AND used_at_ms IS NULL");

const DELETE_OLD_TOKENS: Sql = Sql::new(
    "DELETE FROM refresh_tokens
     WHERE hash IN (
         SELECT hash FROM refresh_tokens WHERE expires_at_ms < $1 ORDER BY expires_at_ms LIMIT $2)
     RETURNING session_id",
);

const DELETE_OLD: Sql = Sql::new(
    "DELETE FROM sessions
     WHERE id IN (
         SELECT id FROM sessions WHERE expires_at_ms < $1 ORDER BY expires_at_ms LIMIT $2)
     RETURNING id",
);

/// For the audit: families with more than one token that could be used.
pub const LIVE_TWICE: Sql = Sql::new(
    "SELECT session_id, COUNT(*)
     FROM refresh_tokens
     WHERE used_at_ms IS NULL
     GROUP BY session_id
     HAVING COUNT(*) > 1
     ORDER BY session_id
     LIMIT 100",
);

/// For the audit: sessions of nobody.
pub const ORPHANS: Sql = Sql::new(
    "SELECT s.id
     FROM sessions s
     WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = s.user_id AND u.erased_at_ms IS NULL)
     ORDER BY s.id
     LIMIT 100",
);

/// A session as a refresh needs it.
#[derive(Debug, Clone)]
pub struct Family {
    /// The session.
    pub session: Session,
    /// What made its newest token from the one before.
    pub salt: [u8; 32],
    /// The token that was presented.
    pub token: Issued,
}

/// Adds a session and its first token to the batch.
pub fn insert(batch: &mut Batch, session: &Session, token: &Secret, token_ends_at: Timestamp) {
    batch.one(
        INSERT,
        params![
            session.id,
            session.user_id,
            session.agent.as_str(),
            [0_u8; 32].as_slice(),
            session.created_at,
            session.refreshed_at,
            session.expires_at,
        ],
    );
    insert_token(batch, session.id, token, token_ends_at);
}

/// Adds the use of a token, and its successor, to the batch.
pub fn rotate(
    batch: &mut Batch,
    family: &Session,
    used: SecretHash,
    successor: (&Secret, [u8; 32], Timestamp),
    now: Timestamp,
) {
    let (token, salt, ends_at) = successor;
    batch.one(USE_TOKEN, params![now, used.into_bytes()]);
    batch.one(REFRESHED, params![now, salt.as_slice(), family.id]);
    insert_token(batch, family.id, token, ends_at);
}

fn insert_token(batch: &mut Batch, session: SessionId, token: &Secret, ends_at: Timestamp) {
    batch.one(INSERT_TOKEN, params![token.hash().into_bytes(), session, ends_at]);
}

/// Adds the end of a session to the batch.
pub fn end(batch: &mut Batch, session: SessionId, user: UserId, now: Timestamp) {
    batch.one(END, params![now, session, user]);
}

/// Adds the end of all sessions of a user but one to the batch.
pub fn end_others(batch: &mut Batch, user: UserId, kept: SessionId, now: Timestamp) {
    batch.run(END_OTHERS, params![now, user, kept]);
}

/// Adds the removal of all sessions of a user to the batch.
pub fn delete_of_user(batch: &mut Batch, user: UserId) {
    batch.run(DELETE_TOKENS_OF_USER, params![user]);
    batch.run(DELETE_OF_USER, params![user]);
}

/// A session with its user; none when there is none or the user was erased.
pub async fn with_user(store: &Store, id: SessionId) -> Result<Option<(Session, User)>, Error> {
    let row = store.read_one(WITH_USER, params![id]).await?;
    row.map(|row| Ok((session(&row)?, users::user(&row, 7)?))).transpose()
}

/// The live sessions of a user, newest first, at most a hundred.
pub async fn of_user(store: &Store, user: UserId, now: Timestamp) -> Result<Vec<Session>, Error> {
    store.read(OF_USER, params![user, now]).await?.iter().map(session).collect()
}

/// The family that a token belongs to, live or not.
pub async fn by_token(store: &Store, hash: SecretHash) -> Result<Option<Family>, Error> {
    let row = store.read_one(BY_TOKEN, params![hash.into_bytes()]).await?;
    row.map(|row| {
        let salt = row.bytes(7)?.try_into();
        Ok(Family {
            session: session(&row)?,
            salt: salt.map_err(|_| Error::Row("sessions.salt is not 32 bytes".to_owned()))?,
            token: Issued { expires_at: row.time(8)?, used_at: row.opt_time(9)? },
        })
    })
    .transpose()
}

/// Whether there is such a token and nobody used it.
pub async fn is_token_unused(store: &Store, hash: SecretHash) -> Result<bool, Error> {
    Ok(store.read_one(TOKEN_UNUSED, params![hash.into_bytes()]).await?.is_some())
}

/// Removes up to `limit` tokens and as many sessions that ended before `before`. Returns how
/// many of the two, whichever is more, so that the caller knows whether there may be more.
pub async fn sweep(store: &Store, before: Timestamp, limit: u32) -> Result<usize, Error> {
    let tokens = store.claim("sweep_tokens", DELETE_OLD_TOKENS, params![before, limit]).await?;
    let sessions = store.claim("sweep_sessions", DELETE_OLD, params![before, limit]).await?;
    Ok(tokens.len().max(sessions.len()))
}

fn session(row: &Row) -> Result<Session, Error> {
    Ok(Session {
        id: row.parse(0)?,
        user_id: row.parse(1)?,
        agent: row.text(2)?.to_owned(),
        created_at: row.time(3)?,
        refreshed_at: row.time(4)?,
        expires_at: row.time(5)?,
        ended_at: row.opt_time(6)?,
    })
}
