//! The data directory: made when missing, held by one process at a time, keeper of the secrets.
use crate::exit::{Exit, Stopped, io};
use kernel::{Clock, Ids};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self as std_io, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const LOCK: &str = "stoa.lock";
const SERVICE_KEY: &str = "service.key";
const SERVICE_KEY_BYTES: usize = 32;

/// The data directory, held until this value is dropped or the process ends, however it ends.
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory if need be and takes hold of it; fails when another process has it.
    pub fn hold(path: &Path) -> Result<Self, Stopped> {
        make(path)?;
        let file = path.join(LOCK);
        let open = private().read(true).write(true).create(true).truncate(false).open(&file);
        let mut lock = open.map_err(|e| io(file.display(), &e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(path, &mut lock)),
            Err(TryLockError::Error(e)) => return Err(io(file.display(), &e)),
        }
        write_holder(&mut lock).map_err(|e| io(file.display(), &e))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The secret by which the services of this data directory know each other.
    pub fn service_secret(&self, ids: &Ids) -> Result<Vec<u8>, Stopped> {
        let file = self.path.join(SERVICE_KEY);
        match fs::read(&file) {
            Ok(secret) if secret.len() >= SERVICE_KEY_BYTES => Ok(secret),
            Ok(_) => Err(Stopped::new(Exit::Data, format!("{}: too short", file.display()))
                .advise("remove the file: a new secret is made at the next start")),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                let mut secret = vec![0; SERVICE_KEY_BYTES];
                ids.fill(&mut secret);
                write_whole(&file, &secret).map_err(|e| io(file.display(), &e))?;
                Ok(secret)
            }
            Err(e) => Err(io(file.display(), &e)),
        }
    }
}

/// A directory of this process alone, taken away at the end.
pub struct PassingDir(PathBuf);

impl PassingDir {
    /// A name that no other process has; the directory is made by whoever holds it.
    pub fn new(name: &str) -> Self {
        let ids = Ids::system(Clock::system());
        let unique = format!("{name}-{}-{:08x}", std::process::id(), ids.below(1 << 32));
        Self(std::env::temp_dir().join(unique))
    }

    pub fn path(&self) -> PathBuf {
        self.0.clone()
    }
}

impl Drop for PassingDir {
    fn drop(&mut self) {
        // What cannot be taken away is only a temporary directory that stays.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether some process holds the data directory now.
pub fn is_held(path: &Path) -> bool {
    File::open(path.join(LOCK))
        .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Fails unless there is a data directory at `path`.
pub fn expect_there(path: &Path) -> Result<(), Stopped> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Stopped::new(Exit::NoInput, format!("{}: not a directory", path.display()))),
        Err(e) => Err(io(path.display(), &e).advise("name the data directory with --data-dir")),
    }
}

fn make(path: &Path) -> Result<(), Stopped> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|e| {
        let stopped = io(format!("data directory {}", path.display()), &e);
        let stopped = stopped.with_exit(Exit::CannotCreate);
        stopped.advise("name another place with --data-dir")
    })
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Says who holds it, for the next one who asks.
fn write_holder(lock: &mut File) -> std_io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    lock.write_all(std::process::id().to_string().as_bytes())
}

fn taken(path: &Path, lock: &mut File) -> Stopped {
    let mut holder = String::new();
    let by = match lock.read_to_string(&mut holder) {
        Ok(_) if !holder.is_empty() => format!(" by process {holder}"),
        Ok(_) | Err(_) => String::new(),
    };
    Stopped::new(Exit::Busy, format!("data directory {} is in use{by}", path.display()))
        .advise("stop that process first, or name another directory with --data-dir")
}

/// Writes a file that is whole or absent, also after a power cut.
fn write_whole(file: &Path, bytes: &[u8]) -> std_io::Result<()> {
    let next = file.with_extension("next");
    let mut out = private().write(true).create(true).truncate(true).open(&next)?;
    out.write_all(bytes)?;
    out.sync_all()?;
    fs::rename(&next, file)?;
    file.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_holds_the_directory() {
        let dir = PassingDir::new("held");
        let first = DataDir::hold(&dir.0).unwrap();

        let second = DataDir::hold(&dir.0).map(|_| ()).unwrap_err();

        assert_eq!(second.exit, Exit::Busy);
        assert!(second.to_string().contains(&std::process::id().to_string()), "{second}");
        assert!(is_held(&dir.0));
        drop(first);
        assert!(!is_held(&dir.0));
        assert!(DataDir::hold(&dir.0).is_ok());
    }

    #[test]
    fn the_service_secret_stays_the_same() {
        let dir = PassingDir::new("secret");
        let held = DataDir::hold(&dir.0).unwrap();
        let ids = Ids::system(Clock::system());

        let first = held.service_secret(&ids).unwrap();

        assert_eq!(first.len(), SERVICE_KEY_BYTES);
        assert_eq!(held.service_secret(&ids).unwrap(), first);
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_told() {
        let stopped = DataDir::hold(Path::new("/proc/none/here")).map(|_| ()).unwrap_err();

        assert_eq!(stopped.exit, Exit::CannotCreate);
    }
}
