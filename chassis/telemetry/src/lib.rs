//! Logs, trace context, metrics.
