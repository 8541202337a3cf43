//! `stoa healthcheck`: whether a server is ready, for containers without curl.
use crate::cli::Remote;
use crate::client::{Ask, Client};
use crate::exit::{Exit, Stopped};
use kernel::Clock;

/// Succeeds when `/readyz` does.
pub async fn run(remote: Remote) -> Result<(), Stopped> {
    let client = Client::new(&remote.url, Clock::system())?;
    let answer = client.send(&Ask::get("/readyz")).await?;
    if answer.status.is_success() {
        return Ok(());
    }
    Err(Stopped::new(Exit::Unavailable, format!("{}: not ready", client.base())))
}
