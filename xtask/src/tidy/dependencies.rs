//! A dependency is a decision: each one is used, and has a line in the record that says why.

use std::collections::BTreeSet;

use super::Finding;
use super::rust::words;
use super::source::Tree;

const MANIFEST: &str = "Cargo.toml";
const RECORD: &str = "docs/adr/0011-dependencies.md";

/// Used by generated code, which is not part of the tree.
const GENERATED: &[&str] = &["prost", "tonic-prost"];

/// Holds the workspace's third-party dependencies against the table of the record, both ways.
pub fn explained(tree: &Tree) -> Vec<Finding> {
    let text = |path| tree.find(path).map(|file| file.text.as_str()).unwrap_or_default();
    let used = third_party(text(MANIFEST));
    let explained = explained_in(text(RECORD));
    let missing = used.difference(&explained).map(|name| {
        let message = format!("{name} is used and not explained: why does it earn its place?");
        Finding::new(RECORD, 0, message)
    });
    let stale = explained
        .difference(&used)
        .map(|name| Finding::new(RECORD, 0, format!("{name} is explained and not used")));
    missing.chain(stale).collect()
}

/// What a crate declares is named in its code; what the workspace declares, in some crate.
pub fn used(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut declared = BTreeSet::new();
    let manifests = tree.files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    for manifest in manifests {
        let folder = manifest.path.trim_end_matches(MANIFEST);
        let files = tree.rust().filter(|file| file.path.starts_with(folder));
        let code: String = files.map(|file| file.code()).collect();
        for (line, name) in declared_in(&manifest.text) {
            declared.insert(name);
            let named = words(&code, &name.replace('-', "_")).next().is_some();
            if !named && !GENERATED.contains(&name) {
                let message = format!("{name} is declared and not used");
                findings.push(Finding::new(&manifest.path, line, message));
            }
        }
    }
    let root = tree.find(MANIFEST).map(|file| file.text.as_str()).unwrap_or_default();
    let unused = third_party(root).into_iter().filter(|name| !declared.contains(name));
    findings.extend(unused.map(|name| {
        Finding::new(
            MANIFEST,
            0,
            format!("{name} is in the workspace's table and no crate uses it"),
        )
    }));
    findings
}

/// The dependencies of one crate's manifest, with their lines.
fn declared_in(manifest: &str) -> Vec<(usize, &str)> {
    let mut section = "";
    let mut names = Vec::new();
    for (at, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]")
            && let Some(end) = line.find(['.', ' ', '='])
        {
            names.push((at + 1, &line[..end]));
        }
    }
    names
}

/// The names in `[workspace.dependencies]` that are not paths.
fn third_party(manifest: &str) -> BTreeSet<&str> {
    let table = manifest.split("[workspace.dependencies]").nth(1).unwrap_or_default();
    let lines = table.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter(|line| !line.contains("path ="))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect()
}

/// The crates named in backticks in the first cells of the record's table.
fn explained_in(record: &str) -> BTreeSet<&str> {
    let cells = record.lines().filter_map(|line| line.strip_prefix('|')?.split('|').next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let manifest = "[workspace.dependencies]\nkernel = { path = \"k\" }\nserde = \"1\"\ncsv = \"1\"\n[x]\n";
        let check = |record: &str, found: usize| {
            let tree = Tree::of(&[(MANIFEST, manifest), (RECORD, record)]);
            assert_eq!(explained(&tree).len(), found, "{record}");
        };

        check("| `serde`, `csv` | reads and writes |", 0);
        check("| `serde` | reads and writes `csv` |", 1);
        check("| `serde`, `csv`, `toml` | reads and writes |", 1);
    }

    #[test]
    fn a_dependency_that_nothing_uses_is_found() {
        let root = "[workspace.dependencies]\nserde-json = \"1\"\n";
        let manifest = "[lints]\nworkspace = true\n[dependencies]\nserde-json.workspace = true\n";
        let check = |manifest: &str, code: &str, found: usize| {
            let files = [(MANIFEST, root), ("a/Cargo.toml", manifest), ("a/src/lib.rs", code)];
            let findings = used(&Tree::of(&files));
            assert_eq!(findings.len(), found, "{manifest} {code}: {findings:?}");
        };

        check(manifest, "use serde_json::Value;", 0);
        check(manifest, "// serde_json would do it", 1);
        check("[dependencies]\n", "", 1);
    }
}
