//! Every setting says what it is beside its field; the operator's page is made of these sentences.

use std::fmt::Write as _;

use super::Finding;
use super::rust::{block, words};
use super::source::{File, Tree};

/// The page, and the line in it below which everything comes from the code.
pub const PAGE: &str = "docs/operate/settings.md";
const MARKER: &str = "<!-- From here on written by `cargo xtask settings`, from the code. -->\n";

/// The structs that hold settings: a crate's own, and the first administrator's.
const GROUPS: &[&str] = &["Settings", "Admin"];

/// Where all settings come together.
const ROOT: &str = "stoa/src/settings.rs";

/// Each setting has a doc comment, and the page is up to date.
pub fn documented(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !file.is_test()) {
        let all = GROUPS.iter().flat_map(|group| fields(file, group));
        for field in all.filter(|field| field.doc.is_empty()) {
            if field.part().is_none() {
                let message = format!("setting {} does not say what it is", field.name);
                findings.push(Finding::new(&file.path, file.line(field.at), message));
            }
        }
    }
    let page = tree.find(PAGE).map(|file| file.text.as_str()).unwrap_or_default();
    if written(tree, page) != page {
        findings.push(Finding::new(PAGE, 0, "differs from the code: run `cargo xtask settings`"));
    }
    findings
}

/// The page with everything below its marker written anew.
pub fn written(tree: &Tree, page: &str) -> String {
    let kept = page.split(MARKER).next().unwrap_or_default();
    let mut text = format!("{kept}{MARKER}");
    if let Some(root) = tree.find(ROOT) {
        section(tree, root, "Settings", "", &mut text);
    }
    text.push_str(&fixed(tree));
    text
}

/// What cannot be set: the documented `..._MAX` constants of the services.
fn fixed(tree: &Tree) -> String {
    let mut rows = String::new();
    for file in tree.rust().filter(|file| !file.is_test()) {
        let service =
            file.path.strip_prefix("services/").filter(|path| !path.ends_with("audit.rs"));
        let Some(owner) = service.and_then(|path| path.split('/').next()) else { continue };
        let mut doc: Vec<&str> = Vec::new();
        for line in file.text.lines().map(str::trim) {
            if let Some(says) = line.strip_prefix("///") {
                doc.push(says.trim());
                continue;
            }
            let constant = line.trim_start_matches("pub ").strip_prefix("const ");
            let limit = constant.and_then(|constant| constant.split_once("MAX: "));
            if let Some((_, value)) = limit.and_then(|(_, rest)| rest.split_once(" = "))
                && !doc.is_empty()
            {
                let value = value.trim_end_matches(';');
                // Writing into a string does not fail.
                let _ = writeln!(rows, "| {owner} | {} | `{value}` |", doc.join(" "));
            }
            doc.clear();
        }
    }
    if rows.is_empty() {
        return rows;
    }
    format!("\n## Fixed limits\n\n| where | what | value |\n|---|---|---|\n{rows}")
}

/// A table of the fields of one struct, then the sections of the parts it is made of.
fn section(tree: &Tree, file: &File, name: &str, path: &str, text: &mut String) {
    let fields = fields(file, name);
    let mut rows = String::new();
    let mut parts = Vec::new();
    for field in &fields {
        let key =
            if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
        match field.part().and_then(|part| find(tree, file, part)) {
            Some((file, name)) => parts.push((file, name, key)),
            None => {
                let row = format!("| `{}` | {} |\n", key, field.doc.replace('|', "\\|"));
                rows.push_str(&row);
            }
        }
    }
    if !rows.is_empty() {
        let title = if path.is_empty() { "At the top" } else { path };
        // Writing into a string does not fail.
        let _ = write!(text, "\n## {title}\n\n| setting | |\n|---|---|\n{rows}");
    }
    for (file, name, key) in parts {
        section(tree, file, name, &key, text);
    }
}

