//! The table that is printed at the end, and the median of several runs.

use std::time::Duration;

use hdrhistogram::Histogram;

/// What one load run showed.
#[derive(Debug, Clone)]
pub struct Run {
    /// Answers as wanted, per second.
    pub per_second: f64,
    /// Answers that were not as wanted.
    pub failed: u64,
    /// Latencies in microseconds.
    pub latency: Histogram<u64>,
    /// Processor time of the measured process, in microseconds an answer.
    pub cpu_us: f64,
}

#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<[String; 7]>,
}

const HEAD: [&str; 7] = ["measurement", "per second", "p50 ms", "p99 ms", "failed", "cpu us", ""];

impl Table {
    /// Adds the median run of a load.
    pub fn load(&mut self, name: &str, mut runs: Vec<Run>, remark: &str) -> f64 {
        runs.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        let run = &runs[runs.len() / 2];
        let failed: u64 = runs.iter().map(|run| run.failed).sum();
        let ms = |quantile| run.latency.value_at_quantile(quantile) as f64 / 1000.0;
        self.row([
            name.to_owned(),
            format!("{:.0}", run.per_second),
            format!("{:.2}", ms(0.5)),
            format!("{:.2}", ms(0.99)),
            failed.to_string(),
            format!("{:.0}", run.cpu_us),
            remark.to_owned(),
        ]);
        run.per_second
    }

    /// Adds one figure.
    pub fn figure(&mut self, name: &str, value: &str, remark: &str) {
        let empty = String::new;
        let row = [name.into(), value.into(), empty(), empty(), empty(), empty(), remark.into()];
        self.row(row);
    }

    fn row(&mut self, row: [String; 7]) {
        eprintln!("{}", row.join("  "));
        self.rows.push(row);
    }

    /// Prints everything as a Markdown table.
    pub fn print(&self) {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        println!("load average at the end: {}", load.trim());
        println!("| {} |", HEAD.join(" | "));
        println!("|{}|", HEAD.map(|_| "---").join("|"));
        for row in &self.rows {
            println!("| {} |", row.join(" | "));
        }
    }
}

/// The middle one.
pub fn median(mut spans: Vec<Duration>) -> Duration {
    spans.sort();
    spans[spans.len() / 2]
}
