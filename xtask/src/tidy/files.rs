//! What holds for every file: a header, a length that can be read whole, names, manifests.

use super::Finding;
use super::rust::words;
use super::source::Tree;

const LINES_MAX: usize = 500;
const LINES_LONG: usize = 300;
const COLUMNS_MAX: usize = 100;

/// Endings of type names that say nothing.
const VAGUE: &[&str] = &[
    "Manager",
    "Helper",
    "Util",
    "Utils",
    "Processor",
    "Wrapper",
    "Impl",
    "Dto",
    "Entity",
    "Model",
];

/// Every Rust file opens by saying what it holds.
pub fn headers(tree: &Tree) -> Vec<Finding> {
    let silent = tree.rust().filter(|file| {
        let first = file.text.lines().next().unwrap_or_default();
        first.strip_prefix("//! ").is_none_or(|says| says.trim().is_empty())
    });
    silent
        .map(|file| Finding::new(&file.path, 1, "opens without `//! ` and what it holds"))
        .collect()
}

/// No Rust file is too long to be read whole.
pub fn lengths(tree: &Tree) -> Vec<Finding> {
    longer_than(tree, LINES_MAX, usize::MAX)
}

/// Not refused, but shown on request: files that could be shorter, comments that should be wrapped.
pub fn notes(tree: &Tree) -> Vec<Finding> {
    let mut findings = longer_than(tree, LINES_LONG, LINES_MAX);
    for file in tree.rust() {
        for (at, line) in file.text.lines().enumerate() {
            let columns = line.chars().count();
            if line.trim_start().starts_with("//") && columns > COLUMNS_MAX {
                let message = format!("a comment of {columns} columns");
                findings.push(Finding::new(&file.path, at + 1, message));
            }
        }
    }
    findings
}

fn longer_than(tree: &Tree, lines_min: usize, lines_max: usize) -> Vec<Finding> {
    let lengths = tree.rust().map(|file| (file, file.text.lines().count()));
    lengths
        .filter(|(_, lines)| *lines > lines_min && *lines <= lines_max)
        .map(|(file, lines)| {
            let message = format!("{lines} lines, more than {lines_min}: part it by what it says");
            Finding::new(&file.path, 0, message)
        })
        .collect()
}

/// Types are named for what they are.
pub fn names(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !file.is_test()) {
        let code = file.shipped_code();
        for keyword in ["struct ", "enum ", "trait "] {
            for at in words(&code, keyword) {
                let rest = &code[at + keyword.len()..];
                let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
                let name = &rest[..end];
                if let Some(ending) = VAGUE.iter().find(|ending| name.ends_with(**ending)) {
                    let message = format!("{name}: a name in `{ending}` says nothing");
                    findings.push(Finding::new(&file.path, file.line(at), message));
                }
            }
        }
    }
    findings
}

/// Every crate keeps the workspace's lints, edition and versions.
pub fn manifests(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let manifests = tree.files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    for file in manifests {
        for wanted in ["[lints]\nworkspace = true", "edition.workspace = true"] {
            if !file.text.contains(wanted) {
                let message = format!("without `{}`", wanted.replace('\n', " "));
                findings.push(Finding::new(&file.path, 0, message));
            }
        }
        let mut dependencies = false;
        for (at, line) in file.text.lines().enumerate() {
            if let Some(section) = line.strip_prefix('[') {
                dependencies = section.ends_with("dependencies]");
            } else if dependencies && line.contains('=') && !line.contains("workspace = true") {
                let message = "a version of its own: declare it in the root's table".to_owned();
                findings.push(Finding::new(&file.path, at + 1, message));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(findings: &[Finding]) -> Vec<usize> {
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_file_without_a_header_is_found() {
        let tree = Tree::of(&[("a.rs", "//! Holds a.\n"), ("b.rs", "use std::fmt;\n")]);

        let paths: Vec<String> = headers(&tree).into_iter().map(|finding| finding.path).collect();

        assert_eq!(paths, ["b.rs"]);
    }

    #[test]
    fn a_file_that_is_too_long_is_found_and_one_that_is_long_is_noted() {
        let text = |lines| "x\n".repeat(lines);
        let (short, middle, large) = (text(300), text(500), text(501));
        let tree = Tree::of(&[("a.rs", &short), ("b.rs", &middle), ("c.rs", &large)]);

        assert_eq!(lengths(&tree).len(), 1);
        assert_eq!(notes(&tree).len(), 1);
    }

    #[test]
    fn a_wide_comment_is_noted() {
        let text = format!("// {}\nf(\"{}\")\n", "a".repeat(100), "b".repeat(100));
        let tree = Tree::of(&[("a.rs", &text)]);

        assert_eq!(lines(&notes(&tree)), [1]);
    }

    #[test]
    fn a_vague_name_is_found() {
        let tree =
            Tree::of(&[("a.rs", "struct OrderManager;\n// struct B_Helper\nenum Order {}\n")]);

        assert_eq!(lines(&names(&tree)), [1]);
    }

    #[test]
    fn a_manifest_that_goes_its_own_way_is_found() {
        let good = "edition.workspace = true\n[lints]\nworkspace = true\n[dependencies]\na.workspace = true\n";
        let own = good.replace("a.workspace = true", "a = \"1\"");
        let tree =
            Tree::of(&[("a/Cargo.toml", good), ("b/Cargo.toml", &own), ("c/Cargo.toml", "")]);

        let paths: Vec<String> = manifests(&tree).into_iter().map(|f| f.path).collect();

        assert_eq!(paths, ["b/Cargo.toml", "c/Cargo.toml", "c/Cargo.toml"]);
    }
}
