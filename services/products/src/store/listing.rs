//! Lists of products: one statement for each order of each way to find them.

use ::store::{Error, Row, Sql, Store, Value, params};
use contracts::ids::ProductId;
use kernel::Currency;

use super::products::variants;
use crate::domain::{Category, Slug, Status, Variant};

/// Statements of this module.
pub const ALL: &[Sql] = &[
    CATEGORIES,
    FACETS_ALL,
    FACETS_FOUND,
    ALL_NEWEST,
    ALL_PRICE_ASC,
    ALL_PRICE_DESC,
    ALL_TITLE,
    CATEGORY_NEWEST,
    CATEGORY_PRICE_ASC,
    CATEGORY_PRICE_DESC,
    CATEGORY_TITLE,
    FOUND_RELEVANCE,
    FOUND_NEWEST,
    FOUND_PRICE_ASC,
    FOUND_PRICE_DESC,
    FOUND_TITLE,
];

// The words sought come as `aero mug*`: plain words, the last one may be unfinished.
macro_rules! found_sqlite {
    () => {
        "WITH hit AS MATERIALIZED (
            SELECT rowid AS seq FROM product_search WHERE product_search MATCH $1
         ) "
    };
}

macro_rules! found_postgres {
    () => {
        "WITH hit AS MATERIALIZED (
            SELECT seq FROM product_search
            WHERE document @@ to_tsquery('simple', REPLACE(REPLACE($1, ' ', ' & '), '*', ':*'))
         ) "
    };
}

// Titles weigh most, then SKUs and variants, then the category, then the description.
macro_rules! ranked_sqlite {
    () => {
        "WITH hit AS MATERIALIZED (
            SELECT rowid AS seq,
                CAST(-1000000 * bm25(product_search, 8.0, 2.0, 4.0, 1.0) AS BIGINT) AS score
            FROM product_search WHERE product_search MATCH $1
         ) "
    };
}

macro_rules! ranked_postgres {
    () => {
        "WITH hit AS MATERIALIZED (
            SELECT seq, CAST(1000000 * ts_rank(document,
                to_tsquery('simple', REPLACE(REPLACE($1, ' ', ' & '), '*', ':*'))) AS BIGINT) AS score
            FROM product_search
            WHERE document @@ to_tsquery('simple', REPLACE(REPLACE($1, ' ', ' & '), '*', ':*'))
         ) "
    };
}

macro_rules! columns {
    ($key:literal) => {
        concat!(
            "SELECT p.id, p.slug, p.title, p.status, p.category, p.currency, p.variants, p.version, ",
            $key
        )
    };
}

macro_rules! filters {
    () => {
        " AND p.price_high_minor >= $4 AND p.price_low_minor <= $5
         AND ($6 = '' OR p.currency = $6)
         AND (CAST($7 AS BIGINT) = 0 OR EXISTS (
            SELECT 1 FROM stock s WHERE s.product_id = p.id AND s.on_hand > s.reserved)) "
    };
}

/// The page after `$8, $9` in the order of a key and the id.
macro_rules! page {
    ($key:literal, $after:literal, $direction:literal) => {
        concat!(
            "AND (",
            $key,
            ", p.id) ",
            $after,
            " ($8, $9)
             ORDER BY ",
            $key,
            " ",
            $direction,
            ", p.id ",
            $direction,
            "
             LIMIT $10"
        )
    };
}

macro_rules! newest {
    () => {
        "AND CAST($8 AS BIGINT) = 0 AND p.id < $9
         ORDER BY p.id DESC
         LIMIT $10"
    };
}

macro_rules! whole {
    ($key:literal, $($page:tt)+) => {
        Sql::new(concat!(
            columns!($key),
            " FROM product p WHERE $1 = '' AND p.status = $2 AND $3 = ''",
            filters!(),
            $($page)+
        ))
    };
}

macro_rules! category {
    ($key:literal, $($page:tt)+) => {
        Sql::new(concat!(
            columns!($key),
            " FROM product p WHERE $1 = '' AND p.status = $2 AND p.category = $3",
            filters!(),
            $($page)+
        ))
    };
}

