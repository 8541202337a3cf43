//! The binary: parse, run, leave with the right code.
mod api;
mod banner;
mod cli;
mod client;
mod commands;
mod data_dir;
mod exit;
mod ops;
mod output;
mod pages;
mod settings;
mod system;

use clap::Parser;
use exit::Exit;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Pages of 2 MiB would make an idle process hold three times the memory that it uses. Where
    // the kernel cannot be told, that is the price.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => {
            // Help that nobody reads is no failure.
            let _ = told.print();
            return if told.use_stderr() {
                ExitCode::from(Exit::Usage as u8)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stopped) => stopped.report(),
    }
}
