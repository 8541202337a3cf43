//! W3C trace context: which request a piece of work belongs to, across calls and messages.

use std::{cell::Cell, fmt, future::Future, str::FromStr};

use crate::Ids;

/// The two ids of a `traceparent` header (W3C Trace Context, version 00).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// Shared by all work of one request.
    pub trace_id: u128,
    /// This piece of work.
    pub span_id: u64,
}

tokio::task_local! {
    static CURRENT: Cell<Option<TraceContext>>;
}

impl TraceContext {
    /// A new trace.
    pub fn root(ids: &Ids) -> Self {
        let mut bytes = [0_u8; 16];
        ids.fill(&mut bytes);
        Self { trace_id: u128::from_be_bytes(bytes) | 1, span_id: span(ids) }
    }

    /// A new span of the same trace.
    pub fn child(self, ids: &Ids) -> Self {
        Self { span_id: span(ids), ..self }
    }

    /// The context of the running task, if it runs in a scope.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Cell::get).ok().flatten()
    }

    /// Runs `future` with this as its context.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(Cell::new(Some(self)), future).await
    }

    /// The trace id as 32 hexadecimal digits.
    pub fn trace_id_hex(self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

fn span(ids: &Ids) -> u64 {
    let mut bytes = [0_u8; 8];
    ids.fill(&mut bytes);
    u64::from_be_bytes(bytes) | 1
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace_id, self.span_id)
    }
}

/// The header is not a valid `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C traceparent")]
pub struct BadTraceparent;

impl FromStr for TraceContext {
    type Err = BadTraceparent;

    fn from_str(text: &str) -> Result<Self, BadTraceparent> {
        parse(text).ok_or(BadTraceparent)
    }
}

fn parse(text: &str) -> Option<TraceContext> {
    let mut parts = text.split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let flags = parts.next()?;
    // Later versions may append fields; version 00 may not, and ff is forbidden.
    let closed = version != "00" || parts.next().is_none();
    let sizes = version.len() == 2 && trace.len() == 32 && span.len() == 16 && flags.len() == 2;
    let lower_hex = |part: &str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !closed
        || !sizes
        || version == "ff"
        || ![version, trace, span, flags].iter().all(|p| lower_hex(p))
    {
        return None;
    }
    let context = TraceContext {
        trace_id: u128::from_str_radix(trace, 16).ok()?,
        span_id: u64::from_str_radix(span, 16).ok()?,
    };
    (context.trace_id != 0 && context.span_id != 0).then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_recommendation_is_read_and_written() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(text.parse::<TraceContext>().unwrap().to_string(), text);
    }

    #[test]
    fn broken_headers_are_refused() {
        for text in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert!(text.parse::<TraceContext>().is_err(), "{text}");
        }
    }
}
