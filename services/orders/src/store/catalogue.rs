//! What is sold, as this service knows it: a projection of products' events, read through a cache.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use contracts::ids::ProductId;
use kernel::{Clock, Money, Timestamp};
use quick_cache::sync::Cache;
use store::{Batch, Error, Row, Sql, Store, Value, params};

use crate::domain::{Offer, Offers};

/// The version of a product that the projection shows.
pub const VERSION: Sql = Sql::new("SELECT version FROM published WHERE product_id = $1");

/// Moves it forward, never back.
pub const ADVANCE: Sql = Sql::new(
    "INSERT INTO published (product_id, version)
     VALUES ($1, $2)
     ON CONFLICT (product_id) DO UPDATE SET version = excluded.version
     WHERE published.version < excluded.version",
);

/// The SKUs of a product, to forget them.
pub const SKUS: Sql = Sql::new("SELECT sku FROM sellable WHERE product_id = $1");

/// Takes all variants of a product off sale that are not newer.
pub const WITHDRAW: Sql = Sql::new(
    "UPDATE sellable
     SET active = 0, version = $1
     WHERE product_id = $2 AND version < $1",
);

/// Puts a variant on sale. An older version of the same product changes nothing; a SKU that moved
/// to another product belongs to the one that spoke last.
pub const OFFER: Sql = Sql::new(
    "INSERT INTO sellable (sku, product_id, variant_id, title, price_minor, currency, active,
       version, changed_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8)
     ON CONFLICT (sku) DO UPDATE SET
       product_id = excluded.product_id, variant_id = excluded.variant_id, title = excluded.title,
       price_minor = excluded.price_minor, currency = excluded.currency, active = 1,
       version = excluded.version, changed_at_ms = excluded.changed_at_ms
     WHERE (sellable.product_id = excluded.product_id AND sellable.version <= excluded.version)
       OR (sellable.product_id <> excluded.product_id
         AND sellable.changed_at_ms <= excluded.changed_at_ms)",
);

/// Changes the price of a variant, unless a newer version is known.
pub const REPRICE: Sql = Sql::new(
    "UPDATE sellable
     SET price_minor = $1, currency = $2, version = $3
     WHERE sku = $4 AND product_id = $5 AND version <= $3",
);

/// How many SKUs [`FIND`] looks up at once.
const FIND_SKUS: usize = 16;

/// What is on sale among so many SKUs; unused places repeat one.
pub const FIND: Sql = Sql::new(
    "SELECT sku, product_id, variant_id, title, price_minor, currency
     FROM sellable
     WHERE active = 1
       AND sku IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
);

/// Every statement of this file.
pub const ALL: &[Sql] = &[VERSION, ADVANCE, SKUS, WITHDRAW, OFFER, REPRICE, FIND];

/// Reads offers, most of them from memory. Clones share the cache.
#[derive(Clone)]
pub struct Catalogue {
    store: Store,
    clock: Clock,
    cache: Arc<Cache<String, Remembered>>,
    /// Counts what was forgotten, so that a read that began before is not remembered after.
    forgotten: Arc<Mutex<u64>>,
    fresh: Duration,
}

#[derive(Clone)]
struct Remembered {
    offer: Arc<Offer>,
    at: Duration,
}

impl Catalogue {
    /// Remembers up to `entries` offers, each for `fresh`: as long as another process may go on
    /// selling at a price that changed.
    pub fn new(store: Store, clock: Clock, entries: usize, fresh: Duration) -> Self {
        let cache = Arc::new(Cache::new(entries));
        Self { store, clock, cache, forgotten: Arc::default(), fresh }
    }

