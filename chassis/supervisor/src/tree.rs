//! The tree as one sees it from outside: who runs, since when, and why it ended before.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kernel::Clock;

use crate::{
    Exit, SupervisorSpec,
    spec::{Body, ChildSpec},
    window::Window,
};

/// A snapshot of a child and everything below it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tree {
    /// Its name among its siblings.
    pub name: String,
    /// What runs it.
    pub kind: Kind,
    /// Where it is in its life.
    pub state: State,
    /// How often it was started.
    pub generation: u64,
    /// Its restarts within its supervisor's period; zero for the root.
    pub restarts: u32,
    /// Why it ended when it last did.
    pub last_reason: Option<Exit>,
    /// How long it has been up, in milliseconds; zero when it is down.
    pub uptime_ms: u64,
    /// Its children in start order.
    pub children: Vec<Tree>,
}

/// What runs a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An async task.
    Worker,
    /// A supervisor with children of its own.
    Supervisor,
}

/// Where a child is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not started yet: those before it are not ready.
    Pending,
    /// Started, not ready.
    Starting,
    /// Started and ready.
    Running,
    /// Asked to stop.
    Stopping,
    /// Down, to be started again.
    Restarting,
    /// Down for good, unless its group is restarted.
    Exited,
}

impl State {
    fn is_up(self) -> bool {
        match self {
            Self::Starting | Self::Running | Self::Stopping => true,
            Self::Pending | Self::Restarting | Self::Exited => false,
        }
    }
}

/// Shows a tree for as long as anyone wants to see it. Cheap to clone.
#[derive(Clone)]
pub struct View {
    root: Arc<Node>,
    clock: Clock,
}

impl View {
    pub(crate) fn new(root: Arc<Node>, clock: Clock) -> Self {
        Self { root, clock }
    }

    /// The tree as it is now. Children are looked at one after the other, not all at one instant.
    pub fn tree(&self) -> Tree {
        self.root.snapshot(self.clock.instant(), 0)
    }
}

/// The public side of a child; lives as long as the tree, through all its restarts.
pub(crate) struct Node {
    name: Arc<str>,
    kind: Kind,
    pub(crate) children: Vec<Arc<Node>>,
    status: Mutex<Status>,
    /// The restarts of its children.
    window: Mutex<Window>,
}

struct Status {
    state: State,
    generation: u64,
    last_reason: Option<Exit>,
    since: Duration,
}

impl Node {
    pub(crate) fn of_supervisor(spec: &SupervisorSpec) -> Arc<Self> {
        let children = spec.children.iter().map(Self::of_child).collect::<Vec<_>>();
        let window = Window::new(children.len(), spec.intensity, spec.period);
        Self::new(&spec.name, Kind::Supervisor, children, window)
    }

    fn of_child(spec: &ChildSpec) -> Arc<Self> {
        match &spec.body {
            Body::Supervisor(nested) => Self::of_supervisor(nested),
            Body::Worker(_) => {
                let window = Window::new(0, 0, Duration::ZERO);
                Self::new(&spec.name, Kind::Worker, Vec::new(), window)
            }
        }
    }

    fn new(name: &Arc<str>, kind: Kind, children: Vec<Arc<Self>>, window: Window) -> Arc<Self> {
        let status = Mutex::new(Status {
            state: State::Pending,
            generation: 0,
            last_reason: None,
            since: Duration::ZERO,
        });
        Arc::new(Self { name: name.clone(), kind, children, status, window: Mutex::new(window) })
    }

    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new life begins; returns its number.
    pub(crate) fn started(&self, now: Duration) -> u64 {
        let mut status = self.status();
        status.state = State::Starting;
        status.generation += 1;
        status.since = now;
        status.generation
    }

    pub(crate) fn turned(&self, state: State) {
        self.status().state = state;
    }

    /// It will not be restarted after all.
    pub(crate) fn stays_down(&self) {
        let mut status = self.status();
        if status.state == State::Restarting {
            status.state = State::Exited;
        }
    }

    /// It is down, and with it everything below it.
    pub(crate) fn ended(&self, exit: Exit) {
        for child in &self.children {
            if child.status().state.is_up() {
                child.ended(Exit::Killed);
            }
        }
        let mut status = self.status();
        status.state = State::Exited;
        status.last_reason = Some(exit);
    }

    fn snapshot(&self, now: Duration, restarts: u32) -> Tree {
        let counts = self.window().counts(now).to_vec();
        let children = self.children.iter().zip(counts);
        let children = children.map(|(child, count)| child.snapshot(now, count)).collect();
        let status = self.status();
        let up =
            if status.state.is_up() { now.saturating_sub(status.since) } else { Duration::ZERO };
        Tree {
            name: self.name.to_string(),
            kind: self.kind,
            state: status.state,
            generation: status.generation,
            restarts,
            last_reason: status.last_reason.clone(),
            uptime_ms: u64::try_from(up.as_millis()).unwrap_or(u64::MAX),
            children,
        }
    }
}
