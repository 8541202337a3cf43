//! A product becomes its next version; archiving is one such change.

use contracts::ids::ProductId;

use super::{
    CatalogueError, anew,
    save_product::{Changes, Held},
    set_stock::refuse,
};
use crate::{
    Products,
    domain::{Patch, Product, Sku, Status, Variants},
    store::{products, stock},
};

/// Changes a product, if it is at the version that the caller saw (when it says one), and
/// returns it as it is then.
pub async fn change_product(
    app: &Products,
    id: ProductId,
    seen: Option<i64>,
    patch: Patch,
) -> Result<Product, CatalogueError> {
    anew(|| attempt(app, id, seen, patch.clone())).await
}

/// Takes a product off the shelf; archiving it again changes nothing.
pub async fn archive_product(
    app: &Products,
    id: ProductId,
    seen: Option<i64>,
) -> Result<Product, CatalogueError> {
    let patch = Patch {
        slug: None,
        title: None,
        description: None,
        status: Some(Status::Archived),
        category: None,
        variants: Variants::Keep,
    };
    change_product(app, id, seen, patch).await
}

async fn attempt(
    app: &Products,
    id: ProductId,
    seen: Option<i64>,
    patch: Patch,
) -> Result<Product, CatalogueError> {
    let product = products::by_id(&app.store, id).await?.ok_or(CatalogueError::UnknownProduct)?;
    if let Some(expected) = seen.filter(|seen| *seen != product.version) {
        return Err(CatalogueError::Stale { expected, current: product.version });
    }
    if let Some(slug) = patch.slug.as_ref().filter(|slug| **slug != product.slug)
        && products::by_slug(&app.store, slug).await?.is_some()
    {
        return Err(CatalogueError::SlugTaken { slug: slug.clone() });
    }
    let skus: Vec<&Sku> = patch.variants.named().iter().map(|variant| &variant.sku).collect();
    let known = stock::by_skus(&app.store, &skus).await?;
    let now = app.clock.now();
    let change = product.change(patch, &known, || app.ids.next(), now)?;
    if change.is_nothing() {
        return Ok(change.product);
    }
    let mut changes = Changes::new("change_product");
    if let Err(held) = changes.add(app, &change, |sku| known.get(sku).copied(), now) {
        let Held { sku, on_hand, reserved } = held;
        return Err(refuse(app, &sku, on_hand, reserved).await);
    }
    changes.commit(app).await?;
    Ok(change.product)
}
