//! Every limit of the edge, with its unit and default.

use std::time::Duration;

use serde::Deserialize;

/// The body that a route takes unless it says otherwise, in bytes.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The limits of the edge. All of them hold for every listener of the process.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Largest request body, in bytes; a route may name its own. Default 1 MiB. Beyond: 413.
    pub body_bytes_max: usize,
    /// Longest URI, in bytes. Default 8 KiB. Beyond: 414.
    pub uri_bytes_max: usize,
    /// All request headers together, in bytes. Default 16 KiB. Beyond: 431. Their number is
    /// limited to 100 by the HTTP library.
    pub header_bytes_max: usize,
    /// Time for a request, from its head to the head of the answer, in ms; `Prefer: wait` is
    /// added to it, and a route may name its own. Default 10,000. Beyond: 504.
    pub request_ms_max: u64,
    /// Time for the head of a request to arrive whole, in ms. Default 5,000. Beyond: closed.
    pub head_ms_max: u64,
    /// Time that a connection may be without a request, or a write without progress, in ms.
    /// Default 60,000. Beyond: closed.
    pub idle_ms_max: u64,
    /// Requests in work at once. Default 1,024. Beyond: 503 `overloaded`.
    pub requests_max: usize,
    /// Connections at once, per listener. Default 10,000. Beyond: 503 and closed.
    pub connections_max: usize,
    /// HTTP/2 streams at once, per connection. Default 256.
    pub streams_max: u32,
    /// Between readiness turning 503 and the end of accepting, while every answer tells its
    /// connection to close, in ms. Default 500.
    pub lame_duck_ms: u64,
    /// Time for what is in work to finish after that, in ms. Default 25,000. Beyond: cut off.
    pub drain_ms_max: u64,
    /// Streams of server-sent events say that they live after so much silence, in ms.
    /// Default 15,000.
    pub heartbeat_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_bytes_max: BODY_BYTES_MAX,
            uri_bytes_max: 8 * 1024,
            header_bytes_max: 16 * 1024,
            request_ms_max: 10_000,
            head_ms_max: 5_000,
            idle_ms_max: 60_000,
            requests_max: 1_024,
            connections_max: 10_000,
            streams_max: 256,
            lame_duck_ms: 500,
            drain_ms_max: 25_000,
            heartbeat_ms: 15_000,
        }
    }
}

impl Settings {
    pub(crate) fn request_max(&self) -> Duration {
        Duration::from_millis(self.request_ms_max)
    }

    pub(crate) fn head_max(&self) -> Duration {
        Duration::from_millis(self.head_ms_max)
    }

    pub(crate) fn idle_max(&self) -> Duration {
        Duration::from_millis(self.idle_ms_max)
    }
}
