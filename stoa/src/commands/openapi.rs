//! `stoa openapi`: prints or writes the API description.
use crate::api;
use crate::cli::{OpenApi, ServiceName};
use crate::exit::{Stopped, io};
use crate::output;

/// Prints one description; with `--out`, writes one file per service.
pub fn run(args: OpenApi) -> Result<(), Stopped> {
    let Some(dir) = args.out else {
        let description = match args.context {
            Some(service) => api::of(service),
            None => api::merged(&ServiceName::ALL),
        };
        return output::text(&text(&description)?);
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

fn text(description: &utoipa::openapi::OpenApi) -> Result<String, Stopped> {
    let mut text = description.to_pretty_json().map_err(Stopped::bug)?;
    text.push('\n');
    Ok(text)
}
