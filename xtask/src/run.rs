//! Runs other programs and says what runs and how long it took.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

use anyhow::{Context, bail};

/// The repository's root folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The cargo that runs this program.
pub fn cargo() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Runs a program in the repository's root; anything but success is an error.
pub fn step(program: &str, args: &[&str]) -> anyhow::Result<()> {
    let shown = shown(program, args);
    eprintln!("> {shown}");
    let status = command(program, args).status().with_context(|| format!("cannot run {shown}"))?;
    if !status.success() {
        bail!("{shown}: {status}");
    }
    Ok(())
}

/// Runs a program in the repository's root and gives back what it printed.
pub fn output(program: &str, args: &[&str]) -> anyhow::Result<String> {
    let shown = shown(program, args);
    let output = command(program, args).output().with_context(|| format!("cannot run {shown}"))?;
    if !output.status.success() {
        bail!("{shown}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).with_context(|| format!("{shown} did not print text"))
}

/// Whether `cargo <name>` is installed.
pub fn has_cargo_command(name: &str) -> io::Result<bool> {
    Ok(command(&cargo(), &[name, "--version"]).output()?.status.success())
}

fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

fn shown(program: &str, args: &[&str]) -> String {
    let program =
        Path::new(program).file_name().map_or(program.into(), |name| name.to_string_lossy());
    format!("{program} {}", args.join(" "))
}
