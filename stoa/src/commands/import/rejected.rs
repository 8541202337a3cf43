//! FILE.rejected: the rows that the server refused, as they were, under the header of the input.
use crate::commands::beside;
use crate::exit::{Stopped, io};
use std::fs::{File, OpenOptions, remove_file};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The file is made at the first rejected row.
pub struct Rejected {
    path: PathBuf,
    header: Vec<u8>,
    bytes: u64,
    file: Option<File>,
}

impl Rejected {
    /// Goes on behind the first `bytes` bytes, which an earlier run wrote; 0 begins anew.
    pub fn open(input: &Path, header: &[u8], bytes: u64) -> Result<Self, Stopped> {
        let path = beside(input, ".rejected");
        if bytes == 0 {
            match remove_file(&path) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(io(path.display(), &e)),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(Self { path, header: header.to_owned(), bytes, file: None })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long the file is.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds a row, its line end included.
    pub fn add(&mut self, row: &[u8]) -> Result<(), Stopped> {
        self.append(row).map_err(|e| io(self.path.display(), &e))
    }

    fn append(&mut self, row: &[u8]) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut options = OpenOptions::new();
                let mut file = options.create(true).write(true).truncate(false).open(&self.path)?;
                file.set_len(self.bytes)?;
                file.seek(SeekFrom::End(0))?;
                self.file.insert(file)
            }
        };
        let mut written = Vec::new();
        if self.bytes == 0 {
            written.extend_from_slice(&self.header);
        }
        written.extend_from_slice(row);
        if !row.ends_with(b"\n") {
            written.push(b'\n');
        }
        file.write_all(&written)?;
        self.bytes += written.len() as u64;
        Ok(())
    }
}
