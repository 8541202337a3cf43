//! The tree as checks see it: files with their texts, read once.

use std::fs;
use std::io;
use std::path::Path;

use super::rust::{Blank, blank, block};

/// What is not part of the tree: build output, data of a running shop, other tools' folders.
const SKIPPED: &[&str] = &[".git", "node_modules", "stoa-data", "target"];

const TEST_ONLY: &str = "#[cfg(test)]";

/// All files of the repository, sorted by path.
pub struct Tree {
    pub files: Vec<File>,
}

/// One file; the path is relative to the repository, with `/`.
pub struct File {
    pub path: String,
    /// Empty for a file that is not UTF-8.
    pub text: String,
}

impl Tree {
    /// Reads the tree below `root`.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let name = entry.file_name();
                if SKIPPED.iter().any(|skipped| name == *skipped) {
                    continue;
                }
                let path = entry.path();
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                    continue;
                }
                let relative = path.strip_prefix(root).unwrap_or(&path);
                let text = String::from_utf8(fs::read(&path)?).unwrap_or_default();
                files.push(File { path: relative.to_string_lossy().replace('\\', "/"), text });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    /// A tree made of texts, for tests of checks.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let file =
            |(path, text): &(&str, &str)| File { path: (*path).into(), text: (*text).into() };
        Self { files: files.iter().map(file).collect() }
    }

    /// The Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    pub fn find(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether `path` is a file or a folder of the tree.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }
}

impl File {
    /// The text with comments and the contents of literals turned into spaces: positions stay.
    pub fn code(&self) -> String {
        blank(&self.text, Blank::CommentsAndLiterals)
    }

    /// The same without the blocks that stand under `#[cfg(test)]`.
    pub fn shipped_code(&self) -> String {
        let mut code = self.code();
        let mut from = 0;
        while let Some(at) = code[from..].find(TEST_ONLY).map(|at| from + at) {
            from = at + TEST_ONLY.len();
            let inline = code[from..]
                .find(['{', ';'])
                .is_some_and(|end| code[from + end..].starts_with('{'));
            if let Some(block) = block(&code, from).filter(|_| inline) {
                let spaces = code[block.clone()].replace(|c| c != '\n', " ");
                code.replace_range(block, &spaces);
            }
        }
        code
    }

    /// The text with comments turned into spaces and literals kept.
    pub fn uncommented(&self) -> String {
        blank(&self.text, Blank::Comments)
    }

    /// The line, counted from one, in which the byte stands.
    pub fn line(&self, at: usize) -> usize {
        self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
    }

    /// Whether the file is a test, or a tool beside what is shipped.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.starts_with("bench/")
            || self.path.starts_with("xtask/")
            || self.path.starts_with("chassis/testkit/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File { path: "a.rs".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn tests_are_not_shipped() {
        let inside = file("a\n#[cfg(test)]\nmod tests { b }\n");
        let beside = file("#[cfg(test)]\nmod tests;\nfn a() { b }\n");

        assert_eq!(inside.shipped_code(), "a\n#[cfg(test)]\nmod tests {   }\n");
        assert_eq!(beside.shipped_code(), beside.text);
    }
}
