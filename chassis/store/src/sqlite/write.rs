//! Writing: one thread takes what waits, writes it as one group, and flushes once for all.
//!
//! A group is first written without savepoints, which cost a copy of every page that they guard.
//! Only when one of its batches fails is the whole group undone and written again, each batch with
//! a savepoint of its own.

use std::{panic::AssertUnwindSafe, time::Duration};

use kernel::Timestamp;
use rusqlite::{Connection, ErrorCode, ffi};
use tokio::sync::{mpsc, oneshot, watch};

use super::{at, connect_writer, migrate, of_statement, read::query};
use crate::{
    Cause, Error, Migration, Row, Settings, Sql, Value,
    batch::{AfterCommit, Statement},
};

type Reply<T> = oneshot::Sender<Result<T, Error>>;

pub(super) enum Job {
    Commit {
        statements: Vec<Statement>,
        after: Vec<AfterCommit>,
        reply: Reply<()>,
    },
    Claim {
        sql: Sql,
        params: Vec<Value>,
        reply: Reply<Vec<Row>>,
    },
    Migrate {
        component: &'static str,
        migrations: &'static [Migration],
        at: Timestamp,
        reply: Reply<()>,
    },
    Close {
        reply: Reply<()>,
    },
}

impl Job {
    /// Says what became of it, once that is on the disk.
    fn answer(self, result: Result<Vec<Row>, Error>) {
        // A caller that went away needs no answer; its batch stands all the same.
        match self {
            Self::Commit { after, reply, .. } => {
                if result.is_ok() {
                    after.into_iter().for_each(follow);
                }
                drop(reply.send(result.map(drop)));
            }
            Self::Claim { reply, .. } => drop(reply.send(result)),
            Self::Migrate { reply, .. } | Self::Close { reply } => {
                drop(reply.send(result.map(drop)));
            }
        }
    }
}

/// Runs what was to follow a commit. It happens here and not where the commit is waited for, so
/// that a caller that went away in between takes nothing with it.
fn follow(then: AfterCommit) {
    if std::panic::catch_unwind(AssertUnwindSafe(then)).is_err() {
        tracing::error!("what was to follow a commit panicked");
    }
}

/// Starts the writer thread; returns once the file is open and writable.
#[expect(clippy::disallowed_methods, reason = "SQLite has one writer: it gets a thread for life")]
pub(super) async fn start(
    settings: Settings,
    failed: watch::Sender<Option<Error>>,
) -> Result<mpsc::Sender<Job>, Error> {
    let (sender, jobs) = mpsc::channel(settings.queue_batches_max);
    let (ready, opened) = oneshot::channel();
    let name = format!("store-{}", settings.name);
    let runtime = tokio::runtime::Handle::current();
    std::thread::Builder::new()
        .name(name)
        .spawn(move || match connect_writer(&settings) {
            Ok(connection) => {
                // What follows a commit may begin tasks.
                let _entered = runtime.enter();
                let _ = ready.send(Ok(()));
                Writer::new(connection, settings).run(jobs, &failed);
            }
            Err(error) => drop(ready.send(Err(error))),
        })
        .map_err(|e| Error::Unavailable(format!("no thread for the writer: {e}")))?;
    opened.await.unwrap_or_else(|_| Err(Error::Unavailable("the writer ended".into())))?;
    Ok(sender)
}

/// How long after the beginning of one group the next one begins, for each batch that the one had:
/// the more are at work, the more come meanwhile, and the fewer flushes they need.
const PERIOD_PER_BATCH_US: u64 = 50;

/// Smaller groups say that few are at work: then nobody waits.
const BUSY_BATCHES_MIN: usize = 4;

struct Writer {
    connection: Connection,
    settings: Settings,
    group_seconds: metrics::Histogram,
    group_batches: metrics::Histogram,
}

impl Writer {
    fn new(connection: Connection, settings: Settings) -> Self {
        let labels = [("store", settings.name)];
        Self {
            connection,
            settings,
            group_seconds: metrics::histogram!("stoa_store_commit_seconds", &labels),
            group_batches: metrics::histogram!("stoa_store_group_batches", &labels),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "paces flushes, decides nothing")]
    fn run(self, mut jobs: mpsc::Receiver<Job>, failed: &watch::Sender<Option<Error>>) {
        let max = self.settings.group_batches_max;
        let mut group = Vec::with_capacity(max);
        let (mut before, mut begun) = (0, std::time::Instant::now());
        while jobs.blocking_recv_many(&mut group, max) > 0 {
            if before >= BUSY_BATCHES_MIN && group.len() < max {
                let period = PERIOD_PER_BATCH_US.saturating_mul(before as u64);
                let period = Duration::from_micros(period.min(self.settings.group_period_us_max));
                self.gather(&mut jobs, &mut group, period.saturating_sub(begun.elapsed()));
            }
            (before, begun) = (group.len(), std::time::Instant::now());
            let closing = group.iter().any(|job| matches!(job, Job::Close { .. }));
            if let Err(error) = self.write(&mut group) {
                let name = self.settings.name;
                tracing::error!(store.name = name, error = %error, "the disk failed");
                failed.send_replace(Some(error));
                return;
            }
            if closing {
                return;
            }
        }
        self.checkpoint();
    }

