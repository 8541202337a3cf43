//! Cuts a stream of bytes into records, without ever holding more than one of them too many.

use std::borrow::Cow;

/// The longest record, in bytes.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;

/// One record, and the line that it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Counted from 1.
    pub line: u64,
    /// Without its line end; none when it was longer than [`RECORD_BYTES_MAX`].
    pub bytes: Option<Vec<u8>>,
}

/// How records end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// At each line end.
    Lines,
    /// At line ends outside of quoted fields (RFC 4180).
    Csv,
}

/// Takes bytes in pieces of any size, gives out whole records. Blank lines are left out.
pub struct Records {
    cut: Cut,
    line: u64,
    begins: u64,
    held: Vec<u8>,
    place: Place,
    too_long: bool,
}

/// Where in a record the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    FieldStart,
    Plain,
    Quoted,
    AfterQuote,
}

impl Records {
    /// Starts at line 1.
    pub fn new(cut: Cut) -> Self {
        let (held, place) = (Vec::new(), Place::FieldStart);
        Self { cut, line: 1, begins: 1, held, place, too_long: false }
    }

    /// Takes more bytes; every record that they complete goes to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Record>) {
        let mut rest = bytes;
        while let Some(end) = self.record_end(rest) {
            self.hold(&rest[..end]);
            self.line += 1;
            out.extend(self.take());
            self.begins = self.line;
            rest = &rest[end + 1..];
        }
        self.hold(rest);
    }

    /// The last record, if the stream did not end with a line end.
    pub fn finish(&mut self) -> Option<Record> {
        self.take()
    }

    /// Where in `bytes` the line end of this record is; counts the lines that it spans.
    fn record_end(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.cut == Cut::Lines || self.too_long {
            // What is too long is left at its next line end: its quotes cannot be trusted.
            return bytes.iter().position(|b| *b == b'\n');
        }
        for (at, byte) in bytes.iter().enumerate() {
            self.place = match (self.place, byte) {
                (Place::FieldStart | Place::Plain | Place::AfterQuote, b'\n') => return Some(at),
                (Place::FieldStart | Place::Plain | Place::AfterQuote, b',') => Place::FieldStart,
                (Place::FieldStart | Place::AfterQuote, b'"') => Place::Quoted,
                (Place::FieldStart | Place::Plain, _) => Place::Plain,
                (Place::AfterQuote, _) => Place::AfterQuote,
                (Place::Quoted, b'"') => Place::AfterQuote,
                (Place::Quoted, b'\n') if self.held.len() + at > RECORD_BYTES_MAX => {
                    self.too_long = true;
                    return Some(at);
                }
                (Place::Quoted, b'\n') => {
                    self.line += 1;
                    Place::Quoted
                }
                (Place::Quoted, _) => Place::Quoted,
            };
        }
        None
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.held.len() + bytes.len() > RECORD_BYTES_MAX {
            self.too_long = true;
            self.held.clear();
        }
        if !self.too_long {
            self.held.extend_from_slice(bytes);
        }
    }

    fn take(&mut self) -> Option<Record> {
        self.place = Place::FieldStart;
        let mut bytes = std::mem::take(&mut self.held);
        if std::mem::take(&mut self.too_long) {
            return Some(Record { line: self.begins, bytes: None });
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let blank = bytes.iter().all(u8::is_ascii_whitespace);
        (!blank).then_some(Record { line: self.begins, bytes: Some(bytes) })
    }
}

/// The fields of a CSV record. Fails when a quoted field goes on behind its closing quote, or
/// never closes.
pub fn fields(record: &str) -> Result<Vec<Cow<'_, str>>, BadQuote> {
    let mut fields = Vec::with_capacity(10);
    let mut rest = record;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => match rest.split_once(',') {
                Some((field, after)) => (Cow::Borrowed(field), Some(after)),
                None => (Cow::Borrowed(rest), None),
            },
        };
        fields.push(field);
        match after {
            Some(after) => rest = after,
            None => return Ok(fields),
        }
    }
}

