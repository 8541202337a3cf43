//! What a caller wants a product to be: every field checked, all faults found at once.

use std::{collections::BTreeSet, fmt::Display, str::FromStr};

use kernel::{Currency, FieldError};

use super::{Category, PRICE_MINOR_MAX, QUANTITY_MAX, Sku, Slug, Status, line, prose};

/// Variants of one product, at most.
pub const VARIANTS_MAX: usize = 100;
const TITLE_MAX: usize = 200;

/// A product as it was sent, nothing checked. `None` is a field that was not sent.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// The name in addresses.
    pub slug: Option<String>,
    /// The name for people.
    pub title: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// `draft`, `published` or `archived`.
    pub status: Option<String>,
    /// Where it is listed; `Some(None)` takes it out of its category.
    pub category: Option<Option<String>>,
    /// What can be bought of it.
    pub variants: Option<Vec<VariantFields>>,
}

/// A variant as it was sent.
#[derive(Debug, Clone, Default)]
pub struct VariantFields {
    /// What is counted.
    pub sku: String,
    /// The name for people; a variant without one is called like its SKU.
    pub title: Option<String>,
    /// The price in minor units.
    pub price_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// How many there are.
    pub on_hand: Option<i64>,
}

/// A complete new product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The name in addresses.
    pub slug: Slug,
    /// The name for people.
    pub title: String,
    /// What it is; nothing when not given.
    pub description: Option<String>,
    /// Whether it is for sale at once; a draft when not given.
    pub status: Option<Status>,
    /// Where it is listed; nowhere when not given.
    pub category: Option<Option<Category>>,
    /// What all its prices are in.
    pub currency: Currency,
    /// At least one.
    pub variants: Vec<VariantDraft>,
}

/// A checked variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantDraft {
    /// What is counted.
    pub sku: Sku,
    /// The name for people.
    pub title: String,
    /// The price of one piece.
    pub price_minor: i64,
    /// How many there are; none leaves the stock as it is.
    pub on_hand: Option<i64>,
}

/// What is to change of a product; `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// The name in addresses.
    pub slug: Option<Slug>,
    /// The name for people.
    pub title: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Whether it is for sale.
    pub status: Option<Status>,
    /// Where it is listed.
    pub category: Option<Option<Category>>,
    /// What can be bought of it.
    pub variants: Variants,
}

/// What is to happen to the variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variants {
    /// They stay as they are.
    Keep,
    /// These are all there are from now on.
    Replace(Currency, Vec<VariantDraft>),
    /// These are added or changed; the others stay.
    Merge(Currency, Vec<VariantDraft>),
}

impl Variants {
    /// The variants that are named.
    pub fn named(&self) -> &[VariantDraft] {
        match self {
            Self::Keep => &[],
            Self::Replace(_, variants) | Self::Merge(_, variants) => variants,
        }
    }
}

impl From<Draft> for Patch {
    /// A product that is sent again under its slug: merged, as imports do. What is not given
    /// stays as it is.
    fn from(draft: Draft) -> Self {
        Self {
            slug: None,
            title: Some(draft.title),
            description: draft.description,
            status: draft.status,
            category: draft.category,
            variants: Variants::Merge(draft.currency, draft.variants),
        }
    }
}

/// Checks a complete product; the error holds every fault, with its pointer.
pub fn complete(fields: Fields) -> Result<Draft, Vec<FieldError>> {
    let mut faults = Faults::default();
    let slug = faults.required("/slug", fields.slug.as_deref(), Slug::parse);
    let title = faults.required("/title", fields.title.as_deref(), |t| line(t, TITLE_MAX));
    let description = faults.optional("/description", fields.description.as_deref(), prose);
    let status = faults.optional("/status", fields.status.as_deref(), Status::from_str);
    let category = faults.category(fields.category);
    let variants = match fields.variants {
        Some(variants) => faults.variants(variants),
        None => faults.find("/variants", "is required"),
    };
    let (Some(slug), Some(title), Some((currency, variants))) = (slug, title, variants) else {
        return Err(faults.0);
    };
    faults.none()?;
    Ok(Draft { slug, title, description, status, category, currency, variants })
}

