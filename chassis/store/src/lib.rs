//! One door to a database: read, commit a batch, claim, migrate.
//!
//! Services write SQL once, in a portable subset, as named constants; what they commit is one
//! [`Batch`], whole or not at all. The engine behind the door is SQLite: one writer thread with
//! group commit, a pool of readers, write-ahead log, `synchronous=FULL`.

mod batch;
mod error;
mod migration;
mod row;
mod sql;
mod sqlite;

use std::path::PathBuf;

use kernel::{Clock, crash};

pub use batch::Batch;
pub use error::{Cause, Error};
pub use migration::Migration;
pub use row::Row;
pub use sql::{Sql, Value};

/// Where a database is and how it is written.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Names the database in logs, metrics and crash points: `orders`.
    pub name: &'static str,
    /// The SQLite file; it is created when missing, its folder is not.
    pub path: PathBuf,
    /// What a commit waits for. Default: [`Durability::Full`].
    pub durability: Durability,
    /// Open an existing file for reading only; every commit is refused.
    pub read_only: bool,
    /// Batches in one group commit, at most. Default 256.
    pub group_batches_max: usize,
    /// The shortest time between the beginnings of two group commits while many are at work, at
    /// most, in microseconds; a lone batch never waits. Default 1000.
    pub group_period_us_max: u64,
    /// Batches that wait for the writer, at most; more wait at the door. Default 4096.
    pub queue_batches_max: usize,
    /// How long a batch waits at the door for a place in the queue, in milliseconds. Default 5000.
    pub admission_timeout_ms: u64,
    /// Long reads ([`Store::scan`]) at the same time, at most. Default 4.
    pub scans_max: usize,
}

/// What a commit waits for before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The log is on the disk: survives a power cut.
    Full,
    /// The log is with the operating system: a power cut may lose the newest commits, a killed
    /// process loses nothing. Shows in measurements what durability costs; never a default.
    Normal,
}

impl Settings {
    /// A SQLite file with the defaults above.
    pub fn sqlite(name: &'static str, path: impl Into<PathBuf>) -> Self {
        Self {
            name,
            path: path.into(),
            durability: Durability::Full,
            read_only: false,
            group_batches_max: 256,
            group_period_us_max: 1000,
            queue_batches_max: 4096,
            admission_timeout_ms: 5000,
            scans_max: 4,
        }
    }

    /// The same file for reading only.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }
}

/// The door to one database. Clones share it; the last one to go closes it.
#[derive(Debug, Clone)]
pub struct Store {
    name: &'static str,
    engine: sqlite::Sqlite,
}

impl Store {
    /// Opens or creates the database. Fails when the file is no database, is damaged, or cannot
    /// be read or written.
    pub async fn open(settings: Settings, clock: Clock) -> Result<Self, Error> {
        let name = settings.name;
        Ok(Self { name, engine: sqlite::Sqlite::open(settings, clock).await? })
    }

    /// The name it was opened with.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Rows of a bounded, indexed query. Runs on the calling worker (microseconds on SQLite), so
    /// whatever may be long goes through [`Store::scan`].
    pub async fn read(&self, sql: Sql, params: Vec<Value>) -> Result<Vec<Row>, Error> {
        self.engine.read(sql, &params)
    }

    /// The first row of a bounded query, if there is one.
    pub async fn read_one(&self, sql: Sql, params: Vec<Value>) -> Result<Option<Row>, Error> {
        Ok(self.engine.read(sql, &params)?.into_iter().next())
    }

    /// Rows of a query that may take long: it runs off the workers, few at a time.
    pub async fn scan(&self, sql: Sql, params: Vec<Value>) -> Result<Vec<Row>, Error> {
        self.engine.scan(sql, params).await
    }

    /// Commits a batch, whole or not at all. When it returns `Ok` the batch is durable, and what
    /// it registered to happen afterwards has happened. Every error means that nothing changed.
    pub async fn commit(&self, batch: Batch) -> Result<(), Error> {
        let Batch { label, statements, after } = batch;
        if statements.is_empty() {
            after.into_iter().for_each(|then| then());
            return Ok(());
        }
        self.moment(label, "before");
        self.engine.commit(statements, after).await?;
        self.moment(label, "after");
        Ok(())
    }

    /// Runs one changing statement with `RETURNING` in its own commit and gives back its rows:
    /// takes leases and numbers. Durable when it returns.
    pub async fn claim(
        &self,
        label: &'static str,
        sql: Sql,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        self.moment(label, "before");
        let rows = self.engine.claim(sql, params).await?;
        self.moment(label, "after");
        Ok(rows)
    }

    /// Brings the tables of one component up to its newest migration. Fails when the database
    /// was written by a newer version, or a migration that ran was changed since.
    pub async fn migrate(
        &self,
        component: &'static str,
        migrations: &'static [Migration],
    ) -> Result<(), Error> {
        self.engine.migrate(component, migrations).await
    }

    /// Prepares every statement, running none; names the first that the engine refuses.
    pub async fn prepare(&self, statements: &[Sql]) -> Result<(), Error> {
        self.engine.prepare(statements)
    }

    /// Resolves when the disk failed under a commit. Nothing is written from then on: the process
    /// must end and start again from what the disk really holds.
    pub async fn failed(&self) -> Error {
        self.engine.failed().await
    }

    /// Writes out the log and closes the file; waits for batches that were already let in.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    /// A crash point, named after the database and the batch.
    fn moment(&self, label: &str, when: &str) {
        if crash::watched() {
            crash::point(&format!("{}.{label}.commit.{when}", self.name));
        }
    }
}
