//! `stoa migrate`: brings every database to this version's schema, before the server starts.
use crate::cli::ServiceName;
use crate::data_dir::DataDir;
use crate::exit::Stopped;
use crate::output;
use crate::settings::Settings;
use crate::system::databases::Databases;
use kernel::Clock;

/// Migrates what is there and makes what is missing. The server must be stopped; it migrates by
/// itself when it starts.
pub async fn run(settings: &Settings) -> Result<(), Stopped> {
    let _held = DataDir::hold(settings.data_dir())?;
    let all = ServiceName::ALL;
    let databases = Databases::open(settings, &all, &Clock::system()).await?;
    databases.close().await;
    let services = all.map(ServiceName::as_str).join(", ");
    output::text(&format!("{services}, queue and sandbox are up to date\n"))
}
