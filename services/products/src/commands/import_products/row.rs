//! What one record says: a whole product, or one variant of one.

use serde::Deserialize;

use super::records::{Record, fields};
use crate::domain::{Fields, VariantFields};

/// The columns of a CSV file; `slug`, `sku`, `price_minor` and `currency` must be there.
const COLUMNS: [&str; 10] = [
    "slug",
    "title",
    "description",
    "status",
    "category",
    "sku",
    "variant_title",
    "price_minor",
    "currency",
    "on_hand",
];

/// Why the file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// There is none.
    #[error("the first line must name the columns")]
    Missing,
    /// A column that is not known.
    #[error("{0:?} is not a column of a product file")]
    Unknown(String),
    /// A column named twice.
    #[error("the column {0} is named twice")]
    Twice(&'static str),
    /// A column that is needed.
    #[error("the column {0} is missing")]
    Needed(&'static str),
}

/// Which column stands where.
pub struct Header(Vec<usize>);

/// What a record says.
pub enum Row {
    /// One variant; rows of one slug that follow each other are one product.
    Flat(Box<FlatRow>),
    /// A whole product.
    Whole(Fields),
}

/// One row as it was sent: the product with its variants, or with one variant's columns.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlatRow {
    pub slug: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub status: Option<String>,
    pub category: Option<String>,
    pub sku: Option<String>,
    pub variant_title: Option<String>,
    pub price_minor: Option<i64>,
    pub currency: Option<String>,
    pub on_hand: Option<i64>,
    variants: Option<Vec<NestedVariant>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NestedVariant {
    sku: String,
    title: Option<String>,
    price: NestedPrice,
    on_hand: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NestedPrice {
    amount: i64,
    currency: String,
}

impl Header {
    /// Reads the first record of a CSV file.
    pub fn read(record: &Record) -> Result<Self, BadHeader> {
        let text = record.bytes.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let text = text.ok_or(BadHeader::Missing)?.trim_start_matches('\u{feff}');
        let names = fields(text).map_err(|_| BadHeader::Missing)?;
        let mut columns = Vec::with_capacity(names.len());
        for name in &names {
            let name = name.trim();
            let column = COLUMNS.iter().position(|column| *column == name);
            let column =
                column.ok_or_else(|| BadHeader::Unknown(name.chars().take(40).collect()))?;
            if columns.contains(&column) {
                return Err(BadHeader::Twice(COLUMNS[column]));
            }
            columns.push(column);
        }
        for needed in ["slug", "sku", "price_minor", "currency"] {
            if !columns.iter().any(|column| COLUMNS[*column] == needed) {
                return Err(BadHeader::Needed(needed));
            }
        }
        Ok(Self(columns))
    }

    /// Reads a record below it. An empty field was not sent.
    pub fn row(&self, text: &str) -> Result<Row, String> {
        let values = fields(text).map_err(|e| e.to_string())?;
        if values.len() != self.0.len() {
            return Err(format!("{} fields where the header has {}", values.len(), self.0.len()));
        }
        let mut row = FlatRow::default();
        for (column, value) in self.0.iter().zip(values) {
            if value.is_empty() {
                continue;
            }
            let name = COLUMNS[*column];
            match name {
                "slug" => row.slug = Some(value.into_owned()),
                "title" => row.title = Some(value.into_owned()),
                "description" => row.description = Some(value.into_owned()),
                "status" => row.status = Some(value.into_owned()),
                "category" => row.category = Some(value.into_owned()),
                "sku" => row.sku = Some(value.into_owned()),
                "variant_title" => row.variant_title = Some(value.into_owned()),
                "price_minor" => row.price_minor = Some(number(name, &value)?),
                "currency" => row.currency = Some(value.into_owned()),
                "on_hand" => row.on_hand = Some(number(name, &value)?),
                other => return Err(format!("{other} is not a column")),
            }
        }
        Ok(Row::Flat(Box::new(row)))
    }
}

fn number(name: &str, value: &str) -> Result<i64, String> {
    value.trim().parse().map_err(|_| format!("{name}: {value:?} is not a whole number"))
}

/// Reads a line of JSON: with `variants` it is a whole product, without one variant.
pub fn json(text: &str) -> Result<Row, String> {
    let mut row: FlatRow = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let Some(variants) = row.variants.take() else { return Ok(Row::Flat(Box::new(row))) };
    let FlatRow { slug, title, description, status, category, sku, variant_title, .. } = row;
    let flat = sku.is_some() || variant_title.is_some() || row.on_hand.is_some();
    if flat || row.price_minor.is_some() || row.currency.is_some() {
        return Err("a row has variants, or is one, not both".to_owned());
    }
    let variant = |v: NestedVariant| VariantFields {
        sku: v.sku,
        title: v.title,
        price_minor: v.price.amount,
        currency: v.price.currency,
        on_hand: v.on_hand,
    };
    let category = category.map(Some);
    let variants = Some(variants.into_iter().map(variant).collect());
    Ok(Row::Whole(Fields { slug, title, description, status, category, variants }))
}
