//! What people call themselves, and the free text of addresses: visible characters, bounded.

use std::fmt;

/// A name as given, trimmed, 0 to 100 characters.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Name(String);

/// The text is too long or holds characters that cannot be seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// More characters than there is room for.
    #[error("must have at most {max} characters")]
    TooLong {
        /// How many there may be.
        max: usize,
    },
    /// Control characters and direction overrides forge what others read.
    #[error("must not contain control characters")]
    Invisible,
}

const LENGTH_MAX: usize = 100;

impl Name {
    /// Reads a name; it may be empty.
    pub fn parse(text: &str) -> Result<Self, BadText> {
        optional_text(text, LENGTH_MAX).map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Name {
    // Names are personal data: they must not reach a log by way of `{:?}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(..)")
    }
}

/// Trimmed text of 0 to `max` visible characters.
pub fn optional_text(text: &str, max: usize) -> Result<String, BadText> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(BadText::TooLong { max });
    }
    if text.chars().any(is_invisible) {
        return Err(BadText::Invisible);
    }
    Ok(text.to_owned())
}

/// Trimmed text of 1 to `max` visible characters.
pub fn required_text(text: &str, max: usize) -> Result<String, BadText> {
    let text = optional_text(text, max)?;
    if text.is_empty() { Err(BadText::Empty) } else { Ok(text) }
}

fn is_invisible(c: char) -> bool {
    let overrides =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || overrides || c == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, BadText>) {
        let parsed = Name::parse(text);
        assert_eq!(parsed.as_ref().map(Name::as_str), expected.as_ref().copied(), "{text:?}");
    }

    #[test]
    fn names_are_kept_as_they_are_given() {
        check("", Ok(""));
        check("  Ada  ", Ok("Ada"));
        check("Nguyễn Văn A", Ok("Nguyễn Văn A"));
        check(&"é".repeat(100), Ok(&"é".repeat(100)));
    }

    #[test]
    fn what_cannot_be_read_is_no_name() {
        check(&"é".repeat(101), Err(BadText::TooLong { max: 100 }));
        check("Ada\nadmin", Err(BadText::Invisible));
        check("Ada\u{202e}nimda", Err(BadText::Invisible));
        check("Ada\0", Err(BadText::Invisible));
    }

    #[test]
    fn required_text_is_not_empty() {
        assert_eq!(required_text("  ", 10), Err(BadText::Empty));
        assert_eq!(required_text(" x ", 10), Ok("x".to_owned()));
    }
}
