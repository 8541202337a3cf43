//! Domain code is pure, and no float comes near money.

use super::Finding;
use super::rust::words;
use super::source::{File, Tree};

/// What a pure function has no use for, and why.
const IMPURE: &[(&str, &str)] = &[
    ("async", "waits"),
    ("await", "waits"),
    ("serde", "knows how it is written down"),
    ("serde_json", "knows how it is written down"),
    ("utoipa", "knows how it is written down"),
    ("Clock", "reads a clock: take a Timestamp"),
    ("std::time::SystemTime", "reads a clock: take a Timestamp"),
    ("std::time::Instant", "reads a clock: take a Timestamp"),
    ("Ids", "makes ids: take them as arguments"),
    ("store::", "does IO"),
    ("bus::", "does IO"),
    ("delivery::", "does IO"),
    ("edge::", "does IO"),
    ("std::fs", "does IO"),
    ("std::net", "does IO"),
    ("tokio", "does IO"),
    ("axum", "knows how it is reached"),
    ("tonic", "knows how it is reached"),
    ("http::", "knows how it is reached"),
    ("rand", "is not the same twice"),
];

/// `domain/` does no IO, waits for nothing, reads no clock, makes no ids.
pub fn purity(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| is_domain(file)) {
        let code = file.shipped_code();
        for (word, why) in IMPURE {
            for at in words(&code, word) {
                let message = format!("`{word}` in the domain: it {why}");
                findings.push(Finding::new(&file.path, file.line(at), message));
            }
        }
    }
    findings
}

/// Files of a service that speak of money have no floats.
pub fn money(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| file.path.starts_with("services/")) {
        let code = file.code();
        if words(&code, "Money").next().is_none() {
            continue;
        }
        for float in ["f32", "f64"] {
            for at in words(&code, float) {
                let message = format!("{float} in a file that speaks of money");
                findings.push(Finding::new(&file.path, file.line(at), message));
            }
        }
    }
    findings
}

fn is_domain(file: &File) -> bool {
    file.path.starts_with("services/")
        && (file.path.contains("/src/domain/") || file.path.ends_with("/src/domain.rs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_that_waits_or_reads_a_clock_is_found() {
        let check = |text: &str, found: usize| {
            let tree = Tree::of(&[("services/a/src/domain/b.rs", text)]);
            assert_eq!(purity(&tree).len(), found, "{text}");
        };

        check("fn f(now: Timestamp) -> Placed {}", 0);
        check("async fn f() {}", 1);
        check("fn f(clock: &Clock) {}", 1);
        check("#[derive(serde::Serialize)] struct A;", 1);
        check("use store::Batch;", 1);
        check("fn store(restore: Brand) {}", 0);
        check("// reads no Clock\nfn f() -> &'static str { \"async\" }", 0);
        check("#[cfg(test)]\nmod tests { use kernel::Clock; }", 0);
    }

    #[test]
    fn only_the_domain_must_be_pure() {
        let tree = Tree::of(&[("services/a/src/commands/b.rs", "async fn f() {}")]);

        assert_eq!(purity(&tree), []);
    }

    #[test]
    fn a_float_beside_money_is_found() {
        let check = |text: &str, found: usize| {
            let tree = Tree::of(&[("services/a/src/queries.rs", text)]);
            assert_eq!(money(&tree).len(), found, "{text}");
        };

        check("fn f(price: Money) -> f64 {}", 1);
        check("fn f(price: Money) -> i64 {}", 0);
        check("fn seconds() -> f64 {}", 0);
    }
}
