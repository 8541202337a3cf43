//! Builds everything once and runs every test, those against the built binary among them.

use crate::run;

/// Options of `cargo xtask test`.
#[derive(clap::Args)]
pub struct Args {
    /// Only tests whose name contains one of these.
    filters: Vec<String>,
    /// Only the tests of this package.
    #[arg(long, short)]
    package: Option<String>,
}

/// Builds the binary that the black-box tests start, then runs the tests.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let cargo = run::cargo();
    // With the targets of the tests, so that nothing is resolved and compiled a second time.
    run::step(&cargo, &["build", "--workspace", "--all-targets"])?;
    let scope: Vec<&str> = match &args.package {
        Some(package) => vec!["--package", package],
        None => vec!["--workspace"],
    };
    let filters = args.filters.iter().map(String::as_str);
    if run::has_cargo_command("nextest")? {
        let mut command = vec!["nextest", "run"];
        command.extend(scope);
        command.extend(filters);
        return run::step(&cargo, &command);
    }
    let mut command = vec!["test", "--all-targets"];
    command.extend(scope);
    command.push("--");
    command.extend(filters);
    run::step(&cargo, &command)
}
