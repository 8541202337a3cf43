//! Applying migrations inside the writer's savepoint.

use kernel::Timestamp;
use rusqlite::Connection;

use super::{of_statement, read::query};
use crate::{Error, Migration, Sql, params};

const CREATE: Sql = Sql::new(
    "CREATE TABLE IF NOT EXISTS schema_migration (
        component TEXT NOT NULL,
        version BIGINT NOT NULL,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        applied_at_ms BIGINT NOT NULL,
        PRIMARY KEY (component, version)
    )",
);

const APPLIED: Sql =
    Sql::new("SELECT version, text FROM schema_migration WHERE component = $1 ORDER BY version");

const RECORD: Sql = Sql::new(
    "INSERT INTO schema_migration (component, version, name, text, applied_at_ms)
     VALUES ($1, $2, $3, $4, $5)",
);

pub(super) fn run(
    connection: &Connection,
    component: &'static str,
    migrations: &[Migration],
    now: Timestamp,
) -> Result<(), Error> {
    query(connection, CREATE, &[])?;
    let applied = query(connection, APPLIED, &[component.into()])?;
    let known = migrations.last().map_or(0, |m| m.version);
    if let Some(newest) = applied.last()
        && newest.int(0)? > known
    {
        let component = component.to_owned();
        return Err(Error::Newer { component, found: newest.int(0)?, known });
    }
    for (at, migration) in migrations.iter().enumerate() {
        let text = migration.sqlite();
        match applied.get(at) {
            Some(row) if row.int(0)? == migration.version && row.text(1)? == text => {}
            Some(_) => {
                let version = migration.version;
                return Err(Error::Altered { component: component.to_owned(), version });
            }
            None => {
                let ran = connection.execute_batch(&text);
                ran.map_err(|e| failed(component, migration, &e))?;
                let values = params![component, migration.version, migration.name, text, now];
                query(connection, RECORD, &values)?;
            }
        }
    }
    Ok(())
}

/// A migration fits every file whose record is true: one that the engine refuses meets tables
/// that the record does not know.
fn failed(component: &str, migration: &Migration, error: &rusqlite::Error) -> Error {
    match of_statement(RECORD, error) {
        Error::Statement { reason, .. } => {
            // The engine repeats the whole text of the migration.
            let reason =
                if let rusqlite::Error::SqlInputError { msg, .. } = error { msg } else { &reason };
            let Migration { version, name, .. } = migration;
            Error::Corrupt(format!("{component}: migration {version} ({name}): {reason}"))
        }
        other @ (Error::Conflict { .. }
        | Error::Full
        | Error::ReadOnly(_)
        | Error::Corrupt(_)
        | Error::Newer { .. }
        | Error::Altered { .. }
        | Error::Unavailable(_)
        | Error::Row(_)) => other,
    }
}
