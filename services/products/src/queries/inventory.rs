//! Stock, its movements, and variants by themselves.

use std::collections::{BTreeSet, HashMap};

use ::store::Error;
use contracts::ids::{ProductId, VariantId};
use kernel::{BadCursor, Cursor, Page, PageRequest};

use super::shapes::{LoneVariantShape, MovementShape, StockShape};
use crate::{
    Products,
    domain::{Known, Product, Sku, Status},
    store::{products, reservations, stock},
};

/// How much there is of a SKU now; leases that have ended hold nothing.
pub async fn level(app: &Products, sku: &Sku) -> Result<Option<StockShape>, Error> {
    let Some(known) = stock::by_sku(&app.store, sku).await? else { return Ok(None) };
    let skus = BTreeSet::from([sku.as_str()]);
    let lapsed = reservations::lapsed_pieces(&app.store, app.clock.now(), &skus).await?;
    let lapsed = lapsed.get(sku.as_str()).copied().unwrap_or(0);
    Ok(Some(StockShape::of(sku.as_str(), known.level, lapsed)))
}

/// Why there is no such page of movements.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is no such SKU.
    #[error("there is no such sku")]
    UnknownSku,
    /// The cursor is of another list, or of none.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// The movements of a SKU, newest first.
pub async fn movements(
    app: &Products,
    sku: &Sku,
    page: PageRequest,
) -> Result<Page<MovementShape>, JournalError> {
    let before = match &page.cursor {
        None => i64::MAX,
        Some(cursor) => {
            let (of, before): (String, i64) = Cursor::decode(cursor)?;
            if of != sku.as_str() {
                return Err(BadCursor.into());
            }
            before
        }
    };
    if stock::by_sku(&app.store, sku).await?.is_none() {
        return Err(JournalError::UnknownSku);
    }
    let found = stock::journal(&app.store, sku, before, page.limit + 1).await?;
    let next = |last: &stock::Recorded| Cursor::encode(&(sku.as_str(), last.version));
    Ok(Page::of(found, page.limit, next).map(MovementShape::from))
}

/// Variants by their ids, in the order asked for. Those of drafts, those that their product lists
/// no longer, and unknown ones are left out; archived ones stay: wish lists show that they are gone.
pub async fn variants(app: &Products, ids: &[VariantId]) -> Result<Vec<LoneVariantShape>, Error> {
    let known = stock::by_variants(&app.store, ids).await?;
    let owners: BTreeSet<String> = known.values().map(|k| k.product_id.to_string()).collect();
    let owners: Vec<String> = owners.into_iter().collect();
    let owners = products::by_ids(&app.store, &owners).await?;
    let owners: HashMap<ProductId, &Product> = owners.iter().map(|p| (p.id, p)).collect();
    let skus: BTreeSet<&str> = known.keys().map(Sku::as_str).collect();
    let lapsed = reservations::lapsed_pieces(&app.store, app.clock.now(), &skus).await?;
    let by_id: HashMap<VariantId, (&Sku, &Known)> =
        known.iter().map(|(sku, known)| (known.variant_id, (sku, known))).collect();
    let shape = |id: &VariantId| {
        let (sku, known) = by_id.get(id)?;
        let product = owners.get(&known.product_id)?;
        match product.status {
            Status::Draft => None,
            Status::Published | Status::Archived => {
                LoneVariantShape::of(product, sku.as_str(), known, &lapsed)
            }
        }
    };
    Ok(ids.iter().filter_map(shape).collect())
}
