//! Panics, told once: by the hook, in the log, with the trace that the task worked for.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    panic::PanicHookInfo,
    sync::atomic::{AtomicU64, Ordering},
};

use kernel::Clock;

/// Keeps panics in the log whatever the filter says.
pub(crate) const DIRECTIVE: &str = "panic=error";

/// When the last back-trace was taken, in seconds of the wall clock.
static LAST_BACKTRACE_S: AtomicU64 = AtomicU64::new(0);

/// Replaces the hook that prints: a panic is one line in the log, like everything else.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(tell));
}

fn tell(panic: &PanicHookInfo<'_>) {
    metrics::counter!("stoa_panics_total").increment(1);
    let message = panic.payload_as_str().unwrap_or("a panic without a message");
    let location = panic.location().map(ToString::to_string);
    let thread = std::thread::current();
    tracing::error!(
        target: "panic",
        {
            panic.location = location,
            panic.thread = thread.name(),
            panic.backtrace = backtrace(),
        },
        "panicked: {message}"
    );
}

/// A back-trace, if `RUST_BACKTRACE` asks for it: one a second, for it takes milliseconds.
fn backtrace() -> Option<String> {
    let now_s = u64::try_from(Clock::system().now().ms() / 1000).unwrap_or(0);
    let newest = |last| (now_s > last).then_some(now_s);
    LAST_BACKTRACE_S.fetch_update(Ordering::Relaxed, Ordering::Relaxed, newest).ok()?;
    let backtrace = Backtrace::capture();
    (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string())
}
