//! Log lines for people: time, level, target, message, fields, trace.

use std::fmt;

use kernel::Clock;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format::Writer},
    registry::LookupSpan,
};

use crate::trace;

const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

pub(crate) struct Pretty {
    clock: Clock,
}

impl Pretty {
    pub(crate) fn new() -> Self {
        Self { clock: Clock::system() }
    }
}

impl<S, N> FormatEvent<S, N> for Pretty
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let meta = event.metadata();
        let (dim, level, reset) =
            if out.has_ansi_escapes() { (DIM, color(*meta.level()), RESET) } else { ("", "", "") };
        let now = self.clock.now();
        write!(out, "{dim}{now}{reset} {level}{:>5}{reset} ", meta.level().as_str())?;
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            write!(out, "{}", span.name())?;
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>()
                && !fields.is_empty()
            {
                write!(out, "{{{fields}}}")?;
            }
            out.write_str(": ")?;
        }
        write!(out, "{dim}{}:{reset} ", meta.target())?;
        context.format_fields(out.by_ref(), event)?;
        if let Some(id) = trace::current_id() {
            write!(out, " {dim}{}={id}{reset}", trace::FIELD)?;
        }
        writeln!(out)
    }
}

fn color(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    }
}
