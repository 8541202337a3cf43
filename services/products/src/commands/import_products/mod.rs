//! A catalogue, streamed in: rows are read as they come, written in chunks, several at a time.
//!
//! A row that is wrong is told with its line and left out; the rest is in. Sending rows again
//! changes nothing, so an import that broke off is resumed by sending the rest, or everything.

mod chunk;
mod records;
mod row;
mod rows;

use std::{collections::HashSet, error::Error};

use axum::body::Bytes;
use contracts::ids::ImportId;
use futures::{
    FutureExt as _, Stream, StreamExt as _, future::BoxFuture, stream::FuturesUnordered,
};
use kernel::{Fails, Fault};

use crate::Products;
use chunk::{Key, Outcome};
use records::{Cut, Record, Records};
use rows::{Entry, RowError, Rows};

pub use row::BadHeader;

/// Row errors that a report holds; more are only counted.
const ERRORS_MAX: usize = 1000;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with a header; one row for each variant.
    Csv,
    /// One JSON object a line; a whole product, or one variant with the columns of CSV.
    NdJson,
}

/// What became of an import.
#[derive(Debug)]
pub struct Report {
    /// Its name.
    pub id: ImportId,
    /// Rows that came.
    pub received: u64,
    /// Products that are new.
    pub created: u64,
    /// Products, or their stock, that differ from before.
    pub updated: u64,
    /// Products that were so already.
    pub unchanged: u64,
    /// Rows that are not in.
    pub failed: u64,
    /// Why, for the first of them.
    pub errors: Vec<(u64, &'static str, String)>,
}

/// Why an import ended early. What was committed until then is in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The first line of a CSV file is not a header.
    #[error(transparent)]
    Header(#[from] BadHeader),
    /// The stream broke off.
    #[error("the rows could not be read to their end: {0}")]
    Broken(String),
    /// The store failed.
    #[error("the catalogue could not be written")]
    Store(#[from] ::store::Error),
}

impl Fails for ImportError {
    fn fault(&self) -> Fault {
        match self {
            Self::Header(_) | Self::Broken(_) => Fault::Invalid,
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Header(_) => "invalid-import-header",
            Self::Broken(_) => "broken-body",
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Header(_) | Self::Broken(_) => None,
            Self::Store(error) => error.retry_after_s(),
        }
    }
}

/// Reads rows from `body` and writes them, adding and changing products by slug and SKU.
pub async fn import_products<E: Error>(
    app: &Products,
    format: Format,
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<Report, ImportError> {
    let mut reader = Reader::new(format);
    let mut writer = Writer::new(app);
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|e| ImportError::Broken(e.to_string()))?;
        let (entries, bad) = reader.read(&piece)?;
        writer.refuse(bad);
        for entry in entries {
            writer.add(entry).await?;
        }
    }
    let (entries, bad) = reader.finish()?;
    writer.refuse(bad);
    for entry in entries {
        writer.add(entry).await?;
    }
    writer.finish(reader.received).await
}

/// Bytes in, products out.
struct Reader {
    records: Records,
    /// None until the header of a CSV file was read.
    rows: Option<Rows>,
    received: u64,
}

type Read = (Vec<Entry>, Vec<RowError>);

impl Reader {
    fn new(format: Format) -> Self {
        let (cut, rows) = match format {
            Format::Csv => (Cut::Csv, None),
            Format::NdJson => (Cut::Lines, Some(Rows::json())),
        };
        Self { records: Records::new(cut), rows, received: 0 }
    }

    fn read(&mut self, bytes: &[u8]) -> Result<Read, BadHeader> {
        let mut records = Vec::new();
        self.records.push(bytes, &mut records);
        self.take(records)
    }

    fn finish(&mut self) -> Result<Read, BadHeader> {
        let last = self.records.finish();
        let (mut entries, mut bad) = self.take(last)?;
        let rows = self.rows.as_mut().ok_or(BadHeader::Missing)?;
        rows.finish(&mut entries, &mut bad);
        Ok((entries, bad))
    }

