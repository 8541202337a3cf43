//! Writes each service's HTTP description from the binary, or compares it with what is committed.

use std::fs;

use anyhow::{Context, bail};

use crate::run;

const FOLDER: &str = "contracts/openapi";
const CONTEXTS: &[&str] = &["users", "products", "orders", "payments"];

/// Options of `cargo xtask openapi`.
#[derive(clap::Args)]
pub struct Args {
    /// Change nothing; fail when what is committed differs from the code.
    #[arg(long)]
    check: bool,
}

/// Builds `stoa`, asks it for each description, writes or compares `<context>.v1.json`.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let folder = run::root().join(FOLDER);
    let mut stale = Vec::new();
    for context in CONTEXTS {
        let from = ["run", "--quiet", "--package", "stoa", "--", "openapi", "--context", context];
        let text = run::output(&run::cargo(), &from)?;
        let file = folder.join(format!("{context}.v1.json"));
        if !args.check {
            fs::create_dir_all(&folder)?;
            fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        } else if fs::read_to_string(&file).unwrap_or_default() != text {
            stale.push(format!("{FOLDER}/{context}.v1.json"));
        }
    }
    if !stale.is_empty() {
        bail!("{} differ from the code: run `cargo xtask openapi`", stale.join(", "));
    }
    Ok(())
}
