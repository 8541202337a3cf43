//! What an order costs: checked sums of one currency.

use std::collections::BTreeMap;

use kernel::{Currency, Money, MoneyError};

use super::order::Line;

/// The sums of an order, all in its currency. `total` is what is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Sum of the lines.
    pub subtotal: Money,
    /// What is taken off the subtotal.
    pub discount: Money,
    /// What the carrier costs.
    pub shipping: Money,
    /// Tax on top of the prices.
    pub tax: Money,
    /// `subtotal - discount + shipping + tax`.
    pub total: Money,
}

impl Totals {
    /// Adds up `lines`, all in `currency`, and the shipping rate of that currency.
    /// There are no discounts and no taxes on top yet: both are zero.
    pub fn of(
        lines: &[Line],
        currency: Currency,
        rates: &ShippingRates,
    ) -> Result<Self, MoneyError> {
        let zero = Money::zero(currency);
        let subtotal = lines.iter().try_fold(zero, |sum, line| sum.checked_add(line.total))?;
        let shipping = if lines.is_empty() { zero } else { rates.flat(currency) };
        let total = subtotal.checked_add(shipping)?;
        Ok(Self { subtotal, discount: zero, shipping, tax: zero, total })
    }

    /// Whether the parts give the total.
    pub fn add_up(&self) -> bool {
        let sum = || {
            let net = self.subtotal.checked_sub(self.discount)?;
            net.checked_add(self.shipping)?.checked_add(self.tax)
        };
        sum() == Ok(self.total)
    }
}

/// What the one shipping method, `standard`, costs per order; free where no rate is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShippingRates {
    flat_minor: BTreeMap<&'static str, i64>,
}

impl ShippingRates {
    /// One rate per currency; the last one given for a currency holds.
    pub fn new(rates: impl IntoIterator<Item = Money>) -> Self {
        let by_code = |rate: Money| (rate.currency.code(), rate.minor);
        Self { flat_minor: rates.into_iter().map(by_code).collect() }
    }

    /// The rate for an order in `currency`.
    pub fn flat(&self, currency: Currency) -> Money {
        let minor = self.flat_minor.get(currency.code()).copied().unwrap_or(0);
        Money::new(minor, currency)
    }
}
