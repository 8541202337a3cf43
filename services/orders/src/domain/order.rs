//! An order: what was asked for, at the prices of that moment, and how far it has come.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use contracts::{
    commands::StockLine,
    ids::{CartId, OrderId, ProductId, UserId, VariantId},
};
use kernel::{Currency, Money, MoneyError, Timestamp};

use super::{
    totals::{ShippingRates, Totals},
    words::{Address, Email, Quantity, Tender},
};

/// The most lines that one order may have.
pub const LINES_MAX: usize = 100;

/// Who may see a cart or an order, besides staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The signed-in user it belongs to.
    pub user: Option<UserId>,
    /// The hash of the secret that opens it to a guest.
    pub access_hash: Option<String>,
}

/// What the shop says about one SKU, from the own projection of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Which variant.
    pub sku: String,
    /// Its id.
    pub variant_id: VariantId,
    /// The product it is a variant of.
    pub product_id: ProductId,
    /// What is printed on the order.
    pub title: String,
    /// The price of one.
    pub price: Money,
}

/// What is sold now, by SKU.
pub type Offers = HashMap<String, Arc<Offer>>;

/// One wanted line: a SKU and how many of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which variant.
    pub sku: String,
    /// How many.
    pub quantity: Quantity,
}

/// What somebody wants to order, checked in shape but not against the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Whom to write to.
    pub email: Email,
    /// What is wanted, in the order it was written.
    pub lines: Vec<Request>,
    /// Where it goes.
    pub shipping_address: Address,
    /// What pays for it.
    pub tender: Tender,
    /// The total that the customer agreed to, if they said so.
    pub expected_total: Option<Money>,
    /// Who orders.
    pub owner: Owner,
    /// The cart it comes from.
    pub cart: Option<CartId>,
}

/// A line of an order, with everything that is shown of it as it was at placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What was for sale.
    pub offer: Arc<Offer>,
    /// How many were bought.
    pub quantity: Quantity,
    /// `price * quantity`.
    pub total: Money,
}

/// An order as it is placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Which order it is.
    pub stamp: Stamp,
    /// What was wanted.
    pub draft: Draft,
    /// The same, at the prices of this moment.
    pub lines: Vec<Line>,
    /// What it costs.
    pub totals: Totals,
}

/// Why a draft does not become an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// No line at all.
    #[error("an order needs at least one item")]
    Empty,
    /// More lines than an order may have.
    #[error("{lines} items asked, at most {LINES_MAX} fit in one order")]
    TooManyLines {
        /// How many were asked for.
        lines: usize,
    },
    /// The shop does not sell these; each with its place among the lines.
    #[error("not sold: {}", skus(lines))]
    NotSold {
        /// Index and SKU of each.
        lines: Vec<(usize, String)>,
    },
    /// Prices of more than one currency do not add up to a total.
    #[error("one order has one currency: {first} and {other} were asked together")]
    MixedCurrencies {
        /// The currency of the first line.
        first: Currency,
        /// The first one that differs.
        other: Currency,
        /// Where it was found.
        line: usize,
    },
    /// The total is not what the customer agreed to.
    #[error("the total is {actual}, not {expected}")]
    TotalChanged {
        /// What the customer agreed to.
        expected: Money,
        /// What it costs now.
        actual: Money,
    },
    /// The total does not fit any account.
    #[error("the total is out of range")]
    OutOfRange,
}

fn skus(lines: &[(usize, String)]) -> String {
    lines.iter().map(|(_, sku)| sku.as_str()).collect::<Vec<_>>().join(", ")
}

/// What makes an order this one and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Its id.
    pub id: OrderId,
    /// Its number for people.
    pub number: i64,
    /// The time of its placement.
    pub at: Timestamp,
}

impl Order {
    /// Prices `draft` by `offers` (what is sold now, by SKU) and makes it an order.
    pub fn place(
        draft: Draft,
        offers: &Offers,
        rates: &ShippingRates,
        stamp: Stamp,
    ) -> Result<Self, PlaceError> {
        let lines = price(&draft.lines, offers)?;
        let currency = single_currency(&lines)?;
        let totals = Totals::of(&lines, currency, rates).map_err(out_of_range)?;
        if let Some(expected) = draft.expected_total
            && expected != totals.total
        {
            return Err(PlaceError::TotalChanged { expected, actual: totals.total });
        }
        Ok(Self { stamp, draft, lines, totals })
    }
}

/// The lines at the prices of `offers`; all SKUs that are not sold are told at once.
pub fn price(wanted: &[Request], offers: &Offers) -> Result<Vec<Line>, PlaceError> {
    if wanted.is_empty() {
        return Err(PlaceError::Empty);
    }
    if wanted.len() > LINES_MAX {
        return Err(PlaceError::TooManyLines { lines: wanted.len() });
    }
    let mut lines = Vec::with_capacity(wanted.len());
    let mut missing = Vec::new();
    for (at, request) in wanted.iter().enumerate() {
        match offers.get(&request.sku) {
            Some(offer) => lines.push(line(offer, request.quantity)?),
            None => missing.push((at, request.sku.clone())),
        }
    }
    if missing.is_empty() { Ok(lines) } else { Err(PlaceError::NotSold { lines: missing }) }
}

fn line(offer: &Arc<Offer>, quantity: Quantity) -> Result<Line, PlaceError> {
    let total = offer.price.times(i64::from(quantity.count())).map_err(out_of_range)?;
    Ok(Line { offer: Arc::clone(offer), quantity, total })
}

fn out_of_range(_: MoneyError) -> PlaceError {
    PlaceError::OutOfRange
}

/// The currency that all lines share.
pub fn single_currency(lines: &[Line]) -> Result<Currency, PlaceError> {
    let first = lines.first().ok_or(PlaceError::Empty)?.total.currency;
    let odd = lines.iter().enumerate().find(|(_, line)| line.total.currency != first);
    match odd {
        None => Ok(first),
        Some((at, line)) => {
            Err(PlaceError::MixedCurrencies { first, other: line.total.currency, line: at })
        }
    }
}

/// What the lines take from stock: one entry per SKU, sorted by it.
pub fn stock_lines(lines: &[Line]) -> Vec<StockLine> {
    let mut by_sku = BTreeMap::<&str, u32>::new();
    for line in lines {
        *by_sku.entry(&line.offer.sku).or_default() += line.quantity.count();
    }
    let entry = |(sku, quantity): (&str, u32)| StockLine { sku: sku.to_owned(), quantity };
    by_sku.into_iter().map(entry).collect()
}

/// The same as text that two parties can compare: `SKU-A=2,SKU-B=1`.
pub fn sold(lines: &[StockLine]) -> String {
    let entry = |line: &StockLine| format!("{}={}", line.sku, line.quantity);
    lines.iter().map(entry).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests;
