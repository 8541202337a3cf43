//! Lists of products: one statement for each order of each way to find them.

use ::store::{Error, Row, Sql, Store, Value, params};
use contracts::ids::ProductId;
use kernel::Currency;

mod statements;

pub use statements::ALL;

use super::products::variants;
use crate::domain::{Category, Slug, Status, Variant};
use statements::{
    ALL_NEWEST, ALL_PRICE_ASC, ALL_PRICE_DESC, ALL_TITLE, CATEGORIES, CATEGORY_NEWEST,
    CATEGORY_PRICE_ASC, CATEGORY_PRICE_DESC, CATEGORY_TITLE, FACETS_ALL, FACETS_FOUND,
    FOUND_NEWEST, FOUND_PRICE_ASC, FOUND_PRICE_DESC, FOUND_RELEVANCE, FOUND_TITLE,
};

/// In which order a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// What fits the words sought best; the newest first without words.
    Relevance,
    /// The newest first.
    Newest,
    /// The cheapest first, by its cheapest variant.
    PriceAsc,
    /// The dearest first, by its cheapest variant.
    PriceDesc,
    /// By title.
    Title,
}

/// Which products are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Words in the form `aero mug*`; none for all products.
    pub words: Option<String>,
    /// Only in this status.
    pub status: Status,
    /// Only in this category.
    pub category: Option<Category>,
    /// Only with a variant that costs at least this.
    pub price_min: Option<i64>,
    /// Only with a variant that costs at most this.
    pub price_max: Option<i64>,
    /// Only priced in this currency.
    pub currency: Option<Currency>,
    /// Only with pieces left.
    pub in_stock: bool,
}

/// Where a page ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// What the list is sorted by.
    pub key: Value,
    /// The id, for what has the same key.
    pub id: String,
}

/// A product in a list.
#[derive(Debug)]
pub struct Listed {
    /// Its id.
    pub id: ProductId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its name for people.
    pub title: String,
    /// Whether it is for sale.
    pub status: Status,
    /// Where it is listed.
    pub category: Option<Category>,
    /// What its prices are in.
    pub currency: Currency,
    /// What can be bought of it.
    pub variants: Vec<Variant>,
    /// Its version.
    pub version: i64,
    /// Where it stands in the list.
    pub position: Position,
}

/// Up to `limit` products after a position. Costs what an index page costs, unless words, prices
/// or stock are filtered by: then at most one look at each product.
pub async fn page(
    store: &Store,
    filter: &Filter,
    order: Order,
    after: Option<Position>,
    limit: u32,
) -> Result<Vec<Listed>, Error> {
    let (sql, first) = statement(filter, order);
    let Position { key, id } = after.unwrap_or(first);
    let mut params = values(filter, true);
    params.extend([key, id.into(), limit.into()]);
    let rows = if filter.is_indexed() {
        store.read(sql, params).await?
    } else {
        store.scan(sql, params).await?
    };
    rows.iter().map(listed).collect()
}

/// How many of the first `limit` products that fit are in which category, the fullest first;
/// the filter's own category is not looked at.
pub async fn facets(
    store: &Store,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<(String, i64)>, Error> {
    let sql = if filter.words.is_some() { FACETS_FOUND } else { FACETS_ALL };
    let mut params = values(filter, false);
    params.push(limit.into());
    counts(&store.scan(sql, params).await?)
}

/// All categories that have published products, and how many, by name; at most `limit`.
pub async fn categories(store: &Store, limit: u32) -> Result<Vec<(String, i64)>, Error> {
    counts(&store.scan(CATEGORIES, params![limit]).await?)
}

impl Filter {
    /// Whether a page of it is found in an index, without looking at what does not fit.
    fn is_indexed(&self) -> bool {
        self.words.is_none()
            && self.price_min.is_none()
            && self.price_max.is_none()
            && self.currency.is_none()
            && !self.in_stock
            && self.status == Status::Published
    }
}

fn statement(filter: &Filter, order: Order) -> (Sql, Position) {
    let by_words = filter.words.is_some();
    let pick = |found: Sql, category: Sql, all: Sql| match &filter.category {
        _ if by_words => found,
        Some(_) => category,
        None => all,
    };
    let first = |key: Value, id: &str| Position { key, id: id.to_owned() };
    match order {
        Order::Relevance if by_words => (FOUND_RELEVANCE, first(Value::Int(i64::MAX), "")),
        // Ids rise with time, and `z` is above all of them.
        Order::Relevance | Order::Newest => {
            (pick(FOUND_NEWEST, CATEGORY_NEWEST, ALL_NEWEST), first(Value::Int(0), "z"))
        }
        Order::PriceAsc => {
            (pick(FOUND_PRICE_ASC, CATEGORY_PRICE_ASC, ALL_PRICE_ASC), first(Value::Int(-1), ""))
        }
        Order::PriceDesc => (
            pick(FOUND_PRICE_DESC, CATEGORY_PRICE_DESC, ALL_PRICE_DESC),
            first(Value::Int(i64::MAX), ""),
        ),
        Order::Title => {
            (pick(FOUND_TITLE, CATEGORY_TITLE, ALL_TITLE), first(Value::Text(String::new()), ""))
        }
    }
}

/// `$1` to `$7`.
fn values(filter: &Filter, with_category: bool) -> Vec<Value> {
    let category = filter.category.as_ref().filter(|_| with_category);
    params![
        filter.words.as_deref().unwrap_or(""),
        filter.status.as_str(),
        category.map_or("", Category::as_str),
        filter.price_min.unwrap_or(0),
        filter.price_max.unwrap_or(i64::MAX),
        filter.currency.map_or("", Currency::code),
        filter.in_stock,
    ]
}

fn counts(rows: &[Row]) -> Result<Vec<(String, i64)>, Error> {
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?))).collect()
}

fn listed(row: &Row) -> Result<Listed, Error> {
    let category = row.text(4)?;
    Ok(Listed {
        id: row.parse(0)?,
        slug: row.parse(1)?,
        title: row.text(2)?.to_owned(),
        status: row.parse(3)?,
        category: if category.is_empty() { None } else { Some(row.parse(4)?) },
        currency: row.parse(5)?,
        variants: variants(row, 6)?,
        version: row.int(7)?,
        position: Position { key: row.value(8)?.clone(), id: row.text(0)?.to_owned() },
    })
}
