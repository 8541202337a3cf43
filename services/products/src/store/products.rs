//! Products as rows, and their words in the search index.

use ::store::{Batch, Error, Row, Sql, Store, Value, params};
use contracts::ids::{ProductId, VariantId};
use serde::{Deserialize, Serialize};

use super::list;
use crate::domain::{Category, Product, Sku, Slug, Variant};

/// Statements of this module.
pub const ALL: &[Sql] =
    &[BY_ID, BY_SLUG, BY_IDS, BY_SLUGS, AFTER, INSERT, UPDATE, INSERT_WORDS, UPDATE_WORDS];

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.slug, p.title, p.description, p.status, p.category, p.currency, \
                    p.variants, p.version, p.created_at_ms, p.updated_at_ms
             FROM product p ",
            $rest
        )
    };
}

const BY_ID: Sql = Sql::new(columns!("WHERE p.id = $1"));

const BY_SLUG: Sql = Sql::new(columns!("WHERE p.slug = $1"));

const BY_IDS: Sql = Sql::per_engine(
    columns!("WHERE p.id IN (SELECT value FROM json_each($1))"),
    columns!("WHERE p.id IN (SELECT json_array_elements_text(CAST(CAST($1 AS TEXT) AS JSON)))"),
);

const BY_SLUGS: Sql = Sql::per_engine(
    columns!("WHERE p.slug IN (SELECT value FROM json_each($1))"),
    columns!("WHERE p.slug IN (SELECT json_array_elements_text(CAST(CAST($1 AS TEXT) AS JSON)))"),
);

const AFTER: Sql = Sql::new(columns!("WHERE p.id > $1 ORDER BY p.id LIMIT $2"));

/// Fails with a conflict when the slug is taken.
pub const INSERT: Sql = Sql::new(
    "INSERT INTO product (id, slug, title, title_key, description, status, category, currency,
        price_low_minor, price_high_minor, variants, version, created_at_ms, updated_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
);

/// Fails with a conflict when the slug is taken, or the version is not the one expected.
pub const UPDATE: Sql = Sql::new(
    "UPDATE product
     SET slug = $1, title = $2, title_key = $3, description = $4, status = $5, category = $6,
        currency = $7, price_low_minor = $8, price_high_minor = $9, variants = $10, version = $11,
        updated_at_ms = $12
     WHERE id = $13 AND version = $14",
);

// Both take the words as a row of values, not as a query: SQLite writes the index to its table
// before each statement that could fail half-way, which would be once per product, not per batch.
const INSERT_WORDS: Sql = Sql::per_engine(
    "INSERT INTO product_search (rowid, title, category, keywords, description)
     VALUES ((SELECT seq FROM product WHERE id = $1), $2, $3, $4, $5)",
    "INSERT INTO product_search (seq, document)
     VALUES ((SELECT seq FROM product WHERE id = $1),
        setweight(to_tsvector('simple', $2), 'A') || setweight(to_tsvector('simple', $3), 'C')
        || setweight(to_tsvector('simple', $4), 'B') || to_tsvector('simple', $5))",
);

const UPDATE_WORDS: Sql = Sql::per_engine(
    "UPDATE product_search SET title = $1, category = $2, keywords = $3, description = $4
     WHERE rowid = (SELECT seq FROM product WHERE id = $5)",
    "UPDATE product_search
     SET document = setweight(to_tsvector('simple', $1), 'A')
        || setweight(to_tsvector('simple', $2), 'C') || setweight(to_tsvector('simple', $3), 'B')
        || to_tsvector('simple', $4)
     WHERE seq = (SELECT seq FROM product WHERE id = $5)",
);

/// The product of an id.
pub async fn by_id(store: &Store, id: ProductId) -> Result<Option<Product>, Error> {
    store.read_one(BY_ID, params![id]).await?.as_ref().map(product).transpose()
}

/// The product of a slug.
pub async fn by_slug(store: &Store, slug: &Slug) -> Result<Option<Product>, Error> {
    store.read_one(BY_SLUG, params![slug.as_str()]).await?.as_ref().map(product).transpose()
}

/// The products of these ids, in no order; unknown ones are left out.
pub async fn by_ids(store: &Store, ids: &[String]) -> Result<Vec<Product>, Error> {
    let ids = list(ids.iter().map(String::as_str));
    store.read(BY_IDS, params![ids]).await?.iter().map(product).collect()
}

