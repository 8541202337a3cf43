//! How records become products, and which rows do not.

use super::{
    records::Record,
    row::{self, BadHeader, FlatRow, Header, Row},
};
use crate::domain::{Draft, Fields, VARIANTS_MAX, VariantFields, complete};

/// Why a row is not in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Where.
    pub line: u64,
    /// A stable slug.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

impl RowError {
    /// A row error.
    pub fn new(line: u64, code: &'static str, detail: impl ToString) -> Self {
        Self { line, code, detail: detail.to_string() }
    }
}

/// A product on its way in.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The rows it was made of.
    pub lines: Vec<u64>,
    /// What it is to be.
    pub draft: Draft,
}

/// Reads records: all of them, or those of one variant each, which are grouped by their slug.
pub struct Rows {
    /// None for JSON.
    header: Option<Header>,
    group: Option<Group>,
}

/// Rows of one slug that follow each other.
struct Group {
    lines: Vec<u64>,
    fields: Fields,
}

impl Rows {
    /// Rows of JSON, one object a line.
    pub fn json() -> Self {
        Self { header: None, group: None }
    }

    /// Rows of CSV below a header.
    pub fn csv(header: &Record) -> Result<Self, BadHeader> {
        Ok(Self { header: Some(Header::read(header)?), group: None })
    }

    /// Takes a record; products that are complete by it go to `out`, rows that are not to `bad`.
    pub fn push(&mut self, record: &Record, out: &mut Vec<Entry>, bad: &mut Vec<RowError>) {
        let row = match self.read(record) {
            Ok(row) => row,
            Err(error) => return bad.push(error),
        };
        match row {
            Row::Flat(row) => {
                let continues = self.group.as_ref().is_some_and(|group| group.takes(&row));
                if !continues {
                    self.finish(out, bad);
                }
                let group = self.group.get_or_insert_with(|| Group::of(&row));
                group.add(record.line, *row);
            }
            Row::Whole(fields) => {
                self.finish(out, bad);
                match complete(fields) {
                    Ok(draft) => out.push(Entry { lines: vec![record.line], draft }),
                    Err(faults) => {
                        let faults = faults.iter().map(|f| format!("{}: {}", f.pointer, f.detail));
                        bad.push(invalid(record.line, faults));
                    }
                }
            }
        }
    }

    /// Ends the product at hand.
    pub fn finish(&mut self, out: &mut Vec<Entry>, bad: &mut Vec<RowError>) {
        if let Some(group) = self.group.take() {
            group.finish(out, bad);
        }
    }

    fn read(&self, record: &Record) -> Result<Row, RowError> {
        let line = record.line;
        let bytes = record
            .bytes
            .as_deref()
            .ok_or_else(|| RowError::new(line, "row-too-long", "the row is longer than 64 KiB"))?;
        let malformed =
            |detail: &dyn std::fmt::Display| RowError::new(line, "malformed-row", detail);
        let text = std::str::from_utf8(bytes).map_err(|e| malformed(&e))?;
        match &self.header {
            Some(header) => header.row(text).map_err(|e| malformed(&e)),
            None => row::json(text).map_err(|e| malformed(&e)),
        }
    }
}

impl Group {
    /// The product of a first row; its further rows need not repeat what describes the product.
    fn of(row: &FlatRow) -> Self {
        let fields = Fields {
            slug: row.slug.clone(),
            title: row.title.clone(),
            description: row.description.clone(),
            status: row.status.clone(),
            category: row.category.clone().map(Some),
            variants: Some(Vec::new()),
        };
        Self { lines: Vec::new(), fields }
    }

    fn takes(&self, row: &FlatRow) -> bool {
        row.slug == self.fields.slug && self.lines.len() < VARIANTS_MAX
    }

    fn add(&mut self, line: u64, row: FlatRow) {
        self.lines.push(line);
        self.fields.variants.get_or_insert_default().push(VariantFields {
            sku: row.sku.unwrap_or_default(),
            title: row.variant_title,
            price_minor: row.price_minor.unwrap_or(-1),
            currency: row.currency.unwrap_or_default(),
            on_hand: row.on_hand,
        });
    }

    /// The product, without the rows that are wrong by themselves.
    fn finish(mut self, out: &mut Vec<Entry>, bad: &mut Vec<RowError>) {
        let faults = match complete(self.fields.clone()) {
            Ok(draft) => return out.push(Entry { lines: self.lines, draft }),
            Err(faults) => faults,
        };
        let mut of_rows: Vec<Vec<String>> = vec![Vec::new(); self.lines.len()];
        for fault in faults {
            let place = fault.pointer.strip_prefix("/variants/").and_then(|p| p.split_once('/'));
            let row = place.and_then(|(at, field)| Some((at.parse::<usize>().ok()?, field)));
            match row {
                Some((at, field)) => of_rows[at].push(format!("{field}: {}", fault.detail)),
                None => {
                    let detail = format!("{}: {}", fault.pointer, fault.detail);
                    of_rows.iter_mut().for_each(|row| row.push(detail.clone()));
                }
            }
        }
        let wrong: Vec<bool> = of_rows.iter().map(|faults| !faults.is_empty()).collect();
        for (line, faults) in self.lines.iter().zip(of_rows) {
            if !faults.is_empty() {
                bad.push(invalid(*line, faults));
            }
        }
        let mut kept = wrong.iter().map(|wrong| !wrong);
        self.lines.retain(|_| kept.next().unwrap_or(false));
        let mut kept = wrong.iter().map(|wrong| !wrong);
        self.fields.variants.get_or_insert_default().retain(|_| kept.next().unwrap_or(false));
        if !self.lines.is_empty() {
            self.finish(out, bad);
        }
    }
}

fn invalid(line: u64, faults: impl IntoIterator<Item = String>) -> RowError {
    let faults: Vec<String> = faults.into_iter().collect();
    RowError::new(line, "invalid-row", faults.join("; "))
}

#[cfg(test)]
mod tests;
