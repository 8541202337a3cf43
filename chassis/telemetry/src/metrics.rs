//! Metrics: recorded through the macros of `metrics`, rendered for Prometheus.

use std::sync::OnceLock;

use metrics::{Unit, describe_counter};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{InitError, process::Process};

/// From what a cached read takes to what a client waits for at most.
const SECONDS: [f64; 16] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];
const BYTES: [f64; 9] =
    [256.0, 1024.0, 4096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0];
/// Whatever is counted: rows, messages, statements.
const COUNTS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0, 4096.0];

static METRICS: OnceLock<Metrics> = OnceLock::new();

struct Metrics {
    prometheus: PrometheusHandle,
    process: Process,
}

pub(crate) fn install() -> Result<(), InitError> {
    let recorder = builder().map_err(|_| InitError::Again)?.build_recorder();
    let prometheus = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| InitError::Again)?;
    describe_counter!("stoa_panics_total", Unit::Count, "Panics in any task or thread.");
    describe_counter!("stoa_log_lines_lost_total", Unit::Count, "Log lines not written.");
    // Shown from the start, so that a first panic is an increase.
    metrics::counter!("stoa_panics_total").increment(0);
    let metrics = Metrics { prometheus, process: Process::new() };
    METRICS.set(metrics).map_err(|_| InitError::Again)
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets(&COUNTS)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), &BYTES)
}

/// Everything recorded so far, in Prometheus' text format; empty before [`init`](crate::init).
///
/// Reads the process's own figures from `/proc`, so it takes some tens of microseconds.
pub fn render_metrics() -> String {
    let Some(metrics) = METRICS.get() else {
        return String::new();
    };
    metrics.process.refresh();
    metrics.prometheus.render()
}

/// Folds what was recorded into histograms into their buckets.
pub(crate) fn upkeep() {
    if let Some(metrics) = METRICS.get() {
        metrics.prometheus.run_upkeep();
    }
}