/// The products of these slugs, in no order; unknown ones are left out.
pub async fn by_slugs(store: &Store, slugs: &[&Slug]) -> Result<Vec<Product>, Error> {
    let slugs = list(slugs.iter().map(|slug| slug.as_str()));
    store.read(BY_SLUGS, params![slugs]).await?.iter().map(product).collect()
}

/// Up to `limit` products after an id, in order of ids; from the first for an empty text.
pub async fn after(store: &Store, id: &str, limit: u32) -> Result<Vec<Product>, Error> {
    store.scan(AFTER, params![id, limit]).await?.iter().map(product).collect()
}

/// Adds a new product. Its words follow separately, see [`index`].
pub fn insert(batch: &mut Batch, product: &Product) {
    let mut values = params![product.id];
    values.extend(written(product));
    values.push(product.created_at.into());
    values.push(product.updated_at.into());
    batch.one(INSERT, values);
}

/// Writes the next version of a product, if it is still at the one before.
pub fn update(batch: &mut Batch, product: &Product) {
    let mut values = written(product);
    values.extend(params![product.updated_at, product.id, product.version - 1]);
    batch.one(UPDATE, values);
}

/// Indexes the words of a new product. In a batch of many products this comes after everything
/// else, so that SQLite writes out the index once.
pub fn index(batch: &mut Batch, product: &Product) {
    let mut values = params![product.id];
    values.extend(words(product));
    batch.one(INSERT_WORDS, values);
}

/// Indexes the changed words of a product.
pub fn index_again(batch: &mut Batch, product: &Product) {
    let mut values = words(product);
    values.push(product.id.into());
    batch.one(UPDATE_WORDS, values);
}

/// The columns that a change may write: slug to version.
fn written(product: &Product) -> Vec<Value> {
    let (low, high) = product.price_range_minor();
    params![
        product.slug.as_str(),
        product.title.as_str(),
        title_key(&product.title),
        product.description.as_str(),
        product.status.as_str(),
        category_text(product),
        product.currency,
        low,
        high,
        variants_json(product),
        product.version,
    ]
}

fn words(product: &Product) -> Vec<Value> {
    let (title, text) = (product.title.as_str(), product.description.as_str());
    params![title, category_text(product), product.keywords(), text]
}

fn category_text(product: &Product) -> &str {
    product.category.as_ref().map_or("", Category::as_str)
}

/// What titles are sorted by: folded, and no longer than telling them apart needs.
fn title_key(title: &str) -> String {
    title.to_lowercase().chars().take(40).collect()
}

/// A variant inside its product's row.
#[derive(Serialize, Deserialize)]
struct VariantJson {
    id: VariantId,
    sku: String,
    title: String,
    price: i64,
}

fn variants_json(product: &Product) -> String {
    let json = |variant: &Variant| VariantJson {
        id: variant.id,
        sku: variant.sku.as_str().to_owned(),
        title: variant.title.clone(),
        price: variant.price_minor,
    };
    let variants: Vec<VariantJson> = product.variants.iter().map(json).collect();
    serde_json::to_string(&variants).expect("variants are plain data")
}

fn product(row: &Row) -> Result<Product, Error> {
    let category = row.text(5)?;
    Ok(Product {
        id: row.parse(0)?,
        slug: row.parse(1)?,
        title: row.text(2)?.to_owned(),
        description: row.text(3)?.to_owned(),
        status: row.parse(4)?,
        category: if category.is_empty() { None } else { Some(row.parse(5)?) },
        currency: row.parse(6)?,
        variants: variants(row, 7)?,
        version: row.int(8)?,
        created_at: row.time(9)?,
        updated_at: row.time(10)?,
    })
}

/// The variants in column `at`.
pub fn variants(row: &Row, at: usize) -> Result<Vec<Variant>, Error> {
    let read = |json: VariantJson| {
        let sku = Sku::parse(&json.sku).map_err(|e| Error::Row(format!("{}: {e}", json.sku)))?;
        Ok(Variant { id: json.id, sku, title: json.title, price_minor: json.price })
    };
    row.json::<Vec<VariantJson>>(at)?.into_iter().map(read).collect()
}
