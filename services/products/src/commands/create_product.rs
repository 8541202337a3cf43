//! A new product, with its variants and their first stock.

use super::{CatalogueError, anew, save_product::Changes};
use crate::{
    Products,
    domain::{Draft, Product, Sku},
    store::{products, stock},
};

/// Adds a product. Fails when its slug or one of its SKUs is taken.
pub async fn create_product(app: &Products, draft: Draft) -> Result<Product, CatalogueError> {
    anew(|| attempt(app, draft.clone())).await
}

async fn attempt(app: &Products, draft: Draft) -> Result<Product, CatalogueError> {
    if products::by_slug(&app.store, &draft.slug).await?.is_some() {
        return Err(CatalogueError::SlugTaken { slug: draft.slug });
    }
    let skus: Vec<&Sku> = draft.variants.iter().map(|variant| &variant.sku).collect();
    let known = stock::by_skus(&app.store, &skus).await?;
    let (id, now) = (app.ids.next(), app.clock.now());
    let change = Product::create(draft, id, &known, || app.ids.next(), now)?;
    let mut changes = Changes::new("create_product");
    // A new product sets no stock that is there already, so nothing of it can be held.
    let added = changes.add(app, &change, |_| None, now);
    assert!(added.is_ok(), "a new product counts no stock of others");
    changes.commit(app).await?;
    Ok(change.product)
}
