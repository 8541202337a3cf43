//! Logs with the trace they belong to, panics told once, metrics in Prometheus' words.
//!
//! [`init`] once, before anything logs or counts; from then on the whole program speaks through
//! the macros of `tracing` and `metrics`. Names are those of Prometheus: `stoa_orders_placed_total`,
//! base units, the unit in the name; the process's own figures bear the standard names
//! (`process_resident_memory_bytes`, ...). A histogram is recorded into memory and folded into its
//! buckets once a second: whoever records often keeps the handle that the macro returns.

mod metrics;
mod panics;
mod pretty;
mod process;
mod sink;
mod structured;
mod trace;

use std::io::IsTerminal;

use tracing_subscriber::{
    EnvFilter, filter::ParseError, fmt, layer::SubscriberExt, registry, util::SubscriberInitExt,
};

pub use crate::{metrics::render_metrics, sink::Guard};

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How a line looks. Default: `pretty`.
    pub log: Log,
    /// What is logged: a level, or levels by target, as in `info,store=debug`. Default: `info`.
    pub filter: String,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Log {
    /// For people: colored on a terminal.
    Pretty,
    /// For machines: one JSON object a line.
    Json,
}

impl Default for Settings {
    fn default() -> Self {
        Self { log: Log::Pretty, filter: "info".to_owned() }
    }
}

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The filter is not one.
    #[error("log filter `{filter}`")]
    Filter {
        /// As given.
        filter: String,
        /// What is wrong with it.
        source: ParseError,
    },
    /// The program logs or counts elsewhere already.
    #[error("telemetry is set up already")]
    Again,
    /// The thread that writes the log could not be started.
    #[error("log thread")]
    Thread(#[source] std::io::Error),
}

/// Sets up the log on standard error, the panic hook and the metrics, for the whole program.
///
/// Lines are written by a thread of their own, so that a slow reader holds up nobody; when it falls
/// behind too far, lines are lost and counted. Dropping the guard writes what is left: keep it
/// until the end of `main`.
pub fn init(settings: &Settings) -> Result<Guard, InitError> {
    let filter = filter(&settings.filter)?;
    let (sink, guard) = sink::start(metrics::upkeep).map_err(InitError::Thread)?;
    let registry = registry().with(filter);
    let set = match settings.log {
        Log::Pretty => {
            let layer = fmt::layer().with_ansi(wants_color()).event_format(pretty::Pretty::new());
            registry.with(layer.with_writer(sink)).try_init()
        }
        Log::Json => {
            let layer = fmt::layer().fmt_fields(fmt::format::JsonFields::new());
            let layer = layer.event_format(structured::Structured::new());
            registry.with(layer.with_writer(sink)).try_init()
        }
    };
    set.map_err(|_| InitError::Again)?;
    metrics::install()?;
    panics::install();
    Ok(guard)
}

fn filter(text: &str) -> Result<EnvFilter, InitError> {
    let bad = |source| InitError::Filter { filter: text.to_owned(), source };
    let filter = EnvFilter::builder().parse(text).map_err(bad)?;
    // Whatever is muted: a panic is told.
    Ok(filter.add_directive(panics::DIRECTIVE.parse().map_err(bad)?))
}

fn wants_color() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_not_one_is_refused_with_its_text() {
        let check = |text: &str, valid: bool| assert_eq!(filter(text).is_ok(), valid, "{text}");
        check("info", true);
        check("warn,store=debug", true);
        check("", true);
        check("store=loud", false);
        check("a=b=c", false);
        let error = filter("store=loud").unwrap_err().to_string();
        assert_eq!(error, "log filter `store=loud`");
    }

    #[test]
    fn settings_have_defaults_and_refuse_what_they_do_not_know() {
        let read = |json: &str| serde_json::from_str::<Settings>(json);
        assert_eq!(read("{}").unwrap(), Settings::default());
        assert_eq!(read(r#"{"log": "json"}"#).unwrap().log, Log::Json);
        assert!(read(r#"{"log": "xml"}"#).is_err());
        assert!(read(r#"{"colour": true}"#).is_err());
    }
}
