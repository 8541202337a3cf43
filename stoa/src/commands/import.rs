//! `stoa import products FILE`: sends a file through the API in chunks, several under way at once.
//!
//! What is acknowledged is written to FILE.stoa-import, so that an interrupted import goes on where
//! it stopped; rows that the server rejects are written to FILE.rejected, ready to be mended and
//! imported.
mod progress;
mod rejected;
mod resume;
mod rows;

use crate::cli::{ImportProducts, Output, RowForm};
use crate::client::{Answer, Ask, Client};
use crate::exit::{Exit, Stopped, io};
use crate::output;
use futures::StreamExt;
use kernel::Clock;
use progress::{Progress, per_second};
use rejected::Rejected;
use resume::{Products, Progressed, StateFile};
use rows::{Chunk, Chunks};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

const PATH: &str = "/v1/imports";
/// Rejected rows that are told one by one; all of them are in FILE.rejected.
const TOLD_MAX: u64 = 100;

/// What the server says about one chunk.
#[derive(Debug, Deserialize)]
struct Acknowledged {
    /// Products, by what became of them.
    created: u64,
    updated: u64,
    unchanged: u64,
    /// Rows that are not in, and why.
    failed: u64,
    errors: Vec<BadRow>,
}

#[derive(Debug, Deserialize)]
struct BadRow {
    /// Counted from 1, in the body that was sent.
    line: u64,
    detail: String,
}

#[derive(Debug, Serialize)]
struct Summary {
    rows: u64,
    #[serde(flatten)]
    products: Products,
    rejected: u64,
    /// Rows of this run, over its time.
    rows_per_s: u64,
    elapsed_ms: u64,
    rejected_file: Option<String>,
}

/// Imports one file; ends with [`Exit::Found`] when rows were rejected.
pub async fn products(args: ImportProducts, output: Output) -> Result<(), Stopped> {
    let clock = Clock::system();
    let form = args.form.or_else(|| form_of(&args.file)).ok_or_else(|| {
        Stopped::usage(format!("{}: which form are its rows in?", args.file.display()))
            .advise("--form csv or --form ndjson")
    })?;
    let rows_max = usize::try_from(args.chunk_rows).map_err(Stopped::bug)?;
    let mut chunks = open(&args.file, form, rows_max)?;
    let client = Client::connect(&args.login, clock.clone()).await?;
    let (state_file, state) = begin(&args, &client, &mut chunks)?;
    let rejected = Rejected::open(&args.file, chunks.header(), state.rejected_bytes)?;
    let progress = Progress::begin(state.file.bytes, clock);
    let mut run = Run { state_file, state, rejected, progress, rows: 0, told: 0 };
    let in_flight = usize::try_from(args.in_flight).map_err(Stopped::bug)?;
    let (client, file) = (&client, args.file.display());
    let file = &file;
    let mut answers = futures::stream::iter(chunks)
        .map(|chunk| async move {
            let chunk = chunk.map_err(|e| io(file, &e).with_exit(Exit::Data))?;
            let acknowledged = send(client, form, &chunk).await?;
            Ok::<_, Stopped>((chunk, acknowledged))
        })
        // In the order of the file: what is recorded as acknowledged has no gap.
        .buffered(in_flight);
    while let Some(answer) = answers.next().await {
        let (chunk, acknowledged) = answer.map_err(|stopped| {
            stopped.advise("run the same command again: it goes on where it stopped")
        })?;
        run.take(&chunk, &acknowledged)?;
    }
    drop(answers);
    run.end(output)
}

fn form_of(path: &Path) -> Option<RowForm> {
    match path.extension()?.to_str()? {
        "csv" => Some(RowForm::Csv),
        "ndjson" | "jsonl" => Some(RowForm::Ndjson),
        _ => None,
    }
}

type Input = Chunks<BufReader<File>>;

fn open(path: &Path, form: RowForm, rows_max: usize) -> Result<Input, Stopped> {
    let failed = |e: std::io::Error| {
        let unreadable = e.kind() != std::io::ErrorKind::InvalidData;
        io(path.display(), &e).with_exit(if unreadable { Exit::NoInput } else { Exit::Data })
    };
    let input = BufReader::with_capacity(256 << 10, File::open(path).map_err(failed)?);
    Chunks::open(input, form, rows_max).map_err(failed)
}

