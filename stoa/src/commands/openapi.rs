//! `stoa openapi`: prints or writes the API description.
use crate::api;
use crate::cli::{OpenApi, ServiceName};
use crate::exit::{Stopped, io};
use crate::output;
use serde::Serialize;

/// Prints one description; with `--out`, writes one file per service.
pub fn run(args: OpenApi) -> Result<(), Stopped> {
    let Some(dir) = args.out else {
        return output::text(&match args.context {
            Some(service) => text(&api::of(service))?,
            None => text(&api::merged(&ServiceName::ALL).map_err(Stopped::bug)?)?,
        });
    };
    std::fs::create_dir_all(&dir).map_err(|e| io(dir.display(), &e))?;
    let services = args.context.map_or_else(|| ServiceName::ALL.to_vec(), |one| vec![one]);
    for service in services {
        let file = dir.join(format!("{}.v1.json", service.as_str()));
        let text = text(&api::of(service))?;
        std::fs::write(&file, text).map_err(|e| io(file.display(), &e))?;
    }
    Ok(())
}

fn text(description: &impl Serialize) -> Result<String, Stopped> {
    let mut text = serde_json::to_string_pretty(description).map_err(Stopped::bug)?;
    text.push('\n');
    Ok(text)
}
