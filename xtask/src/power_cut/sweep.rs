//! Takes down what a disk was made of, also when the program that made it is gone.

use std::{
    fs::{read_to_string, remove_dir_all},
    io::Read as _,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, ensure};

use super::disk::{call, kill};

/// In a disk's folder: the process id of its cache, the name of its device.
pub const CACHE: &str = "cache.pid";
pub const DEVICE: &str = "device";
/// In a disk's folder: where the bridge shows the device's file, where the file system is.
pub const BRIDGE: &str = "bridge";
pub const MOUNTED: &str = "mounted";

/// A process that sweeps when its input ends: when this is dropped, and when this program ends in
/// whatever way.
pub struct Sweeper(Child);

impl Sweeper {
    /// For everything in `folder`.
    pub fn of(folder: &Path) -> anyhow::Result<Self> {
        let child = Command::new(std::env::current_exe()?)
            .args(["power-cut", "--sweep"])
            .arg(folder)
            .stdin(Stdio::piped())
            // What interrupts this program from the keyboard leaves it alone.
            .process_group(0)
            .spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It tells by itself what it could not do.
        let _ = self.0.wait();
    }
}

/// What the sweeper does: waits, then leaves nothing of the folder.
pub fn when_input_ends(folder: &Path) -> anyhow::Result<()> {
    std::io::stdin().read_to_end(&mut Vec::new())?;
    take_down(folder);
    let mounts = read_to_string("/proc/self/mounts")?;
    let there = mounts.contains(folder.to_str().context("a path in plain text")?);
    ensure!(!there, "{} is still mounted", folder.display());
    remove_dir_all(folder).with_context(|| folder.display().to_string())
}

/// Cuts the power, and removes file system, device and bridge; those of them that are there.
pub fn take_down(folder: &Path) {
    // All of this is best effort: parts of the chain may be dead, or never have been there.
    cut(folder);
    let _ = call("umount", &["-l", &folder.join(MOUNTED).to_string_lossy()]);
    if let Ok(device) = read_to_string(folder.join(DEVICE)) {
        let _ = call("losetup", &["-d", &device]);
        let _ = std::fs::remove_file(folder.join(DEVICE));
    }
    // The bridge is a process that ends when it is no longer mounted.
    let _ = call("umount", &["-l", &folder.join(BRIDGE).to_string_lossy()]);
}

/// Kills the cache: every write since the last flush is lost.
pub fn cut(folder: &Path) {
    let file = folder.join(CACHE);
    let Ok(id) = read_to_string(&file) else { return };
    let _ = std::fs::remove_file(file);
    let id = id.trim();
    // Only a process that has this folder in its arguments is ours.
    let arguments = read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
    if arguments.contains(&*folder.to_string_lossy()) {
        let _ = kill(id);
    }
}