    fn take(&mut self, records: impl IntoIterator<Item = Record>) -> Result<Read, BadHeader> {
        let (mut entries, mut bad) = Read::default();
        for record in records {
            match &mut self.rows {
                None => self.rows = Some(Rows::csv(&record)?),
                Some(rows) => {
                    self.received += 1;
                    rows.push(&record, &mut entries, &mut bad);
                }
            }
        }
        Ok((entries, bad))
    }
}

/// What a chunk that was written gives back.
type Written = Result<(Vec<Entry>, Outcome), ::store::Error>;

/// Products in, chunks committed. What has a name in common is written one after the other, in
/// the order it came.
struct Writer<'a> {
    app: &'a Products,
    chunk: Vec<Entry>,
    rows: usize,
    writing: FuturesUnordered<BoxFuture<'a, Written>>,
    names: HashSet<Key>,
    sum: Outcome,
    failed: u64,
}

impl<'a> Writer<'a> {
    fn new(app: &'a Products) -> Self {
        Self {
            app,
            chunk: Vec::new(),
            rows: 0,
            writing: FuturesUnordered::new(),
            names: HashSet::new(),
            sum: Outcome::default(),
            failed: 0,
        }
    }

    fn refuse(&mut self, bad: Vec<RowError>) {
        self.failed += bad.len() as u64;
        let room = ERRORS_MAX.saturating_sub(self.sum.bad.len());
        self.sum.bad.extend(bad.into_iter().take(room));
    }

    async fn add(&mut self, entry: Entry) -> Result<(), ::store::Error> {
        if chunk::keys(&entry).any(|key| self.names.contains(&key)) {
            self.drain().await?;
        }
        self.names.extend(chunk::keys(&entry));
        self.rows += entry.lines.len();
        self.chunk.push(entry);
        if self.rows >= self.app.settings.import_chunk_rows {
            self.start().await?;
        }
        Ok(())
    }

    /// Begins to write the chunk, once there is room for one more.
    async fn start(&mut self) -> Result<(), ::store::Error> {
        while self.writing.len() >= self.app.settings.import_commits_max {
            self.settle_one().await?;
        }
        let (app, chunk) = (self.app, std::mem::take(&mut self.chunk));
        self.rows = 0;
        let write = async move {
            let outcome = chunk::write(app, &chunk).await?;
            Ok((chunk, outcome))
        };
        self.writing.push(write.boxed());
        // The first poll reads, decides and hands the batch to the store; what is done is done.
        while let Some(Some(written)) = self.writing.next().now_or_never() {
            self.settle(written)?;
        }
        Ok(())
    }

    async fn drain(&mut self) -> Result<(), ::store::Error> {
        if !self.chunk.is_empty() {
            self.start().await?;
        }
        while !self.writing.is_empty() {
            self.settle_one().await?;
        }
        Ok(())
    }

    async fn settle_one(&mut self) -> Result<(), ::store::Error> {
        match self.writing.next().await {
            Some(written) => self.settle(written),
            None => Ok(()),
        }
    }

    fn settle(&mut self, written: Written) -> Result<(), ::store::Error> {
        let (chunk, mut outcome) = written?;
        for key in chunk.iter().flat_map(chunk::keys) {
            self.names.remove(&key);
        }
        self.refuse(std::mem::take(&mut outcome.bad));
        self.sum.add(outcome);
        Ok(())
    }

    async fn finish(mut self, received: u64) -> Result<Report, ImportError> {
        self.drain().await?;
        let Outcome { created, updated, unchanged, mut bad } = self.sum;
        bad.sort_by_key(|error| error.line);
        Ok(Report {
            id: self.app.ids.next(),
            received,
            created,
            updated,
            unchanged,
            failed: self.failed,
            errors: bad.into_iter().map(|e| (e.line, e.code, e.detail)).collect(),
        })
    }
}