/// Goes where an earlier run got to, if there was one with this file and this server.
fn begin(
    args: &ImportProducts,
    client: &Client,
    chunks: &mut Input,
) -> Result<(StateFile, Progressed), Stopped> {
    let version = resume::version(&args.file, client.base())?;
    let state_file = StateFile::of(&args.file);
    let earlier = if args.restart { None } else { state_file.load(&version) };
    let Some(state) = earlier else {
        let mark = chunks.at();
        let top =
            Progressed { byte: mark.byte, line: mark.line, ..Progressed::at_the_top(version) };
        return Ok((state_file, top));
    };
    eprintln!("going on at line {} (--restart begins at the top)", state.line);
    chunks.resume(state.mark()).map_err(|e| io(args.file.display(), &e))?;
    Ok((state_file, state))
}

async fn send(client: &Client, form: RowForm, chunk: &Chunk) -> Result<Acknowledged, Stopped> {
    let kind = match form {
        RowForm::Csv => "text/csv",
        RowForm::Ndjson => "application/x-ndjson",
    };
    let headers = [("content-type", kind)];
    let ask = Ask::post(PATH, &headers, chunk.body.clone());
    let answer: Answer = client.send_until_dealt_with(&ask).await?;
    let answer = answer.expect_success("import")?;
    serde_json::from_slice(&answer.body)
        .map_err(|e| Stopped::new(Exit::Data, format!("import: the answer is not understood: {e}")))
}

/// An import under way: everything that an acknowledgement changes.
struct Run {
    state_file: StateFile,
    state: Progressed,
    rejected: Rejected,
    progress: Progress,
    /// Rows that this run has handled.
    rows: u64,
    /// Rejected rows that were told one by one.
    told: u64,
}

impl Run {
    fn take(&mut self, chunk: &Chunk, acknowledged: &Acknowledged) -> Result<(), Stopped> {
        for bad in &acknowledged.errors {
            self.reject(chunk, bad)?;
        }
        let products = &mut self.state.products;
        products.created += acknowledged.created;
        products.updated += acknowledged.updated;
        products.unchanged += acknowledged.unchanged;
        self.state.rejected += acknowledged.failed;
        self.state.rows += chunk.rows.len() as u64;
        self.state.byte = chunk.end.byte;
        self.state.line = chunk.end.line;
        self.state.rejected_bytes = self.rejected.bytes();
        self.state_file.save(&self.state)?;
        self.rows += chunk.rows.len() as u64;
        self.progress.at(chunk.end.byte, self.rows);
        Ok(())
    }

    fn reject(&mut self, chunk: &Chunk, bad: &BadRow) -> Result<(), Stopped> {
        let row = chunk.row_at(bad.line);
        if let Some(row) = row {
            self.rejected.add(chunk.text(row))?;
        }
        self.told += 1;
        if self.told <= TOLD_MAX {
            let line = row.map_or_else(|| "?".to_owned(), |row| row.lines.start.to_string());
            self.progress.say(&format!("line {line}: {}", bad.detail));
        }
        if self.told == TOLD_MAX + 1 {
            let path = self.rejected.path().display();
            self.progress.say(&format!("more rows are rejected; all of them are in {path}"));
        }
        Ok(())
    }

    fn end(self, output: Output) -> Result<(), Stopped> {
        let elapsed = self.progress.elapsed();
        self.progress.end();
        self.state_file.remove();
        let Progressed { rows, products, rejected, .. } = self.state;
        let summary = Summary {
            rows,
            products,
            rejected,
            rows_per_s: per_second(self.rows, elapsed),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            rejected_file: (rejected > 0).then(|| self.rejected.path().display().to_string()),
        };
        match output {
            Output::Text => output::text(&summary.text())?,
            Output::Json => output::json(&summary)?,
        }
        if rejected > 0 {
            return Err(Stopped::silent(Exit::Found));
        }
        Ok(())
    }
}

impl Summary {
    fn text(&self) -> String {
        let Self { rows, products, rejected, rows_per_s, elapsed_ms, rejected_file } = self;
        let Products { created, updated, unchanged } = products;
        let (seconds, ms) = (elapsed_ms / 1000, elapsed_ms % 1000);
        let mut text = format!(
            "{rows} rows: {created} products created, {updated} updated, {unchanged} unchanged, \
             {rejected} rows rejected, in {seconds}.{ms:03} s ({rows_per_s} rows/s)\n"
        );
        if let Some(file) = rejected_file {
            text.push_str(&format!("mend and import the rejected rows: {file}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests;
