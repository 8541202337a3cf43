//! Lists of products: filtered, sorted, paged, with the counts of categories.

use std::{collections::BTreeSet, fmt::Write as _};

use ::store::{Error, Value};
use kernel::{BadCursor, Cursor, Page};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use super::words::words;
use super::{
    categories::CategoryCount,
    shapes::{ListedShape, fnv},
};
pub use crate::store::listing::{Filter, Order};
use crate::{
    Products,
    domain::Status,
    store::{listing, listing::Position, reservations, stock},
};

/// Categories in the facets of a list, at most.
const FACETS_MAX: usize = 100;

/// How the products of a list spread over categories.
#[derive(Debug, Serialize, ToSchema)]
pub struct Facets {
    /// The fullest first. The category that is filtered by is not looked at, so that the counts
    /// say what the others would give.
    pub categories: Vec<CategoryCount>,
    /// Whether everything was counted; otherwise the counts are those of the first products found.
    pub complete: bool,
}

/// A page of a list.
#[derive(Debug)]
pub struct Found {
    /// The products.
    pub page: Page<ListedShape>,
    /// The counts; only on the first page.
    pub facets: Option<Facets>,
}

/// Where a page ends, as it is given out: only good for the same list.
#[derive(Serialize, Deserialize)]
struct Mark {
    /// Fingerprint of filter and order.
    list: u64,
    key: Key,
    id: String,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Number(i64),
    Text(String),
}

/// Why there is no such page.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor is of another list, or of none.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// One page of the products that fit, and on the first page the counts.
pub async fn list(
    app: &Products,
    filter: &Filter,
    order: Order,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Found, ListError> {
    let fingerprint = fingerprint(filter, order);
    let after = cursor.map(|text| position(text, fingerprint)).transpose()?;
    let page = listing::page(&app.store, filter, order, after, limit + 1);
    if cursor.is_some() {
        let page = shaped(app, page.await?, fingerprint, limit).await?;
        return Ok(Found { page, facets: None });
    }
    let (page, facets) = futures::try_join!(page, facets(app, filter))?;
    let page = shaped(app, page, fingerprint, limit).await?;
    Ok(Found { page, facets: Some(facets) })
}

async fn shaped(
    app: &Products,
    found: Vec<listing::Listed>,
    fingerprint: u64,
    limit: u32,
) -> Result<Page<ListedShape>, Error> {
    let page = Page::of(found, limit, |last| mark(&last.position, fingerprint));
    let skus = page.items.iter().flat_map(|p| p.variants.iter().map(|v| v.sku.as_str()));
    let skus: Vec<&str> = skus.collect();
    let levels = stock::levels(&app.store, &skus).await?;
    let skus = BTreeSet::from_iter(skus);
    let lapsed = reservations::lapsed_pieces(&app.store, app.clock.now(), &skus).await?;
    Ok(page.map(|product| ListedShape::of(product, &levels, &lapsed)))
}

async fn facets(app: &Products, filter: &Filter) -> Result<Facets, Error> {
    let everything = Filter { category: None, ..Filter::all() };
    let unfiltered = Filter { category: None, ..filter.clone() } == everything;
    let (mut counts, complete) = if unfiltered {
        let all = app.categories.all(&app.store, &app.freshness, &app.clock).await?;
        let mut counts = all.to_vec();
        counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        (counts, true)
    } else {
        let max = app.settings.facet_products_max;
        let counts = listing::facets(&app.store, filter, max + 1).await?;
        let seen: i64 = counts.iter().map(|(_, count)| count).sum();
        let counts = counts.into_iter().filter(|(name, _)| !name.is_empty());
        let counts = counts.map(|(name, count)| CategoryCount { name, count }).collect();
        (counts, seen <= i64::from(max))
    };
    let complete = complete && counts.len() <= FACETS_MAX;
    counts.truncate(FACETS_MAX);
    Ok(Facets { categories: counts, complete })
}

impl Filter {
    /// Everything that is for sale.
    pub fn all() -> Self {
        Self {
            words: None,
            status: Status::Published,
            category: None,
            price_min: None,
            price_max: None,
            currency: None,
            in_stock: false,
        }
    }
}

fn mark(position: &Position, list: u64) -> String {
    let key = match &position.key {
        Value::Text(text) => Key::Text(text.clone()),
        Value::Int(number) => Key::Number(*number),
        Value::Null | Value::Bytes(_) => Key::Number(0),
    };
    Cursor::encode(&Mark { list, key, id: position.id.clone() })
}

fn position(text: &str, list: u64) -> Result<Position, BadCursor> {
    let mark: Mark = Cursor::decode(text)?;
    if mark.list != list {
        return Err(BadCursor);
    }
    let key = match mark.key {
        Key::Number(number) => Value::Int(number),
        Key::Text(text) => Value::Text(text),
    };
    Ok(Position { key, id: mark.id })
}

/// Tells lists apart, so that no cursor of one is followed in another. Halved, because JSON
/// numbers beyond 2^53 do not survive every reader.
fn fingerprint(filter: &Filter, order: Order) -> u64 {
    let Filter { words, status, category, price_min, price_max, currency, in_stock } = filter;
    let mut text = String::new();
    write!(
        text,
        "{order:?}|{words:?}|{status:?}|{category:?}|{price_min:?}|{price_max:?}|{currency:?}|{in_stock}"
    )
    .expect("writing to a string does not fail");
    fnv(text.as_bytes()) >> 12
}
