//! Addresses of databases and queues, as settings name them.
use serde::Deserialize;
use std::path::PathBuf;

/// Which database. SQLite is what this version speaks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum DatabaseUrl {
    /// `sqlite:` with a path, or in the data directory.
    Sqlite(Option<PathBuf>),
}

impl Default for DatabaseUrl {
    fn default() -> Self {
        Self::Sqlite(None)
    }
}

/// Which message queue. The embedded one is what this version speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum BusUrl {
    #[default]
    Embedded,
}

impl TryFrom<String> for DatabaseUrl {
    type Error = String;

    fn try_from(url: String) -> Result<Self, String> {
        match url.split_once(':') {
            Some(("sqlite", "")) => Ok(Self::Sqlite(None)),
            Some(("sqlite", path)) => {
                let path = path.strip_prefix("//").unwrap_or(path);
                Ok(Self::Sqlite(Some(path.into())))
            }
            Some(("postgres" | "postgresql", _)) => {
                Err("postgres: is not supported by this version; sqlite: is".to_owned())
            }
            Some(_) | None => Err(format!("`{url}` is not the address of a database; try sqlite:")),
        }
    }
}

impl TryFrom<String> for BusUrl {
    type Error = String;

    fn try_from(url: String) -> Result<Self, String> {
        match url.split_once(':') {
            Some(("embedded", "" | "//")) => Ok(Self::Embedded),
            Some((scheme @ ("amqp" | "amqps" | "kafka"), _)) => {
                Err(format!("{scheme}: is not supported by this version; embedded: is"))
            }
            Some(_) | None => Err(format!("`{url}` is not the address of a queue; try embedded:")),
        }
    }
}
