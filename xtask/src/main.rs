//! Tasks on the repository: one file per subcommand.

mod ci;
mod openapi;
mod power_cut;
mod run;
mod settings;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks on the repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check what no compiler checks: who depends on whom, purity, statements, pages, the map.
    Tidy(tidy::Args),
    /// Build everything once and run every test.
    Test(test::Args),
    /// Write the HTTP descriptions from the code, or compare them with what is committed.
    Openapi(openapi::Args),
    /// Cut the power under load on a disk that forgets what was not flushed; needs root.
    PowerCut(power_cut::Args),
    /// Write the operator's list of settings from the code.
    Settings,
    /// What CI runs, in its order: fmt, tidy, clippy, deny, test, openapi.
    Ci,
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Tidy(args) => tidy::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Openapi(args) => openapi::run(&args),
        Task::PowerCut(args) => power_cut::run(&args),
        Task::Settings => settings::run(),
        Task::Ci => ci::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
