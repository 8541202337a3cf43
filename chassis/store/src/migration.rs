//! Steps by which a component's tables come to be.

/// One step. Steps only ever add (expand, then contract in a later release), never change once
/// they ran. In the text `{{serial}}` stands for the engine's rising 64-bit primary key, and
/// `{{clustered}}` behind a table for keeping its rows in the order of their primary key, where the
/// engine can: one tree instead of two, for rows well below a kilobyte.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 1, 2, 3, ... within the component.
    pub version: i64,
    /// What it does, for people.
    pub name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

impl Migration {
    /// A step in the portable subset.
    pub const fn new(version: i64, name: &'static str, text: &'static str) -> Self {
        Self { version, name, sqlite: text, postgres: text }
    }

    /// A step that the engines cannot share.
    pub const fn per_engine(
        version: i64,
        name: &'static str,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> Self {
        Self { version, name, sqlite, postgres }
    }

    /// The text for SQLite.
    pub fn sqlite(&self) -> String {
        self.sqlite
            .replace("{{serial}}", "INTEGER PRIMARY KEY AUTOINCREMENT")
            .replace("{{clustered}}", "WITHOUT ROWID")
    }

    /// The text for PostgreSQL.
    pub fn postgres(&self) -> String {
        self.postgres
            .replace("{{serial}}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
            .replace("{{clustered}}", "")
    }
}
