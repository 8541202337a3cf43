//! The built binary as a process: started, asked, killed, started again.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpSocket,
    process::{Child, Command},
};

use crate::Client;

/// The administrator of every system under test.
pub const ADMIN: (&str, &str) = ("admin@stoa.test", "a long pass phrase for tests");

/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `stoa serve` on a data directory.
#[derive(Debug)]
pub struct System {
    process: Child,
    launch: Launch,
    /// What it said when it was ready.
    pub banner: Value,
    /// Where it listens.
    pub listen: SocketAddr,
}

/// What a process is started from.
#[derive(Debug, Clone)]
struct Launch {
    folder: PathBuf,
    /// All of them when empty.
    services: Vec<String>,
    environment: Vec<(String, String)>,
    #[expect(dead_code, reason = "held, not used")]
    address: Arc<Address>,
}

/// An address that stays this test's between two starts: bound and never listening, so that the
/// kernel gives it to nobody else, while the binary may still listen there.
#[derive(Debug)]
struct Address(#[expect(dead_code, reason = "held, not used")] TcpSocket);

/// What a command that ends by itself left behind.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said beside that.
    pub stderr: String,
}

/// It did not come up.
#[derive(Debug)]
pub struct NotStarted {
    /// Its exit code, when it ended by itself.
    pub code: Option<i32>,
    /// What it said on stderr, this time.
    pub stderr: String,
}

/// Where the binary under test is: `STOA_BIN`, or near the running program in its target folder.
///
/// # Panics
/// When it was not built.
pub fn binary() -> PathBuf {
    let near = || {
        let program = std::env::current_exe().expect("a program has a file");
        let folders = program.ancestors().skip(1).take(2);
        folders.map(|folder| folder.join("stoa")).find(|path| path.is_file())
    };
    std::env::var_os("STOA_BIN")
        .map(PathBuf::from)
        .or_else(near)
        .expect("the binary is built: `cargo build`, or STOA_BIN names it")
}

/// A command of the binary on a data directory, with nothing of the outer environment's settings.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("STOA_")) {
        command.env_remove(name);
    }
    command.env("STOA_DATA_DIR", folder).current_dir(folder).kill_on_drop(true);
    command
}

/// Runs a command of the binary on a data directory to its end.
///
/// # Panics
/// When it does not end in a minute.
#[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
pub async fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = command(folder);
    let output = command.args(arguments).stdin(Stdio::null()).output();
    let output = tokio::time::timeout(3 * PATIENCE, output).await;
    let output = output.unwrap_or_else(|_| panic!("{arguments:?} does not end"));
    let output = output.expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    Ran { code: output.status.code(), stdout, stderr }
}

impl Ran {
    /// What it printed, as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("no JSON ({e}): {self:?}"))
    }
}

impl Address {
    fn reserve() -> std::io::Result<(Self, SocketAddr)> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = socket.local_addr()?;
        Ok((Self(socket), address))
    }
}

impl System {
    /// Starts all services on this data directory, on a free port, with [`ADMIN`].
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[]).await.unwrap_or_else(|no| panic!("not started: {no:?}"))
    }

    /// The same, with more settings; an empty one is not set at all.
    pub async fn start_with(folder: &Path, settings: &[(&str, &str)]) -> Result<Self, NotStarted> {
        Self::partly(folder, &[], settings).await
    }

    /// The same, with these services only.
    pub async fn partly(
        folder: &Path,
        services: &[&str],
        settings: &[(&str, &str)],
    ) -> Result<Self, NotStarted> {
        let (held, address) = Address::reserve().expect("there are free ports");
        let address_text = address.to_string();
        let defaults = [
            ("STOA_ADMIN_EMAIL", ADMIN.0),
            ("STOA_ADMIN_PASSWORD", ADMIN.1),
            ("STOA_LISTEN", &address_text),
        ];
        let mut launch = Launch {
            folder: folder.to_owned(),
            services: services.iter().map(|&name| name.to_owned()).collect(),
            environment: Vec::new(),
            address: Arc::new(held),
        };
        defaults.iter().chain(settings).for_each(|(name, value)| launch.set(name, value));
        launch.spawn().await
    }
}

impl Launch {
    fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(old, _)| old != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    #[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
    async fn spawn(self) -> Result<System, NotStarted> {
        let log = self.folder.join("stderr.log");
        let logged = std::fs::metadata(&log).map_or(0, |meta| meta.len());
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log);
        let mut process = command(&self.folder)
            .args(["serve", "--output", "json"])
            .args(&self.services)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file.map_or_else(|_| Stdio::null(), Stdio::from))
            .spawn()
            .expect("the binary runs");
        let stdout = process.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(stdout).lines();
        let said = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let banner = said.ok().and_then(Result::ok).flatten();
        let banner = banner.and_then(|line| serde_json::from_str::<Value>(&line).ok());
        let Some(banner) = banner else {
            let ended = tokio::time::timeout(Duration::from_secs(5), process.wait()).await;
            let code = ended.ok().and_then(Result::ok).and_then(|status| status.code());
            let stderr = std::fs::read(&log).unwrap_or_default();
            let stderr = stderr.get(usize::try_from(logged).unwrap_or(0)..).unwrap_or_default();
            let stderr = String::from_utf8_lossy(stderr).into_owned();
            return Err(NotStarted { code, stderr });
        };
        // The pipe stays open, so that whatever else it prints does not end it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let listen = banner["listen"].as_str().and_then(|text| text.parse().ok());
        let listen = listen.expect("the banner tells the address");
        Ok(System { process, launch: self, banner, listen })
    }
}

impl System {
    /// A client without credentials.
    pub fn client(&self) -> Client {
        Client::new(format!("http://{}", self.listen))
    }

    /// A client of the administrator.
    pub async fn admin(&self) -> Client {
        self.client().log_in(ADMIN.0, ADMIN.1).await
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    /// kill -9.
    pub async fn kill(&mut self) {
        // It may have ended by itself, at a crash point.
        let _ = self.process.start_kill();
        self.process.wait().await.expect("its end can be waited for");
    }

    /// SIGTERM, and its exit status.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn stop(&mut self) -> ExitStatus {
        let pid = i32::try_from(self.pid()).expect("a process id");
        kill_process(Pid::from_raw(pid).expect("a process id"), Signal::TERM).expect("it runs");
        self.ended(PATIENCE).await.expect("it ends in time")
    }

    /// Its exit status once it has ended by itself, within `patience`.
    #[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
    pub async fn ended(&mut self, patience: Duration) -> Option<ExitStatus> {
        tokio::time::timeout(patience, self.process.wait()).await.ok()?.ok()
    }

    /// Starts it again, on the same data and the same address, with `settings` on top.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn again(&self, settings: &[(&str, &str)]) -> Self {
        let started = self.try_again(settings).await;
        started.unwrap_or_else(|no| panic!("not started again: {no:?}"))
    }

    /// The same, where it may not come up.
    pub async fn try_again(&self, settings: &[(&str, &str)]) -> Result<Self, NotStarted> {
        let mut launch = self.launch.clone();
        launch.set("STOA_LISTEN", &self.listen.to_string());
        settings.iter().for_each(|(name, value)| launch.set(name, value));
        launch.spawn().await
    }

    /// Whatever it has logged so far, in all its lives.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.launch.folder.join("stderr.log")).unwrap_or_default()
    }
}
