//! How products, stock and movements look from outside.

use std::collections::BTreeMap;

use contracts::ids::{ProductId, VariantId};
use http::HeaderValue;
use kernel::{Currency, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{Category, Known, Level, Product, Variant},
    store::{listing::Listed, stock::Recorded},
};

/// Pieces of each SKU in reservations whose lease has ended: free, though not swept yet.
pub type Lapsed = BTreeMap<String, i64>;

/// An amount in minor units.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Price {
    /// Minor units of the currency.
    pub amount: i64,
    /// ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
}

/// A product with everything.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductShape<'a> {
    #[schema(value_type = String)]
    id: ProductId,
    slug: &'a str,
    title: &'a str,
    description: &'a str,
    /// `draft`, `published` or `archived`.
    status: &'a str,
    category: Option<&'a str>,
    /// What the cheapest variant costs.
    price_from: Price,
    variants: Vec<VariantShape<'a>>,
    /// Grows with each change of the product; the first part of its entity tag.
    version: i64,
    #[schema(value_type = String)]
    created_at: Timestamp,
    #[schema(value_type = String)]
    updated_at: Timestamp,
}

/// A variant, with how much there is of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct VariantShape<'a> {
    #[schema(value_type = String)]
    id: VariantId,
    sku: &'a str,
    title: &'a str,
    price: Price,
    /// What lies on the shelf.
    on_hand: i64,
    /// What of it can be bought.
    available: i64,
}

/// A product in a list: without its description.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedShape {
    #[schema(value_type = String)]
    id: ProductId,
    slug: String,
    title: String,
    /// `draft`, `published` or `archived`.
    status: &'static str,
    category: Option<String>,
    /// What the cheapest variant costs.
    price_from: Price,
    /// Whether a variant can be bought now.
    in_stock: bool,
    variants: Vec<ListedVariantShape>,
    version: i64,
}

/// A variant in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedVariantShape {
    #[schema(value_type = String)]
    id: VariantId,
    sku: String,
    title: String,
    price: Price,
    available: i64,
}

/// A variant by itself, as wish lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoneVariantShape {
    #[schema(value_type = String)]
    id: VariantId,
    #[schema(value_type = String)]
    product_id: ProductId,
    sku: String,
    title: String,
    product_title: String,
    slug: String,
    price: Price,
    available: i64,
    /// `published` or `archived`.
    status: &'static str,
}

/// How much there is of a SKU.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StockShape {
    sku: String,
    /// What lies on the shelf.
    on_hand: i64,
    /// What of it is set aside for orders, now.
    reserved: i64,
    /// What can be bought: the difference.
    available: i64,
}

/// One change of the stock of a SKU.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovementShape {
    /// 1 for the first movement of the SKU, and so on without gaps.
    sequence: i64,
    /// `initial`, `set`, `adjustment`, `reserve`, `release`, `commit`, `return` or `expire`.
    kind: String,
    on_hand_delta: i64,
    reserved_delta: i64,
    /// On hand after it.
    on_hand: i64,
    /// Reserved after it.
    reserved: i64,
    order_id: Option<String>,
    reason: Option<String>,
    #[schema(value_type = String)]
    at: Timestamp,
}

impl<'a> ProductShape<'a> {
    /// A product with its stock; `lapsed` pieces count as free.
    pub fn of(product: &'a Product, levels: &BTreeMap<String, Level>, lapsed: &Lapsed) -> Self {
        let currency = product.currency;
        let variant = |variant: &'a Variant| {
            let sku = variant.sku.as_str();
            let level = levels.get(sku).copied().unwrap_or_default();
            VariantShape {
                id: variant.id,
                sku,
                title: &variant.title,
                price: Price { amount: variant.price_minor, currency },
                on_hand: level.on_hand,
                available: available(sku, level, lapsed),
            }
        };
        Self {
            id: product.id,
            slug: product.slug.as_str(),
            title: &product.title,
            description: &product.description,
            status: product.status.as_str(),
            category: product.category.as_ref().map(Category::as_str),
            price_from: Price { amount: product.price_range_minor().0, currency },
            variants: product.variants.iter().map(variant).collect(),
            version: product.version,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }

    /// As bytes.
    pub fn into_json(self) -> Vec<u8> {
        serde_json::to_vec(&self).expect("a product is plain data")
    }
}

impl ListedShape {
    /// A listed product with its stock.
    pub fn of(product: Listed, levels: &BTreeMap<String, Level>, lapsed: &Lapsed) -> Self {
        let Listed { id, slug, title, status, category, currency, variants, version, .. } = product;
        let amount = variants.iter().map(|variant| variant.price_minor).min().unwrap_or(0);
        let variant = |variant: Variant| {
            let level = levels.get(variant.sku.as_str()).copied().unwrap_or_default();
            ListedVariantShape {
                id: variant.id,
                available: available(variant.sku.as_str(), level, lapsed),
                sku: variant.sku.to_string(),
                title: variant.title,
                price: Price { amount: variant.price_minor, currency },
            }
        };
        let variants: Vec<ListedVariantShape> = variants.into_iter().map(variant).collect();
        Self {
            id,
            slug: slug.to_string(),
            title,
            status: status.as_str(),
            category: category.map(|category| category.to_string()),
            price_from: Price { amount, currency },
            in_stock: variants.iter().any(|variant| variant.available > 0),
            variants,
            version,
        }
    }
}

impl LoneVariantShape {
    /// A variant of `product`; none when the product never listed it.
    pub fn of(product: &Product, sku: &str, known: &Known, lapsed: &Lapsed) -> Option<Self> {
        let variant = product.variants.iter().find(|variant| variant.sku.as_str() == sku)?;
        Some(Self {
            id: known.variant_id,
            product_id: product.id,
            sku: sku.to_owned(),
            title: variant.title.clone(),
            product_title: product.title.clone(),
            slug: product.slug.to_string(),
            price: Price { amount: variant.price_minor, currency: product.currency },
            available: available(sku, known.level, lapsed),
            status: product.status.as_str(),
        })
    }
}

impl StockShape {
    /// A level, of which `lapsed` pieces are free though not swept yet.
    pub fn of(sku: &str, level: Level, lapsed: i64) -> Self {
        let reserved = level.reserved - lapsed;
        let (on_hand, available) = (level.on_hand, level.on_hand - reserved);
        Self { sku: sku.to_owned(), on_hand, reserved, available }
    }
}

impl From<Recorded> for MovementShape {
    fn from(movement: Recorded) -> Self {
        Self {
            sequence: movement.version,
            kind: movement.kind,
            on_hand_delta: movement.on_hand_delta,
            reserved_delta: movement.reserved_delta,
            on_hand: movement.after.on_hand,
            reserved: movement.after.reserved,
            order_id: movement.order_id,
            reason: movement.reason,
            at: movement.at,
        }
    }
}

fn available(sku: &str, level: Level, lapsed: &Lapsed) -> i64 {
    level.available() + lapsed.get(sku).copied().unwrap_or(0)
}

/// The entity tag of a product's page: its version, which `If-Match` compares, and a mark of the
/// whole page, which `If-None-Match` compares, because stock moves without a new version.
pub fn tag(version: i64, body: &[u8]) -> HeaderValue {
    let mark = fnv(body);
    let text = format!("\"{version}-{mark:016x}\"");
    HeaderValue::from_str(&text).expect("digits in quotes are a header value")
}

/// FNV-1a: short, and the same in every release, which the hashers of std do not promise.
pub fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_the_version_and_the_page() {
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(tag(7, b"a"), "\"7-af63dc4c8601ec8c\"");
    }
}
