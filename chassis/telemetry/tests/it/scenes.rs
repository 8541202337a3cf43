//! Little programs that log, panic and count.

#![expect(clippy::unwrap_used, reason = "a scene that fails fails its test")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use kernel::TraceContext;
use telemetry::{Guard, Log, Settings, init, render_metrics};
use tracing::{info, info_span, warn};

/// Names the scene to play.
pub const SCENE: &str = "TELEMETRY_SCENE";

#[test]
#[ignore = "played by the tests that read what it says"]
fn play() {
    match std::env::var(SCENE).as_deref() {
        Ok("pretty") => pretty(),
        Ok("json") => json(),
        Ok("panic") => panic_once(),
        Ok("panics") => panic_often(),
        Ok("muted") => muted(),
        Ok("filter") => filter(),
        Ok("many") => many(),
        Ok("flood") => flood(),
        Ok("metrics") => metrics(),
        Ok("twice") => twice(),
        scene => println!("no scene: {scene:?}"),
    }
}

fn start(log: Log, filter: &str) -> Guard {
    init(&Settings { log, filter: filter.to_owned() }).unwrap()
}

fn in_trace<T>(play: impl FnOnce() -> T) -> T {
    let trace: TraceContext =
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(trace.scope(async { play() }))
}

fn panics(message: &str) {
    let caught = catch_unwind(|| panic!("{message}"));
    assert!(caught.is_err());
}

fn pretty() {
    let _guard = start(Log::Pretty, "info");
    info!(order.id = "order_1", lines = 2, "order placed");
    in_trace(|| info!("waited"));
    info_span!("import", file = "a.csv").in_scope(|| warn!("bad row"));
    tracing::debug!("not at this level");
}

fn json() {
    let _guard = start(Log::Json, "info");
    info!(order.id = "order_1", lines = 2, late = false, delta = -3, "order \"placed\"\nindeed");
    in_trace(|| info!("waited"));
    info_span!("import", file = "a.csv", row = 7).in_scope(|| warn!("bad row"));
}

fn panic_once() {
    let _guard = start(Log::Json, "info");
    let caught = catch_unwind(AssertUnwindSafe(|| in_trace(|| panic!("line {}", 7))));
    assert!(caught.is_err());
}

fn panic_often() {
    let _guard = start(Log::Json, "info");
    (0..200).for_each(|_| panics("boom"));
}

fn muted() {
    let _guard = start(Log::Pretty, "off");
    tracing::error!("not heard");
    panics("boom");
}

fn filter() {
    let _guard = start(Log::Pretty, "warn,store=debug");
    tracing::debug!(target: "store", "kept");
    tracing::trace!(target: "store", "left out");
    tracing::warn!(target: "relay", "kept");
    tracing::info!(target: "relay", "left out");
}

fn many() {
    let _guard = start(Log::Pretty, "info");
    (0..5000).for_each(|n| info!(n, "line"));
}

/// Holds standard error while it logs far more than may wait; ends only if logging never waits.
fn flood() {
    let guard = start(Log::Pretty, "info");
    let held = std::io::stderr().lock();
    (0..50_000).for_each(|n| info!(n, "line"));
    drop(held);
    guard.flush();
    // Lost lines are told with the next upkeep.
    let mut waited = 0;
    while !render_metrics().contains("stoa_log_lines_lost_total 4") {
        waited += 1;
        assert!(waited < 100_000, "{}", render_metrics());
        std::thread::yield_now();
    }
}

fn metrics() {
    let _guard = start(Log::Pretty, "off");
    metrics::describe_counter!("stoa_orders_placed_total", "Orders placed.");
    metrics::counter!("stoa_orders_placed_total", "channel" => "web").increment(3);
    metrics::histogram!("stoa_wait_seconds").record(0.003);
    metrics::histogram!("stoa_wait_seconds").record(0.04);
    metrics::histogram!("stoa_group_batches").record(7.0);
    metrics::histogram!("stoa_body_bytes").record(1000.0);
    println!("{}", render_metrics());
}

fn twice() {
    let _guard = start(Log::Pretty, "info");
    let again = init(&Settings::default()).err().unwrap();
    warn!("refused: {again}");
}
