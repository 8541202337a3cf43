//! `stoa export products`: the whole catalogue through the API, in the form that import reads.
use crate::cli::ExportProducts;
use crate::client::{Ask, Client};
use crate::exit::{Stopped, io};
use crate::output;
use kernel::Clock;
use std::io::Write;

/// Streams the catalogue to a file or stdout.
pub async fn products(args: ExportProducts) -> Result<(), Stopped> {
    let client = Client::connect(&args.login, Clock::system()).await?;
    let headers = [("accept", "application/x-ndjson")];
    let ask = Ask { headers: &headers, ..Ask::get("/v1/exports/products") };
    match &args.to {
        None => client.stream(&ask, "export", &mut |part| output::bytes(part)).await,
        Some(file) => {
            // Named aside until it is whole, so that a broken export is never taken for a catalogue.
            let next = super::beside(file, ".part");
            let failed = |e: std::io::Error| io(file.display(), &e);
            let mut out = std::fs::File::create(&next).map_err(failed)?;
            let mut write = |part: &[u8]| out.write_all(part).map_err(failed);
            client.stream(&ask, "export", &mut write).await?;
            std::fs::rename(&next, file).map_err(failed)
        }
    }
}
