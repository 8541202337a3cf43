//! The subcommands, one file each.
mod admin;
mod audit;
mod dead_letters;
mod demo;
mod export;
mod healthcheck;
mod import;
mod migrate;
mod openapi;
mod serve;

use crate::cli::{
    AdminWhat, Cli, Command, DeadLettersWhat, ExportWhat, ImportWhat, Listeners, Output, Shared,
};
use crate::exit::Stopped;
use crate::settings::{Settings, settle};
use std::future::Future;
use std::path::{Path, PathBuf};

/// Threads of a command that only waits for a server or a file.
const CLIENT_WORKERS: usize = 1;

/// Runs what the command line asks for.
pub fn run(cli: Cli) -> Result<(), Stopped> {
    let Cli { command, shared } = cli;
    let output = shared.output;
    match command {
        Command::Serve(args) => {
            let settings = settle(&shared, Some(&args.listeners))?;
            serving(settings.workers(), serve::run(settings, args.services, output))
        }
        Command::Demo(args) => {
            let settings = settle(&shared, Some(&args.listeners))?;
            serving(settings.workers(), demo::run(settings, args, output))
        }
        Command::Import(args) => match args.what {
            ImportWhat::Products(args) => client(import::products(args, output)),
        },
        Command::Export(args) => match args.what {
            ExportWhat::Products(args) => client(export::products(args)),
        },
        Command::DeadLetters(args) => match args.what {
            DeadLettersWhat::List(args) => client(dead_letters::list(args, output)),
            DeadLettersWhat::Redrive(args) => client(dead_letters::redrive(args, output)),
        },
        Command::Audit => client(audit::run(&offline(&shared)?, output)),
        Command::Migrate => client(migrate::run(&offline(&shared)?)),
        Command::Admin(args) => match args.what {
            AdminWhat::Create(args) => client(admin::create(&offline(&shared)?, args, output)),
        },
        Command::Openapi(args) => client(openapi::run(args)),
        Command::Healthcheck(args) => client(healthcheck::run(args)),
    }
}

/// Settings of a command that opens no listener.
fn offline(shared: &Shared) -> Result<Settings, Stopped> {
    settle(shared, None::<&Listeners>)
}

fn client<T>(work: impl Future<Output = Result<T, Stopped>>) -> Result<T, Stopped> {
    serving(CLIENT_WORKERS, work)
}

/// Runs `work` on a runtime of its own with so many workers.
fn serving<T>(
    workers: usize,
    work: impl Future<Output = Result<T, Stopped>>,
) -> Result<T, Stopped> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name("stoa")
        .enable_all()
        .build()
        .map_err(|e| crate::exit::io("threads", &e))?;
    let done = runtime.block_on(work);
    // What still blocks a thread must not hold the end of the process.
    runtime.shutdown_background();
    done
}

/// `path` with `suffix` behind its whole name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Prints a result as a person or a program wants it.
fn tell(output: Output, text: &str, value: &serde_json::Value) -> Result<(), Stopped> {
    match output {
        Output::Text => crate::output::text(text),
        Output::Json => crate::output::json(value),
    }
}
