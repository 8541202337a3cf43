//! Corrections of stock by hand: a count, or a difference.

use ::store::Batch;

use super::{CatalogueError, anew, lapse, save_product::counted};
use crate::{
    Products,
    domain::{Level, Movement, MovementKind, OverDrawn, QUANTITY_MAX, Sku},
    events,
    queries::freshness::Freshness,
    store::stock,
};

/// What somebody says about the stock of a SKU.
#[derive(Debug, Clone)]
pub enum Correction {
    /// There are so many.
    Set {
        /// Pieces.
        on_hand: i64,
    },
    /// There are so many more, or fewer.
    Adjust {
        /// Pieces.
        delta: i64,
        /// Why.
        reason: String,
    },
}

/// Corrects the stock of a SKU, and returns the level afterwards. Fails when orders hold more
/// than would be left.
pub async fn correct_stock(
    app: &Products,
    sku: &Sku,
    correction: &Correction,
) -> Result<Level, CatalogueError> {
    anew(|| attempt(app, sku, correction)).await
}

async fn attempt(
    app: &Products,
    sku: &Sku,
    correction: &Correction,
) -> Result<Level, CatalogueError> {
    let known = stock::by_sku(&app.store, sku).await?;
    let level = known.ok_or_else(|| CatalogueError::UnknownSku { sku: sku.clone() })?.level;
    let (movement, reason) = match correction {
        Correction::Set { on_hand } => (counted(sku, *on_hand, level), "set"),
        Correction::Adjust { delta, reason } => {
            let kind = MovementKind::Adjustment;
            let movement = Movement::by_hand(sku.as_str(), kind, *delta, Some(reason));
            (Ok(Some(movement)), reason.as_str())
        }
    };
    let refused = |on_hand| refuse(app, sku, on_hand, level.reserved);
    let movement = match movement {
        Ok(Some(movement)) => movement,
        Ok(None) => return Ok(level),
        Err(held) => return Err(refused(held.on_hand).await),
    };
    let after = match level.after(&movement) {
        Ok(after) => after,
        Err(OverDrawn { after }) => return Err(refused(after.on_hand).await),
    };
    let now = app.clock.now();
    let mut batch = Batch::new("correct_stock");
    stock::move_from(&mut batch, &movement, level.on_hand, now);
    let (delta, on_hand) = (movement.on_hand_delta, after.on_hand);
    events::adjusted(&app.outbox, &mut batch, sku.as_str(), delta, on_hand, reason);
    app.touch(&mut batch, vec![Freshness::cell(sku.as_str())], false);
    app.store.commit(batch).await?;
    Ok(after)
}

/// The stock cannot become this, unless only ended leases are in the way: those are ended, and
/// the decision is made anew.
pub async fn refuse(app: &Products, sku: &Sku, on_hand: i64, reserved: i64) -> CatalogueError {
    if on_hand > QUANTITY_MAX {
        return CatalogueError::TooMany { sku: sku.clone() };
    }
    match lapse::expire_of(app, sku).await {
        Ok(true) => CatalogueError::Moved,
        Ok(false) => CatalogueError::BelowReserved { sku: sku.clone(), on_hand, reserved },
        Err(error) => error.into(),
    }
}