/// Checks a change; the variants that are sent replace those there are.
pub fn change(fields: Fields) -> Result<Patch, Vec<FieldError>> {
    let mut faults = Faults::default();
    let slug = faults.optional("/slug", fields.slug.as_deref(), Slug::parse);
    let title = faults.optional("/title", fields.title.as_deref(), |t| line(t, TITLE_MAX));
    let description = faults.optional("/description", fields.description.as_deref(), prose);
    let status = faults.optional("/status", fields.status.as_deref(), Status::from_str);
    let category = faults.category(fields.category);
    let variants = match fields.variants.map(|variants| faults.variants(variants)) {
        Some(Some((currency, variants))) => Variants::Replace(currency, variants),
        Some(None) | None => Variants::Keep,
    };
    faults.none()?;
    Ok(Patch { slug, title, description, status, category, variants })
}

/// Collects what is wrong, so that a caller hears of everything at once.
#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn none(&mut self) -> Result<(), Vec<FieldError>> {
        if self.0.is_empty() { Ok(()) } else { Err(std::mem::take(&mut self.0)) }
    }

    fn find<T>(&mut self, pointer: impl Into<String>, detail: impl ToString) -> Option<T> {
        self.0.push(FieldError::new(pointer, detail.to_string()));
        None
    }

    fn word<T, E: Display>(
        &mut self,
        pointer: impl Into<String>,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(text) {
            Ok(word) => Some(word),
            Err(fault) => self.find(pointer, fault),
        }
    }

    fn optional<T, E: Display>(
        &mut self,
        pointer: &str,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        text.and_then(|text| self.word(pointer, text, parse))
    }

    fn required<T, E: Display>(
        &mut self,
        pointer: &str,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match text {
            Some(text) => self.word(pointer, text, parse),
            None => self.find(pointer, "is required"),
        }
    }

    fn category(&mut self, sent: Option<Option<String>>) -> Option<Option<Category>> {
        sent.map(|text| text.and_then(|text| self.word("/category", &text, Category::parse)))
    }

    fn range(&mut self, pointer: String, number: i64, max: i64) -> Option<i64> {
        if (0..=max).contains(&number) {
            Some(number)
        } else {
            self.find(pointer, format_args!("must be a whole number from 0 to {max}"))
        }
    }

    /// All variants, and the one currency they share.
    fn variants(&mut self, sent: Vec<VariantFields>) -> Option<(Currency, Vec<VariantDraft>)> {
        if !(1..=VARIANTS_MAX).contains(&sent.len()) {
            let detail = format!("must hold 1 to {VARIANTS_MAX} variants");
            return self.find("/variants", detail);
        }
        let before = self.0.len();
        let mut skus = BTreeSet::new();
        let mut shared = None;
        let mut variants = Vec::with_capacity(sent.len());
        for (at, fields) in sent.iter().enumerate() {
            let at = format!("/variants/{at}");
            let currency = self.currency(&at, &fields.currency, shared);
            shared = shared.or(currency);
            let Some(variant) = self.variant(&at, fields) else { continue };
            if !skus.insert(variant.sku.clone()) {
                let _: Option<()> = self.find(format!("{at}/sku"), "is given twice");
            }
            variants.push(variant);
        }
        shared.filter(|_| self.0.len() == before).map(|currency| (currency, variants))
    }

    fn currency(&mut self, at: &str, text: &str, shared: Option<Currency>) -> Option<Currency> {
        let pointer = format!("{at}/price/currency");
        let currency = self.word(&pointer, text, Currency::from_str)?;
        match shared {
            Some(shared) if shared != currency => {
                self.find(pointer, "must be the same for all variants of a product")
            }
            Some(_) | None => Some(currency),
        }
    }

    fn variant(&mut self, at: &str, fields: &VariantFields) -> Option<VariantDraft> {
        let sku = self.word(format!("{at}/sku"), &fields.sku, Sku::parse);
        let title = fields.title.as_deref().filter(|title| !title.is_empty());
        let title = title.unwrap_or(&fields.sku);
        let title = self.word(format!("{at}/title"), title, |t| line(t, TITLE_MAX));
        let price = self.range(format!("{at}/price/amount"), fields.price_minor, PRICE_MINOR_MAX);
        let on_hand = fields.on_hand.map(|n| self.range(format!("{at}/on_hand"), n, QUANTITY_MAX));
        let (sku, title, price_minor) = (sku?, title?, price?);
        Some(VariantDraft { sku, title, price_minor, on_hand: on_hand.flatten() })
    }
}

#[cfg(test)]
mod tests;
