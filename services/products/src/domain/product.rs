//! A product: how it comes to be, how it changes, and what of a change others must hear.

use std::collections::HashMap;

use contracts::ids::{ProductId, VariantId};
use kernel::{Currency, Money, Timestamp};

use super::{
    Category, Draft, Level, Patch, Sku, Slug, Status, VARIANTS_MAX, VariantDraft, Variants,
};

/// Something that is sold, in one or more variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its name for ever.
    pub id: ProductId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its name for people.
    pub title: String,
    /// What it is.
    pub description: String,
    /// Whether it is for sale.
    pub status: Status,
    /// Where it is listed.
    pub category: Option<Category>,
    /// What all its prices are in.
    pub currency: Currency,
    /// What can be bought of it; at least one.
    pub variants: Vec<Variant>,
    /// Grows with each change.
    pub version: i64,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The sellable unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its name for ever.
    pub id: VariantId,
    /// What is counted of it.
    pub sku: Sku,
    /// Its name for people.
    pub title: String,
    /// The price of one piece, in the product's currency.
    pub price_minor: i64,
}

/// Whose a SKU is, and how much there is of it. A SKU once used stays with its product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its product.
    pub product_id: ProductId,
    /// Its variant, also while the product does not list it.
    pub variant_id: VariantId,
    /// How much there is.
    pub level: Level,
    /// The count of its movements.
    pub version: i64,
}

/// Why a product cannot become what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A SKU is another product's.
    #[error("the sku {sku} belongs to another product")]
    SkuTaken {
        /// Which one.
        sku: Sku,
    },
    /// Some variants would be priced in one currency, and others in another.
    #[error("all variants of a product are priced in one currency, which is {currency} here")]
    MixedCurrencies {
        /// The one that stays.
        currency: Currency,
    },
    /// Merging would make it too many.
    #[error("a product has at most {VARIANTS_MAX} variants")]
    TooManyVariants,
}

/// A product before and after, and everything that follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The product as it is afterwards.
    pub product: Product,
    /// What it was; none for a new one.
    pub was: Option<Status>,
    /// Whether the product itself differs.
    pub edited: bool,
    /// Whether what is searched differs.
    pub reworded: bool,
    /// SKUs that have no stock yet.
    pub added: Vec<NewStock>,
    /// SKUs whose stock is to be set.
    pub counted: Vec<(Sku, i64)>,
    /// Prices of existing variants that differ.
    pub prices: Vec<PriceChange>,
}

/// The first stock of a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStock {
    /// What is counted.
    pub sku: Sku,
    /// Whose it is.
    pub variant_id: VariantId,
    /// How many there are.
    pub on_hand: i64,
}

/// A variant costs more or less than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    /// Which variant.
    pub variant_id: VariantId,
    /// What is counted of it.
    pub sku: Sku,
    /// From now on.
    pub price: Money,
    /// Until now.
    pub previous: Money,
}

impl Change {
    /// Whether everything is as it was.
    pub fn is_nothing(&self) -> bool {
        !self.edited && self.added.is_empty() && self.counted.is_empty()
    }

    /// Whether others must hear of the product as it is now.
    pub fn is_published(&self) -> bool {
        self.edited && self.product.status == Status::Published
    }

    /// Whether others must stop selling it.
    pub fn is_withdrawn(&self) -> bool {
        self.was == Some(Status::Published) && self.product.status != Status::Published
    }
}