    /// Waits a moment for more, under load: fewer, larger flushes.
    #[expect(clippy::disallowed_methods, reason = "the writer is a thread, and waits as one")]
    fn gather(&self, jobs: &mut mpsc::Receiver<Job>, group: &mut Vec<Job>, wait: Duration) {
        std::thread::sleep(wait);
        while group.len() < self.settings.group_batches_max
            && let Ok(job) = jobs.try_recv()
        {
            group.push(job);
        }
    }

    /// Writes one group and answers its jobs. An error means that the disk failed and nothing may
    /// be written any more.
    #[expect(clippy::disallowed_methods, reason = "measures a span for a metric, decides nothing")]
    fn write(&self, group: &mut Vec<Job>) -> Result<(), Error> {
        self.group_batches.record(u32::try_from(group.len()).unwrap_or(u32::MAX));
        let started = std::time::Instant::now();
        let written = self.together(group).or_else(|one_failed| match one_failed {
            Failed::Batch => self.one_by_one(group),
            Failed::Group(error) => Err(error),
        });
        if written.is_err() && !self.connection.is_autocommit() {
            // The transaction is still open: undo it, so that the next group starts clean.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.group_seconds.record(started.elapsed());
        if group.iter().any(|job| matches!(job, Job::Close { .. })) {
            self.checkpoint();
        }
        match written {
            Ok(results) => {
                group.drain(..).zip(results).for_each(|(job, result)| job.answer(result));
                Ok(())
            }
            Err(cause) => {
                let error = at(&self.settings.path, &cause);
                group.drain(..).for_each(|job| job.answer(Err(error.clone())));
                if broken(&cause) { Err(error) } else { Ok(()) }
            }
        }
    }

    /// Writes the group without savepoints; the first batch that fails undoes all of it.
    fn together(&self, group: &[Job]) -> Result<Vec<Result<Vec<Row>, Error>>, Failed> {
        self.execute("BEGIN IMMEDIATE").map_err(Failed::Group)?;
        let mut results = Vec::with_capacity(group.len());
        for job in group {
            let result = self.perform(job);
            if result.is_err() {
                if !self.connection.is_autocommit() {
                    self.execute("ROLLBACK").map_err(Failed::Group)?;
                }
                return Err(Failed::Batch);
            }
            results.push(result);
        }
        self.execute("COMMIT").map_err(Failed::Group)?;
        Ok(results)
    }

    /// Writes the group with a savepoint for each batch, so that those that fail undo only
    /// themselves.
    fn one_by_one(&self, group: &[Job]) -> rusqlite::Result<Vec<Result<Vec<Row>, Error>>> {
        self.execute("BEGIN IMMEDIATE")?;
        let mut results = Vec::with_capacity(group.len());
        for job in group {
            self.execute("SAVEPOINT batch")?;
            let result = self.perform(job);
            if self.connection.is_autocommit() {
                // A full disk makes the engine undo the whole group by itself.
                let full = ffi::Error::new(ffi::SQLITE_FULL);
                return Err(rusqlite::Error::SqliteFailure(full, None));
            }
            if result.is_err() {
                self.execute("ROLLBACK TO batch")?;
            }
            self.execute("RELEASE batch")?;
            results.push(result);
        }
        self.execute("COMMIT")?;
        Ok(results)
    }

    fn perform(&self, job: &Job) -> Result<Vec<Row>, Error> {
        match job {
            Job::Commit { statements, .. } => self.statements(statements).map(|()| Vec::new()),
            Job::Claim { sql, params, .. } => query(&self.connection, *sql, params),
            Job::Migrate { component, migrations, at, .. } => {
                migrate::run(&self.connection, component, migrations, *at).map(|()| Vec::new())
            }
            Job::Close { .. } => Ok(Vec::new()),
        }
    }

    fn statements(&self, statements: &[Statement]) -> Result<(), Error> {
        for Statement { sql, params, expect_one } in statements {
            let changed = self.change(*sql, params).map_err(|e| of_statement(*sql, &e))?;
            if *expect_one && changed != 1 {
                return Err(Error::Conflict { sql: *sql, cause: Cause::NotOne });
            }
        }
        Ok(())
    }

    fn change(&self, sql: Sql, params: &[Value]) -> rusqlite::Result<usize> {
        let mut statement = self.connection.prepare_cached(sql.sqlite())?;
        if statement.column_count() == 0 {
            return statement.execute(rusqlite::params_from_iter(params));
        }
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        let mut count = 0;
        while rows.next()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    fn execute(&self, text: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(text)?.execute([]).map(drop)
    }

    /// Writes the log back into the file.
    fn checkpoint(&self) {
        // Leaves the file complete by itself; failing here loses nothing, the log stays.
        let _ = self.connection.busy_timeout(Duration::from_millis(200));
        let _ = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }
}

/// Whether the error came from the disk itself. It is never retried: after a failed flush the
/// kernel may have dropped the very pages that were to be written.
fn broken(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Why a group was not written at once.
enum Failed {
    /// One of its batches.
    Batch,
    /// The engine, or the disk.
    Group(rusqlite::Error),
}