/// Where the struct of a part is: in the same file, or the settings of another crate.
fn find<'a>(tree: &'a Tree, file: &'a File, part: &'a str) -> Option<(&'a File, &'a str)> {
    let Some((path, name)) = part.rsplit_once("::") else {
        return (!fields(file, part).is_empty()).then_some((file, part));
    };
    let folder = format!("/{}/src/", path.rsplit("::").next().unwrap_or(path));
    let mut files = tree.rust().filter(|file| file.path.contains(&folder));
    files.find(|file| !fields(file, name).is_empty()).map(|file| (file, name))
}

/// One field of a settings struct.
struct Field {
    at: usize,
    name: String,
    kind: String,
    doc: String,
}

impl Field {
    /// The struct that the field is of, when it is a group of settings and not one of them.
    fn part(&self) -> Option<&str> {
        let name = self.kind.rsplit("::").next().unwrap_or(&self.kind);
        GROUPS.contains(&name).then_some(self.kind.as_str())
    }
}

/// The public fields of a struct that is read from settings.
fn fields(file: &File, name: &str) -> Vec<Field> {
    let code = file.shipped_code();
    let opens = format!("pub struct {name} {{");
    let Some(at) = words(&code, &opens).next() else { return Vec::new() };
    let above = code[..at].rfind("\n\n").unwrap_or(0);
    if !code[above..at].contains("Deserialize") {
        return Vec::new();
    }
    let Some(body) = block(&code, at) else { return Vec::new() };
    let mut start = body.start;
    let mut doc: Vec<&str> = Vec::new();
    let mut fields = Vec::new();
    for line in file.text[body].split_inclusive('\n') {
        let trimmed = line.trim();
        if let Some(says) = trimmed.strip_prefix("///") {
            doc.push(says.trim());
        } else if let Some((name, kind)) =
            trimmed.strip_prefix("pub ").and_then(|rest| rest.split_once(": "))
        {
            fields.push(Field {
                at: start,
                name: name.to_owned(),
                kind: kind.trim_end_matches(',').to_owned(),
                doc: doc.join(" "),
            });
            doc.clear();
        }
        start += line.len();
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "#[derive(Deserialize)]\npub struct Settings {\n    /// Items of a page.\n    \
                         /// Default 20.\n    #[serde(rename = \"a\")]\n    pub page_max: u32,\n}\n";

    fn tree(root: &str, page: &str) -> Tree {
        Tree::of(&[(ROOT, root), ("services/users/src/settings.rs", USERS), (PAGE, page)])
    }

    fn root(fields: &str) -> String {
        format!("#[derive(Deserialize)]\npub struct Settings {{\n{fields}\n}}\n")
    }

    #[test]
    fn the_page_lists_every_setting_under_its_full_name() {
        let root = root("/// Where to.\npub listen: SocketAddr,\npub users: users::Settings,");

        let page = written(&tree(&root, ""), "# Settings\n");

        let expected = "# Settings\n<!-- From here on written by `cargo xtask settings`, from the code. -->\n\
            \n## At the top\n\n| setting | |\n|---|---|\n| `listen` | Where to. |\n\
            \n## users\n\n| setting | |\n|---|---|\n| `users.page_max` | Items of a page. Default 20. |\n";
        assert_eq!(page, expected);
    }

    #[test]
    fn the_page_lists_documented_limits_that_cannot_be_set() {
        let code =
            "/// Lines of an order.\npub const LINES_MAX: usize = 100;\nconst B_MAX: u8 = 1;\n";

        let page = written(&Tree::of(&[("services/orders/src/domain/order.rs", code)]), "");

        let row = "| orders | Lines of an order. | `100` |\n";
        assert!(page.ends_with(&format!("|---|---|---|\n{row}")), "{page}");
    }

    #[test]
    fn a_setting_without_a_sentence_and_a_stale_page_are_found() {
        let check = |fields: &str, stale: bool, found: usize| {
            let root = root(fields);
            let page = if stale { String::new() } else { written(&tree(&root, ""), "") };
            let findings = documented(&tree(&root, &page));
            assert_eq!(findings.len(), found, "{fields}: {findings:?}");
        };

        check("/// Where to.\npub listen: SocketAddr,", false, 0);
        check("/// Where to.\npub listen: SocketAddr,", true, 1);
        check("pub listen: SocketAddr,", false, 1);
        check("pub users: users::Settings,", false, 0);
    }
}
