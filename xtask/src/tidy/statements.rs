//! SQL: every statement is a named constant in its file's list, and stands where SQL may stand.

use std::collections::BTreeSet;

use super::Finding;
use super::rust::{block, literals, words};
use super::source::{File, Tree};

/// Every constant of type `Sql` is in an `ALL` of its file, so that a test prepares it; none is
/// written inline.
pub fn listed(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !file.is_test() && !is_door(file)) {
        let code = file.shipped_code();
        let all = listed_names(&code);
        let constants = constants(&code);
        for (at, name) in &constants {
            if !all.contains(name.as_str()) {
                let message = format!("{name} is not in ALL: nothing prepares it");
                findings.push(Finding::new(&file.path, file.line(*at), message));
            }
        }
        let macros: Vec<_> =
            words(&code, "macro_rules!").filter_map(|at| block(&code, at)).collect();
        for made in ["Sql::new(", "Sql::per_engine("] {
            for at in words(&code, made) {
                // A macro that makes statements is called in a constant, which is looked at instead.
                if !in_constant(&code, at) && !macros.iter().any(|m| m.contains(&at)) {
                    let message = "a statement without a name: make it a constant".to_owned();
                    findings.push(Finding::new(&file.path, file.line(at), message));
                }
            }
        }
    }
    findings
}

/// A service writes SQL in its store room only.
pub fn places(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let services = |file: &&File| {
        (file.path.starts_with("services/") || file.path.starts_with("stoa/")) && !file.is_test()
    };
    for file in tree.rust().filter(services).filter(|file| !is_store_room(file)) {
        let shipped = file.shipped_code();
        for at in words(&shipped, "Sql::") {
            let message = "SQL belongs in store.rs".to_owned();
            findings.push(Finding::new(&file.path, file.line(at), message));
        }
        let text = file.uncommented();
        for (at, literal) in literals(&text) {
            // A literal that is blanked by `shipped_code` but not by `code` stands in a test.
            if is_sql(literal) && shipped_at(&file.code(), &shipped, at) {
                let message = "SQL belongs in store.rs".to_owned();
                findings.push(Finding::new(&file.path, file.line(at), message));
            }
        }
    }
    findings
}

/// The store crate itself: its few own statements open and migrate the database.
fn is_door(file: &File) -> bool {
    file.path.starts_with("chassis/store/")
}

/// The store room of a service; or the books of the sandbox bank, which has a database of its own.
fn is_store_room(file: &File) -> bool {
    file.path.ends_with("/src/store.rs")
        || file.path.contains("/src/store/")
        || file.path.ends_with("/src/providers/sandbox/books.rs")
}

/// Whether the quote before `at` survived in the shipped code.
fn shipped_at(code: &str, shipped: &str, at: usize) -> bool {
    let quote = at.saturating_sub(1);
    code.as_bytes().get(quote) == shipped.as_bytes().get(quote)
}

fn is_sql(literal: &str) -> bool {
    let text = literal.trim_start();
    let opens = |word: &str, then: &str| {
        text.strip_prefix(word).is_some_and(|rest| {
            rest.starts_with(char::is_whitespace) && (then.is_empty() || rest.contains(then))
        })
    };
    opens("SELECT", "")
        || opens("INSERT", "INTO")
        || opens("UPDATE", "SET")
        || opens("DELETE", "FROM")
        || opens("CREATE", "TABLE")
}

/// The constants of type `Sql` with where they stand.
fn constants(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in words(code, "const ") {
        let rest = &code[at + "const ".len()..];
        let Some((name, after)) = rest.split_once(':') else { continue };
        if name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_') {
            let kind: String = after.chars().take_while(|c| *c != '=' && *c != ';').collect();
            let kind = kind.trim();
            if kind == "Sql" || kind == "store::Sql" {
                found.push((at, name.to_owned()));
            }
        }
    }
    found
}

/// The names in the lists called `ALL`.
fn listed_names(code: &str) -> BTreeSet<&str> {
    let lists = words(code, "const ALL").filter_map(|at| {
        let end = at + code[at..].find(';')?;
        Some(&code[at..end])
    });
    lists.flat_map(|list| list.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')).collect()
}

/// Whether the expression at `at` is the value of a constant: no block opens between the two.
fn in_constant(code: &str, at: usize) -> bool {
    let start = code[..at].rfind([';', '{', '}']).map_or(0, |end| end + 1);
    words(&code[start..at], "const ").next().is_some() && block(&code[start..at], 0).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = "services/a/src/store.rs";

    #[test]
    fn a_statement_that_no_list_names_is_found() {
        let check = |text: &str, found: usize| {
            let findings = listed(&Tree::of(&[(STORE, text)]));
            assert_eq!(findings.len(), found, "{text}: {findings:?}");
        };

        let one = "const ONE: Sql = Sql::new(\"SELECT id FROM a; {\");\n";
        check(&format!("{one}pub const ALL: &[Sql] = &[ONE];"), 0);
        check(&format!("{one}pub const ALL: &[Sql] = &[];"), 1);
        check(one, 1);
        check("pub const TWO: Sql =\n    Sql::per_engine(\"a\", \"b\");", 1);
        check("fn f() { read(Sql::new(\"SELECT id FROM a\")) }", 1);
        check("macro_rules! m { ($t:literal) => { Sql::new($t) }; }", 0);
        check("const A: Sql = m!(\"WHERE id = $1\");", 1);
        check("fn f() {}\n#[cfg(test)]\nmod tests { const X: Sql = Sql::new(\"\"); }", 0);
    }

    #[test]
    fn sql_outside_the_store_room_is_found() {
        let check = |path: &str, text: &str, found: usize| {
            let findings = places(&Tree::of(&[(path, text)]));
            assert_eq!(findings.len(), found, "{path} {text}: {findings:?}");
        };

        let text = "f(\"SELECT id FROM a\")";
        check("services/a/src/queries.rs", text, 1);
        check(STORE, text, 0);
        check("services/a/src/store/b.rs", text, 0);
        check("services/a/tests/it/b.rs", text, 0);
        check("chassis/saga/src/store.rs", text, 0);
        check("stoa/src/commands/audit.rs", text, 1);
        check("services/a/src/queries.rs", "f(\"SELECT what you like\")", 1);
        check("services/a/src/queries.rs", "f(\"UPDATE of a cart\")", 0);
        check("services/a/src/queries.rs", "#[cfg(test)]\nmod t { f(\"SELECT id FROM a\") }", 0);
    }
}
