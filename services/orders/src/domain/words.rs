//! The words orders are written in: parsed once, correct from then on.

use std::fmt;

/// Why a text or a figure is not one of these words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// Nothing, or only spaces, where something is needed.
    #[error("must not be empty")]
    Empty,
    /// More than the word may hold.
    #[error("must not be longer than {max} characters")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// A control character, which no name or address contains.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// Not of the shape `local@domain`.
    #[error("must be an e-mail address")]
    NotAnEmail,
    /// Not two letters.
    #[error("must be a two-letter country code (ISO 3166-1)")]
    NotACountry,
    /// Outside of what one line may ask for.
    #[error("must be a whole number from 1 to {max}")]
    QuantityOutOfRange {
        /// The limit.
        max: u32,
    },
}

/// Trims `text` and accepts 1 to `max` characters without control characters.
pub fn text(text: &str, max: usize) -> Result<String, WordError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(WordError::Empty);
    }
    if text.chars().count() > max {
        return Err(WordError::TooLong { max });
    }
    if text.chars().any(char::is_control) {
        return Err(WordError::ControlCharacter);
    }
    Ok(text.to_owned())
}

/// An e-mail address as its owner wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    const CHARS_MAX: usize = 254;

    /// Accepts `local@domain.tld`; whether mail arrives there is for mail to find out.
    pub fn parse(input: &str) -> Result<Self, WordError> {
        let email = text(input, Self::CHARS_MAX)?;
        let (local, domain) = email.rsplit_once('@').ok_or(WordError::NotAnEmail)?;
        let odd = |part: &str| part.is_empty() || part.contains(char::is_whitespace);
        let dots = domain.starts_with('.') || domain.ends_with('.') || domain.contains("..");
        if odd(local) || odd(domain) || dots || local.contains('@') {
            return Err(WordError::NotAnEmail);
        }
        Ok(Self(email))
    }

    /// The address as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that two spellings of one address share, for search.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many of one variant: 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(u32);

impl Quantity {
    /// The most that one line may ask for.
    pub const MAX: u32 = 9_999;

    /// Accepts 1 to [`Self::MAX`].
    pub fn parse(count: i64) -> Result<Self, WordError> {
        let out_of_range = WordError::QuantityOutOfRange { max: Self::MAX };
        match u32::try_from(count) {
            Ok(count) if (1..=Self::MAX).contains(&count) => Ok(Self(count)),
            Ok(_) | Err(_) => Err(out_of_range),
        }
    }

    /// The number.
    pub fn count(self) -> u32 {
        self.0
    }

    /// Both together, if one line may ask for so many.
    pub fn plus(self, other: Self) -> Result<Self, WordError> {
        Self::parse(i64::from(self.0) + i64::from(other.0))
    }
}

/// Where the goods go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Who receives them.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// What else the carrier must know.
    pub line2: Option<String>,
    /// City or town.
    pub city: String,
    /// State, province or county, where the country has such.
    pub region: Option<String>,
    /// Postal code, where the country has such.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: String,
    /// For the carrier.
    pub phone: Option<String>,
}

/// Two letters, in upper case.
pub fn country(code: &str) -> Result<String, WordError> {
    let code = code.trim().to_ascii_uppercase();
    let letters = code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    if letters { Ok(code) } else { Err(WordError::NotACountry) }
}

/// What the customer pays with: a stand-in for the means of payment, never a card number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tender {
    /// Which provider of payments knows the token.
    pub provider: String,
    /// The provider's token.
    pub token: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: Result<&str, WordError>) {
        let found = Email::parse(input);
        assert_eq!(found.as_ref().map(Email::as_str), expected.as_ref().copied(), "{input:?}");
    }

    #[test]
    fn an_email_has_a_local_part_and_a_domain() {
        check("guest@example.com", Ok("guest@example.com"));
        check("  guest@example.com ", Ok("guest@example.com"));
        check("o'neil+tag@sub.example", Ok("o'neil+tag@sub.example"));
        check("", Err(WordError::Empty));
        check("guest", Err(WordError::NotAnEmail));
        check("@example.com", Err(WordError::NotAnEmail));
        check("guest@", Err(WordError::NotAnEmail));
        check("a b@example.com", Err(WordError::NotAnEmail));
        check("a@b@example.com", Err(WordError::NotAnEmail));
        check("guest@.com", Err(WordError::NotAnEmail));
        check("guest@exa\u{0}mple.com", Err(WordError::ControlCharacter));
        check(&format!("{}@example.com", "x".repeat(250)), Err(WordError::TooLong { max: 254 }));
    }

    #[test]
    fn a_quantity_is_from_one_to_the_limit() {
        let accepted = |count| Quantity::parse(count).is_ok();
        assert_eq!(
            [0, 1, 9_999, 10_000, -1, i64::MAX].map(accepted),
            [false, true, true, false, false, false]
        );
    }

    #[test]
    fn a_country_is_two_letters() {
        assert_eq!(country(" de "), Ok("DE".to_owned()));
        assert_eq!(country("DEU"), Err(WordError::NotACountry));
        assert_eq!(country("D1"), Err(WordError::NotACountry));
    }
}
