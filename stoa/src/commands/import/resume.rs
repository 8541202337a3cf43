//! How far an import got: a small file beside the input, replaced whole after each answer.
use super::rows::Mark;
use crate::commands::beside;
use crate::exit::{Stopped, io};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// What an interrupted import needs to go on where it stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progressed {
    /// Which version of the file, on which server: anything else begins at the top.
    pub file: Version,
    /// Everything before this byte is acknowledged.
    pub byte: u64,
    /// The line that begins there, counted from 1.
    pub line: u64,
    pub rows: u64,
    pub products: Products,
    /// Rows that are not in.
    pub rejected: u64,
    /// How long FILE.rejected was then; what is behind it is cut off.
    pub rejected_bytes: u64,
}

/// Products, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Products {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub server: String,
    pub bytes: u64,
    pub modified_ms: u64,
}

impl Progressed {
    pub fn at_the_top(file: Version) -> Self {
        let (rows, products) = (0, Products::default());
        Self { file, byte: 0, line: 1, rows, products, rejected: 0, rejected_bytes: 0 }
    }

    pub fn mark(&self) -> Mark {
        Mark { byte: self.byte, line: self.line }
    }
}

/// The version of the file at `path` that an import to `server` reads.
pub fn version(path: &Path, server: &str) -> Result<Version, Stopped> {
    let meta = fs::metadata(path).map_err(|e| io(path.display(), &e))?;
    let modified = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let modified_ms = modified.and_then(|at| u64::try_from(at.as_millis()).ok()).unwrap_or(0);
    Ok(Version { server: server.to_owned(), bytes: meta.len(), modified_ms })
}

/// The state file of one import.
pub struct StateFile(PathBuf);

impl StateFile {
    pub fn of(input: &Path) -> Self {
        Self(beside(input, ".stoa-import"))
    }

    /// What an earlier run of the same file left; none when there was none, or of another version.
    pub fn load(&self, file: &Version) -> Option<Progressed> {
        let text = fs::read(&self.0).ok()?;
        let found: Progressed = serde_json::from_slice(&text).ok()?;
        (&found.file == file).then_some(found)
    }

    /// Replaces the state, whole or not at all.
    pub fn save(&self, state: &Progressed) -> Result<(), Stopped> {
        let text = serde_json::to_vec(state).map_err(Stopped::bug)?;
        let next = beside(&self.0, ".next");
        fs::write(&next, text)
            .and_then(|()| fs::rename(&next, &self.0))
            .map_err(|e| io(self.0.display(), &e))
    }

    /// The import is complete: nothing is left to resume.
    pub fn remove(self) {
        // A state file that stays only costs a question at the next run.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(bytes: u64) -> Version {
        Version { server: "http://a".into(), bytes, modified_ms: 1 }
    }

    #[test]
    fn an_import_goes_on_only_with_the_file_it_began_with() {
        let dir = std::env::temp_dir().join(format!("stoa-resume-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let file = StateFile::of(&dir.join("rows.csv"));
        let state = Progressed { byte: 7, ..Progressed::at_the_top(version(9)) };

        file.save(&state).unwrap();

        assert_eq!(file.load(&version(9)), Some(state));
        assert_eq!(file.load(&version(10)), None);
        file.remove();
        fs::remove_dir_all(&dir).unwrap();
    }
}
