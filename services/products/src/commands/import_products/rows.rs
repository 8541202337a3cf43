//! What one record says, and how records become products.

use std::borrow::Cow;

use serde::Deserialize;

use super::records::{Record, fields};
use crate::domain::{Draft, Fields, VARIANTS_MAX, VariantFields, complete};

/// The columns of a CSV file; `slug`, `sku`, `price_minor` and `currency` must be there.
const COLUMNS: [&str; 10] = [
    "slug",
    "title",
    "description",
    "status",
    "category",
    "sku",
    "variant_title",
    "price_minor",
    "currency",
    "on_hand",
];

/// Why the file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// There is none.
    #[error("the first line must name the columns")]
    Missing,
    /// A column that is not known.
    #[error("{0:?} is not a column of a product file")]
    Unknown(String),
    /// A column named twice.
    #[error("the column {0} is named twice")]
    Twice(&'static str),
    /// A column that is needed.
    #[error("the column {0} is missing")]
    Needed(&'static str),
}

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
    /// Which column stands where; none for JSON.
    header: Option<Vec<usize>>,
    group: Option<Group>,
}

/// Rows of one slug that follow each other.
struct Group {
    lines: Vec<u64>,
    fields: Fields,
}

/// One row of one variant.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FlatRow {
    slug: Option<String>,
    title: Option<String>,
    description: Option<String>,
    status: Option<String>,
    category: Option<String>,
    sku: Option<String>,
    variant_title: Option<String>,
    price_minor: Option<i64>,
    currency: Option<String>,
    on_hand: Option<i64>,
}