    /// What is on sale of `skus`; what is missing from the answer is not.
    pub async fn offers<'a>(&self, skus: impl Iterator<Item = &'a str>) -> Result<Offers, Error> {
        let now = self.clock.instant();
        let (mut offers, mut unknown) = (HashMap::new(), Vec::new());
        for sku in skus {
            match self.cache.get(sku) {
                Some(known) if now.saturating_sub(known.at) < self.fresh => {
                    offers.insert(sku.to_owned(), known.offer);
                }
                Some(_) | None => unknown.push(sku),
            }
        }
        for part in unknown.chunks(FIND_SKUS) {
            for offer in self.find(part, now).await? {
                offers.insert(offer.sku.clone(), offer);
            }
        }
        Ok(offers)
    }

    async fn find(&self, skus: &[&str], now: Duration) -> Result<Vec<Arc<Offer>>, Error> {
        let Some(last) = skus.last() else { return Ok(Vec::new()) };
        let padding = std::iter::repeat_n(last, FIND_SKUS - skus.len());
        let params = skus.iter().chain(padding).map(|sku| Value::from(*sku)).collect();
        let before = *self.forgotten();
        let rows = self.store.read(FIND, params).await?;
        let offers = rows.iter().map(offer).collect::<Result<Vec<_>, _>>()?;
        self.remember(&offers, before, now);
        Ok(offers)
    }

    fn remember(&self, offers: &[Arc<Offer>], before: u64, now: Duration) {
        let forgotten = self.forgotten();
        if *forgotten != before {
            return;
        }
        for offer in offers {
            let remembered = Remembered { offer: Arc::clone(offer), at: now };
            self.cache.insert(offer.sku.clone(), remembered);
        }
    }

    fn forgotten(&self) -> MutexGuard<'_, u64> {
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was remembered of `skus`.
    pub fn forget<'a>(&self, skus: impl Iterator<Item = &'a str>) {
        let mut forgotten = self.forgotten();
        *forgotten += 1;
        for sku in skus {
            self.cache.remove(sku);
        }
    }

    /// The SKUs that a product had so far, and its version; zero when nothing is known of it.
    pub async fn known(&self, product: ProductId) -> Result<(i64, Vec<String>), Error> {
        let version = self.store.read_one(VERSION, params![product]).await?;
        let version = version.map_or(Ok(0), |row| row.int(0))?;
        let rows = self.store.read(SKUS, params![product]).await?;
        let skus = rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect::<Result<_, _>>();
        Ok((version, skus?))
    }

    /// Has `skus` forgotten as soon as the batch is committed.
    pub fn forget_after(&self, batch: &mut Batch, skus: Vec<String>) {
        let catalogue = self.clone();
        batch.after_commit(move || catalogue.forget(skus.iter().map(String::as_str)));
    }
}

/// Moves the version of a product forward; a conflict when a newer one is known meanwhile.
pub fn advance(batch: &mut Batch, product: ProductId, version: i64) {
    batch.one(ADVANCE, params![product, version]);
}

/// Takes all variants of a product off sale that are not newer than `version`.
pub fn withdraw(batch: &mut Batch, product: ProductId, version: i64) {
    batch.run(WITHDRAW, params![version, product]);
}

/// Puts a variant on sale at `version` of its product, which spoke at `at`.
pub fn put(batch: &mut Batch, offer: &Offer, version: i64, at: Timestamp) {
    batch.run(
        OFFER,
        params![
            &offer.sku,
            offer.product_id,
            offer.variant_id,
            &offer.title,
            offer.price.minor,
            offer.price.currency,
            version,
            at,
        ],
    );
}

/// Changes the price of a variant that is known.
pub fn reprice(batch: &mut Batch, sku: &str, product: ProductId, price: Money, version: i64) {
    batch.run(REPRICE, params![price.minor, price.currency, version, sku, product]);
}

fn offer(row: &Row) -> Result<Arc<Offer>, Error> {
    Ok(Arc::new(Offer {
        sku: row.text(0)?.to_owned(),
        product_id: row.parse(1)?,
        variant_id: row.parse(2)?,
        title: row.text(3)?.to_owned(),
        price: Money::new(row.int(4)?, row.parse(5)?),
    }))
}