impl Product {
    /// A new product. Fails when one of its SKUs is another product's.
    pub fn create(
        draft: Draft,
        id: ProductId,
        known: &HashMap<Sku, Known>,
        mut variant_id: impl FnMut() -> VariantId,
        now: Timestamp,
    ) -> Result<Change, Unfit> {
        let Draft { slug, title, description, status, category, currency, variants } = draft;
        let mut product = Self {
            id,
            slug,
            title,
            description: description.unwrap_or_default(),
            status: status.unwrap_or(Status::Draft),
            category: category.flatten(),
            currency,
            variants: Vec::with_capacity(variants.len()),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let mut stock = Stock::default();
        for variant in &variants {
            product.put(variant, known, &mut stock, &mut variant_id)?;
        }
        let Stock { added, counted } = stock;
        let prices = Vec::new();
        Ok(Change { product, was: None, edited: true, reworded: true, added, counted, prices })
    }

    /// The product after a change, the next version of it if it differs at all. Fails when one
    /// of the SKUs is another product's.
    pub fn change(
        &self,
        patch: Patch,
        known: &HashMap<Sku, Known>,
        mut variant_id: impl FnMut() -> VariantId,
        now: Timestamp,
    ) -> Result<Change, Unfit> {
        let mut product = self.clone();
        let mut stock = Stock::default();
        product.slug = patch.slug.unwrap_or(product.slug);
        product.title = patch.title.unwrap_or(product.title);
        product.description = patch.description.unwrap_or(product.description);
        product.status = patch.status.unwrap_or(product.status);
        product.category = patch.category.unwrap_or(product.category);
        if let Variants::Replace(..) = &patch.variants {
            let named = |sku: &Sku| patch.variants.named().iter().any(|v| v.sku == *sku);
            product.variants.retain(|variant| named(&variant.sku));
        }
        if let Variants::Replace(currency, variants) | Variants::Merge(currency, variants) =
            &patch.variants
        {
            product.price_in(*currency, variants)?;
            for variant in variants {
                product.put(variant, known, &mut stock, &mut variant_id)?;
            }
        }
        if product.variants.len() > VARIANTS_MAX {
            return Err(Unfit::TooManyVariants);
        }
        let edited = product != *self;
        let reworded = edited && product.words() != self.words();
        if edited {
            product.version += 1;
            product.updated_at = now;
        }
        let Stock { added, counted } = stock;
        let prices = product.price_changes(self);
        Ok(Change { product, was: Some(self.status), edited, reworded, added, counted, prices })
    }

    /// The lowest and the highest price of a variant.
    pub fn price_range_minor(&self) -> (i64, i64) {
        let prices = || self.variants.iter().map(|variant| variant.price_minor);
        (prices().min().unwrap_or(0), prices().max().unwrap_or(0))
    }

    /// SKUs and titles of the variants, for search.
    pub fn keywords(&self) -> String {
        let mut words = String::new();
        for variant in &self.variants {
            words.push_str(variant.sku.as_str());
            words.push(' ');
            if variant.title != variant.sku.as_str() {
                words.push_str(&variant.title);
                words.push(' ');
            }
        }
        words
    }

    /// What search looks at.
    fn words(&self) -> (&str, &str, Option<&Category>, String) {
        (&self.title, &self.description, self.category.as_ref(), self.keywords())
    }

    /// Changes the currency, if no variant is left that is priced in another one.
    fn price_in(&mut self, currency: Currency, named: &[VariantDraft]) -> Result<(), Unfit> {
        let priced_anew = |variant: &Variant| named.iter().any(|draft| draft.sku == variant.sku);
        if self.currency != currency && !self.variants.iter().all(priced_anew) {
            return Err(Unfit::MixedCurrencies { currency: self.currency });
        }
        self.currency = currency;
        Ok(())
    }

    /// Adds a variant, or changes the one with its SKU.
    fn put(
        &mut self,
        draft: &VariantDraft,
        known: &HashMap<Sku, Known>,
        stock: &mut Stock,
        variant_id: &mut impl FnMut() -> VariantId,
    ) -> Result<(), Unfit> {
        let known = known.get(&draft.sku);
        if known.is_some_and(|known| known.product_id != self.id) {
            return Err(Unfit::SkuTaken { sku: draft.sku.clone() });
        }
        let id = known.map_or_else(&mut *variant_id, |known| known.variant_id);
        match (known, draft.on_hand) {
            (None, on_hand) => stock.added.push(NewStock {
                sku: draft.sku.clone(),
                variant_id: id,
                on_hand: on_hand.unwrap_or(0),
            }),
            (Some(known), Some(on_hand)) if on_hand != known.level.on_hand => {
                stock.counted.push((draft.sku.clone(), on_hand));
            }
            (Some(_), Some(_) | None) => {}
        }
        let (sku, title, price_minor) = (draft.sku.clone(), draft.title.clone(), draft.price_minor);
        let variant = Variant { id, sku, title, price_minor };
        match self.variants.iter_mut().find(|listed| listed.sku == variant.sku) {
            Some(listed) => *listed = variant,
            None => self.variants.push(variant),
        }
        Ok(())
    }

    fn price_changes(&self, before: &Self) -> Vec<PriceChange> {
        let change = |variant: &Variant| {
            let old = before.variants.iter().find(|old| old.id == variant.id)?;
            let price = Money::new(variant.price_minor, self.currency);
            let previous = Money::new(old.price_minor, before.currency);
            let (variant_id, sku) = (variant.id, variant.sku.clone());
            (price != previous).then_some(PriceChange { variant_id, sku, price, previous })
        };
        self.variants.iter().filter_map(change).collect()
    }
}

/// What becomes of stock while variants are put.
#[derive(Default)]
struct Stock {
    added: Vec<NewStock>,
    counted: Vec<(Sku, i64)>,
}

#[cfg(test)]
mod tests;
