//! `stoa migrate`: brings every database to this version's schema, before the server starts.
use crate::cli::ServiceName;
use crate::data_dir::DataDir;
use crate::exit::Stopped;
use crate::output;
use crate::settings::Settings;
use crate::system::databases;
use kernel::Clock;

/// Migrates what is there and makes what is missing. The server must be stopped; it migrates by
/// itself when it starts.
pub async fn run(settings: &Settings) -> Result<(), Stopped> {
    let _held = DataDir::hold(settings.data_dir())?;
    let clock = Clock::system();
    for service in ServiceName::ALL {
        let store = databases::of_service(settings, service, &clock).await?;
        store.close().await;
        output::text(&format!("{} is up to date\n", service.as_str()))?;
    }
    let queue = databases::of_queue(settings, &clock).await?;
    let opened = bus::Embedded::open(queue.clone(), clock.clone()).await;
    opened.map(drop).map_err(|e| databases::queue_stopped(&e))?;
    queue.close().await;
    let bank = databases::of_bank(settings, &clock).await?;
    payments::migrate_bank(&bank).await.map_err(|e| databases::stopped("sandbox.db", &e))?;
    bank.close().await;
    output::text("queue and sandbox are up to date\n")
}
