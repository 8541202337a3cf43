//! Every setting says what it is, beside its field and in the operator's page.

use super::Finding;
use super::rust::{block, words};
use super::source::{File, Tree};

const PAGE: &str = "docs/operate/settings.md";

/// Each field of each `Settings` struct has a doc comment and a line in the settings page.
pub fn documented(tree: &Tree) -> Vec<Finding> {
    let page = tree.find(PAGE).map(|file| file.text.as_str()).unwrap_or_default();
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !file.is_test()) {
        for (at, field, has_doc) in fields(file) {
            if !has_doc {
                let message = format!("setting {field} does not say what it is");
                findings.push(Finding::new(&file.path, file.line(at), message));
            }
            if !page.contains(&format!("`{field}`")) && !page.contains(&format!(".{field}`")) {
                let message = format!("setting {field} is not in {PAGE}");
                findings.push(Finding::new(&file.path, file.line(at), message));
            }
        }
    }
    findings
}

/// The public fields of structs that are named `Settings`, and whether each has a doc comment.
fn fields(file: &File) -> Vec<(usize, String, bool)> {
    let code = file.shipped_code();
    let mut fields = Vec::new();
    for at in words(&code, "pub struct Settings") {
        let Some(body) = block(&code, at) else { continue };
        let mut start = body.start;
        let mut has_doc = false;
        for line in file.text[body].split_inclusive('\n') {
            let trimmed = line.trim();
            let field = trimmed.strip_prefix("pub ").and_then(|rest| rest.split_once(':'));
            // The settings of another crate, under its name, explain themselves there.
            if let Some((name, _)) = field.filter(|(_, kind)| !kind.contains("::Settings")) {
                fields.push((start, name.to_owned(), has_doc));
                has_doc = false;
            } else if trimmed.starts_with("///") {
                has_doc = true;
            }
            start += line.len();
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_is_not_explained_is_found() {
        let check = |settings: &str, page: &str, found: usize| {
            let text = format!("pub struct Settings {{\n{settings}\n}}\n");
            let findings =
                documented(&Tree::of(&[("services/a/src/settings.rs", &text), (PAGE, page)]));
            assert_eq!(findings.len(), found, "{settings}: {findings:?}");
        };

        check("/// Items of a page.\n#[serde(default)]\npub page_max: u32,", "`page_max`", 0);
        check("/// Items of a page.\npub page_max: u32,", "`users.page_max`", 0);
        check("/// Items of a page.\npub page_max: u32,", "", 1);
        check("pub edge: edge::Settings,", "", 0);
        check("pub page_max: u32,", "`page_max`", 1);
        check("/// A.\npub a: u32,\npub b: u32,", "`a` `b`", 1);
    }
}
