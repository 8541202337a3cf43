//! What a child knows about its life: its name, whether it should stop, the clock.

use std::{fmt, sync::Arc, time::Duration};

use kernel::{Clock, Ids};
use tokio::sync::Notify;

use crate::{Shutdown, Tree, View, flag::Flag, tree::Node};

/// What all of one tree shares.
#[derive(Clone)]
pub(crate) struct Env {
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) root: Arc<Node>,
}

/// One life of a child: given to it at each start. Cheap to clone.
#[derive(Clone)]
pub struct Context(Arc<Life>);

pub(crate) struct Life {
    pub(crate) name: Arc<str>,
    pub(crate) generation: u64,
    pub(crate) shutdown: Shutdown,
    pub(crate) stop: Flag,
    pub(crate) ready: Flag,
    /// Wakes the supervisor, to look at `ready`.
    pub(crate) wake: Arc<Notify>,
    pub(crate) env: Env,
}

impl Context {
    pub(crate) fn new(life: Life) -> Self {
        Self(Arc::new(life))
    }

    /// The child's name among its siblings.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// How often it was started, this time included.
    pub fn generation(&self) -> u64 {
        self.0.generation
    }

    /// The clock of the tree, for every wait.
    pub fn clock(&self) -> &Clock {
        &self.0.env.clock
    }

    /// Says that it has started; see [`ChildSpec::awaits_ready`](crate::ChildSpec::awaits_ready).
    pub fn ready(&self) {
        self.0.ready.raise();
        self.0.wake.notify_one();
    }

    /// Resolves when it is to stop: finish what is at hand, then return.
    pub async fn stopping(&self) {
        self.0.stop.raised().await;
    }

    /// What `work` comes to, or nothing when it is asked to stop before that; `work` is then dropped.
    pub async fn unless_stopping<F: Future>(&self, work: F) -> Option<F::Output> {
        tokio::select! {
            () = self.stopping() => None,
            done = work => Some(done),
        }
    }

    /// Whether it is to stop.
    pub fn is_stopping(&self) -> bool {
        self.0.stop.is_raised()
    }

    /// How long it may take to stop before it is aborted; nothing when there is no limit.
    pub fn grace(&self) -> Option<Duration> {
        match self.0.shutdown {
            Shutdown::Timeout(limit) => Some(limit),
            Shutdown::BrutalKill => Some(Duration::ZERO),
            Shutdown::Infinity => None,
        }
    }

    /// A view of the whole tree that it lives in.
    pub fn view(&self) -> View {
        View::new(self.0.env.root.clone(), self.0.env.clock.clone())
    }

    /// The whole tree as it is now.
    pub fn tree(&self) -> Tree {
        self.view().tree()
    }

    pub(crate) fn env(&self) -> &Env {
        &self.0.env
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("name", &self.0.name)
            .field("generation", &self.0.generation)
            .finish_non_exhaustive()
    }
}
