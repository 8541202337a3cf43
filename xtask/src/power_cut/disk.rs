//! A disk that forgets what was not flushed.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};

use super::sweep::{self, BRIDGE, CACHE, DEVICE, MOUNTED, Sweeper};

const TOOLS: [&str; 5] = ["nbdkit", "nbdfuse", "losetup", "mkfs.ext4", "mount"];

/// Which programs of the rig are not installed.
pub fn missing_tools() -> Vec<&'static str> {
    let there =
        |tool: &str| Command::new("which").arg(tool).output().is_ok_and(|o| o.status.success());
    TOOLS.into_iter().filter(|tool| !there(tool)).collect()
}

/// The disk: an image, a cache process in front of it, a bridge to a device, a file system.
pub struct Disk {
    folder: PathBuf,
    /// The cache and the bridge.
    processes: Vec<Child>,
    /// Takes down what is left.
    _sweeper: Sweeper,
}

impl Disk {
    /// A new disk with an empty file system.
    pub fn format() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("stoa-power-cut-{}", std::process::id()));
        std::fs::create_dir_all(folder.join(BRIDGE))?;
        std::fs::create_dir_all(folder.join(MOUNTED))?;
        std::fs::File::create(folder.join("disk.img"))?.set_len(1 << 30)?;
        let sweeper = Sweeper::of(&folder)?;
        let mut disk = Self { folder, processes: Vec::new(), _sweeper: sweeper };
        let device = disk.attach()?;
        call("mkfs.ext4", &["-q", &device])?;
        disk.mount(&device)?;
        Ok(disk)
    }

    /// Where a shop may keep its data.
    pub fn folder(&self) -> PathBuf {
        self.folder.join(MOUNTED)
    }

    /// The power goes: every write since the last flush is lost.
    pub fn cut(&self) {
        sweep::cut(&self.folder);
    }

    /// The power comes back: the disk is attached and its file system replays its journal.
    pub fn power_up(&mut self) -> anyhow::Result<()> {
        self.detach();
        let device = self.attach()?;
        self.mount(&device)
    }

    /// Returns the name of the device.
    fn attach(&mut self) -> anyhow::Result<String> {
        let within = |name: &str| self.folder.join(name);
        let (socket, image, cache) = (within("socket"), within("disk.img"), within(CACHE));
        let bridged = within(BRIDGE).join("disk");
        // A dead cache leaves its socket behind.
        let _ = std::fs::remove_file(&socket);
        let kept = Command::new("nbdkit")
            .args(["-f", "-P", text(&cache)?, "-U", text(&socket)?, "--exit-with-parent"])
            .args(["--filter=cache", "file", text(&image)?, "cache=writeback"])
            .stderr(Stdio::null())
            .spawn()?;
        self.processes.push(kept);
        wait_for("the cache", || cache.exists() && socket.exists())?;
        let bridge = Command::new("nbdfuse")
            .args([text(&bridged)?, "--unix", text(&socket)?])
            .stderr(Stdio::null())
            .spawn()?;
        self.processes.push(bridge);
        wait_for("the bridge", || bridged.metadata().is_ok_and(|m| m.len() > 0))?;
        let device = call("losetup", &["-f", "--show", text(&bridged)?])?.trim().to_owned();
        std::fs::write(self.folder.join(DEVICE), &device)?;
        Ok(device)
    }

    fn mount(&self, device: &str) -> anyhow::Result<()> {
        call("mount", &[device, text(&self.folder())?]).map(drop)
    }

    fn detach(&mut self) {
        sweep::take_down(&self.folder);
        for mut process in self.processes.drain(..) {
            // Both are on their way out; a bridge that hangs is ended.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.detach();
    }
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("a path in plain text")
}

pub fn kill(id: &str) -> anyhow::Result<String> {
    call("kill", &["-9", id])
}

/// Runs a program to its end and returns what it says.
pub fn call(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program).args(arguments).output().context(program.to_owned())?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {}: {error}", arguments.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[expect(clippy::disallowed_methods, reason = "waits for programs that give no other sign")]
fn wait_for(what: &str, there: impl Fn() -> bool) -> anyhow::Result<()> {
    for _ in 0..500 {
        if there() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    bail!("{what} did not come up")
}
