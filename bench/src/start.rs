//! Cold start: from the start of the process to its first answered request.

use std::time::Instant;

use testkit::{Folder, System};

use crate::{
    Effort,
    memory::resident_mib,
    table::{Table, median},
};

pub async fn measure(table: &mut Table, effort: Effort) -> anyhow::Result<()> {
    let folder = Folder::new();
    let mut first = System::start(folder.path()).await;
    let first_mib = resident_mib(first.pid())?;
    first.stop().await;
    let (mut spans, mut idle_mib) = (Vec::new(), 0.0);
    for _ in 0..effort.runs.max(5) {
        let started = Instant::now();
        let mut system = System::start(folder.path()).await;
        let answer = system.client().get("/v1/products").send().await;
        anyhow::ensure!(answer.status == 200, "{}", answer.text());
        spans.push(started.elapsed());
        idle_mib = resident_mib(system.pid())?;
        system.stop().await;
    }
    let ms = median(spans).as_secs_f64() * 1000.0;
    table.figure("cold start", &format!("{ms:.0}"), "ms to the first answer, existing databases");
    table.figure("memory idle", &format!("{idle_mib:.1}"), "MiB resident, empty shop");
    let remark =
        "MiB resident right after the first start, which hashes the administrator's password";
    table.figure("memory at first start", &format!("{first_mib:.1}"), remark);
    Ok(())
}
