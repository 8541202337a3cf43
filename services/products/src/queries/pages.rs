//! Products as they are answered: rendered once, kept until something in them changes.
//!
//! A page is kept with the number of the last commit before it was read, see [`Freshness`], and
//! answered only while no later commit touched the product or one of its SKUs: once a commit has
//! returned in this process, no page from before it is answered. What changes a page without a
//! commit that returned here ends its life by time: a lease that ends, to the millisecond; a
//! commit of another process on the same database, or one whose caller went away before it
//! returned, within `page_age_ms_max`.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use ::store::{Error, Store};
use axum::body::Bytes;
use http::HeaderValue;
use kernel::{Clock, Timestamp};
use quick_cache::{Weighter, sync::Cache};

use super::{
    freshness::{Cell, Freshness},
    shapes::{ProductShape, tag},
};
use crate::{
    domain::{Product, Slug, Status},
    store::{products, reservations, stock},
};

/// What a page weighs beside its body, in bytes: key, tag, cells, slots.
const OVERHEAD_BYTES: u64 = 300;
/// How big a page is expected to be, in bytes, to size the table.
const EXPECTED_BYTES: u64 = 1000;

/// A rendered product.
#[derive(Debug)]
pub struct ProductPage {
    /// JSON.
    pub body: Bytes,
    /// Its entity tag.
    pub tag: HeaderValue,
    /// Whether everybody may see it.
    pub status: Status,
    as_of: u64,
    cells: Box<[Cell]>,
    until: Timestamp,
}

/// The pages in memory, by id and by slug.
pub struct Pages {
    kept: Cache<Box<str>, Arc<ProductPage>, Weight>,
    age_max: Duration,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Box<str>, Arc<ProductPage>> for Weight {
    fn weight(&self, _: &Box<str>, page: &Arc<ProductPage>) -> u64 {
        page.body.len() as u64 + OVERHEAD_BYTES
    }
}

impl Pages {
    /// Keeps up to `bytes_max` of pages, none longer than `age_max`.
    pub fn new(bytes_max: u64, age_max: Duration) -> Self {
        let expected = usize::try_from(bytes_max / EXPECTED_BYTES).unwrap_or(usize::MAX);
        Self { kept: Cache::with_weighter(expected.max(16), bytes_max, Weight), age_max }
    }

    /// The page of a product by its id or slug.
    pub async fn page(
        &self,
        name: &str,
        store: &Store,
        freshness: &Freshness,
        clock: &Clock,
    ) -> Result<Option<Arc<ProductPage>>, Error> {
        let now = clock.now();
        if let Some(page) = self.kept.get(name)
            && now < page.until
            && freshness.holds(page.as_of, &page.cells)
        {
            return Ok(Some(page));
        }
        let as_of = freshness.now();
        let Some(product) = find(store, name).await? else { return Ok(None) };
        let page = Arc::new(self.render(&product, store, as_of, now).await?);
        self.kept.insert(name.into(), Arc::clone(&page));
        Ok(Some(page))
    }

    async fn render(
        &self,
        product: &Product,
        store: &Store,
        as_of: u64,
        now: Timestamp,
    ) -> Result<ProductPage, Error> {
        let skus: Vec<&str> = product.variants.iter().map(|v| v.sku.as_str()).collect();
        let levels = stock::levels(store, &skus).await?;
        let these = BTreeSet::from_iter(skus.iter().copied());
        let lapsed = reservations::lapsed_pieces(store, now, &these).await?;
        let next_lapse = reservations::next_lapse(store, now).await?;
        let until = now.plus(self.age_max);
        let body = ProductShape::of(product, &levels, &lapsed).into_json();
        let id = product.id.to_string();
        let cells = std::iter::once(id.as_str()).chain(skus).map(Freshness::cell);
        Ok(ProductPage {
            tag: tag(product.version, &body),
            body: body.into(),
            status: product.status,
            as_of,
            cells: cells.collect(),
            until: next_lapse.map_or(until, |lapse| until.min(lapse)),
        })
    }
}

/// A product by what stands in its address: its id or its slug.
pub async fn find(store: &Store, name: &str) -> Result<Option<Product>, Error> {
    if let Ok(id) = name.parse() {
        return products::by_id(store, id).await;
    }
    match Slug::parse(name) {
        Ok(slug) => products::by_slug(store, &slug).await,
        Err(_) => Ok(None),
    }
}
