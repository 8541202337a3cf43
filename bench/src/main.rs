//! Measures a built `stoa` and prints one table: settled orders, reads, search, import, start and
//! memory, beside what the machine allows without it.
//!
//! `cargo run --release -p bench` builds on the release binary next to it (`cargo build --release`).

// Measurements and their ratios are floating-point by nature; no money is near them.
#![expect(clippy::float_arithmetic, reason = "rates and ratios of measurements")]
#![expect(clippy::disallowed_methods, reason = "measures real time and spawns its own load")]

mod connection;
mod driver;
mod import;
mod limits;
mod memory;
mod orders;
mod reads;
mod shop;
mod start;
mod table;

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};
use table::Table;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures a built `stoa` and prints one table.
#[derive(Debug, Parser)]
struct Arguments {
    /// Seconds of each load run.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Runs of each measurement; the median is shown.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Only measurements whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// A catalogue in the CSV of `stoa import products`, to measure the import and search with.
    #[arg(long)]
    catalogue: Option<PathBuf>,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// The bare axum JSON handler, as a process of its own.
    #[command(hide = true)]
    Bare,
}

/// How long and how often each thing is measured.
#[derive(Debug, Clone, Copy)]
struct Effort {
    span: Duration,
    runs: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let Some(Role::Bare) = arguments.role {
        return limits::serve_bare().await;
    }
    let effort =
        Effort { span: Duration::from_secs(arguments.seconds), runs: arguments.runs.max(1) };
    let wanted = |name: &str| arguments.only.as_deref().is_none_or(|only| name.contains(only));
    let mut table = Table::default();
    if wanted("start") {
        start::measure(&mut table, effort).await?;
    }
    if wanted("limits") {
        limits::bare_axum(&mut table, effort).await?;
        limits::bare_commits(&mut table, effort)?;
    }
    if wanted("reads") {
        reads::measure(&mut table, effort).await?;
    }
    if wanted("orders") {
        orders::measure(&mut table, effort).await?;
    }
    if wanted("import")
        && let Some(catalogue) = &arguments.catalogue
    {
        import::measure(&mut table, effort, catalogue).await?;
    }
    table.print();
    Ok(())
}
