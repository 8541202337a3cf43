//! Reading: a pool of connections for short reads, and a bounded number of long ones.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, types::ValueRef};
use tokio::sync::Semaphore;

use super::{connect, of_statement};
use crate::{Error, Row, Sql, Value};

/// Connections that are kept open for later; a short read never waits for one.
const IDLE_MAX: usize = 8;

#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    scans: Semaphore,
}

impl Readers {
    pub fn new(path: PathBuf, scans_max: usize) -> Self {
        Self { path, idle: Mutex::new(Vec::new()), scans: Semaphore::new(scans_max) }
    }

    /// Reads the head of the file, so that a file that is no database is refused at once.
    pub fn check(&self) -> Result<(), Error> {
        self.with(|connection| {
            let version = connection.pragma_query_value(None, "schema_version", |row| row.get(0));
            version.map(|_: i64| ()).map_err(|e| super::at(&self.path, &e))
        })
    }

    pub fn read(&self, sql: Sql, params: &[Value]) -> Result<Vec<Row>, Error> {
        self.with(|connection| query(connection, sql, params))
    }

    pub fn prepare(&self, statements: &[Sql]) -> Result<(), Error> {
        self.with(|connection| {
            statements.iter().try_for_each(|sql| {
                connection.prepare(sql.sqlite()).map(drop).map_err(|e| of_statement(*sql, &e))
            })
        })
    }

    #[expect(clippy::disallowed_methods, reason = "long reads leave the workers, a few at a time")]
    pub async fn scan(this: &Arc<Self>, sql: Sql, params: Vec<Value>) -> Result<Vec<Row>, Error> {
        let closed = |_| Error::Unavailable("it is closed".into());
        let _place = this.scans.acquire().await.map_err(closed)?;
        let readers = Arc::clone(this);
        tokio::task::spawn_blocking(move || readers.read(sql, &params))
            .await
            .unwrap_or_else(|e| Err(Error::Unavailable(format!("the read ended early: {e}"))))
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let connection = kept.map_or_else(|| connect(&self.path, true), Ok)?;
        let result = work(&connection);
        let mut idle = idle();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        result
    }
}

/// Runs one statement and copies its rows out.
pub(super) fn query(
    connection: &Connection,
    sql: Sql,
    params: &[Value],
) -> Result<Vec<Row>, Error> {
    rows(connection, sql, params).map_err(|e| of_statement(sql, &e))
}

fn rows(connection: &Connection, sql: Sql, params: &[Value]) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql.sqlite())?;
    let columns = statement.column_count();
    let mut answer = statement.query(rusqlite::params_from_iter(params))?;
    let mut rows = Vec::new();
    while let Some(row) = answer.next()? {
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(copy(row.get_ref(column)?, column)?);
        }
        rows.push(Row(values));
    }
    Ok(rows)
}

fn copy(value: ValueRef<'_>, column: usize) -> rusqlite::Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(text) => {
            let text =
                std::str::from_utf8(text).map_err(|e| rusqlite::Error::Utf8Error(column, e))?;
            Value::Text(text.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        // Only ranking functions make these, and nobody reads the rank.
        ValueRef::Real(_) => Value::Null,
    })
}
