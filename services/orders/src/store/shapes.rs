//! How domain words are written as JSON: in columns here, and in the states of the saga.

use kernel::Money;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::{Address, Challenge, Totals};

/// A word with one spelling, as text.
pub mod word {
    use super::{Deserialize, Deserializer, Serializer, de};

    /// Writes the spelling.
    pub fn serialize<T: std::fmt::Display, S: Serializer>(
        word: &T,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_str(word)
    }

    /// Reads it back.
    pub fn deserialize<'de, T, D>(input: D) -> Result<T, D::Error>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
        D: Deserializer<'de>,
    {
        let text = std::borrow::Cow::<'de, str>::deserialize(input)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// [`Address`] as JSON.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Address")]
pub struct AddressShape {
    name: String,
    line1: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line2: Option<String>,
    city: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    postal_code: Option<String>,
    country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

/// An address that may be absent.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct SavedAddress(#[serde(with = "AddressShape")] pub Address);

/// [`Totals`] as JSON.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Totals")]
pub struct TotalsShape {
    subtotal: Money,
    discount: Money,
    shipping: Money,
    tax: Money,
    total: Money,
}

/// [`Challenge`] as JSON.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Challenge")]
pub struct ChallengeShape {
    kind: String,
    prompt: String,
}

/// A challenge that may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SavedChallenge(#[serde(with = "ChallengeShape")] pub Challenge);
