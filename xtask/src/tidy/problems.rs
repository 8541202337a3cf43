//! Every problem code that the code can answer has a page, and every page is of a code in use.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Finding;
use super::rust::{block, literals, words};
use super::source::{File, Tree};

const PAGES: &str = "docs/problems/";

/// What a page must say, in this order.
const SECTIONS: &[&str] = &["## What it means", "## Why it happens", "## What to do", "## Example"];

/// Holds the codes in the code against the pages in `docs/problems`.
pub fn pages(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for file in tree.rust().filter(|file| !file.is_test()) {
        for (at, code) in codes(file) {
            used.entry(code).or_insert((file.path.clone(), file.line(at)));
        }
    }
    let files = tree.files.iter().filter(|file| file.path.starts_with(PAGES));
    let mut pages = BTreeSet::new();
    for page in files {
        let name = page.path.trim_start_matches(PAGES).trim_end_matches(".md");
        if name == "README" {
            continue;
        }
        pages.insert(name.to_owned());
        if !used.contains_key(name) {
            findings.push(Finding::new(&page.path, 0, "no code answers with this problem"));
        }
        findings.extend(shape(page, name));
    }
    for (code, (path, line)) in used {
        if !pages.contains(&code) {
            let message = format!("problem `{code}` has no page {PAGES}{code}.md");
            findings.push(Finding::new(path, line, message));
        }
    }
    findings
}

/// A page has a title, its sections, and an example that names its own code.
fn shape(page: &File, name: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut report = |message: String| findings.push(Finding::new(&page.path, 0, message));
    if !page.text.starts_with("# ") {
        report("opens without a title".to_owned());
    }
    let mut from = 0;
    for section in SECTIONS {
        match page.text[from..].find(section) {
            Some(at) => from += at,
            None => report(format!("without `{section}` in its place")),
        }
    }
    if !page.text[from..].contains(&format!("\"code\": \"{name}\"")) {
        report("its example does not name its code".to_owned());
    }
    findings
}

/// The codes that a file answers with: in `impl Fails`, and given to `Problem::new`.
fn codes(file: &File) -> Vec<(usize, String)> {
    let code = file.shipped_code();
    let text = file.uncommented();
    let literals = literals(&text);
    let slugs_in = |range: &Range<usize>| -> Vec<(usize, String)> {
        let slugs = literals.iter().filter(|(at, text)| range.contains(at) && is_slug(text));
        slugs.map(|(at, text)| (*at, (*text).to_owned())).collect()
    };
    let mut codes = Vec::new();
    let fails: Vec<_> = words(&code, "Fails for ").filter_map(|at| block(&code, at)).collect();
    let methods = words(&code, "fn code").filter(|at| fails.iter().any(|body| body.contains(at)));
    // What such a method calls for a part of the variants is named for it: `refusal_code`.
    let parts = code.match_indices("_code(").filter(|_| !fails.is_empty());
    let parts =
        parts.filter_map(|(at, _)| code[..at].rfind("fn ").filter(|f| !code[*f..at].contains('(')));
    for function in methods.chain(parts) {
        codes.extend(block(&code, function).iter().flat_map(slugs_in));
    }
    for made in ["Problem::new(", "Self::new(Fault::"] {
        for at in words(&code, made) {
            let end = code[at..].find([';', '}']).map_or(code.len(), |end| at + end);
            match slugs_in(&(at..end)).into_iter().next() {
                Some(given) => codes.push(given),
                // The code is a variable: what it can be stands in the same function.
                None => codes.extend(function_around(&code, at).iter().flat_map(slugs_in)),
            }
        }
    }
    codes
}

/// The body of the innermost function that holds `at`.
fn function_around(code: &str, at: usize) -> Option<Range<usize>> {
    let bodies = words(code, "fn ").take_while(|start| *start < at);
    bodies.filter_map(|start| block(code, start)).filter(|body| body.contains(&at)).last()
}

/// Lower-case words joined by hyphens.
fn is_slug(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.split('-').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Out of stock\n## What it means\n## Why it happens\n## What to do\n\
                        ## Example\n{\"code\": \"out-of-stock\"}\n";
    const FAILS: &str = "impl Fails for Short {\n fn fault(&self) -> Fault { Fault::Conflict }\n \
                         fn code(&self) -> &'static str { \"out-of-stock\" }\n}\n";

    fn check(code: &str, pages_given: &[(&str, &str)], found: usize) {
        let mut files = vec![("services/a/src/http.rs", code)];
        files.extend(pages_given);

        let findings = pages(&Tree::of(&files));

        assert_eq!(findings.len(), found, "{code}: {findings:?}");
    }

    #[test]
    fn codes_and_pages_match() {
        let page = ("docs/problems/out-of-stock.md", PAGE);
        check(FAILS, &[page], 0);
        check(FAILS, &[], 1);
        check("", &[page], 1);
        check("fn f() { Problem::new(Fault::Conflict, \"out-of-stock\", \"sold\"); }", &[page], 0);
        check("fn f() { Problem::new(Fault::Conflict, \"sold-out\", \"no\"); }", &[page], 2);
        let chosen = "fn f() { let code = if a { \"out-of-stock\" } else { \"sold-out\" };\n\
                      Problem::new(Fault::Conflict, code, detail) }\nfn g() { h(\"other\") }";
        check(chosen, &[page], 1);
        let part = "const fn short_code(s: &Short) -> &'static str { \"sold-out\" }\n";
        check(&format!("{part}{FAILS}"), &[page], 1);
        check("impl Account { fn code(&self) -> &'static str { \"sales\" } }", &[], 0);
        check(&format!("#[cfg(test)]\nmod tests {{ {FAILS} }}"), &[], 0);
    }

    #[test]
    fn a_page_says_what_to_do() {
        let page = PAGE.replace("## What to do\n", "");
        check(FAILS, &[("docs/problems/out-of-stock.md", &page)], 1);
    }
}
