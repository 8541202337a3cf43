//! Money in integer minor units with an ISO 4217 currency. No floats come near it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The euro; for defaults and tests.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimal digits its minor unit has: EUR 2, JPY 0, KWD 3.
    pub fn exponent(self) -> u16 {
        self.0.exponent().unwrap_or(0)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why an amount is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is no ISO 4217 code.
    #[error("{0:?} is not an ISO 4217 currency code")]
    UnknownCurrency(String),
    /// Two currencies in one sum.
    #[error("{0} and {1} do not add up")]
    CurrencyMismatch(Currency, Currency),
    /// The result does not fit 64 bits.
    #[error("amount out of range")]
    OutOfRange,
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        iso_currency::Currency::from_code(code)
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency(code.chars().take(12).collect()))
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(input)?;
        code.parse().map_err(de::Error::custom)
    }
}

/// An amount: `{"amount": 1299, "currency": "EUR"}` on the wire is 12.99 euros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units: cents for EUR, yen for JPY.
    #[serde(rename = "amount")]
    pub minor: i64,
    /// What the units are of.
    pub currency: Currency,
}

impl Money {
    /// `minor` units of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing of `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The sum; fails on two currencies or overflow.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// The difference, which may be negative; fails on two currencies or overflow.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    /// `count` times this; fails on overflow.
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(count).ok_or(MoneyError::OutOfRange)?;
        Ok(Self { minor, ..self })
    }

    /// Splits by weights, by largest remainder: the parts always sum to the whole, and no part is
    /// off by a whole unit. Equal remainders go to the earlier part. Empty or all-zero weights
    /// give the whole to nobody: an empty list, or zeros, are only returned for a zero amount.
    pub fn split(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let total: u128 = weights.iter().map(|w| u128::from(*w)).sum();
        if total == 0 {
            let nothing = weights.iter().map(|_| Self::zero(self.currency)).collect();
            return if self.minor == 0 { Ok(nothing) } else { Err(MoneyError::OutOfRange) };
        }
        let whole = u128::from(self.minor.unsigned_abs());
        let mut parts: Vec<(u128, u128)> = Vec::with_capacity(weights.len());
        for weight in weights {
            let share = whole.checked_mul(u128::from(*weight)).ok_or(MoneyError::OutOfRange)?;
            parts.push((share / total, share % total));
        }
        let short = whole - parts.iter().map(|(part, _)| part).sum::<u128>();
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(parts[*at].1));
        for at in order.into_iter().take(usize::try_from(short).unwrap_or(usize::MAX)) {
            parts[at].0 += 1;
        }
        let sign = self.minor.signum();
        let signed = |part: u128| i64::try_from(part).map(|p| p * sign);
        let money = |(part, _)| signed(part).map(|minor| Self { minor, ..self });
        parts.into_iter().map(|p| money(p).map_err(|_| MoneyError::OutOfRange)).collect()
    }

    fn combine(
        self,
        other: Self,
        apply: impl FnOnce(i64, i64) -> Option<i64>,
    ) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch(self.currency, other.currency));
        }
        let minor = apply(self.minor, other.minor).ok_or(MoneyError::OutOfRange)?;
        Ok(Self { minor, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.minor, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_come_from_the_standard() {
        let exponent = |code: &str| code.parse::<Currency>().unwrap().exponent();
        assert_eq!((exponent("EUR"), exponent("JPY"), exponent("KWD")), (2, 0, 3));
        assert!("EURO".parse::<Currency>().is_err());
    }

    #[test]
    fn currencies_are_not_mixed_and_sums_are_checked() {
        let euro = Money::new(i64::MAX, Currency::EUR);
        let yen = Money::new(1, "JPY".parse().unwrap());
        assert!(matches!(euro.checked_add(yen), Err(MoneyError::CurrencyMismatch(..))));
        assert_eq!(euro.checked_add(Money::new(1, Currency::EUR)), Err(MoneyError::OutOfRange));
        assert_eq!(euro.times(2), Err(MoneyError::OutOfRange));
    }

    proptest::proptest! {
        #[test]
        fn parts_sum_to_the_whole(
            minor in -1_000_000_000_i64..1_000_000_000,
            weights in proptest::collection::vec(0_u64..10_000, 1..20),
        ) {
            proptest::prop_assume!(weights.iter().sum::<u64>() > 0);
            let parts = Money::new(minor, Currency::EUR).split(&weights).unwrap();
            proptest::prop_assert_eq!(parts.iter().map(|p| p.minor).sum::<i64>(), minor);
        }
    }
}
