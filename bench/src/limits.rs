//! What the machine allows without Stoa: a bare axum JSON handler, and bare grouped commits.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use axum::{Json, Router, routing::get};
use rusqlite::Connection;

use crate::{
    Effort,
    driver::{self, Target},
    reads::Paths,
    table::Table,
};

/// Batches of one settled order, by database file; see ARCHITECTURE.md.
const FILES: usize = 6;
const BATCHES_PER_FILE: u64 = 3;
const STATEMENTS_PER_BATCH: usize = 4;

/// A server with one JSON handler of about the size of a product.
pub async fn serve_bare() -> anyhow::Result<()> {
    let product = serde_json::json!({
        "id": "product_01h455vb4pex5vsknk084sn02q", "slug": "product-1", "title": "Amphora 1",
        "description": "Thrown by hand, fired twice, good for oil, wine and water.",
        "status": "published", "category": "category-1",
        "variants": [{"id": "variant_01h455vb4pex5vsknk084sn02q", "sku": "SKU-1",
            "title": "One size", "price": {"amount": 1299, "currency": "EUR"},
            "available": 1_000_000}]
    });
    let router = Router::new().route("/product", get(move || async move { Json(product.clone()) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

pub async fn bare_axum(table: &mut Table, effort: Effort) -> anyhow::Result<()> {
    let mut child =
        Command::new(std::env::current_exe()?).arg("bare").stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("it is piped")?).read_line(&mut line)?;
    let target = Target { address: line.trim().parse()?, pid: child.id() };
    let work = Arc::new(Paths(vec!["/product".to_owned()]));
    let mut runs = Vec::new();
    for _ in 0..effort.runs {
        runs.push(driver::closed(target, 64, effort.span, &work).await?);
    }
    table.load("limit: bare axum handler", runs, "64 connections, same JSON shape");
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// As many grouped commits as settled orders need, and nothing else: the writers of six files,
/// each with its share of batches, flushed like Stoa's.
pub fn bare_commits(table: &mut Table, effort: Effort) -> anyhow::Result<()> {
    let mut rates = Vec::new();
    for _ in 0..effort.runs {
        rates.push(commits(effort.span)?);
    }
    rates.sort_by(f64::total_cmp);
    let rate = rates[rates.len() / 2];
    let remark = format!(
        "orders/s: {FILES} files, {BATCHES_PER_FILE} batches of {STATEMENTS_PER_BATCH} inserts each, \
         128 in flight, FULL"
    );
    table.figure("limit: bare grouped commits", &format!("{rate:.0}"), &remark);
    Ok(())
}

type Order = (u64, mpsc::SyncSender<u64>);

fn commits(span: Duration) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    // An order passes through each file's writer in turn, as often as it has batches there.
    let (done, settled) = mpsc::sync_channel::<u64>(1024);
    let mut writers = Vec::new();
    for number in 0..FILES {
        let (sender, orders) = mpsc::sync_channel::<Order>(1024);
        let path = folder.path().join(format!("{number}.db"));
        std::thread::spawn(move || write(&path, &orders));
        writers.push(sender);
    }
    let steps = FILES as u64 * BATCHES_PER_FILE;
    let step = |order: u64| {
        let writer = &writers[(order % FILES as u64) as usize];
        writer.send((order, done.clone())).context("the writer is there")
    };
    for _ in 0..128 {
        step(0)?;
    }
    let (started, mut finished) = (Instant::now(), 0_u64);
    while started.elapsed() < span {
        let at = settled.recv()? + 1;
        finished += u64::from(at == steps);
        step(at % steps)?;
    }
    Ok(finished as f64 / started.elapsed().as_secs_f64())
}

fn write(path: &std::path::Path, orders: &mpsc::Receiver<Order>) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
         CREATE TABLE entry (seq INTEGER PRIMARY KEY, body TEXT NOT NULL);",
    )?;
    let body = "x".repeat(200);
    while let Ok(first) = orders.recv() {
        let mut group = vec![first];
        group.extend(orders.try_iter().take(255));
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in &group {
            connection.prepare_cached("SAVEPOINT batch")?.execute([])?;
            for _ in 0..STATEMENTS_PER_BATCH {
                connection
                    .prepare_cached("INSERT INTO entry (body) VALUES ($1)")?
                    .execute([&body])?;
            }
            connection.prepare_cached("RELEASE batch")?.execute([])?;
        }
        connection.execute_batch("COMMIT")?;
        for (at, done) in group {
            if done.send(at).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}
