//! The saga's row and its statements.

use kernel::Timestamp;
use store::{Error, Row, Sql, Store, params};

pub(crate) const INSERT: Sql = Sql::new(
    "INSERT INTO saga (machine, id, state, version, attempts, calling, wake_at_ms, finished)
     VALUES ($1, $2, $3, 1, 0, $4, $5, $6)",
);

pub(crate) const FIND: Sql = Sql::new(
    "SELECT id, state, version, attempts, calling
     FROM saga WHERE machine = $1 AND id = $2",
);

pub(crate) const UPDATE: Sql = Sql::new(
    "UPDATE saga SET state = $1, version = version + 1, attempts = 0, calling = $2,
        wake_at_ms = $3, finished = $4
     WHERE machine = $5 AND id = $6 AND version = $7",
);

/// A failed call: the same state, another attempt later.
pub(crate) const POSTPONE: Sql = Sql::new(
    "UPDATE saga SET version = version + 1, attempts = attempts + 1, wake_at_ms = $1
     WHERE machine = $2 AND id = $3 AND version = $4",
);

/// Takes over a due call. Whoever had it may still be at it: the first result to commit counts.
pub(crate) const TAKE: Sql = Sql::new(
    "UPDATE saga SET wake_at_ms = $1
     WHERE machine = $2 AND id = $3 AND version = $4 AND wake_at_ms <= $5",
);

pub(crate) const DUE: Sql = Sql::new(
    "SELECT id, state, version, attempts, calling
     FROM saga WHERE machine = $1 AND finished = 0 AND wake_at_ms <= $2
     ORDER BY wake_at_ms LIMIT $3",
);

pub(crate) const RECLAIM: Sql = Sql::new(
    "UPDATE saga SET wake_at_ms = $1
     WHERE machine = $2 AND finished = 0 AND calling = 1 AND wake_at_ms > $3",
);

const OPEN: Sql = Sql::new("SELECT COUNT(id) FROM saga WHERE finished = 0");

pub(crate) const ALL: &[Sql] = &[INSERT, FIND, UPDATE, POSTPONE, TAKE, DUE, RECLAIM, OPEN];

/// A saga as it stands in the database.
pub(crate) struct Saved {
    pub id: String,
    /// JSON.
    pub state: String,
    pub version: i64,
    pub attempts: u32,
    pub calling: bool,
}

impl Saved {
    pub fn read(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.text(0)?.to_owned(),
            state: row.text(1)?.to_owned(),
            version: row.int(2)?,
            attempts: row.count(3)?,
            calling: row.flag(4)?,
        })
    }

    pub async fn find(store: &Store, machine: &str, id: &str) -> Result<Option<Self>, Error> {
        let row = store.read_one(FIND, params![machine, id]).await?;
        row.map(|row| Self::read(&row)).transpose()
    }

    pub async fn due(
        store: &Store,
        machine: &str,
        now: Timestamp,
        max: u32,
    ) -> Result<Vec<Self>, Error> {
        let rows = store.read(DUE, params![machine, now, max]).await?;
        rows.iter().map(Self::read).collect()
    }
}

/// How many sagas of this database have not finished.
pub async fn open(store: &Store) -> Result<u64, Error> {
    let row = store.read_one(OPEN, params![]).await?;
    let count = row.map_or(Ok(0), |row| row.int(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}
