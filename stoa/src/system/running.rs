//! A system that runs: how it is told about, and how it ends.
use super::databases::{Databases, queue_stopped, stopped};
use crate::banner::{Banner, url_of};
use crate::cli::ServiceName;
use crate::data_dir::DataDir;
use crate::exit::{Exit, Stopped};
use crate::settings::{Durability, Settings};
use edge::ops::TreeSlot;
use edge::serve::{Address, BindError, Bound, Drain};
use futures::future::join_all;
use kernel::Clock;
use std::io::ErrorKind;
use supervisor::{Running, Supervisor, SupervisorSpec};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a system is started from.
pub(super) struct Parts {
    pub settings: Settings,
    pub data_dir: DataDir,
    pub databases: Databases,
    pub root: SupervisorSpec,
    pub clock: Clock,
    pub drain: Drain,
    pub tree: TreeSlot,
    /// The listeners; the one for HTTP is the last.
    pub bound: Vec<Bound>,
    pub setup_token: Option<String>,
}

/// A system that answers requests.
pub struct System {
    running: Running,
    settings: Settings,
    clock: Clock,
    drain: Drain,
    databases: Databases,
    bound: Vec<Bound>,
    setup_token: Option<String>,
    /// Trees that use the system, and stop before it.
    beside: Vec<Running>,
    /// Held as long as anything may write.
    _data_dir: DataDir,
}

/// Starts the tree and waits until all of it is ready.
pub(super) async fn started(parts: Parts) -> Result<System, Stopped> {
    let Parts { settings, databases, root, clock, drain, tree, bound, setup_token, data_dir } =
        parts;
    let running = Supervisor::start(root, clock.clone());
    tree.show(running.view());
    running.ready().await.map_err(|exit| Stopped::bug(format!("the system: {exit}")))?;
    let (beside, _data_dir) = (Vec::new(), data_dir);
    Ok(System { running, settings, clock, drain, databases, bound, setup_token, beside, _data_dir })
}

impl System {
    /// What to tell about it.
    pub fn banner(&self, which: &[ServiceName]) -> Banner {
        let [.., http] = &*self.bound else { unreachable!("a system listens somewhere") };
        let url = url_of(http.address());
        let setup_url = self.setup_token.as_ref().map(|token| format!("{url}/setup?token={token}"));
        let grpc = self.bound.len().checked_sub(2).and_then(|at| self.bound.get(at));
        let ready_ms = u64::try_from(self.clock.instant().as_millis()).unwrap_or(u64::MAX);
        Banner {
            event: "ready",
            version: env!("CARGO_PKG_VERSION"),
            pid: std::process::id(),
            ready_ms,
            mode: "one process",
            database: "sqlite",
            durability: match self.settings.durability {
                Durability::Full => None,
                Durability::Normal => Some("normal"),
            },
            bus: "embedded",
            data_dir: self.settings.data_dir().display().to_string(),
            services: which.iter().map(|service| service.as_str()).collect(),
            listen: http.address().to_string(),
            grpc_listen: grpc.map(|bound| bound.address().to_string()),
            url,
            setup_url,
            demo: None,
        }
    }

    /// The clock that everything here goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Runs a tree that uses the system from outside; it stops before the system drains.
    pub fn beside(&mut self, spec: SupervisorSpec) {
        self.beside.push(Supervisor::start(spec, self.clock.clone()));
    }

    /// Serves until a signal comes, then drains; or until the system fails. A second signal ends
    /// it at once.
    pub async fn serve(self) -> Result<(), Stopped> {
        let mut signals = Signals::listen()?;
        tokio::select! {
            () = signals.next() => {}
            exit = self.running.wait() => {
                return Err(Stopped::bug(format!("the system: {exit}"))
                    .advise("the log above tells which part failed, and how often it was tried"));
            }
            failed = self.databases.failed() => return Err(failed),
        }
        tracing::info!("draining; a second signal ends it at once");
        tokio::select! {
            () = signals.next() => tracing::warn!("a second signal: leaving at once"),
            () = self.clock.sleep(self.settings.drain()) => {
                tracing::warn!("leaving with work under way: drain_ms is over");
            }
            () = self.wind_down() => tracing::info!("drained"),
        }
        Ok(())
    }

    async fn wind_down(&self) {
        join_all(self.beside.iter().map(Running::stop)).await;
        self.drain.begin();
        self.running.stop().await;
        self.databases.close().await;
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Stopped> {
        let listen = |kind| signal(kind).map_err(|e| crate::exit::io("signals", &e));
        let terminate = listen(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

pub(super) async fn bind(address: &Address) -> Result<Bound, Stopped> {
    Bound::bind(address).await.map_err(|error| unbound(&error))
}

fn unbound(BindError { address, cause }: &BindError) -> Stopped {
    let what = format!("cannot listen at {address}: {cause}");
    let kind = cause.kind();
    if kind == ErrorKind::AddrInUse {
        return Stopped::new(Exit::Unavailable, format!("{address} is in use by another process"))
            .advise(
                "stop that process, or choose another address with --listen (port 0 picks one)",
            );
    }
    if kind == ErrorKind::PermissionDenied {
        return Stopped::new(Exit::CannotCreate, what).advise("a port from 1024 on");
    }
    Stopped::new(Exit::Unavailable, what).advise("an address of this machine with --listen")
}

pub(super) fn users_stopped(error: &users::StartError) -> Stopped {
    match error {
        users::StartError::Setting(error) => Stopped::usage(error),
        users::StartError::Store(error) => stopped("users", error),
        users::StartError::Key(error) => {
            Stopped::new(Exit::Data, format!("users: {error}")).advise(super::databases::RESTORE)
        }
    }
}

pub(super) fn orders_stopped(error: &orders::StartError) -> Stopped {
    match error {
        orders::StartError::Settings(error) => Stopped::usage(format!("setting {error}")),
        orders::StartError::Store(error) => stopped("orders", error),
        orders::StartError::Bus(error) => queue_stopped(error),
    }
}

pub(super) fn payments_stopped(error: &payments::StartError) -> Stopped {
    match error {
        payments::StartError::Store(error) => stopped("payments", error),
        payments::StartError::Descriptors(error) => Stopped::bug(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_address_is_named_with_its_exit_code() {
        let holder = bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();

        let stopped = bind(holder.address()).await.unwrap_err();

        assert_eq!(stopped.exit, Exit::Unavailable);
        let expected = format!("error: {} is in use by another process", holder.address());
        assert!(stopped.to_string().starts_with(&expected), "{stopped}");
    }
}
