//! Every metric that the code records is on the operator's page, and the page names no other.

use std::collections::BTreeMap;

use super::Finding;
use super::rust::{literals, words};
use super::source::Tree;

const PAGE: &str = "docs/operate/metrics.md";
const RECORDED_BY: &[&str] = &["counter!(", "gauge!(", "histogram!("];

/// Holds the names given to the macros of `metrics` against the table of the page.
pub fn documented(tree: &Tree) -> Vec<Finding> {
    let page = tree.find(PAGE).map(|file| file.text.as_str()).unwrap_or_default();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let told: Vec<&str> = rows.collect();
    let recorded = recorded(tree);
    let missing = recorded.iter().filter(|(name, _)| !told.contains(&name.as_str()));
    let missing = missing.map(|(name, (path, line))| {
        Finding::new(path, *line, format!("metric {name} is not in {PAGE}"))
    });
    let stale = told.iter().filter(|name| !recorded.contains_key(**name));
    let stale = stale.map(|name| Finding::new(PAGE, 0, format!("nothing records {name}")));
    missing.chain(stale).collect()
}

/// The names of metrics with where each is recorded first.
fn recorded(tree: &Tree) -> BTreeMap<String, (String, usize)> {
    let mut names = BTreeMap::new();
    for file in tree.rust().filter(|file| !file.is_test()) {
        let code = file.shipped_code();
        let text = file.uncommented();
        let literals = literals(&text);
        for at in RECORDED_BY.iter().flat_map(|made| words(&code, made)) {
            if let Some((at, name)) = literals.iter().find(|(start, _)| *start > at) {
                let place = || (file.path.clone(), file.line(*at));
                names.entry((*name).to_owned()).or_insert_with(place);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_that_is_not_told_and_one_that_is_not_recorded_are_found() {
        let check = |code: &str, page: &str, found: usize| {
            let tree = Tree::of(&[("chassis/a/src/lib.rs", code), (PAGE, page)]);
            let findings = documented(&tree);
            assert_eq!(findings.len(), found, "{code}: {findings:?}");
        };

        let code = "metrics::counter!(\"stoa_a_total\", \"queue\" => queue).increment(1);";
        check(code, "| `stoa_a_total` | `queue` | a |", 0);
        check(code, "", 1);
        check(code, "| `stoa_a_total` | | a |\n| `stoa_b_total` | | b |", 1);
    }
}
