//! `stoa openapi`: prints or writes the API description.
use crate::api;
use crate::cli::{OpenApi, ServiceName};
use crate::exit::{Stopped, io};
use crate::output;
use crate::system;
use serde::Serialize;

/// Prints one description; with `--out`, writes one file per service.
pub async fn run(args: OpenApi) -> Result<(), Stopped> {
    let services = system::describe(&ServiceName::ALL).await?;
    let wanted = |name: &str| args.context.is_none_or(|context| context.as_str() == name);
    let Some(dir) = args.out else {
        let one = services.iter().find(|(name, _)| args.context.is_some() && wanted(name));
        return output::text(&match one {
            Some((_, description)) => text(description)?,
            None => text(&api::merged(&services).map_err(Stopped::bug)?)?,
        });
    };
    std::fs::create_dir_all(&dir).map_err(|e| io(dir.display(), &e))?;
    for (name, description) in services.iter().filter(|(name, _)| wanted(name)) {
        let file = dir.join(format!("{name}.v1.json"));
        std::fs::write(&file, text(description)?).map_err(|e| io(file.display(), &e))?;
    }
    Ok(())
}

fn text(description: &impl Serialize) -> Result<String, Stopped> {
    let mut text = serde_json::to_string_pretty(description).map_err(Stopped::bug)?;
    text.push('\n');
    Ok(text)
}
