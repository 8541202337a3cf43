//! SQLite behind the door: files, connections, errors.

mod migrate;
mod read;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use kernel::Clock;
use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig, ffi};
use tokio::sync::{mpsc, watch};

use crate::{
    Cause, Durability, Error, Migration, Row, Settings, Sql, Value,
    batch::{AfterCommit, Statement},
};
use read::Readers;
use write::Job;

/// Versions before this one can corrupt a file when two connections write and checkpoint together
/// (sqlite.org/wal.html, "the WAL-reset bug"; fixed in 3.51.3).
const OLDEST_SAFE_VERSION: i32 = 3_051_003;

#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    path: Arc<PathBuf>,
    readers: Arc<Readers>,
    /// None for a database that is only read.
    writer: Option<mpsc::Sender<Job>>,
    failed: watch::Receiver<Option<Error>>,
    clock: Clock,
    admission: Duration,
}

impl Sqlite {
    pub async fn open(settings: Settings, clock: Clock) -> Result<Self, Error> {
        assert!(
            rusqlite::version_number() >= OLDEST_SAFE_VERSION,
            "SQLite {} can corrupt files; 3.51.3 or later is needed",
            rusqlite::version()
        );
        let admission = Duration::from_millis(settings.admission_timeout_ms);
        let (report, failed) = watch::channel(None);
        let path = Arc::new(settings.path.clone());
        let readers = Arc::new(Readers::new(settings.path.clone(), settings.scans_max));
        let writer = if settings.read_only {
            readers.check()?;
            None
        } else {
            Some(write::start(settings, report).await?)
        };
        Ok(Self { path, readers, writer, failed, clock, admission })
    }

    pub fn read(&self, sql: Sql, params: &[Value]) -> Result<Vec<Row>, Error> {
        self.readers.read(sql, params)
    }

    pub async fn scan(&self, sql: Sql, params: Vec<Value>) -> Result<Vec<Row>, Error> {
        Readers::scan(&self.readers, sql, params).await
    }

    pub fn prepare(&self, statements: &[Sql]) -> Result<(), Error> {
        self.readers.prepare(statements)
    }

    pub async fn commit(
        &self,
        statements: Vec<Statement>,
        after: Vec<AfterCommit>,
    ) -> Result<(), Error> {
        self.ask(|reply| Job::Commit { statements, after, reply }).await
    }

    pub async fn claim(&self, sql: Sql, params: Vec<Value>) -> Result<Vec<Row>, Error> {
        self.ask(|reply| Job::Claim { sql, params, reply }).await
    }

    pub async fn migrate(
        &self,
        component: &'static str,
        migrations: &'static [Migration],
    ) -> Result<(), Error> {
        let at = self.clock.now();
        self.ask(|reply| Job::Migrate { component, migrations, at, reply }).await
    }

    pub async fn close(&self) {
        // A writer that is gone has nothing left to write.
        let _: Result<(), Error> = self.ask(|reply| Job::Close { reply }).await;
    }

    pub async fn failed(&self) -> Error {
        let mut failed = self.failed.clone();
        let reason = failed.wait_for(Option::is_some).await.map(|reason| reason.clone());
        match reason {
            Ok(Some(error)) => error,
            // The writer ended in good order: it will not fail any more.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Hands a job to the writer. Waiting for a place in its queue is bounded; once it is let in,
    /// its outcome is always waited for, so that no outcome stays unknown.
    async fn ask<T>(
        &self,
        job: impl FnOnce(tokio::sync::oneshot::Sender<Result<T, Error>>) -> Job,
    ) -> Result<T, Error> {
        let Some(writer) = &self.writer else {
            return Err(Error::ReadOnly(self.path.display().to_string()));
        };
        let permit = match writer.try_reserve() {
            Ok(permit) => permit,
            Err(mpsc::error::TrySendError::Closed(())) => return Err(self.gone()),
            Err(mpsc::error::TrySendError::Full(())) => {
                match self.clock.timeout(self.admission, writer.reserve()).await {
                    Ok(Ok(permit)) => permit,
                    Ok(Err(_)) => return Err(self.gone()),
                    Err(_) => return Err(Error::Unavailable("too many writes wait".into())),
                }
            }
        };
        let (reply, answer) = tokio::sync::oneshot::channel();
        permit.send(job(reply));
        answer.await.unwrap_or_else(|_| Err(self.gone()))
    }

    fn gone(&self) -> Error {
        let failed = self.failed.borrow().clone();
        failed.unwrap_or_else(|| Error::Unavailable("it is closed".into()))
    }
}

/// A connection with the settings that hold for the whole file.
fn connect(path: &Path, read_only: bool) -> Result<Connection, Error> {
    let access = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    };
    let at_path = |e| at(path, &e);
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(at_path)?;
    connection.set_prepared_statement_cache_capacity(512);
    connection.busy_timeout(Duration::from_secs(5)).map_err(at_path)?;
    // Plans do not depend on the values bound, so no value makes a statement be prepared again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(at_path)?;
    let pragmas = "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096; \
                   PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;";
    connection.execute_batch(pragmas).map_err(at_path)?;
    Ok(connection)
}

/// A connection that writes: log ahead, and flush as the settings say.
fn connect_writer(settings: &Settings) -> Result<Connection, Error> {
    let at_path = |e| at(&settings.path, &e);
    let connection = connect(&settings.path, false)?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(at_path)?;
    if mode != "wal" {
        let path = settings.path.display();
        return Err(Error::Unavailable(format!("{path}: no write-ahead log here ({mode})")));
    }
    let synchronous = match settings.durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    // A checkpoint each 16 MiB of log: few of them, and short ones.
    let pragmas = format!(
        "PRAGMA synchronous = {synchronous}; PRAGMA cache_size = -16384; \
         PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;"
    );
    connection.execute_batch(&pragmas).map_err(at_path)?;
    // Taking the write lock once shows at start, not at the first order, that writing works.
    connection.execute_batch("BEGIN IMMEDIATE; COMMIT;").map_err(at_path)?;
    Ok(connection)
}

/// An error of the file as a whole.
fn at(path: &Path, error: &rusqlite::Error) -> Error {
    let text = format!("{}: {error}", path.display());
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Error::ReadOnly(text),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Error::Corrupt(text),
        _ => Error::Unavailable(text),
    }
}

/// An error of one statement.
fn of_statement(sql: Sql, error: &rusqlite::Error) -> Error {
    let conflict = |cause| Error::Conflict { sql, cause };
    match error.sqlite_error() {
        Some(ffi::Error { code: ErrorCode::ConstraintViolation, extended_code }) => {
            match *extended_code {
                ffi::SQLITE_CONSTRAINT_UNIQUE
                | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                | ffi::SQLITE_CONSTRAINT_ROWID => conflict(Cause::Duplicate),
                ffi::SQLITE_CONSTRAINT_CHECK => conflict(Cause::Check),
                _ => Error::Statement { sql, reason: error.to_string() },
            }
        }
        Some(ffi::Error { code: ErrorCode::DiskFull, .. }) => Error::Full,
        Some(ffi::Error { code: ErrorCode::ReadOnly, .. }) => Error::ReadOnly(error.to_string()),
        Some(ffi::Error { code: ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt, .. }) => {
            Error::Corrupt(error.to_string())
        }
        Some(ffi::Error {
            code:
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::OutOfMemory,
            ..
        }) => Error::Unavailable(error.to_string()),
        _ => Error::Statement { sql, reason: error.to_string() },
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Owned::Null),
            Self::Int(number) => ToSqlOutput::Owned(Owned::Integer(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}
