//! Writes the operator's list of settings from the doc comments beside their fields.

use std::fs;

use anyhow::Context;

use crate::run;
use crate::tidy::settings::{PAGE, written};
use crate::tidy::source::Tree;

/// Writes everything below the page's marker; `cargo xtask tidy` finds a page that is stale.
pub fn run() -> anyhow::Result<()> {
    let root = run::root();
    let tree = Tree::read(&root)?;
    let page = tree.find(PAGE).map(|file| file.text.as_str()).unwrap_or_default();
    fs::write(root.join(PAGE), written(&tree, page)).with_context(|| format!("cannot write {PAGE}"))
}
