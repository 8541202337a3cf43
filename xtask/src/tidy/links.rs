//! Links in Markdown lead somewhere, and so does every mention of a page under `docs/`.

use super::Finding;
use super::source::{File, Tree};

/// Relative links of all Markdown files, and `docs/....md` named in any file.
pub fn resolve(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        if file.path.ends_with(".md") {
            for (at, target) in targets(&file.text) {
                if let Some(message) = dangling(tree, file, target) {
                    findings.push(Finding::new(&file.path, file.line(at), message));
                }
            }
        }
        if !file.path.starts_with("xtask/") {
            for (at, page) in mentions(&file.text) {
                if !tree.has(page) {
                    let message = format!("{page} does not exist");
                    findings.push(Finding::new(&file.path, file.line(at), message));
                }
            }
        }
    }
    findings
}

/// What `[text](target)` points to.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let opens = text.match_indices("](");
    opens
        .filter_map(|(at, open)| {
            let target = &text[at + open.len()..];
            Some((at, &target[..target.find([')', '\n'])?]))
        })
        .collect()
}

fn dangling(tree: &Tree, file: &File, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() { file.path.clone() } else { join(&file.path, path) };
    if !path.is_empty() && !tree.has(&path) {
        return Some(format!("{target} leads nowhere"));
    }
    let headings = tree.find(&path).map(|page| page.text.as_str()).unwrap_or_default();
    let mut anchors = headings.lines().filter(|line| line.starts_with('#')).map(slug);
    let found = anchor.is_empty() || anchors.any(|heading| heading == anchor);
    (!found).then(|| format!("{target}: no such heading"))
}

/// `target` as seen from the folder of `from`.
fn join(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// A heading as an anchor: lower case, punctuation dropped, spaces as hyphens.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Paths like `docs/adr/0001-title.md` in any text.
fn mentions(text: &str) -> Vec<(usize, &str)> {
    let starts = text.match_indices("docs/");
    starts
        .filter_map(|(at, _)| {
            let alone = !text[..at].ends_with(|c: char| c.is_alphanumeric() || "/.-_".contains(c));
            let rest = &text[at..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"/-_.".contains(c));
            let path = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
            (alone && path.ends_with(".md")).then_some((at, path))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let check = |text: &str, found: usize| {
            let tree =
                Tree::of(&[("docs/a.md", text), ("docs/adr/0001-b.md", "# One door: two\n")]);
            let findings = resolve(&tree);
            assert_eq!(findings.len(), found, "{text}: {findings:?}");
        };

        check("[b](adr/0001-b.md) [c](../docs/adr/0001-b.md) [d](adr)", 0);
        check("[b](adr/0002-c.md)", 1);
        check("[b](adr/0001-b.md#one-door-two)", 0);
        check("[b](adr/0001-b.md#three)", 1);
        check("# Here\n[b](#here) [c](#there)", 1);
        check("[b](https://example.com/nothing)", 0);
        check("see docs/adr/0001-b.md.", 0);
        check("see docs/adr/0003-d.md", 1);
        check("see https://example.com/docs/adr/0003-d.md", 0);
    }
}
