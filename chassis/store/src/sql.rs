//! Statements and the values bound to them.

use kernel::{Currency, Id, IdKind, Timestamp};

/// One SQL statement, a constant. Its parameters are `$1`, `$2`, ... and first appear in that
/// order, which both engines number the same way; a constant that breaks this does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Sql {
    /// A statement in the portable subset.
    pub const fn new(text: &'static str) -> Self {
        check_parameters(text);
        Self { sqlite: text, postgres: text }
    }

    /// A statement that the engines cannot share, such as full-text search. Both texts take the
    /// same parameters and return the same columns.
    pub const fn per_engine(sqlite: &'static str, postgres: &'static str) -> Self {
        check_parameters(sqlite);
        check_parameters(postgres);
        Self { sqlite, postgres }
    }

    /// The text for SQLite.
    pub const fn sqlite(self) -> &'static str {
        self.sqlite
    }

    /// The text for PostgreSQL.
    pub const fn postgres(self) -> &'static str {
        self.postgres
    }
}

const fn check_parameters(text: &str) {
    let bytes = text.as_bytes();
    let (mut at, mut seen) = (0, 0_u32);
    while at < bytes.len() {
        at += 1;
        if bytes[at - 1] != b'$' {
            continue;
        }
        let mut number = 0_u32;
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            number = number * 10 + (bytes[at] - b'0') as u32;
            at += 1;
        }
        assert!(number > 0 && number <= seen + 1, "parameters first appear as $1, $2, $3, ...");
        if number > seen {
            seen = number;
        }
    }
}

/// A value on its way into or out of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// No value.
    Null,
    /// `BIGINT`; also booleans (0, 1) and times (milliseconds).
    Int(i64),
    /// `TEXT`; also ids and JSON.
    Text(String),
    /// `BYTEA`.
    Bytes(Vec<u8>),
}

/// The parameters of a statement, in order.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::Value::from($value)),*] };
}

macro_rules! into_value {
    ($($from:ty => |$name:ident| $make:expr),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from($name: $from) -> Self {
                $make
            }
        })*
    };
}

into_value! {
    i64 => |v| Self::Int(v),
    i32 => |v| Self::Int(v.into()),
    u32 => |v| Self::Int(v.into()),
    u16 => |v| Self::Int(v.into()),
    bool => |v| Self::Int(v.into()),
    String => |v| Self::Text(v),
    &str => |v| Self::Text(v.to_owned()),
    &String => |v| Self::Text(v.clone()),
    Vec<u8> => |v| Self::Bytes(v),
    &[u8] => |v| Self::Bytes(v.to_vec()),
    Timestamp => |v| Self::Int(v.ms()),
    Currency => |v| Self::Text(v.code().to_owned()),
}

impl<K: IdKind> From<Id<K>> for Value {
    fn from(id: Id<K>) -> Self {
        Self::Text(id.to_string())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
