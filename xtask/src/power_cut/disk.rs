//! A disk that forgets what was not flushed.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};

const TOOLS: [&str; 5] = ["nbdkit", "nbdfuse", "losetup", "mkfs.ext4", "mount"];

/// Which programs of the rig are not installed.
pub fn missing_tools() -> Vec<&'static str> {
    let there =
        |tool: &str| Command::new("which").arg(tool).output().is_ok_and(|o| o.status.success());
    TOOLS.into_iter().filter(|tool| !there(tool)).collect()
}

/// The disk: an image, a cache process in front of it, a device, a mounted file system.
pub struct Disk {
    folder: PathBuf,
    power: Option<Power>,
}

struct Power {
    cache: Child,
    bridge: Child,
    device: String,
}

impl Disk {
    /// A new disk with an empty file system.
    pub fn format() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("stoa-power-cut-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("bridge"))?;
        std::fs::create_dir_all(folder.join("mounted"))?;
        std::fs::File::create(folder.join("disk.img"))?.set_len(1 << 30)?;
        let mut disk = Self { folder, power: None };
        disk.attach()?;
        let device = disk.device()?;
        call("mkfs.ext4", &["-q", &device])?;
        disk.mount()?;
        Ok(disk)
    }

    /// Where a shop may keep its data.
    pub fn folder(&self) -> PathBuf {
        self.folder.join("mounted")
    }

    /// The power goes: every write since the last flush is lost.
    pub fn cut(&self) {
        if let Some(power) = &self.power {
            // It dies here, whatever else happens: the check is what is found afterwards.
            let _ = kill(power.cache.id());
        }
    }

    /// The power comes back: the disk is attached and its file system replays its journal.
    pub fn power_up(&mut self) -> anyhow::Result<()> {
        self.detach();
        self.attach()?;
        self.mount()
    }

    fn attach(&mut self) -> anyhow::Result<()> {
        let socket = self.folder.join("socket");
        // A dead cache process leaves its socket behind.
        let _ = std::fs::remove_file(&socket);
        let image = self.folder.join("disk.img");
        let bridged = self.folder.join("bridge/disk");
        let cache = Command::new("nbdkit")
            .args(["-f", "-U", text(&socket)?, "--filter=cache", "file", text(&image)?])
            .arg("cache=writeback")
            .stderr(Stdio::null())
            .spawn()?;
        wait_for("the cache process", || socket.exists())?;
        let bridge = Command::new("nbdfuse")
            .args([text(&bridged)?, "--unix", text(&socket)?])
            .stderr(Stdio::null())
            .spawn()?;
        wait_for("the bridge", || bridged.metadata().is_ok_and(|m| m.len() > 0))?;
        let device = call("losetup", &["-f", "--show", text(&bridged)?])?.trim().to_owned();
        self.power = Some(Power { cache, bridge, device });
        Ok(())
    }

    fn device(&self) -> anyhow::Result<String> {
        Ok(self.power.as_ref().context("the disk is attached")?.device.clone())
    }

    fn mount(&self) -> anyhow::Result<()> {
        call("mount", &[&self.device()?, text(&self.folder())?]).map(drop)
    }

    fn detach(&mut self) {
        let Some(mut power) = self.power.take() else { return };
        // All of this is best effort: parts of the chain are dead already.
        let _ = kill(power.cache.id());
        let _ = power.cache.wait();
        let _ = call("umount", &["-l", &self.folder().to_string_lossy()]);
        let _ = call("losetup", &["-d", &power.device]);
        let _ = kill(power.bridge.id());
        let _ = power.bridge.wait();
        let _ = call("umount", &["-l", &self.folder.join("bridge/disk").to_string_lossy()]);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.detach();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("a path in plain text")
}

fn kill(pid: u32) -> anyhow::Result<String> {
    call("kill", &["-9", &pid.to_string()])
}

/// Runs a program to its end and returns what it says.
fn call(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
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
