//! `stoa serve`: starts the services in this process and serves until a signal comes.
use crate::banner::Banner;
use crate::cli::{LogForm, Output, ServiceName};
use crate::exit::{Stopped, io};
use crate::settings::Settings;
use crate::system;
use axum::Router;
use std::io::{ErrorKind, IsTerminal};

/// Serves the services named, or all of them.
pub async fn run(
    settings: Settings,
    services: Vec<ServiceName>,
    output: Output,
) -> Result<(), Stopped> {
    let _log = log(&settings)?;
    let which = chosen(services);
    let system = system::start(settings, &which, Router::new()).await?;
    announce(&system.banner(&which), output)?;
    system.serve().await
}

/// Each service once, in the order of the system.
fn chosen(mut services: Vec<ServiceName>) -> Vec<ServiceName> {
    if services.is_empty() {
        return ServiceName::ALL.to_vec();
    }
    services.sort_unstable();
    services.dedup();
    services
}

/// Sets up the log; it ends when the guard is dropped.
pub fn log(settings: &Settings) -> Result<telemetry::Guard, Stopped> {
    let by_default = if std::io::stderr().is_terminal() { LogForm::Pretty } else { LogForm::Json };
    let log = match settings.log.unwrap_or(by_default) {
        LogForm::Pretty => telemetry::Log::Pretty,
        LogForm::Json => telemetry::Log::Json,
    };
    let settings = telemetry::Settings { log, filter: settings.log_filter.clone() };
    telemetry::init(&settings).map_err(|error| match error {
        telemetry::InitError::Filter { filter, source } => {
            Stopped::usage(format!("setting log_filter: `{filter}`: {source}"))
        }
        telemetry::InitError::Again => Stopped::bug("the log is set up twice"),
        telemetry::InitError::Thread(error) => io("log thread", &error),
    })
}

/// Says on stdout that the system is ready. Nobody listening there is fine.
pub fn announce(banner: &Banner, output: Output) -> Result<(), Stopped> {
    let told = match output {
        Output::Text => banner.print_text(),
        Output::Json => banner.print_json(),
    };
    match told {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(io("stdout", &e)),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServiceName::{Orders, Users};

    #[test]
    fn each_service_is_served_once() {
        assert_eq!(chosen(vec![]), ServiceName::ALL);
        assert_eq!(chosen(vec![Orders, Users, Orders]), [Users, Orders]);
    }
}
