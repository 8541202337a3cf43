//! Settings as layers of text and TOML, deserialised with the place each value came from.
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::collections::btree_map::{Entry, IntoIter};
use std::fmt;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Variable(String),
    File(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => f.write_str(name),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// All values known so far; what was put first stays.
#[derive(Debug, Default)]
pub struct Layers(BTreeMap<String, Node>);

#[derive(Debug)]
enum Node {
    Table(BTreeMap<String, Node>),
    /// Text from a flag or a variable: read as whatever the field asks for.
    Text(String, Origin),
    /// A typed value from a file.
    Value(toml::Value, Origin),
}

impl Layers {
    /// Puts a text under `path` unless an earlier layer has it.
    pub fn text(&mut self, path: &[&str], text: impl Into<String>, origin: Origin) {
        put(&mut self.0, path, Node::Text(text.into(), origin));
    }

    /// Puts a whole TOML document under what is there.
    pub fn file(&mut self, table: toml::Table, name: &str) {
        merge(&mut self.0, table, &Origin::File(name.to_owned()));
    }

    /// Reads the layers into `T`; the error names the setting and where it was written.
    pub fn read<T: serde::de::DeserializeOwned>(self) -> Result<T, Wrong> {
        T::deserialize(Node::Table(self.0))
    }
}

fn put(table: &mut BTreeMap<String, Node>, path: &[&str], leaf: Node) {
    let Some((first, rest)) = path.split_first() else { return };
    match (table.entry((*first).to_owned()), rest.is_empty()) {
        (Entry::Vacant(entry), true) => {
            entry.insert(leaf);
        }
        (Entry::Vacant(entry), false) => {
            let mut inner = BTreeMap::new();
            put(&mut inner, rest, leaf);
            entry.insert(Node::Table(inner));
        }
        (Entry::Occupied(mut entry), _) => {
            if let Node::Table(inner) = entry.get_mut() {
                put(inner, rest, leaf);
            }
        }
    }
}

fn merge(table: &mut BTreeMap<String, Node>, from: toml::Table, origin: &Origin) {
    for (key, value) in from {
        match (table.entry(key), value) {
            (Entry::Vacant(entry), toml::Value::Table(inner)) => {
                let mut made = BTreeMap::new();
                merge(&mut made, inner, origin);
                entry.insert(Node::Table(made));
            }
            (Entry::Vacant(entry), value) => {
                entry.insert(Node::Value(value, origin.clone()));
            }
            (Entry::Occupied(mut entry), toml::Value::Table(inner)) => {
                if let Node::Table(existing) = entry.get_mut() {
                    merge(existing, inner, origin);
                }
            }
            // An earlier layer has said it.
            (Entry::Occupied(_), _) => {}
        }
    }
}

/// Why settings cannot be used: which one, where it was written, what is wrong with it.
#[derive(Debug)]
pub struct Wrong {
    path: Vec<String>,
    origin: Option<Origin>,
    text: String,
}

impl Wrong {
    fn under(mut self, key: &str) -> Self {
        self.path.insert(0, key.to_owned());
        self
    }

    fn written_in(mut self, origin: Option<&Origin>) -> Self {
        self.origin = self.origin.or_else(|| origin.cloned());
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "setting {}: ", self.path.join("."))?;
        }
        f.write_str(&self.text)
    }
}

impl std::error::Error for Wrong {}

impl serde::de::Error for Wrong {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self { path: Vec::new(), origin: None, text: text.to_string() }
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        let known = expected.join(", ");
        Self { path: Vec::new(), origin: None, text: format!("unknown; known are: {known}") }
    }
}

impl Node {
    /// The origin of the first value in here.
    fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Table(inner) => inner.values().find_map(Self::origin),
            Self::Text(_, origin) | Self::Value(_, origin) => Some(origin),
        }
    }
}

struct Entries {
    rest: IntoIter<String, Node>,
    current: Option<(String, Node)>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        let Some((key, node)) = self.rest.next() else { return Ok(None) };
        let name: StrDeserializer<'_, Wrong> = key.as_str().into_deserializer();
        let read = seed.deserialize(name).map_err(|e| e.under(&key).written_in(node.origin()))?;
        self.current = Some((key, node));
        Ok(Some(read))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let Some((key, node)) = self.current.take() else {
            return Err(serde::de::Error::custom("a value was asked for before its key"));
        };
        let origin = node.origin().cloned();
        seed.deserialize(node).map_err(|e| e.under(&key).written_in(origin.as_ref()))
    }
}

fn typed(error: &toml::de::Error) -> Wrong {
    serde::de::Error::custom(error.message())
}

/// A number or a switch, read out of text when it was given as text.
macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty, $what:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            match self {
                Self::Text(text, _) => match text.trim().parse::<$type>() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(serde::de::Error::custom(format!("`{text}` is not {}", $what))),
                },
                Self::Value(value, _) => value.$method(visitor).map_err(|e| typed(&e)),
                Self::Table(_) => Err(serde::de::Error::custom(concat!("a table is not ", $what))),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Node {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self {
            Self::Table(inner) => {
                visitor.visit_map(Entries { rest: inner.into_iter(), current: None })
            }
            Self::Text(text, _) => visitor.visit_string(text),
            Self::Value(value, _) => value.deserialize_any(visitor).map_err(|e| typed(&e)),
        }
    }

    parsed! {
        deserialize_bool visit_bool bool, "true or false";
        deserialize_i8 visit_i8 i8, "a whole number";
        deserialize_i16 visit_i16 i16, "a whole number";
        deserialize_i32 visit_i32 i32, "a whole number";
        deserialize_i64 visit_i64 i64, "a whole number";
        deserialize_u8 visit_u8 u8, "a whole number";
        deserialize_u16 visit_u16 u16, "a whole number";
        deserialize_u32 visit_u32 u32, "a whole number";
        deserialize_u64 visit_u64 u64, "a whole number";
        deserialize_f64 visit_f64 f64, "a number";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    /// A list in text is parted by commas.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let Self::Text(text, origin) = self else { return self.deserialize_any(visitor) };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let nodes: Vec<Self> =
            parts.map(|part| Self::Text(part.to_owned(), origin.clone())).collect();
        visitor.visit_seq(serde::de::value::SeqDeserializer::new(nodes.into_iter()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self {
            Self::Text(text, _) => visitor.visit_enum(text.into_deserializer()),
            Self::Value(value, _) => {
                value.deserialize_enum(name, variants, visitor).map_err(|e| typed(&e))
            }
            Self::Table(_) => Err(serde::de::Error::custom("a table is not one of the choices")),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 char str string bytes byte_buf unit unit_struct tuple tuple_struct
        map struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Wrong> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests;
