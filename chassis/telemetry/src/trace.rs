//! The trace a log line belongs to.

use kernel::TraceContext;

/// The field's name on every line that has one.
pub(crate) const FIELD: &str = "trace_id";

/// The id of the trace that the current task works for, in hexadecimal.
pub(crate) fn current_id() -> Option<String> {
    TraceContext::current().map(TraceContext::trace_id_hex)
}
