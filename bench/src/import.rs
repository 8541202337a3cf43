//! The import of a real catalogue, and reads and searches over it.

use std::{path::Path, sync::Arc, time::Instant};

use testkit::{Folder, System, system};

use crate::{
    Effort,
    driver::{self, Target},
    memory::resident_mib,
    reads::Paths,
    table::Table,
};

pub async fn measure(table: &mut Table, effort: Effort, catalogue: &Path) -> anyhow::Result<()> {
    let folder = Folder::new();
    let running = System::start(folder.path()).await;
    let started = Instant::now();
    let output = system::command(folder.path())
        .args(["import", "products"])
        .arg(catalogue.canonicalize()?)
        .args(["--url", &format!("http://{}", running.listen)])
        .args(["--email", system::ADMIN.0, "--output", "json"])
        .env("STOA_PASSWORD", system::ADMIN.1)
        .output()
        .await?;
    let seconds = started.elapsed().as_secs_f64();
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    table.figure("import", &format!("{seconds:.1} s"), &said);
    let mib = resident_mib(running.pid())?;
    table.figure("memory after import", &format!("{mib:.1}"), "MiB resident");
    let target = Target { address: running.listen, pid: running.pid() };
    let words = ["milk", "bread", "cheese", "apple", "coffee", "soup", "paper", "chicken"];
    let searches = words.iter().map(|word| format!("/v1/products?q={word}&limit=20")).collect();
    let work = Arc::new(Paths(searches));
    let mut runs = Vec::new();
    for _ in 0..effort.runs {
        runs.push(driver::closed(target, 16, effort.span, &work).await?);
    }
    table.load("search in the catalogue", runs, "16 connections");
    Ok(())
}
