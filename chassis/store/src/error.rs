//! What the door answers when it cannot do what was asked.

use kernel::{Fails, Fault};

use crate::Sql;

/// Why a read or commit failed. A commit that failed changed nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A statement of the batch met a state that it did not expect; read again and decide anew.
    #[error("conflict ({cause:?}) at: {}", sql.sqlite())]
    Conflict {
        /// The statement.
        sql: Sql,
        /// What it met.
        cause: Cause,
    },
    /// No space is left on the disk. Writing works again as soon as there is.
    #[error("the disk is full")]
    Full,
    /// The database may only be read.
    #[error("the database may only be read: {0}")]
    ReadOnly(String),
    /// The file is damaged, or no database at all.
    #[error("the database is damaged or not a database: {0}")]
    Corrupt(String),
    /// The file was written by a newer version of this program.
    #[error("{component}: the database is at version {found}, this program knows {known}")]
    Newer {
        /// Whose tables.
        component: String,
        /// The version in the file.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// A migration that already ran has another text now.
    #[error("{component}: migration {version} was changed after it ran")]
    Altered {
        /// Whose tables.
        component: String,
        /// Which migration.
        version: i64,
    },
    /// The database cannot be reached, or too much waits for it.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The statement itself is wrong: a bug.
    #[error("statement refused: {reason}; {}", sql.sqlite())]
    Statement {
        /// The statement.
        sql: Sql,
        /// What the engine says.
        reason: String,
    },
    /// A row does not have the shape that its reader expects: a bug, or a damaged row.
    #[error("unexpected row: {0}")]
    Row(String),
}

/// What a conflicting statement met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It was to change exactly one row and changed none, or several.
    NotOne,
    /// A row with this key exists already.
    Duplicate,
    /// A check of the table forbids it.
    Check,
}

impl Error {
    /// Whether this is a conflict of that statement.
    pub fn conflicts_on(&self, statement: &Sql) -> bool {
        matches!(self, Self::Conflict { sql, .. } if sql == statement)
    }

    /// Whether this is any conflict, so that reading again and deciding anew may help.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

impl Fails for Error {
    fn fault(&self) -> Fault {
        match self {
            Self::Conflict { .. } => Fault::Conflict,
            Self::Full | Self::ReadOnly(_) | Self::Unavailable(_) => Fault::Unavailable,
            Self::Corrupt(_)
            | Self::Newer { .. }
            | Self::Altered { .. }
            | Self::Statement { .. }
            | Self::Row(_) => Fault::Bug,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "conflict",
            Self::Full => "storage-full",
            Self::ReadOnly(_) | Self::Unavailable(_) => "storage-unavailable",
            Self::Corrupt(_)
            | Self::Newer { .. }
            | Self::Altered { .. }
            | Self::Statement { .. }
            | Self::Row(_) => "internal",
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        (self.fault() == Fault::Unavailable).then_some(1)
    }
}
