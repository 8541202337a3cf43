//! What callers send, before anything of it is checked.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::domain::{Fields, VariantFields};

/// A new product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "slug": "aero-mug", "title": "Aero Mug", "description": "A mug.", "status": "published",
    "category": "kitchen", "variants": [{"sku": "AERO-BLK", "title": "Black",
    "price": {"amount": 1299, "currency": "EUR"}, "on_hand": 100}]
}))]
pub struct NewProduct {
    /// Lower-case letters, digits and single inner hyphens; 100 at most.
    slug: Option<String>,
    /// 200 characters at most.
    title: Option<String>,
    /// 20,000 bytes at most.
    description: Option<String>,
    /// `draft` (the default), `published` or `archived`.
    status: Option<String>,
    /// 80 characters at most.
    category: Option<String>,
    /// 1 to 100.
    variants: Option<Vec<NewVariant>>,
}

/// A variant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVariant {
    /// Letters, digits, `.`, `_`, `-`; 64 at most.
    sku: String,
    /// Called like its SKU when not given.
    title: Option<String>,
    price: NewPrice,
    /// How many there are. Not given: none for a new SKU, as many as before for a known one.
    on_hand: Option<i64>,
}

/// A price.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrice {
    /// Minor units of the currency.
    amount: i64,
    /// ISO 4217; the same for all variants of a product.
    currency: String,
}

/// What is to change of a product; what is not given stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductChange {
    slug: Option<String>,
    title: Option<String>,
    description: Option<String>,
    status: Option<String>,
    /// `null` takes the product out of its category.
    #[serde(default, deserialize_with = "given")]
    category: Option<Option<String>>,
    /// These are all variants from now on; one whose SKU is known keeps its id and its stock.
    variants: Option<Vec<NewVariant>>,
}

/// So many pieces there are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockCount {
    /// Pieces.
    pub on_hand: i64,
}

/// So many pieces more there are, or fewer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockAdjustment {
    /// Pieces; not zero.
    pub delta: i64,
    /// Why; 200 characters at most.
    pub reason: String,
}

/// Tells a `null` that was sent from nothing that was sent.
fn given<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(input).map(Some)
}

impl From<NewProduct> for Fields {
    fn from(sent: NewProduct) -> Self {
        let NewProduct { slug, title, description, status, category, variants } = sent;
        let variants = variants.map(|all| all.into_iter().map(VariantFields::from).collect());
        Self { slug, title, description, status, category: category.map(Some), variants }
    }
}

impl From<ProductChange> for Fields {
    fn from(sent: ProductChange) -> Self {
        let ProductChange { slug, title, description, status, category, variants } = sent;
        let variants = variants.map(|all| all.into_iter().map(VariantFields::from).collect());
        Self { slug, title, description, status, category, variants }
    }
}

impl From<NewVariant> for VariantFields {
    fn from(sent: NewVariant) -> Self {
        Self {
            sku: sent.sku,
            title: sent.title,
            price_minor: sent.price.amount,
            currency: sent.price.currency,
            on_hand: sent.on_hand,
        }
    }
}