/// One row of a whole product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NestedRow {
    slug: Option<String>,
    title: Option<String>,
    description: Option<String>,
    status: Option<String>,
    category: Option<String>,
    variants: Vec<NestedVariant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NestedVariant {
    sku: String,
    title: Option<String>,
    price: NestedPrice,
    on_hand: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NestedPrice {
    amount: i64,
    currency: String,
}

enum Row {
    Flat(Box<FlatRow>),
    Whole(Fields),
}

impl Rows {
    /// Rows of JSON, one object a line.
    pub fn json() -> Self {
        Self { header: None, group: None }
    }

    /// Rows of CSV below a header.
    pub fn csv(header: &Record) -> Result<Self, BadHeader> {
        let text = header.bytes.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let text = text.ok_or(BadHeader::Missing)?.trim_start_matches('\u{feff}');
        let names = fields(text).map_err(|_| BadHeader::Missing)?;
        let mut header = Vec::with_capacity(names.len());
        for name in &names {
            let name = name.trim();
            let column = COLUMNS.iter().position(|column| *column == name);
            let column =
                column.ok_or_else(|| BadHeader::Unknown(name.chars().take(40).collect()))?;
            if header.contains(&column) {
                return Err(BadHeader::Twice(COLUMNS[column]));
            }
            header.push(column);
        }
        for needed in ["slug", "sku", "price_minor", "currency"] {
            if !header.iter().any(|column| COLUMNS[*column] == needed) {
                return Err(BadHeader::Needed(needed));
            }
        }
        Ok(Self { header: Some(header), group: None })
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
            Some(header) => flat_row(header, text).map_err(|e| malformed(&e)),
            None => json_row(text).map_err(|e| malformed(&e)),
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

fn json_row(text: &str) -> Result<Row, serde_json::Error> {
    // A whole product has variants; looking for the name is cheaper than parsing twice.
    if !text.contains("\"variants\"") {
        return serde_json::from_str(text).map(|row| Row::Flat(Box::new(row)));
    }
    let NestedRow { slug, title, description, status, category, variants } =
        serde_json::from_str(text)?;
    let variant = |v: NestedVariant| VariantFields {
        sku: v.sku,
        title: v.title,
        price_minor: v.price.amount,
        currency: v.price.currency,
        on_hand: v.on_hand,
    };
    let category = category.map(Some);
    let variants = Some(variants.into_iter().map(variant).collect());
    Ok(Row::Whole(Fields { slug, title, description, status, category, variants }))
}

fn flat_row(header: &[usize], text: &str) -> Result<Row, String> {
    let values = fields(text).map_err(|e| e.to_string())?;
    if values.len() != header.len() {
        return Err(format!("{} fields where the header has {}", values.len(), header.len()));
    }
    let mut row = FlatRow::default();
    for (column, value) in header.iter().zip(values) {
        if value.is_empty() {
            continue;
        }
        let name = COLUMNS[*column];
        match name {
            "slug" => row.slug = Some(value.into_owned()),
            "title" => row.title = Some(value.into_owned()),
            "description" => row.description = Some(value.into_owned()),
            "status" => row.status = Some(value.into_owned()),
            "category" => row.category = Some(value.into_owned()),
            "sku" => row.sku = Some(value.into_owned()),
            "variant_title" => row.variant_title = Some(value.into_owned()),
            "price_minor" => row.price_minor = Some(number(name, &value)?),
            "currency" => row.currency = Some(value.into_owned()),
            "on_hand" => row.on_hand = Some(number(name, &value)?),
            other => return Err(format!("{other} is not a column")),
        }
    }
    Ok(Row::Flat(Box::new(row)))
}

fn number(name: &str, value: &Cow<'_, str>) -> Result<i64, String> {
    value.trim().parse().map_err(|_| format!("{name}: {value:?} is not a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::import_products::records::{Cut, Records};

    const HEADER: &str = "slug,title,sku,price_minor,currency,on_hand\n";

    /// What is in, as slug and SKUs, and what is not, as line and reason.
    fn read(cut: Cut, text: &str) -> (Vec<String>, Vec<(u64, String)>) {
        let (mut records, mut found) = (Records::new(cut), Vec::new());
        records.push(text.as_bytes(), &mut found);
        found.extend(records.finish());
        let mut found = found.into_iter();
        let mut rows = match cut {
            Cut::Csv => Rows::csv(&found.next().unwrap()).unwrap(),
            Cut::Lines => Rows::json(),
        };
        let (mut out, mut bad) = (Vec::new(), Vec::new());
        found.for_each(|record| rows.push(&record, &mut out, &mut bad));
        rows.finish(&mut out, &mut bad);
        let named = |entry: &Entry| {
            let skus = entry.draft.variants.iter().map(|v| v.sku.as_str().to_owned());
            format!("{}: {}", entry.draft.slug, skus.collect::<Vec<_>>().join(" "))
        };
        let bad = bad.into_iter().map(|e| (e.line, e.detail)).collect();
        (out.iter().map(named).collect(), bad)
    }

    #[test]
    fn rows_of_one_slug_are_one_product() {
        let rows = "mug,Mug,A,1,EUR,5\nmug,,B,2,EUR,\nlamp,Lamp,C,3,EUR,0\n";
        let (products, bad) = read(Cut::Csv, &format!("{HEADER}{rows}"));

        assert_eq!(products, ["mug: A B", "lamp: C"]);
        assert_eq!(bad, []);
    }

    #[test]
    fn a_bad_row_is_left_out_and_told_with_its_line() {
        let rows =
            "mug,Mug,A,1,EUR,5\nmug,,B,x,EUR,\nmug,,C C,3,EUR,\nlamp,Lamp,D,4\n,T,E,5,EUR,\n";
        let (products, bad) = read(Cut::Csv, &format!("{HEADER}{rows}"));

        assert_eq!(products, ["mug: A"]);
        let lines: Vec<u64> = bad.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 5, 4, 6]);
        assert!(bad[0].1.contains("price_minor"), "{}", bad[0].1);
        assert!(bad[2].1.starts_with("sku: "), "{}", bad[2].1);
        assert!(bad[3].1.starts_with("/slug: "), "{}", bad[3].1);
    }

    #[test]
    fn a_product_without_a_title_is_told_on_each_of_its_rows() {
        let (products, bad) = read(Cut::Csv, &format!("{HEADER}mug,,A,1,EUR,\nmug,,B,2,EUR,\n"));

        assert_eq!(products, Vec::<String>::new());
        assert_eq!(bad.len(), 2);
    }

    #[test]
    fn json_comes_whole_or_flat() {
        let text = concat!(
            r#"{"slug":"mug","title":"Mug","variants":[{"sku":"A","price":{"amount":1,"currency":"EUR"}}]}"#,
            "\n",
            r#"{"slug":"lamp","title":"Lamp","sku":"B","price_minor":2,"currency":"EUR"}"#,
            "\n",
            r#"{"slug":"lamp","sku":"C","price_minor":2,"currency":"EUR","on_hand":4}"#,
            "\n",
            r#"{"slug":"pen","colour":"red"}"#,
            "\nnonsense\n",
        );
        let (products, bad) = read(Cut::Lines, text);

        assert_eq!(products, ["mug: A", "lamp: B C"]);
        assert_eq!(bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn the_header_names_known_columns_once() {
        let header = |text: &str| {
            let record = Record { line: 1, bytes: Some(text.into()) };
            Rows::csv(&record).err()
        };
        assert_eq!(header("\u{feff}currency,slug,sku,price_minor"), None);
        assert_eq!(header("slug,sku,price_minor"), Some(BadHeader::Needed("currency")));
        assert_eq!(header("slug,slug"), Some(BadHeader::Twice("slug")));
        assert_eq!(header("colour"), Some(BadHeader::Unknown("colour".into())));
    }
}
