//! Writing: one thread takes what waits, gives each batch a savepoint, and flushes once for all.

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

/// What a job is answered once the group is on the disk.
enum Outcome {
    Done(Reply<()>, Vec<AfterCommit>, Result<(), Error>),
    Rows(Reply<Vec<Row>>, Result<Vec<Row>, Error>),
}

impl Outcome {
    fn send(self, group: &Result<(), Error>) {
        // A caller that went away needs no answer; its batch stands all the same.
        match self {
            Self::Done(reply, after, result) => {
                let result = group.clone().and(result);
                if result.is_ok() {
                    after.into_iter().for_each(follow);
                }
                drop(reply.send(result));
            }
            Self::Rows(reply, result) => drop(reply.send(group.clone().and(result))),
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
                let labels = [("store", settings.name)];
                let writer = Writer {
                    connection,
                    group_seconds: metrics::histogram!("stoa_store_commit_seconds", &labels),
                    group_batches: metrics::histogram!("stoa_store_group_batches", &labels),
                };
                writer.run(jobs, &settings, &failed);
            }
            Err(error) => drop(ready.send(Err(error))),
        })
        .map_err(|e| Error::Unavailable(format!("no thread for the writer: {e}")))?;
    opened.await.unwrap_or_else(|_| Err(Error::Unavailable("the writer ended".into())))?;
    Ok(sender)
}

/// What the writer does after a group.
enum After {
    Continue,
    Close,
}

struct Writer {
    connection: Connection,
    group_seconds: metrics::Histogram,
    group_batches: metrics::Histogram,
}

impl Writer {
    fn run(
        self,
        mut jobs: mpsc::Receiver<Job>,
        settings: &Settings,
        failed: &watch::Sender<Option<Error>>,
    ) {
        let mut group = Vec::with_capacity(settings.group_batches_max);
        while jobs.blocking_recv_many(&mut group, settings.group_batches_max) > 0 {
            self.group_batches.record(u32::try_from(group.len()).unwrap_or(u32::MAX));
            match self.write(&mut group, settings) {
                Ok(After::Continue) => {}
                Ok(After::Close) => return,
                Err(error) => {
                    tracing::error!(store.name = settings.name, error = %error, "the disk failed");
                    failed.send_replace(Some(error));
                    return;
                }
            }
        }
        self.finish();
    }

    #[expect(clippy::disallowed_methods, reason = "measures a span for a metric, decides nothing")]
    /// Writes one group. An error means that the disk failed and nothing may be written any more.
    fn write(&self, group: &mut Vec<Job>, settings: &Settings) -> Result<After, Error> {
        let mut outcomes = Vec::with_capacity(group.len());
        let mut closing = Vec::new();
        let started = std::time::Instant::now();
        let begun = self.execute("BEGIN IMMEDIATE");
        for job in group.drain(..) {
            match job {
                Job::Close { reply } => closing.push(reply),
                _ if begun.is_err() => outcomes.push(refuse(job)),
                job @ (Job::Commit { .. } | Job::Claim { .. } | Job::Migrate { .. }) => {
                    outcomes.push(self.perform(job, settings));
                }
            }
        }
        let written = begun.and_then(|()| match self.connection.is_autocommit() {
            // A full disk makes the engine undo the whole group by itself.
            true => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), None)),
            false => self.execute("COMMIT"),
        });
        if written.is_err() && !self.connection.is_autocommit() {
            // The transaction is still open: undo it, so that the next group starts clean.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.group_seconds.record(started.elapsed());
        let broken = written.as_ref().is_err_and(broken);
        let written = written.map_err(|e| at(&settings.path, &e));
        for outcome in outcomes {
            outcome.send(&written);
        }
        if broken && let Err(error) = written {
            return Err(error);
        }
        if closing.is_empty() {
            return Ok(After::Continue);
        }
        self.finish();
        for reply in closing {
            let _ = reply.send(Ok(()));
        }
        Ok(After::Close)
    }

    fn perform(&self, job: Job, settings: &Settings) -> Outcome {
        match job {
            Job::Commit { statements, after, reply } => {
                let result = self.savepoint(settings, || self.statements(&statements));
                Outcome::Done(reply, after, result)
            }
            Job::Claim { sql, params, reply } => {
                let result = self.savepoint(settings, || query(&self.connection, sql, &params));
                Outcome::Rows(reply, result)
            }
            Job::Migrate { component, migrations, at, reply } => {
                let work = || migrate::run(&self.connection, component, migrations, at);
                Outcome::Done(reply, Vec::new(), self.savepoint(settings, work))
            }
            Job::Close { reply } => Outcome::Done(reply, Vec::new(), Ok(())),
        }
    }

    /// Runs `work` so that a failure of it undoes only what it did.
    fn savepoint<T>(
        &self,
        settings: &Settings,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.connection.is_autocommit() {
            // Undone as a whole already, see `write`.
            return Err(Error::Full);
        }
        let at = |e| at(&settings.path, &e);
        self.execute("SAVEPOINT batch").map_err(at)?;
        let result = work();
        if !self.connection.is_autocommit() {
            if result.is_err() {
                self.execute("ROLLBACK TO batch").map_err(at)?;
            }
            self.execute("RELEASE batch").map_err(at)?;
        }
        result
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

    fn finish(&self) {
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

/// What a job is answered when the group could not begin; the group's error goes out instead.
fn refuse(job: Job) -> Outcome {
    match job {
        Job::Claim { reply, .. } => Outcome::Rows(reply, Ok(Vec::new())),
        Job::Commit { reply, .. } | Job::Migrate { reply, .. } | Job::Close { reply } => {
            Outcome::Done(reply, Vec::new(), Ok(()))
        }
    }
}
