//! The words a catalogue is written in: parsed once, correct from then on.

use std::{fmt, str::FromStr};

/// The highest price of one piece, in minor units.
pub const PRICE_MINOR_MAX: i64 = 1_000_000_000_000;
/// The longest description, in bytes of UTF-8.
pub const DESCRIPTION_BYTES_MAX: usize = 20_000;

const SLUG_MAX: usize = 100;
const SKU_MAX: usize = 64;
const CATEGORY_MAX: usize = 80;

/// Why a text is not one of these words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// Nothing, or only spaces, where something is needed.
    #[error("must not be empty")]
    Empty,
    /// More than the word may hold.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// More than a text may hold.
    #[error("must have at most {max} bytes of UTF-8")]
    TooManyBytes {
        /// The limit.
        max: usize,
    },
    /// Control characters and direction overrides, which forge what others read.
    #[error("must not contain control characters")]
    Invisible,
    /// Not the part of an address.
    #[error("must be lower-case letters a-z, digits and single inner hyphens")]
    NotASlug,
    /// Not the part of an address.
    #[error("must start with a letter or digit, followed by letters, digits, '.', '_' or '-'")]
    NotASku,
    /// Not a status.
    #[error("must be draft, published or archived")]
    NotAStatus,
}

/// Trims `text` and accepts 1 to `max` visible characters on one line.
pub fn line(text: &str, max: usize) -> Result<String, WordError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(WordError::Empty);
    }
    if text.chars().count() > max {
        return Err(WordError::TooLong { max });
    }
    if text.chars().any(is_invisible) {
        return Err(WordError::Invisible);
    }
    Ok(text.to_owned())
}

/// Trims `text` and accepts up to [`DESCRIPTION_BYTES_MAX`] bytes on any number of lines.
pub fn prose(text: &str) -> Result<String, WordError> {
    let text = text.trim();
    if text.len() > DESCRIPTION_BYTES_MAX {
        return Err(WordError::TooManyBytes { max: DESCRIPTION_BYTES_MAX });
    }
    if text.chars().any(|c| is_invisible(c) && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(WordError::Invisible);
    }
    Ok(text.to_owned())
}

fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

macro_rules! word {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = WordError;

            fn from_str(text: &str) -> Result<Self, WordError> {
                Self::parse(text)
            }
        }
    };
}

word! {
    /// The name of a product in an address: `aero-mug`.
    Slug
}

word! {
    /// The stock keeping unit: what is counted, sold and named by merchants: `AERO-BLK`.
    Sku
}

word! {
    /// The one category a product is listed under.
    Category
}

impl Slug {
    /// Accepts 1 to 100 of `a-z`, `0-9` and single hyphens inside.
    pub fn parse(text: &str) -> Result<Self, WordError> {
        if text.is_empty() {
            return Err(WordError::Empty);
        }
        if text.len() > SLUG_MAX {
            return Err(WordError::TooLong { max: SLUG_MAX });
        }
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let parts = text.split('-').all(|part| !part.is_empty() && part.bytes().all(plain));
        if parts { Ok(Self(text.to_owned())) } else { Err(WordError::NotASlug) }
    }
}

impl Sku {
    /// Accepts 1 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_`, `-`; the first a letter or digit.
    pub fn parse(text: &str) -> Result<Self, WordError> {
        if text.is_empty() {
            return Err(WordError::Empty);
        }
        if text.len() > SKU_MAX {
            return Err(WordError::TooLong { max: SKU_MAX });
        }
        let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let first = text.as_bytes()[0].is_ascii_alphanumeric();
        if first && text.bytes().all(inner) {
            Ok(Self(text.to_owned()))
        } else {
            Err(WordError::NotASku)
        }
    }
}

impl Category {
    /// Accepts 1 to 80 visible characters.
    pub fn parse(text: &str) -> Result<Self, WordError> {
        line(text, CATEGORY_MAX).map(Self)
    }
}

/// Whether a product can be seen and bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Being written; staff see it.
    Draft,
    /// For sale.
    Published,
    /// No longer for sale; its history stays.
    Archived,
}

impl Status {
    /// The word for it on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }
}

impl FromStr for Status {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match text {
            "draft" => Ok(Self::Draft),
            "published" => Ok(Self::Published),
            "archived" => Ok(Self::Archived),
            _ => Err(WordError::NotAStatus),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T>(parse: fn(&str) -> Result<T, WordError>, text: &str, expected: Option<WordError>) {
        assert_eq!(parse(text).err(), expected, "{text:?}");
    }

    #[test]
    fn slugs_are_parts_of_addresses() {
        check(Slug::parse, "aero-mug-2", None);
        check(Slug::parse, "7", None);
        check(Slug::parse, "", Some(WordError::Empty));
        check(Slug::parse, "Aero", Some(WordError::NotASlug));
        check(Slug::parse, "aero--mug", Some(WordError::NotASlug));
        check(Slug::parse, "-aero", Some(WordError::NotASlug));
        check(Slug::parse, "aero-", Some(WordError::NotASlug));
        check(Slug::parse, "aero mug", Some(WordError::NotASlug));
        check(Slug::parse, "product_01h455vb4pex5vsknk084sn02q", Some(WordError::NotASlug));
        check(Slug::parse, &"a".repeat(100), None);
        check(Slug::parse, &"a".repeat(101), Some(WordError::TooLong { max: 100 }));
    }

    #[test]
    fn skus_are_plain_and_case_is_theirs() {
        check(Sku::parse, "AERO-blk_1.5", None);
        check(Sku::parse, "", Some(WordError::Empty));
        check(Sku::parse, "..", Some(WordError::NotASku));
        check(Sku::parse, "A/B", Some(WordError::NotASku));
        check(Sku::parse, " A", Some(WordError::NotASku));
        check(Sku::parse, &"A".repeat(65), Some(WordError::TooLong { max: 64 }));
    }

    #[test]
    fn lines_and_prose_are_trimmed_and_visible() {
        assert_eq!(line("  Aero Mug ", 200).unwrap(), "Aero Mug");
        assert_eq!(line("Ὄλβιος", 6).unwrap(), "Ὄλβιος");
        assert_eq!(line("a\nb", 9), Err(WordError::Invisible));
        assert_eq!(line("a\u{202e}b", 9), Err(WordError::Invisible));
        assert_eq!(line("a\0b", 9), Err(WordError::Invisible));
        assert_eq!(line("abc", 2), Err(WordError::TooLong { max: 2 }));
        assert_eq!(prose("a\n\tb\n").unwrap(), "a\n\tb");
        assert_eq!(prose(&"é".repeat(10_001)), Err(WordError::TooManyBytes { max: 20_000 }));
    }
}
