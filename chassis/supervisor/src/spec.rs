//! What a tree is made of, as data: children, supervisors, and the rules they live by.

use std::{future::Future, sync::Arc, time::Duration};

use futures::future::BoxFuture;

use crate::{Backoff, Context, Exit};

/// When a child that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Always.
    Permanent,
    /// Unless it ended [normally](Exit::is_normal).
    Transient,
    /// Never; not by the death of a sibling either.
    Temporary,
}

impl Restart {
    pub(crate) fn follows(self, exit: &Exit) -> bool {
        match self {
            Self::Permanent => true,
            Self::Transient => !exit.is_normal(),
            Self::Temporary => false,
        }
    }
}

/// How a child is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Asked to stop; aborted when it has not by then.
    Timeout(Duration),
    /// Aborted.
    BrutalKill,
    /// Asked to stop, and waited for. For supervisors, whose children have limits of their own.
    Infinity,
}

/// Whom the death of a child takes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Nobody.
    OneForOne,
    /// All its siblings.
    OneForAll,
    /// The siblings that started after it.
    RestForOne,
}

type Worker = Arc<dyn Fn(Context) -> BoxFuture<'static, Result<(), Exit>> + Send + Sync>;

/// What runs as a child. A further kind needs a future that ends with the child's exit, hears
/// [`Context::stopping`], and takes the child along when it is dropped.
#[derive(Clone)]
pub(crate) enum Body {
    Worker(Worker),
    Supervisor(Arc<SupervisorSpec>),
}

/// When a started child counts as ready, so that the next one starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    AtOnce,
    Within(Duration),
    /// A supervisor: when its children are, which have limits of their own.
    WhenItSays,
}

/// One child of a supervisor: how it is made, restarted and stopped.
pub struct ChildSpec {
    pub(crate) name: Arc<str>,
    pub(crate) body: Body,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) readiness: Readiness,
}

impl ChildSpec {
    /// A task: `make` is called at each start, and the child lives as long as its future.
    ///
    /// Permanent, and given 5 s to stop, unless said otherwise.
    pub fn worker<F, Fut>(name: impl Into<Arc<str>>, make: F) -> Self
    where
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Exit>> + Send + 'static,
    {
        let body = Body::Worker(Arc::new(move |context| Box::pin(make(context))));
        Self {
            name: name.into(),
            body,
            restart: Restart::Permanent,
            shutdown: Shutdown::Timeout(Duration::from_secs(5)),
            readiness: Readiness::AtOnce,
        }
    }

    /// A nested supervisor, ready when its children are.
    ///
    /// Permanent, and given all the time its children need to stop, unless said otherwise.
    pub fn supervisor(spec: SupervisorSpec) -> Self {
        Self {
            name: spec.name.clone(),
            body: Body::Supervisor(Arc::new(spec)),
            restart: Restart::Permanent,
            shutdown: Shutdown::Infinity,
            readiness: Readiness::WhenItSays,
        }
    }

    /// When it is started again.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// How it is stopped.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// It counts as started when it calls [`Context::ready`], and is killed when it has not within
    /// `timeout`: a failed start.
    pub fn awaits_ready(mut self, timeout: Duration) -> Self {
        self.readiness = Readiness::Within(timeout);
        self
    }
}

/// A supervisor: its children in start order, and its rules.
pub struct SupervisorSpec {
    pub(crate) name: Arc<str>,
    pub(crate) strategy: Strategy,
    pub(crate) intensity: u32,
    pub(crate) period: Duration,
    pub(crate) backoff: Backoff,
    pub(crate) children: Vec<ChildSpec>,
}

impl SupervisorSpec {
    /// Without children, and with OTP's default intensity: one restart within 5 s.
    pub fn new(name: impl Into<Arc<str>>, strategy: Strategy) -> Self {
        Self {
            name: name.into(),
            strategy,
            intensity: 1,
            period: Duration::from_secs(5),
            backoff: Backoff::default(),
            children: Vec::new(),
        }
    }

    /// How many `restarts` within `period` it bears; at one more it fails.
    pub fn intensity(mut self, restarts: u32, period: Duration) -> Self {
        self.intensity = restarts;
        self.period = period;
        self
    }

    /// The pause before repeated restarts.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Adds a child, started after those before it. Its name must be new: two of one name are a
    /// bug, and panic.
    pub fn child(mut self, child: ChildSpec) -> Self {
        let taken = self.children.iter().any(|other| other.name == child.name);
        assert!(!taken, "{} has two children named {}", self.name, child.name);
        self.children.push(child);
        self
    }

    /// Adds several children, in this order.
    pub fn children(self, children: impl IntoIterator<Item = ChildSpec>) -> Self {
        children.into_iter().fold(self, Self::child)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_follows_an_exit_by_type_and_reason() {
        let check = |restart: Restart, exit: Exit, expected: bool| {
            assert_eq!(restart.follows(&exit), expected, "{restart:?} after {exit}");
        };
        let failed = || Exit::Error("x".to_owned());
        let panicked = || Exit::Panic("x".to_owned());
        check(Restart::Permanent, Exit::Normal, true);
        check(Restart::Permanent, Exit::Shutdown, true);
        check(Restart::Permanent, failed(), true);
        check(Restart::Transient, Exit::Normal, false);
        check(Restart::Transient, Exit::Shutdown, false);
        check(Restart::Transient, failed(), true);
        check(Restart::Transient, panicked(), true);
        check(Restart::Transient, Exit::Killed, true);
        check(Restart::Temporary, Exit::Normal, false);
        check(Restart::Temporary, failed(), false);
        check(Restart::Temporary, panicked(), false);
    }

    #[test]
    #[should_panic(expected = "orders has two children named relay")]
    fn two_children_of_one_name_are_refused() {
        let child = || ChildSpec::worker("relay", |_| async { Ok(()) });
        let _ = SupervisorSpec::new("orders", Strategy::OneForOne).child(child()).child(child());
    }
}
