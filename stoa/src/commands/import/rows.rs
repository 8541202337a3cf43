//! Cuts a file of rows into chunks for one request each, and remembers where each row stood.
use crate::cli::RowForm;
use bytes::Bytes;
use serde::Deserialize;
use std::io::{self, BufRead, Seek, SeekFrom};
use std::ops::Range;

/// The largest row that is taken, in bytes; a longer one is a file of another kind.
const ROW_BYTES_MAX: usize = 1 << 20;
/// A chunk is closed when it holds this many bytes, unless the last product goes on.
const CHUNK_BYTES_MAX: usize = 256 << 10;
/// However long a product goes on.
const BODY_BYTES_MAX: usize = 16 << 20;

/// A place in the file: everything before it is behind us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub byte: u64,
    /// Counted from 1.
    pub line: u64,
}

impl Mark {
    pub const TOP: Self = Self { byte: 0, line: 1 };
}

/// Consecutive rows, as one request body.
#[derive(Debug)]
pub struct Chunk {
    /// The header (CSV) and the rows, byte for byte.
    pub body: Bytes,
    /// Where the next chunk begins.
    pub end: Mark,
    pub rows: Vec<Row>,
    header_lines: u64,
}

/// Where a row is: its lines in the file, its bytes in the chunk's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub lines: Range<u64>,
    pub bytes: Range<usize>,
}

impl Chunk {
    /// The row that the server calls line `line` of the body it was sent, counted from 1.
    pub fn row_at(&self, line: u64) -> Option<&Row> {
        let first = self.rows.first()?.lines.start;
        let line = first + line.checked_sub(1 + self.header_lines)?;
        self.rows.iter().find(|row| row.lines.contains(&line))
    }

    pub fn text(&self, row: &Row) -> &[u8] {
        &self.body[row.bytes.clone()]
    }
}

/// Reads chunks of about `rows_max` rows: a product whose rows follow each other stays whole.
pub struct Chunks<R> {
    input: R,
    form: RowForm,
    header: Vec<u8>,
    header_lines: u64,
    /// Which column of a CSV row holds the slug.
    slug_column: Option<usize>,
    at: Mark,
    rows_max: usize,
    /// The row that was one too many for the chunk before.
    held: Option<Read>,
    ended: bool,
}

struct Read {
    bytes: Vec<u8>,
    lines: u64,
}

impl<R: BufRead> Chunks<R> {
    /// Reads the header, if the form has one; `input` stands at the top of the file.
    pub fn open(mut input: R, form: RowForm, rows_max: usize) -> io::Result<Self> {
        let mut header = Vec::new();
        let mut at = Mark::TOP;
        if form == RowForm::Csv {
            let lines = read_row(&mut input, form, &mut header)?;
            at = Mark { byte: header.len() as u64, line: 1 + lines };
            if !header.ends_with(b"\n") {
                header.push(b'\n');
            }
        }
        let names = fields(&header).unwrap_or_default();
        let slug_column = names.iter().position(|name| name.trim_ascii() == b"slug");
        let (header_lines, held, ended) = (at.line - 1, None, false);
        Ok(Self { input, form, header, header_lines, slug_column, at, rows_max, held, ended })
    }

    /// The header's bytes; empty when the form has none.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Where the next chunk begins.
    pub fn at(&self) -> Mark {
        self.at
    }

    /// Goes on from `mark` instead of the top; nothing but the header may have been read.
    pub fn resume(&mut self, mark: Mark) -> io::Result<()>
    where
        R: Seek,
    {
        self.input.seek(SeekFrom::Start(mark.byte))?;
        self.at = mark;
        Ok(())
    }

    fn chunk(&mut self) -> io::Result<Option<Chunk>> {
        let mut body = self.header.clone();
        let mut rows: Vec<Row> = Vec::new();
        while let Some(Read { bytes, lines }) = self.row()? {
            if rows.len() >= self.rows_max || body.len() >= CHUNK_BYTES_MAX {
                let last = rows.last().map(|row| &body[row.bytes.clone()]);
                let goes_on = last.is_some_and(|last| self.same_product(last, &bytes));
                if !goes_on || body.len() >= BODY_BYTES_MAX {
                    self.held = Some(Read { bytes, lines });
                    break;
                }
            }
            let (start, first) = (body.len(), self.at.line);
            body.extend_from_slice(&bytes);
            self.at.byte += bytes.len() as u64;
            self.at.line += lines;
            rows.push(Row { lines: first..self.at.line, bytes: start..body.len() });
        }
        let (end, header_lines) = (self.at, self.header_lines);
        Ok((!rows.is_empty()).then(|| Chunk { body: body.into(), end, rows, header_lines }))
    }

    fn row(&mut self) -> io::Result<Option<Read>> {
        if let Some(held) = self.held.take() {
            return Ok(Some(held));
        }
        let mut bytes = Vec::new();
        let lines = read_row(&mut self.input, self.form, &mut bytes)?;
        Ok((lines > 0).then_some(Read { bytes, lines }))
    }

    fn same_product(&self, one: &[u8], other: &[u8]) -> bool {
        let slug = self.slug(one);
        slug.is_some() && slug == self.slug(other)
    }

    fn slug(&self, row: &[u8]) -> Option<Vec<u8>> {
        #[derive(Deserialize)]
        struct Named {
            slug: String,
        }
        match self.form {
            RowForm::Csv => fields(row)?.into_iter().nth(self.slug_column?),
            RowForm::Ndjson => {
                serde_json::from_slice(row).ok().map(|Named { slug }| slug.into_bytes())
            }
        }
    }
}

/// The fields of a CSV row.
fn fields(row: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row);
    let record = reader.byte_records().next()?.ok()?;
    Some(record.iter().map(<[u8]>::to_vec).collect())
}

impl<R: BufRead> Iterator for Chunks<R> {
    type Item = io::Result<Chunk>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let chunk = self.chunk().transpose();
        self.ended = !matches!(chunk, Some(Ok(_)));
        chunk
    }
}

/// Appends the next row, its line end included; returns how many lines it spans, 0 at the end.
fn read_row(input: &mut impl BufRead, form: RowForm, into: &mut Vec<u8>) -> io::Result<u64> {
    let start = into.len();
    let mut quotes = Quotes::default();
    let mut lines = 0;
    loop {
        let before = into.len();
        if input.read_until(b'\n', into)? == 0 {
            return Ok(lines);
        }
        lines += 1;
        if into.len() - start > ROW_BYTES_MAX {
            let text = format!("a row is longer than {ROW_BYTES_MAX} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        if form == RowForm::Ndjson || !quotes.open_after(&into[before..]) {
            return Ok(lines);
        }
    }
}

/// Whether a CSV row is inside a quoted field, where a line end belongs to the field.
#[derive(Default)]
enum Quotes {
    #[default]
    FieldStart,
    Plain,
    Inside,
    /// A quote inside: the end of the field, or half of a doubled quote.
    Maybe,
}

impl Quotes {
    fn open_after(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes {
            *self = match (&self, byte) {
                (Self::Inside, b'"') => Self::Maybe,
                (Self::Inside, _) => Self::Inside,
                (Self::FieldStart | Self::Maybe, b'"') => Self::Inside,
                (_, b',') => Self::FieldStart,
                (_, _) => Self::Plain,
            };
        }
        matches!(self, Self::Inside)
    }
}

#[cfg(test)]
mod tests;
