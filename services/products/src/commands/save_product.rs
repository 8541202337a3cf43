//! What every way to write a product has in common: the batch that a change fills.

use ::store::Batch;
use kernel::Timestamp;

use crate::{
    Products,
    domain::{Change, Known, Level, Movement, MovementKind, OverDrawn, Sku},
    events,
    queries::freshness::{Cell, Freshness},
    store::{products, stock},
};

/// A batch of changes of the catalogue. The words to be searched are kept apart until the end:
/// see [`products::index`].
pub struct Changes {
    batch: Batch,
    words: Batch,
    touched: Vec<Cell>,
}

/// The stock of a SKU cannot be set: orders hold more.
pub struct Held {
    /// Of what.
    pub sku: Sku,
    /// What was asked for.
    pub on_hand: i64,
    /// What orders hold.
    pub reserved: i64,
}

/// Sets the stock of a SKU to `on_hand`, from a level that was read; nothing if it is the same.
pub fn counted(sku: &Sku, on_hand: i64, level: Level) -> Result<Option<Movement>, Held> {
    let delta = on_hand - level.on_hand;
    let movement = Movement::by_hand(sku.as_str(), MovementKind::Set, delta, None);
    match level.after(&movement) {
        Ok(_) => Ok((delta != 0).then_some(movement)),
        Err(OverDrawn { .. }) => Err(Held { sku: sku.clone(), on_hand, reserved: level.reserved }),
    }
}

impl Changes {
    /// Nothing yet; the label names its crash points.
    pub fn new(label: &'static str) -> Self {
        Self { batch: Batch::new(label), words: Batch::new(label), touched: Vec::new() }
    }

    /// Adds one change, whole: the product, its stock, its words and what others must hear.
    pub fn add(
        &mut self,
        app: &Products,
        change: &Change,
        known: impl Fn(&Sku) -> Option<Known>,
        now: Timestamp,
    ) -> Result<(), Held> {
        let mut movements = Vec::with_capacity(change.counted.len());
        for (sku, on_hand) in &change.counted {
            let level = known(sku).map(|known| known.level).unwrap_or_default();
            movements.extend(counted(sku, *on_hand, level)?.map(|moved| (moved, level)));
        }
        let (batch, product) = (&mut self.batch, &change.product);
        match change.was {
            None => {
                products::insert(batch, product);
                products::index(&mut self.words, product);
            }
            Some(_) if change.edited => products::update(batch, product),
            Some(_) => {}
        }
        if change.was.is_some() && change.reworded {
            products::index_again(&mut self.words, product);
        }
        for new in &change.added {
            stock::insert(batch, product.id, new, now);
            self.touched.push(Freshness::cell(new.sku.as_str()));
        }
        movements.sort_by(|a, b| a.0.sku.cmp(&b.0.sku));
        for (movement, level) in movements {
            stock::move_from(batch, &movement, level.on_hand, now);
            let (delta, on_hand) = (movement.on_hand_delta, level.on_hand + movement.on_hand_delta);
            let kind = movement.kind.as_str();
            events::adjusted(&app.outbox, batch, &movement.sku, delta, on_hand, kind);
            self.touched.push(Freshness::cell(&movement.sku));
        }
        events::changed(&app.outbox, batch, change);
        self.touched.push(Freshness::cell(&product.id.to_string()));
        Ok(())
    }

    /// Commits everything that was added.
    pub async fn commit(self, app: &Products) -> Result<(), ::store::Error> {
        let Self { mut batch, words, touched } = self;
        if batch.is_empty() && words.is_empty() {
            return Ok(());
        }
        batch.append(words);
        app.touch(&mut batch, touched, true);
        app.store.commit(batch).await
    }
}
