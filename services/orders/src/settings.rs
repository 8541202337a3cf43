//! Every limit and time of this service, with its default and unit.

use std::{collections::BTreeMap, time::Duration};

use kernel::{Currency, Money};
use serde::Deserialize;

use crate::domain::{Limits, ShippingRates};

/// Settings of the service orders.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// From placement to confirmation, and again from each answer to a challenge, in
    /// milliseconds. Beyond: the order is rejected. Default 30,000.
    pub placement_timeout_ms: u64,
    /// From the first challenge of a payment to its answer, in milliseconds. Default 600,000.
    pub challenge_timeout_ms: u64,
    /// How long stock keeps the lines of an order aside, in milliseconds. Longer than all waits
    /// before confirmation together. Default 900,000.
    pub reservation_lease_ms: u64,
    /// From a command to stock to its answer, in milliseconds; then it is sent again, each time
    /// after twice the wait. Default 5,000.
    pub resend_ms: u64,
    /// The longest wait between two sendings, in milliseconds. Default 60,000.
    pub resend_max_ms: u64,
    /// How long one request to payments may take, in milliseconds. Default 4,000.
    pub payment_request_ms: u64,
    /// What shipping costs per order, in minor units by currency code: `EUR = 490`. Free in a
    /// currency without a rate. Default none.
    pub shipping_flat_minor: BTreeMap<String, i64>,
    /// Order numbers claimed from the database at a time. Default 100.
    pub number_block: u32,
    /// Offers that are remembered, at most. Default 10,000.
    pub offers_max: usize,
    /// How long an offer is remembered, in milliseconds: as long as another process may sell at
    /// a price that changed. Changes handled by this process count at once. Default 1,000.
    pub offers_fresh_ms: u64,
    /// How often whoever waits for an order looks by itself, in milliseconds: as late as a change
    /// made by another process may be seen. Default 1,000.
    pub reread_ms: u64,
    /// The queue's consumer.
    pub delivery: delivery::Settings,
    /// The saga's runner.
    pub saga: saga::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            placement_timeout_ms: 30_000,
            challenge_timeout_ms: 600_000,
            reservation_lease_ms: 900_000,
            resend_ms: 5_000,
            resend_max_ms: 60_000,
            payment_request_ms: 4_000,
            shipping_flat_minor: BTreeMap::new(),
            number_block: 100,
            offers_max: 10_000,
            offers_fresh_ms: 1_000,
            reread_ms: 1_000,
            delivery: delivery::Settings::default(),
            saga: saga::Settings::default(),
        }
    }
}

/// The settings contradict themselves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("orders.{name}: {reason}")]
pub struct SettingsError {
    /// Which setting.
    pub name: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl Settings {
    /// Refuses values that cannot work together.
    pub fn check(&self) -> Result<(), SettingsError> {
        let wrong = |name, reason: &str| Err(SettingsError { name, reason: reason.to_owned() });
        let above_zero = [
            ("placement_timeout_ms", self.placement_timeout_ms),
            ("challenge_timeout_ms", self.challenge_timeout_ms),
            ("resend_ms", self.resend_ms),
            ("payment_request_ms", self.payment_request_ms),
            ("number_block", u64::from(self.number_block)),
            ("reread_ms", self.reread_ms),
        ];
        if let Some((name, _)) = above_zero.into_iter().find(|(_, value)| *value == 0) {
            return wrong(name, "must be above zero");
        }
        // Two placements' worth: one before the challenge, one after its answer.
        let waits = self.placement_timeout_ms.saturating_mul(2);
        if self.reservation_lease_ms <= waits.saturating_add(self.challenge_timeout_ms) {
            return wrong(
                "reservation_lease_ms",
                "must exceed twice placement_timeout_ms and challenge_timeout_ms together",
            );
        }
        if self.resend_max_ms < self.resend_ms {
            return wrong("resend_max_ms", "must not be below resend_ms");
        }
        // The longest call is three requests: void, look, refund.
        if self.saga.call_lease_ms <= self.payment_request_ms.saturating_mul(3) {
            return wrong(
                "payment_request_ms",
                "three of them must be shorter than saga.call_lease_ms",
            );
        }
        self.rates().map(|_| ())
    }

    /// What shipping costs.
    pub(crate) fn rates(&self) -> Result<ShippingRates, SettingsError> {
        let wrong = |reason| SettingsError { name: "shipping_flat_minor", reason };
        let rate = |(code, minor): (&String, &i64)| {
            let currency: Currency =
                code.parse().map_err(|e: kernel::MoneyError| wrong(e.to_string()))?;
            if *minor < 0 {
                return Err(wrong(format!("{code} must not be negative")));
            }
            Ok(Money::new(*minor, currency))
        };
        let rates: Result<Vec<Money>, _> = self.shipping_flat_minor.iter().map(rate).collect();
        Ok(ShippingRates::new(rates?))
    }

    /// How long a placement waits for others.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            placement: Duration::from_millis(self.placement_timeout_ms),
            challenge: Duration::from_millis(self.challenge_timeout_ms),
            resend: Duration::from_millis(self.resend_ms),
            resend_max: Duration::from_millis(self.resend_max_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut Settings), expected: Result<(), &str>) {
        let mut settings = Settings::default();
        change(&mut settings);
        assert_eq!(settings.check().map_err(|error| error.name), expected);
    }

    #[test]
    fn settings_that_contradict_themselves_are_refused() {
        check(|_| {}, Ok(()));
        check(|s| s.placement_timeout_ms = 0, Err("placement_timeout_ms"));
        check(|s| s.reservation_lease_ms = 660_000, Err("reservation_lease_ms"));
        check(|s| s.reservation_lease_ms = 660_001, Ok(()));
        check(|s| s.resend_max_ms = 10, Err("resend_max_ms"));
        check(|s| s.payment_request_ms = 5_000, Err("payment_request_ms"));
        let rate = |code: &str, minor| {
            let rates = BTreeMap::from([(code.to_owned(), minor)]);
            move |s: &mut Settings| s.shipping_flat_minor = rates
        };
        check(rate("EUR", 490), Ok(()));
        check(rate("EURO", 490), Err("shipping_flat_minor"));
        check(rate("EUR", -1), Err("shipping_flat_minor"));
        assert_eq!(Limits::default(), Settings::default().limits());
    }
}
