//! Payments over gRPC: the generated client, server and messages, and their words for money.

/// Generated from `proto/stoa/payments/v1/payments.proto`.
#[allow(clippy::all, clippy::too_many_lines, rust_2018_idioms, reason = "generated")]
pub mod v1 {
    tonic::include_proto!("stoa.payments.v1");
}

/// The compiled descriptor set of `stoa.payments.v1`, for the reflection service.
pub const PAYMENTS_DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/payments.bin"));

/// Why an amount from the wire is not money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{currency:?} is not a currency code")]
pub struct NotMoney {
    pub currency: String,
}

impl From<kernel::Money> for v1::Money {
    fn from(money: kernel::Money) -> Self {
        Self { amount: money.minor, currency: money.currency.code().to_owned() }
    }
}

impl TryFrom<v1::Money> for kernel::Money {
    type Error = NotMoney;

    fn try_from(wire: v1::Money) -> Result<Self, NotMoney> {
        match wire.currency.parse() {
            Ok(currency) => Ok(Self { minor: wire.amount, currency }),
            Err(_) => Err(NotMoney { currency: wire.currency }),
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn money_survives_the_wire() {
        let price = kernel::Money { minor: 1299, currency: "EUR".parse().expect("EUR is a code") };

        let wire = v1::Money::from(price).encode_to_vec();
        let back = v1::Money::decode(wire.as_slice()).expect("what was just encoded");

        assert_eq!(kernel::Money::try_from(back), Ok(price));
    }

    #[test]
    fn an_unknown_currency_is_refused() {
        let wire = v1::Money { amount: 1, currency: "EURO".to_owned() };

        let refused = kernel::Money::try_from(wire);

        assert_eq!(refused, Err(NotMoney { currency: "EURO".to_owned() }));
    }

    #[test]
    fn the_descriptor_names_the_service() {
        let name = b"Payments";

        assert!(PAYMENTS_DESCRIPTOR.windows(name.len()).any(|window| window == name));
    }
}
