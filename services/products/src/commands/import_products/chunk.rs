//! One chunk of an import: read what is known of its products, decide each, commit all at once.

use std::collections::HashMap;

use super::{
    super::{CatalogueError, lapse, save_product::Changes},
    rows::{Entry, RowError},
};
use crate::{
    Products,
    domain::{Known, Patch, Product, Sku, Slug, VariantDraft},
    store::{products, stock},
};

/// A chunk that loses a race is decided anew so often, before its products are written one by
/// one.
const ATTEMPTS_MAX: u32 = 4;

/// What became of the products of a chunk.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Products that are new.
    pub created: u64,
    /// Products, or their stock, that differ from before.
    pub updated: u64,
    /// Products that were so already.
    pub unchanged: u64,
    /// Rows that are not in.
    pub bad: Vec<RowError>,
}

impl Outcome {
    /// Adds what became of others.
    pub fn add(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.bad.extend(other.bad);
    }
}

/// Writes a chunk. No slug and no SKU may be in it twice. Fails only when the store does.
pub async fn write(app: &Products, entries: &[Entry]) -> Result<Outcome, ::store::Error> {
    for _ in 0..ATTEMPTS_MAX {
        match attempt(app, entries).await {
            Err(error) if error.is_conflict() => {}
            outcome => return outcome,
        }
    }
    // Somebody writes the same products: one by one, only those that still lose are left out.
    let mut outcome = Outcome::default();
    for entry in entries {
        outcome.add(alone(app, entry).await?);
    }
    Ok(outcome)
}

async fn alone(app: &Products, entry: &Entry) -> Result<Outcome, ::store::Error> {
    for _ in 0..ATTEMPTS_MAX {
        match attempt(app, std::slice::from_ref(entry)).await {
            Err(error) if error.is_conflict() => {}
            outcome => return outcome,
        }
    }
    let refused = |line: &u64| RowError::new(*line, "conflict", "others write the same product");
    let bad = entry.lines.iter().map(refused).collect();
    Ok(Outcome { bad, ..Outcome::default() })
}

async fn attempt(app: &Products, entries: &[Entry]) -> Result<Outcome, ::store::Error> {
    let slugs: Vec<&Slug> = entries.iter().map(|entry| &entry.draft.slug).collect();
    let there = products::by_slugs(&app.store, &slugs).await?;
    let there: HashMap<&Slug, &Product> = there.iter().map(|p| (&p.slug, p)).collect();
    let skus = entries.iter().flat_map(|e| e.draft.variants.iter().map(|v| &v.sku));
    let known = stock::by_skus(&app.store, &skus.collect::<Vec<&Sku>>()).await?;
    let mut changes = Changes::new("import_products");
    let mut outcome = Outcome::default();
    for entry in entries {
        let product = there.get(&entry.draft.slug).copied();
        if let Err(error) = decide(app, entry, product, &known, &mut changes, &mut outcome).await {
            let refused = |line: &u64| RowError::new(*line, error.0, &error.1);
            outcome.bad.extend(entry.lines.iter().map(refused));
        }
    }
    changes.commit(app).await?;
    Ok(outcome)
}

/// Adds what one product changes. Fails with a code and the reason.
async fn decide(
    app: &Products,
    entry: &Entry,
    there: Option<&Product>,
    known: &HashMap<Sku, Known>,
    changes: &mut Changes,
    outcome: &mut Outcome,
) -> Result<(), (&'static str, String)> {
    let (draft, now) = (entry.draft.clone(), app.clock.now());
    let change = match there {
        None => Product::create(draft, app.ids.next(), known, || app.ids.next(), now),
        Some(product) => product.change(Patch::from(draft), known, || app.ids.next(), now),
    };
    let change = change.map_err(|unfit| {
        let error = CatalogueError::from(unfit);
        (kernel::Fails::code(&error), error.to_string())
    })?;
    if change.is_nothing() {
        outcome.unchanged += 1;
        return Ok(());
    }
    if let Err(held) = changes.add(app, &change, |sku| known.get(sku).copied(), now) {
        // Ended leases are out of the way for the next time this row is sent.
        let swept = lapse::expire_of(app, &held.sku).await.unwrap_or(false);
        let again = if swept { "; some of them have run out, send the row again" } else { "" };
        let detail = format!("{} of {} are reserved for orders{again}", held.reserved, held.sku);
        return Err(("below-reserved", detail));
    }
    if there.is_some() {
        outcome.updated += 1;
    } else {
        outcome.created += 1;
    }
    Ok(())
}

/// What no other chunk in work may touch at the same time.
pub fn keys(entry: &Entry) -> impl Iterator<Item = Key> + '_ {
    let sku = |variant: &VariantDraft| Key::Sku(variant.sku.clone());
    let slug = std::iter::once(Key::Slug(entry.draft.slug.clone()));
    slug.chain(entry.draft.variants.iter().map(sku))
}

/// A name that belongs to one product.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// In addresses.
    Slug(Slug),
    /// On the shelf.
    Sku(Sku),
}