macro_rules! found {
    ($sqlite:expr, $postgres:expr, $key:literal, $($page:tt)+) => {
        Sql::per_engine(
            concat!(
                $sqlite,
                columns!($key),
                " FROM hit JOIN product p ON p.seq = hit.seq
                 WHERE p.status = $2 AND ($3 = '' OR p.category = $3)",
                filters!(),
                $($page)+
            ),
            concat!(
                $postgres,
                columns!($key),
                " FROM hit JOIN product p ON p.seq = hit.seq
                 WHERE p.status = $2 AND ($3 = '' OR p.category = $3)",
                filters!(),
                $($page)+
            ),
        )
    };
}

const ALL_NEWEST: Sql = whole!("CAST(0 AS BIGINT)", newest!());
const ALL_PRICE_ASC: Sql = whole!("p.price_low_minor", page!("p.price_low_minor", ">", "ASC"));
const ALL_PRICE_DESC: Sql = whole!("p.price_low_minor", page!("p.price_low_minor", "<", "DESC"));
const ALL_TITLE: Sql = whole!("p.title_key", page!("p.title_key", ">", "ASC"));

const CATEGORY_NEWEST: Sql = category!("CAST(0 AS BIGINT)", newest!());
const CATEGORY_PRICE_ASC: Sql =
    category!("p.price_low_minor", page!("p.price_low_minor", ">", "ASC"));
const CATEGORY_PRICE_DESC: Sql =
    category!("p.price_low_minor", page!("p.price_low_minor", "<", "DESC"));
const CATEGORY_TITLE: Sql = category!("p.title_key", page!("p.title_key", ">", "ASC"));

const FOUND_RELEVANCE: Sql =
    found!(ranked_sqlite!(), ranked_postgres!(), "hit.score", page!("hit.score", "<", "DESC"));
const FOUND_NEWEST: Sql =
    found!(found_sqlite!(), found_postgres!(), "CAST(0 AS BIGINT)", newest!());
const FOUND_PRICE_ASC: Sql = found!(
    found_sqlite!(),
    found_postgres!(),
    "p.price_low_minor",
    page!("p.price_low_minor", ">", "ASC")
);
const FOUND_PRICE_DESC: Sql = found!(
    found_sqlite!(),
    found_postgres!(),
    "p.price_low_minor",
    page!("p.price_low_minor", "<", "DESC")
);
const FOUND_TITLE: Sql =
    found!(found_sqlite!(), found_postgres!(), "p.title_key", page!("p.title_key", ">", "ASC"));

const CATEGORIES: Sql = Sql::new(
    "SELECT p.category, COUNT(1)
     FROM product p
     WHERE p.status = 'published' AND p.category <> ''
     GROUP BY p.category
     ORDER BY p.category
     LIMIT $1",
);

const FACETS_ALL: Sql = Sql::new(concat!(
    "SELECT f.category, COUNT(1)
     FROM (
        SELECT p.category FROM product p WHERE $1 = '' AND p.status = $2 AND $3 = ''",
    filters!(),
    "LIMIT $8
     ) f
     GROUP BY f.category
     ORDER BY COUNT(1) DESC, f.category"
));

const FACETS_FOUND: Sql = Sql::per_engine(
    concat!(
        found_sqlite!(),
        "SELECT f.category, COUNT(1)
         FROM (
            SELECT p.category FROM hit JOIN product p ON p.seq = hit.seq
            WHERE p.status = $2 AND $3 = ''",
        filters!(),
        "LIMIT $8
         ) f
         GROUP BY f.category
         ORDER BY COUNT(1) DESC, f.category"
    ),
    concat!(
        found_postgres!(),
        "SELECT f.category, COUNT(1)
         FROM (
            SELECT p.category FROM hit JOIN product p ON p.seq = hit.seq
            WHERE p.status = $2 AND $3 = ''",
        filters!(),
        "LIMIT $8
         ) f
         GROUP BY f.category
         ORDER BY COUNT(1) DESC, f.category"
    ),
);

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
