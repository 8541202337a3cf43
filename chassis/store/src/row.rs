//! One row of an answer, read by column position.

use std::str::FromStr;

use kernel::Timestamp;
use serde::de::DeserializeOwned;

use crate::{Error, Value};

/// One row. Every reader names the column when it holds something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub(crate) Vec<Value>);

impl Row {
    /// A number.
    pub fn int(&self, at: usize) -> Result<i64, Error> {
        self.opt_int(at)?.ok_or_else(|| wrong(at, "a number", &Value::Null))
    }

    /// A number, or none.
    pub fn opt_int(&self, at: usize) -> Result<Option<i64>, Error> {
        match self.value(at)? {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(*number)),
            other @ (Value::Text(_) | Value::Bytes(_)) => Err(wrong(at, "a number", other)),
        }
    }

    /// A boolean, stored as 0 or 1.
    pub fn flag(&self, at: usize) -> Result<bool, Error> {
        Ok(self.int(at)? != 0)
    }

    /// A count that fits 32 bits.
    pub fn count(&self, at: usize) -> Result<u32, Error> {
        u32::try_from(self.int(at)?).map_err(|_| wrong(at, "a count", &self.0[at]))
    }

    /// Text.
    pub fn text(&self, at: usize) -> Result<&str, Error> {
        self.opt_text(at)?.ok_or_else(|| wrong(at, "text", &Value::Null))
    }

    /// Text, or none.
    pub fn opt_text(&self, at: usize) -> Result<Option<&str>, Error> {
        match self.value(at)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other @ (Value::Int(_) | Value::Bytes(_)) => Err(wrong(at, "text", other)),
        }
    }

    /// Bytes.
    pub fn bytes(&self, at: usize) -> Result<&[u8], Error> {
        match self.value(at)? {
            Value::Bytes(bytes) => Ok(bytes),
            other @ (Value::Null | Value::Int(_) | Value::Text(_)) => {
                Err(wrong(at, "bytes", other))
            }
        }
    }

    /// A time.
    pub fn time(&self, at: usize) -> Result<Timestamp, Error> {
        self.int(at).map(Timestamp::from_ms)
    }

    /// A time, or none.
    pub fn opt_time(&self, at: usize) -> Result<Option<Timestamp>, Error> {
        Ok(self.opt_int(at)?.map(Timestamp::from_ms))
    }

    /// Text read as something that parses: an id, a currency, a status.
    pub fn parse<T: FromStr<Err: std::fmt::Display>>(&self, at: usize) -> Result<T, Error> {
        self.text(at)?.parse().map_err(|e| Error::Row(format!("column {at}: {e}")))
    }

    /// Text read as JSON.
    pub fn json<T: DeserializeOwned>(&self, at: usize) -> Result<T, Error> {
        serde_json::from_str(self.text(at)?).map_err(|e| Error::Row(format!("column {at}: {e}")))
    }

    /// The value as it is.
    pub fn value(&self, at: usize) -> Result<&Value, Error> {
        self.0.get(at).ok_or_else(|| Error::Row(format!("there is no column {at}")))
    }
}

fn wrong(at: usize, wanted: &str, found: &Value) -> Error {
    let kind = match found {
        Value::Null => "NULL",
        Value::Int(_) => "a number",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytes",
    };
    Error::Row(format!("column {at} holds {kind} where {wanted} belongs"))
}
