//! The checks that no compiler makes: each is a function from the tree to what it found.

mod architecture;
mod crates;
mod dependencies;
mod domain;
mod files;
mod links;
mod metrics;
mod places;
mod problems;
mod rust;
pub mod settings;
pub mod source;
mod statements;

use std::fmt;

use anyhow::bail;
use source::Tree;

use crate::run;

/// Options of `cargo xtask tidy`.
#[derive(clap::Args)]
pub struct Args {
    /// Show, too, what is not refused: files and comments that are longer than they should be.
    #[arg(long)]
    notes: bool,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub path: String,
    /// Counted from one; zero for the file as a whole.
    pub line: usize,
    pub message: String,
}

impl Finding {
    pub fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// A check on texts alone.
type Check = fn(&Tree) -> Vec<Finding>;

const CHECKS: &[(&str, Check)] = &[
    ("headers", files::headers),
    ("lengths", files::lengths),
    ("names", files::names),
    ("manifests", files::manifests),
    ("domain", domain::purity),
    ("money", domain::money),
    ("statements", statements::listed),
    ("places of SQL", statements::places),
    ("rooms", places::rooms),
    ("publishing", places::publishing),
    ("calls in commands", places::calls),
    ("printing", places::printing),
    ("problem pages", problems::pages),
    ("settings", settings::documented),
    ("metrics", metrics::documented),
    ("links", links::resolve),
    ("reasons of dependencies", dependencies::explained),
    ("use of dependencies", dependencies::used),
];

/// Runs every check; fails when one found something.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let root = run::root();
    let tree = Tree::read(&root)?;
    let workspace = crates::Workspace::ask()?;
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|(_, check)| check(&tree)).collect();
    findings.extend(crates::dependencies(&workspace));
    findings.extend(architecture::map(&tree, &workspace.folders()));
    findings.sort();
    findings.dedup();
    for finding in &findings {
        println!("{finding}");
    }
    if args.notes {
        for finding in files::notes(&tree) {
            println!("note: {finding}");
        }
    }
    if findings.is_empty() {
        println!("tidy: {} files, {} checks, nothing found", tree.files.len(), CHECKS.len() + 2);
        return Ok(());
    }
    bail!("tidy: {} findings", findings.len())
}