/// A quoted field is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quoted field does not end with a quote before the next comma")]
pub struct BadQuote;

/// The field up to its closing quote, and what comes behind the comma after it.
fn quoted_field(text: &str) -> Result<(Cow<'_, str>, Option<&str>), BadQuote> {
    let mut from = 0;
    let end = loop {
        let quote = from + text[from..].find('"').ok_or(BadQuote)?;
        if text[quote + 1..].starts_with('"') {
            from = quote + 2;
        } else {
            break quote;
        }
    };
    let raw = &text[..end];
    let field = if from == 0 { Cow::Borrowed(raw) } else { raw.replace("\"\"", "\"").into() };
    match text[end + 1..].strip_prefix(',') {
        Some(after) => Ok((field, Some(after))),
        None if end + 1 == text.len() => Ok((field, None)),
        None => Err(BadQuote),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` in pieces of every size, which must not matter.
    fn check(cut: Cut, text: &[u8], expected: &[(u64, Option<&str>)]) {
        for size in 1..=text.len().clamp(1, 50) {
            let (mut records, mut out) = (Records::new(cut), Vec::new());
            for piece in text.chunks(size) {
                records.push(piece, &mut out);
            }
            out.extend(records.finish());
            let found: Vec<(u64, Option<String>)> = out
                .into_iter()
                .map(|r| (r.line, r.bytes.map(|b| String::from_utf8(b).unwrap())))
                .collect();
            let expected: Vec<(u64, Option<String>)> =
                expected.iter().map(|(line, text)| (*line, text.map(str::to_owned))).collect();
            assert_eq!(found, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn lines_are_cut_at_line_ends() {
        check(Cut::Lines, b"a\n\nb\r\n \nc", &[(1, Some("a")), (3, Some("b")), (5, Some("c"))]);
        check(Cut::Lines, b"\"a\nb\"\n", &[(1, Some("\"a")), (2, Some("b\""))]);
    }

    #[test]
    fn a_quoted_field_may_span_lines() {
        check(
            Cut::Csv,
            b"h,i\n\"a\nb\",2\n3,\"x\"\"\ny\"\n4,5\n",
            &[
                (1, Some("h,i")),
                (2, Some("\"a\nb\",2")),
                (4, Some("3,\"x\"\"\ny\"")),
                (6, Some("4,5")),
            ],
        );
    }

    #[test]
    fn a_quote_inside_a_plain_field_is_just_a_quote() {
        check(Cut::Csv, b"5\" pipe,1\n6,2\n", &[(1, Some("5\" pipe,1")), (2, Some("6,2"))]);
    }

    #[test]
    fn what_is_too_long_is_left_at_its_next_line_end() {
        let long = "x".repeat(RECORD_BYTES_MAX + 1);
        let mut out = Vec::new();
        let mut records = Records::new(Cut::Csv);
        records.push(format!("a\n{long},1\nb\n\"{long}\nc\nd\n").as_bytes(), &mut out);

        let lines: Vec<(u64, bool)> = out.iter().map(|r| (r.line, r.bytes.is_some())).collect();
        assert_eq!(lines, [(1, true), (2, false), (3, true), (4, false), (5, true), (6, true)]);
    }

    #[test]
    fn fields_are_unquoted() {
        let check = |text: &str, expected: Result<&[&str], BadQuote>| {
            let found = fields(text);
            let found = found.as_ref().map(|f| f.iter().map(|f| &**f).collect::<Vec<_>>());
            assert_eq!(found.map_err(|e| *e), expected.map(<[_]>::to_vec), "{text}");
        };
        check("a,b", Ok(&["a", "b"]));
        check("a,,", Ok(&["a", "", ""]));
        check("", Ok(&[""]));
        check("\"a,\"\"b\"\"\",c", Ok(&["a,\"b\"", "c"]));
        check("\"\",1", Ok(&["", "1"]));
        check("5\" pipe,1", Ok(&["5\" pipe", "1"]));
        check("\"a\"b,c", Err(BadQuote));
        check("\"a", Err(BadQuote));
    }
}
