//! Rust text without a parser: where comments, literals, words and blocks are.

use std::ops::Range;

/// What [`blank`] takes out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Blank {
    Comments,
    CommentsAndLiterals,
}

/// Where `word` stands in `code` as a word of its own.
pub fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let bytes = code.as_bytes();
        let starts = word.starts_with(|first: char| !first.is_alphanumeric());
        let ends = word.ends_with(|last: char| !last.is_alphanumeric());
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        (starts || !part(before)) && (ends || !part(bytes.get(at + word.len())))
    })
}

/// The block in braces that opens at or after `from`, without the braces.
pub fn block(code: &str, from: usize) -> Option<Range<usize>> {
    let open = from + code.get(from..)?.find('{')?;
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(open + 1..at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The string literals of an uncommented text, with where each one's content starts.
pub fn literals(text: &str) -> Vec<(usize, &str)> {
    spans(text)
        .into_iter()
        .filter(|span| span.kind == Kind::Text)
        .map(|s| (s.start, &text[s.start..s.end]))
        .collect()
}

/// The text with spaces in place of its comments, or of its literals' contents too. Positions stay.
pub fn blank(text: &str, what: Blank) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for span in spans(text) {
        if what == Blank::CommentsAndLiterals || span.kind == Kind::Comment {
            for byte in &mut bytes[span.start..span.end] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
    }
    String::from_utf8(bytes).expect("whole characters were replaced by spaces")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Comment,
    Text,
}

struct Span {
    kind: Kind,
    start: usize,
    end: usize,
}

/// The comments (with their slashes) and literals (without their quotes) of a Rust text.
fn spans(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let (kind, open, length, close) = if rest.starts_with("//") {
            (Kind::Comment, 0, rest.find('\n').unwrap_or(rest.len()), 0)
        } else if rest.starts_with("/*") {
            (Kind::Comment, 0, block_comment(rest), 0)
        } else if let Some((open, hashes)) = raw_string(text, at) {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = &rest[open..];
            (Kind::Text, open, body.find(&end).unwrap_or(body.len()), end.len())
        } else if let Some(body) = rest.strip_prefix('"') {
            (Kind::Text, 1, quoted(body, b'"'), 1)
        } else if let Some(length) = character(rest) {
            (Kind::Text, 1, length, 1)
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        spans.push(Span { kind, start: at + open, end: at + open + length });
        at += open + length + close;
    }
    spans
}

fn block_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => depth += 1,
            b"*/" if depth == 1 => return at + 2,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    bytes.len()
}

/// Where a raw string that starts here has its content, and how many hashes close it.
fn raw_string(text: &str, at: usize) -> Option<(usize, usize)> {
    let before = text[..at].chars().next_back();
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let rest = &text[at..];
    let marked = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = marked.len() - marked.trim_start_matches('#').len();
    marked[hashes..].starts_with('"').then(|| (rest.len() - marked.len() + hashes + 1, hashes))
}

/// How long the content of a quoted literal is.
fn quoted(rest: &str, quote: u8) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

/// How long a character literal is, or nothing for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('\'')?;
    let first = body.chars().next()?;
    if first == '\\' {
        return Some(quoted(body, b'\''));
    }
    body[first.len_utf8()..].starts_with('\'').then(|| first.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_in_place() {
        let check =
            |text: &str, code: &str| assert_eq!(blank(text, Blank::CommentsAndLiterals), code);

        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check("f(\"// x\") + 1", "f(\"    \") + 1");
        check(r#"f("\"x") + 1"#, r#"f("   ") + 1"#);
        check(r##"f(r#"a"b"#) + 1"##, r##"f(r#"   "#) + 1"##);
        check("f('\"', '\\'', 'é') + 1", "f(' ', '  ', '  ') + 1");
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
        check("for x in y", "for x in y");
    }

    #[test]
    fn a_word_stands_alone() {
        let found: Vec<usize> = words("Clock MyClock Clocks clock.Clock", "Clock").collect();

        assert_eq!(found, [0, 27]);
    }

    #[test]
    fn a_block_ends_at_its_own_brace() {
        let code = "impl A { fn b() { c } } d";

        assert_eq!(block(code, 0).map(|range| &code[range]), Some(" fn b() { c } "));
    }

    #[test]
    fn literals_come_with_their_place() {
        assert_eq!(literals("f(\"a\", \"b\")"), [(3, "a"), (8, "b")]);
    }
}
