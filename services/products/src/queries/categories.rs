//! Categories with the count of what is for sale in each, counted once per change.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ::store::{Error, Store};
use kernel::{Clock, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::freshness::Freshness;
use crate::store::listing;

/// Categories that are told, at most.
const CATEGORIES_MAX: u32 = 1000;

/// A category, and how many products are in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CategoryCount {
    /// As it stands in products.
    pub name: String,
    /// Products.
    pub count: i64,
}

/// The categories as they were counted last.
pub struct Categories {
    counted: Mutex<Option<Counted>>,
    age_max: Duration,
}

#[derive(Clone)]
struct Counted {
    categories: Arc<[CategoryCount]>,
    as_of: u64,
    until: Timestamp,
}

impl Categories {
    /// Counts anew after `age_max` even if nothing changed here.
    pub fn new(age_max: Duration) -> Self {
        Self { counted: Mutex::new(None), age_max }
    }

    /// All categories of published products by name. Costs a look at the whole category index
    /// after a change of the catalogue, and nothing otherwise.
    pub async fn all(
        &self,
        store: &Store,
        freshness: &Freshness,
        clock: &Clock,
    ) -> Result<Arc<[CategoryCount]>, Error> {
        let now = clock.now();
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(counted) = counted
            && now < counted.until
            && freshness.catalogue_holds(counted.as_of)
        {
            return Ok(counted.categories);
        }
        let (as_of, until) = (freshness.now(), now.plus(self.age_max));
        let counts = listing::categories(store, CATEGORIES_MAX).await?;
        let categories: Arc<[CategoryCount]> =
            counts.into_iter().map(|(name, count)| CategoryCount { name, count }).collect();
        let counted = Counted { categories: Arc::clone(&categories), as_of, until };
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
        Ok(categories)
    }
}
