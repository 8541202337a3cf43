//! What people type, as words that the search index is asked for.

/// Words of a search, at most; further ones are not looked for.
const WORDS_MAX: usize = 12;
/// Letters of a word, at most.
const LETTERS_MAX: usize = 40;
/// From so many letters on, the last word may be unfinished.
const PREFIX_MIN: usize = 2;

/// The words of a text in the form `aero mug*`: all must be there, and the last one may go on.
/// Nothing when there is no word in it.
pub fn words(text: &str) -> Option<String> {
    let parts = text.split(|c| !is_letter(c)).filter(|word| !word.is_empty());
    let words: Vec<String> = parts
        .take(WORDS_MAX)
        .map(|word| word.to_lowercase().chars().take(LETTERS_MAX).collect())
        .collect();
    let last = words.last()?;
    let unfinished = text.ends_with(is_letter) && last.chars().count() >= PREFIX_MIN;
    let mark = if unfinished { "*" } else { "" };
    Some(words.join(" ") + mark)
}

/// Letters and digits, and the marks that stand on letters.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(words(text).as_deref(), expected, "{text:?}");
    }

    #[test]
    fn words_are_plain_whatever_was_typed() {
        check("Aero Mug", Some("aero mug*"));
        check("Aero Mug ", Some("aero mug"));
        check("AERO-BLK", Some("aero blk*"));
        check("m", Some("m"));
        check("Crème Brûlée", Some("crème brûlée*"));
        check("cafe\u{301}", Some("cafe\u{301}*"));
        check("\"mug\" OR (title:* NOT NEAR(a b))", Some("mug or title not near a b"));
        check("'; DROP TABLE product; --", Some("drop table product"));
        check("  ", None);
        check("***", None);
        check("", None);
        check(&"a ".repeat(20), Some("a a a a a a a a a a a a"));
    }
}
