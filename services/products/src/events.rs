//! What happened here, as the contracts that others read.

use ::store::Batch;
use contracts::{
    commands::StockLine,
    events::products::{
        PriceChanged, ProductArchived, ProductPublished, SellableVariant, Shortage as ShortageSaid,
        Stage as StageSaid, StockAdjusted, StockCommitted, StockExpired, StockRejected,
        StockReleased, StockReserved,
    },
    ids::OrderId,
};
use delivery::Outbox;
use kernel::Money;

use crate::domain::{Answer, Category, Change, Line, Product, Shortage, Stage, Variant};

/// Says what a change means for those who sell the product.
pub fn changed(outbox: &Outbox, batch: &mut Batch, change: &Change) {
    let product = &change.product;
    let key = product.id.to_string();
    if change.is_published() {
        outbox.emit(batch, &key, &published(product));
        for price in &change.prices {
            let event = PriceChanged {
                product_id: product.id,
                variant_id: price.variant_id,
                sku: price.sku.to_string(),
                price: price.price,
                previous: price.previous,
                version: product.version,
            };
            outbox.emit(batch, &key, &event);
        }
    }
    if change.is_withdrawn() {
        let event = ProductArchived { product_id: product.id, version: product.version };
        outbox.emit(batch, &key, &event);
    }
}

/// Says that somebody corrected the stock of a SKU.
pub fn adjusted(
    outbox: &Outbox,
    batch: &mut Batch,
    sku: &str,
    delta: i64,
    on_hand: i64,
    reason: &str,
) {
    let (key, reason) = (sku, reason.to_owned());
    outbox.emit(batch, key, &StockAdjusted { sku: sku.to_owned(), delta, on_hand, reason });
}

/// Says to an order what became of its command.
pub fn answered(outbox: &Outbox, batch: &mut Batch, order_id: OrderId, answer: &Answer) {
    let key = order_id.to_string();
    match answer {
        Answer::Reserved { id, expires_at } => {
            let (reservation_id, expires_at) = (*id, *expires_at);
            let event = StockReserved { order_id, reservation_id, expires_at };
            outbox.emit(batch, &key, &event);
        }
        Answer::Rejected { stage, shortages } => {
            let stage = match stage {
                Stage::Reserve => StageSaid::Reserve,
                Stage::Commit => StageSaid::Commit,
            };
            let shortages = shortages.iter().map(shortage).collect();
            outbox.emit(batch, &key, &StockRejected { order_id, shortages, stage });
        }
        Answer::Committed => outbox.emit(batch, &key, &StockCommitted { order_id }),
        Answer::Released => outbox.emit(batch, &key, &StockReleased { order_id }),
    }
}

/// Says to an order that its lease has ended.
pub fn expired(outbox: &Outbox, batch: &mut Batch, order_id: OrderId) {
    outbox.emit(batch, &order_id.to_string(), &StockExpired { order_id });
}

/// A line as an order asks for it.
pub fn line(asked: StockLine) -> Line {
    Line { sku: asked.sku, quantity: asked.quantity }
}

fn published(product: &Product) -> ProductPublished {
    let sellable = |variant: &Variant| SellableVariant {
        variant_id: variant.id,
        sku: variant.sku.to_string(),
        title: variant.title.clone(),
        price: Money::new(variant.price_minor, product.currency),
    };
    ProductPublished {
        product_id: product.id,
        slug: product.slug.to_string(),
        title: product.title.clone(),
        category: product.category.as_ref().map(Category::to_string),
        version: product.version,
        variants: product.variants.iter().map(sellable).collect(),
    }
}

fn shortage(short: &Shortage) -> ShortageSaid {
    ShortageSaid { sku: short.sku.clone(), asked: short.asked, available: short.available }
}
