//! Who may depend on whom, asked of `cargo metadata`: the layers, and who may use a driver.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde::Deserialize;

use super::Finding;
use crate::run;

/// The crates of the house and which of them each may use. A crate that is not here is refused.
const LAYERS: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("contracts", &["kernel"]),
    ("store", &["kernel"]),
    ("supervisor", &["kernel"]),
    ("telemetry", &["kernel"]),
    ("bus", &["kernel", "store"]),
    ("delivery", &["bus", "kernel", "store", "supervisor"]),
    ("saga", &["delivery", "kernel", "store", "supervisor"]),
    ("edge", &["bus", "delivery", "kernel", "saga", "store", "supervisor", "telemetry"]),
    ("testkit", &["bus", "delivery", "kernel", "store"]),
    ("users", SERVICE),
    ("products", SERVICE),
    ("orders", SERVICE),
    ("payments", SERVICE),
    ("stoa", &["*"]),
    // The flows know of the orders service only which steps its saga has, to crash at each of them.
    ("flows", &["kernel", "orders", "testkit"]),
    ("bench", &["kernel", "testkit"]),
    ("xtask", &[]),
];

/// What a service stands on. Never another service.
const SERVICE: &[&str] =
    &["bus", "contracts", "delivery", "edge", "kernel", "saga", "store", "supervisor", "telemetry"];

/// What only tests stand on; the binary never does.
const FOR_TESTS: &[&str] = &["bench", "flows", "testkit", "xtask"];

/// Third-party crates that only some may use, and why.
const RESERVED: &[(&str, &[&str], &str)] = &[
    ("rusqlite", &["store", "bench"], "the store is the one door to a database"),
    ("tokio-postgres", &["store"], "the store is the one door to a database"),
    ("lapin", &["bus"], "the bus is the one door to a broker"),
    ("rdkafka", &["bus"], "the bus is the one door to a broker"),
    ("rand", &["kernel"], "randomness enters the system in the kernel"),
    ("uuid", &["kernel"], "ids are made in the kernel"),
    ("iso_currency", &["kernel"], "money is the kernel's word"),
    ("mimalloc", &["stoa", "bench"], "the binary chooses the allocator"),
    ("clap", &["stoa", "bench", "xtask"], "only binaries have a command line"),
    ("anyhow", &["stoa", "bench", "flows", "testkit", "xtask"], "libraries have typed errors"),
];

/// The packages of the workspace, as cargo knows them.
#[derive(Deserialize)]
pub struct Workspace {
    packages: Vec<Package>,
    workspace_root: String,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// Absent for an ordinary dependency; `dev` or `build` otherwise.
    kind: Option<String>,
    /// Present for a crate of the house.
    path: Option<String>,
}

impl Workspace {
    pub fn ask() -> anyhow::Result<Self> {
        let args = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
        let text = run::output(&run::cargo(), &args)?;
        serde_json::from_str(&text).context("cargo metadata printed something else than expected")
    }

    /// The folder of each crate, relative to the repository.
    pub fn folders(&self) -> BTreeSet<String> {
        self.packages.iter().map(|package| self.folder(package)).collect()
    }

    fn folder(&self, package: &Package) -> String {
        let path = package.manifest_path.trim_start_matches(&self.workspace_root);
        path.trim_start_matches('/').trim_end_matches("/Cargo.toml").to_owned()
    }
}

/// Every dependency is one that the layers allow.
pub fn dependencies(workspace: &Workspace) -> Vec<Finding> {
    let layers: BTreeMap<_, _> = LAYERS.iter().copied().collect();
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let name = package.name.as_str();
        let manifest = format!("{}/Cargo.toml", workspace.folder(package));
        let mut report = |message: String| findings.push(Finding::new(&manifest, 0, message));
        let Some(allowed) = layers.get(name) else {
            report("no layer is known for this crate: place it in xtask/src/tidy/crates.rs".into());
            continue;
        };
        for dependency in &package.dependencies {
            if let Some(refusal) = refusal(name, allowed, dependency) {
                report(refusal);
            }
        }
    }
    findings
}

fn refusal(user: &str, allowed: &[&str], dependency: &Dependency) -> Option<String> {
    let used = dependency.name.as_str();
    let for_tests = dependency.kind.as_deref() == Some("dev");
    if dependency.path.is_some() {
        // A test may stand on more of the chassis than what it tests, but on no other service.
        let service = LAYERS.iter().any(|(name, layer)| *name == used && *layer == SERVICE);
        let fits = allowed.contains(&used)
            || (allowed == ["*"] && !FOR_TESTS.contains(&used))
            || (for_tests && !service);
        return (!fits).then(|| format!("{user} may not depend on {used}: see ARCHITECTURE.md"));
    }
    let (_, users, why) = RESERVED.iter().find(|(name, ..)| *name == used)?;
    let fits = users.contains(&user) || for_tests;
    (!fits).then(|| format!("{user} may not use {used}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(user: &str, used: &str, path: Option<&str>, kind: Option<&str>, refused: bool) {
        let dependency = Dependency {
            name: used.to_owned(),
            kind: kind.map(str::to_owned),
            path: path.map(str::to_owned),
        };
        let package = Package {
            name: user.to_owned(),
            manifest_path: format!("/r/{user}/Cargo.toml"),
            dependencies: vec![dependency],
        };
        let workspace = Workspace { packages: vec![package], workspace_root: "/r".to_owned() };

        let findings = dependencies(&workspace);

        assert_eq!(!findings.is_empty(), refused, "{user} -> {used}: {findings:?}");
    }

    #[test]
    fn the_layers_hold() {
        let path = Some("/r/x");
        check("orders", "payments", path, None, true);
        check("orders", "payments", path, Some("dev"), true);
        check("orders", "saga", path, None, false);
        check("orders", "testkit", path, None, true);
        check("orders", "testkit", path, Some("dev"), false);
        check("kernel", "store", path, None, true);
        check("stoa", "orders", path, None, false);
        check("stoa", "testkit", path, None, true);
        check("somebody", "kernel", path, None, true);
    }

    #[test]
    fn drivers_stay_behind_their_doors() {
        check("orders", "rusqlite", None, None, true);
        check("store", "rusqlite", None, None, false);
        check("payments", "lapin", None, None, true);
        check("orders", "serde", None, None, false);
        check("edge", "anyhow", None, None, true);
    }

    #[test]
    fn folders_are_relative() {
        let package = Package {
            name: "kernel".to_owned(),
            manifest_path: "/r/chassis/kernel/Cargo.toml".to_owned(),
            dependencies: Vec::new(),
        };
        let workspace = Workspace { packages: vec![package], workspace_root: "/r".to_owned() };

        assert_eq!(workspace.folders(), ["chassis/kernel".to_owned()].into());
    }
}
