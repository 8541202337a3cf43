//! The map in ARCHITECTURE.md and the tree are the same.

use std::collections::BTreeSet;

use super::Finding;
use super::source::Tree;

const MAP: &str = "ARCHITECTURE.md";

/// Each crate and top-level folder is on the map, and nothing else is.
pub fn map(tree: &Tree, crates: &BTreeSet<String>) -> Vec<Finding> {
    let text = tree.find(MAP).map(|file| file.text.as_str()).unwrap_or_default();
    let drawn = drawn(text);
    let mut findings = Vec::new();
    for folder in top_level(tree).union(crates) {
        if !drawn.contains(folder) {
            findings.push(Finding::new(MAP, 0, format!("{folder} is not on the map")));
        }
    }
    for path in &drawn {
        if !tree.has(path) {
            findings.push(Finding::new(
                MAP,
                0,
                format!("{path} is on the map and not in the tree"),
            ));
        }
    }
    findings
}

/// The top-level folders and files; a file with a leading dot explains itself.
fn top_level(tree: &Tree) -> BTreeSet<String> {
    let names = tree.files.iter().filter_map(|file| match file.path.split_once('/') {
        Some((folder, _)) => Some(folder),
        None => (!file.path.starts_with('.')).then_some(file.path.as_str()),
    });
    names.map(str::to_owned).collect()
}

/// The paths of the first drawing of a tree: a block of lines indented with `│├└─` and spaces.
fn drawn(text: &str) -> BTreeSet<String> {
    let block = text.split("```").find(|block| block.contains("├── "));
    let mut folders: Vec<(usize, String)> = Vec::new();
    let mut paths = BTreeSet::new();
    for line in block.unwrap_or_default().lines() {
        let name_at = line.find(|c: char| !"│├└─ ".contains(c)).unwrap_or(line.len());
        let indent = line[..name_at].chars().count();
        if indent == 0 {
            continue;
        }
        folders.retain(|(depth, _)| *depth < indent);
        let parent = folders.last().map(|(_, path)| path.clone()).unwrap_or_default();
        // The names end where the description begins: after two spaces.
        let names = line[name_at..].split("  ").next().unwrap_or_default();
        for name in names.split_whitespace() {
            let path = format!("{parent}{}", name.trim_end_matches('/'));
            if name.ends_with('/') {
                folders.push((indent, format!("{path}/")));
            }
            paths.insert(path);
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWING: &str = "# Map\n```\nshop/\n├── README.md a.toml      what it is\n├── chassis/            below\n\
                           │   └── kernel/         words\n└── tests/\n```\n";

    fn check(drawing: &str, more: &[&str], crates: &[&str], found: usize) {
        let mut files = vec![
            (MAP, drawing),
            ("README.md", ""),
            ("a.toml", ""),
            ("chassis/kernel/Cargo.toml", ""),
            ("tests/a.rs", ""),
        ];
        files.extend(more.iter().map(|path| (*path, "")));
        let crates = crates.iter().map(|path| (*path).to_owned()).collect();

        let findings = map(&Tree::of(&files), &crates);

        // The map itself is a file of the tree that this drawing leaves out.
        assert_eq!(findings.len(), found + 1, "{findings:?}");
    }

    #[test]
    fn the_map_is_the_tree() {
        check(DRAWING, &[], &["chassis/kernel"], 0);
        check(DRAWING, &["web/index.html"], &["chassis/kernel"], 1);
        check(DRAWING, &["chassis/bus/Cargo.toml"], &["chassis/kernel", "chassis/bus"], 1);
        check(&DRAWING.replace("kernel/", "core/  "), &[], &["chassis/kernel"], 2);
        check(DRAWING, &[".gitignore"], &["chassis/kernel"], 0);
    }
}
