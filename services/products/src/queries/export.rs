//! The whole catalogue, one product a line, in the shape that imports take.

use std::collections::HashMap;

use ::store::Error;
use axum::body::Bytes;
use contracts::ids::ProductId;
use futures::stream::{Stream, try_unfold};
use serde::Serialize;

use super::shapes::Price;
use crate::{
    Products,
    domain::{Category, Known, Product, Sku, Variant},
    store::{products, stock},
};

/// Products read at a time.
const PAGE: u32 = 256;

#[derive(Serialize)]
struct Line<'a> {
    slug: &'a str,
    title: &'a str,
    description: &'a str,
    status: &'a str,
    category: Option<&'a str>,
    variants: Vec<LineVariant<'a>>,
}

#[derive(Serialize)]
struct LineVariant<'a> {
    sku: &'a str,
    title: &'a str,
    price: Price,
    on_hand: i64,
}

/// Every product, in the order they came to be, a page of lines at a time. Reads as fast as the
/// lines are taken, and holds no more than a page.
pub fn export(app: Products) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
    try_unfold((app, Some(String::new())), |(app, after)| async move {
        let Some(after) = after else { return Ok(None) };
        let products = products::after(&app.store, &after, PAGE).await?;
        let Some(last) = products.last() else { return Ok(None) };
        let whole = products.len() == PAGE as usize;
        let next = whole.then(|| last.id.to_string());
        let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
        let stock = stock::by_products(&app.store, &ids).await?;
        let mut lines = Vec::with_capacity(products.len() * 300);
        for product in &products {
            serde_json::to_writer(&mut lines, &line(product, &stock))
                .expect("a product is plain data");
            lines.push(b'\n');
        }
        Ok(Some((Bytes::from(lines), (app, next))))
    })
}

fn line<'a>(product: &'a Product, stock: &HashMap<Sku, Known>) -> Line<'a> {
    let variant = |variant: &'a Variant| LineVariant {
        sku: variant.sku.as_str(),
        title: &variant.title,
        price: Price { amount: variant.price_minor, currency: product.currency },
        on_hand: stock.get(&variant.sku).map_or(0, |known| known.level.on_hand),
    };
    Line {
        slug: product.slug.as_str(),
        title: &product.title,
        description: &product.description,
        status: product.status.as_str(),
        category: product.category.as_ref().map(Category::as_str),
        variants: product.variants.iter().map(variant).collect(),
    }
}
