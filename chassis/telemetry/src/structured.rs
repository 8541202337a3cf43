//! Log lines for machines: one flat JSON object each.

use std::fmt;

use kernel::Clock;
use serde::ser::{SerializeMap, Serializer as _};
use serde_json::value::RawValue;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format::Writer},
    registry::LookupSpan,
};

use crate::trace;

/// `timestamp`, `level`, `target`, `trace_id` when there is one, `message`, then the fields of the
/// event under their own names, and `spans` from the outermost when it happened in any.
pub(crate) struct Structured {
    clock: Clock,
}

impl Structured {
    pub(crate) fn new() -> Self {
        Self { clock: Clock::system() }
    }

    fn write<S, N>(
        &self,
        context: &FmtContext<'_, S, N>,
        event: &Event<'_>,
    ) -> serde_json::Result<Vec<u8>>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
        N: for<'a> FormatFields<'a> + 'static,
    {
        let mut line = Vec::with_capacity(256);
        let mut json = serde_json::Serializer::new(&mut line);
        let mut map = json.serialize_map(None)?;
        map.serialize_entry("timestamp", &self.clock.now())?;
        map.serialize_entry("level", event.metadata().level().as_str())?;
        map.serialize_entry("target", event.metadata().target())?;
        if let Some(id) = trace::current_id() {
            map.serialize_entry(trace::FIELD, &id)?;
        }
        let mut fields = Fields { map: &mut map, result: Ok(()) };
        event.record(&mut fields);
        fields.result?;
        if context.event_scope().is_some() {
            map.serialize_entry("spans", &Spans(context))?;
        }
        map.end()?;
        line.push(b'\n');
        Ok(line)
    }
}

impl<S, N> FormatEvent<S, N> for Structured
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
        let line = self.write(context, event).map_err(|_| fmt::Error)?;
        out.write_str(str::from_utf8(&line).map_err(|_| fmt::Error)?)
    }
}

/// Writes the fields of an event; keeps the first failure.
struct Fields<'a, M: SerializeMap> {
    map: &'a mut M,
    result: Result<(), M::Error>,
}

impl<M: SerializeMap> Fields<'_, M> {
    fn put<T: serde::Serialize + ?Sized>(&mut self, field: &Field, value: &T) {
        if self.result.is_ok() {
            self.result = self.map.serialize_entry(field.name(), value);
        }
    }
}

impl<M: SerializeMap> Visit for Fields<'_, M> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, &value);
    }
}

/// The spans that an event happened in, each with its fields, which are JSON already.
struct Spans<'a, 'b, S, N>(&'a FmtContext<'b, S, N>);

#[derive(serde::Serialize)]
struct Span {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Box<RawValue>>,
}

impl<S, N> serde::Serialize for Spans<'_, '_, S, N>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn serialize<O: serde::Serializer>(&self, out: O) -> Result<O::Ok, O::Error> {
        let scope = self.0.event_scope();
        out.collect_seq(scope.into_iter().flat_map(|scope| scope.from_root()).map(|span| {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            let fields = fields.and_then(|fields| serde_json::from_str(&fields.fields).ok());
            Span { name: span.name(), fields }
        }))
    }
}
