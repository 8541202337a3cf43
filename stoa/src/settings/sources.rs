//! Where settings come from: flags, variables, the file.
use super::Settings;
use super::layers::{Layers, Origin};
use crate::cli::{Listeners, ServiceName, Shared};
use crate::exit::{Exit, Stopped, io};
use edge::serve::Address;
use std::fs;
use std::path::PathBuf;

/// Where the settings file is looked for when none is named.
const FILE: &str = "stoa.toml";

/// Settles the settings of this process from its flags, its environment and its file.
pub fn settle(shared: &Shared, listeners: Option<&Listeners>) -> Result<Settings, Stopped> {
    // A variable that is not UTF-8 is none of ours.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let variables: Vec<_> = variables.collect();
    let file = settings_file(shared, &variables)?;
    settle_from(shared, listeners, variables, file)
}

/// A settings file: its name and its text.
type File = (String, String);

fn settings_file(shared: &Shared, variables: &[(String, String)]) -> Result<Option<File>, Stopped> {
    let variable =
        variables.iter().find(|(name, value)| name == "STOA_CONFIG" && !value.is_empty());
    let named = shared.config.clone().or_else(|| variable.map(|(_, value)| value.into()));
    let path = named.clone().unwrap_or_else(|| FILE.into());
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path.display().to_string(), text))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(e) if e.kind() == std::io::ErrorKind::InvalidData => {
            Err(Stopped::usage(format!("{}: not a text file", path.display())))
        }
        Err(e) => Err(io(path.display(), &e).with_exit(Exit::Usage)),
    }
}

pub(super) fn settle_from(
    shared: &Shared,
    listeners: Option<&Listeners>,
    variables: Vec<(String, String)>,
    file: Option<File>,
) -> Result<Settings, Stopped> {
    let mut layers = Layers::default();
    flags(&mut layers, shared, listeners);
    for (name, value) in variables.into_iter().filter(|(_, value)| !value.is_empty()) {
        if let Some(path) = setting_of(&name) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            layers.text(&path, value, Origin::Variable(name));
        }
    }
    if let Some((name, text)) = file {
        layers.file(parse(&name, &text)?, &name);
    }
    let settings: Settings = layers.read().map_err(|wrong| {
        Stopped::usage(wrong)
            .advise("all settings and their defaults are in docs/operate/settings.md")
    })?;
    settings.checked()
}

fn parse(name: &str, text: &str) -> Result<toml::Table, Stopped> {
    text.parse().map_err(|e: toml::de::Error| {
        let line = e.span().map(|span| text[..span.start].matches('\n').count() + 1);
        let place = line.map_or(String::new(), |line| format!(" line {line}"));
        Stopped::usage(format!("{name}{place}: {}", e.message()))
    })
}

fn flags(layers: &mut Layers, shared: &Shared, listeners: Option<&Listeners>) {
    let mut flag = |path: &str, name, value: Option<String>| {
        if let Some(value) = value {
            layers.text(&[path], value, Origin::Flag(name));
        }
    };
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    flag("data_dir", "--data-dir", shared.data_dir.as_ref().map(text));
    flag("log", "--log", shared.log.map(|form| form.as_str().to_owned()));
    if let Some(Listeners { listen, grpc_listen }) = listeners {
        flag("listen", "--listen", listen.as_ref().map(Address::to_string));
        flag("grpc_listen", "--grpc-listen", grpc_listen.as_ref().map(Address::to_string));
    }
}

/// The setting that a variable names. Other `STOA_*` variables are left alone: an orchestrator
/// adds some of its own for a service of that name (`STOA_SERVICE_HOST`).
fn setting_of(variable: &str) -> Option<Vec<String>> {
    let name = variable.strip_prefix("STOA_")?.to_lowercase();
    if name.contains("__") {
        return Some(name.split("__").map(str::to_owned).collect());
    }
    let per_service = |suffix: &str, table: &str| {
        let service = name.strip_suffix(suffix)?;
        let known = ServiceName::ALL.iter().any(|known| known.as_str() == service);
        known.then(|| vec![table.to_owned(), service.to_owned()])
    };
    const PLAIN: [&str; 10] = [
        "data_dir",
        "listen",
        "grpc_listen",
        "database_url",
        "durability",
        "bus_url",
        "log",
        "log_filter",
        "worker_threads",
        "drain_ms",
    ];
    if PLAIN.contains(&name.as_str()) {
        return Some(vec![name]);
    }
    if let Some(setting) = name.strip_prefix("admin_") {
        return Some(vec!["admin".to_owned(), setting.to_owned()]);
    }
    per_service("_database_url", "databases").or_else(|| per_service("_url", "peers"))
}
