//! Dynamic children: many short tasks under one supervised parent, with a hard limit.

use std::{
    fmt,
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    task::{Context as TaskContext, Poll},
};

use futures::future::{AbortHandle, Abortable, Aborted};
use kernel::TraceContext;
use tokio::{sync::Notify, task::JoinHandle};

use crate::{ChildSpec, Context, Exit, registry::Registry};

/// Spawns temporary children: never restarted, drained when their parent stops, then aborted.
/// Cheap to clone; clones share the limit.
///
/// A panic ends its own task only. The message is in the [`TaskHandle`]; the log has it from the
/// panic hook, which finds the [`TraceContext`] of the spawner in scope.
#[derive(Clone)]
pub struct Tasks(Arc<Pool>);

struct Pool {
    name: Arc<str>,
    max: u32,
    open: AtomicBool,
    live: AtomicU32,
    registry: Registry,
    drained: Notify,
}

/// Why a task was not spawned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AtCapacity {
    /// As many run as may.
    #[error("{tasks}: {max} tasks run, and no more may")]
    Full {
        /// The name of the [`Tasks`].
        tasks: Arc<str>,
        /// Its limit.
        max: u32,
    },
    /// The tasks are being drained.
    #[error("{tasks} stops")]
    Stopping {
        /// The name of the [`Tasks`].
        tasks: Arc<str>,
    },
}

impl Tasks {
    /// At most `max` tasks at a time, and the child that drains them: its shutdown limit is theirs.
    /// Tasks may be spawned before that child starts.
    pub fn new(name: impl Into<Arc<str>>, max: u32) -> (Self, ChildSpec) {
        let pool = Arc::new(Pool {
            name: name.into(),
            max,
            open: AtomicBool::new(true),
            live: AtomicU32::new(0),
            registry: Registry::default(),
            drained: Notify::new(),
        });
        let tasks = Self(pool.clone());
        let child = ChildSpec::worker(pool.name.clone(), move |context| {
            let guard = Guard(pool.clone());
            async move {
                guard.0.serve(&context).await;
                drop(guard);
                Ok(())
            }
        });
        (tasks, child)
    }

    /// Runs `future` as a task of its own, in the [`TraceContext`] of the caller.
    #[expect(clippy::disallowed_methods, reason = "the door through which everything spawns")]
    pub fn spawn<F, T>(&self, future: F) -> Result<TaskHandle<T>, AtCapacity>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.0.admit()?;
        let (abort, registration) = AbortHandle::new_pair();
        let seat = Seat { ticket: self.0.registry.insert(abort.clone()), pool: self.0.clone() };
        let seated = async move {
            let _seat = seat;
            future.await
        };
        let task = Abortable::new(seated, registration);
        let join = match TraceContext::current() {
            Some(trace) => tokio::spawn(trace.scope(task)),
            None => tokio::spawn(task),
        };
        Ok(TaskHandle { join, abort, aborts_on_drop: false })
    }

    /// How many tasks run.
    pub fn live(&self) -> u32 {
        self.0.live.load(SeqCst)
    }

    /// How many may run at a time.
    pub fn max(&self) -> u32 {
        self.0.max
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks")
            .field("name", &self.0.name)
            .field("live", &self.live())
            .field("max", &self.max())
            .finish()
    }
}

impl Pool {
    fn admit(&self) -> Result<(), AtCapacity> {
        let one_more = |live| (live < self.max).then_some(live + 1);
        if self.live.fetch_update(SeqCst, SeqCst, one_more).is_err() {
            return Err(AtCapacity::Full { tasks: self.name.clone(), max: self.max });
        }
        // Looked at after the count has gone up: whoever drains sees the count, or we see that.
        if !self.open.load(SeqCst) {
            self.leave();
            return Err(AtCapacity::Stopping { tasks: self.name.clone() });
        }
        Ok(())
    }

    fn leave(&self) {
        if self.live.fetch_sub(1, SeqCst) == 1 && !self.open.load(SeqCst) {
            self.drained.notify_waiters();
        }
    }

    /// The life of the child: open until it is to stop, then as long as tasks run, within nine
    /// tenths of its grace; the rest is for the aborted ones to go.
    async fn serve(&self, context: &Context) {
        self.open.store(true, SeqCst);
        context.stopping().await;
        self.open.store(false, SeqCst);

        let Some(grace) = context.grace() else {
            return self.drained().await;
        };
        let in_time = context.clock().timeout(grace / 10 * 9, self.drained()).await;
        if in_time.is_err() {
            let live = self.live.load(SeqCst);
            tracing::warn!(
                tasks.name = &*self.name,
                tasks.live = live,
                "tasks aborted: still busy"
            );
            self.registry.abort_all();
            self.drained().await;
        }
    }

    /// Waits until no task runs, once none is admitted any more.
    async fn drained(&self) {
        loop {
            let mut last_left = pin!(self.drained.notified());
            last_left.as_mut().enable();
            if self.live.load(SeqCst) == 0 {
                return;
            }
            last_left.await;
        }
    }
}

/// Held by the child: however it ends, no task outlives it.
struct Guard(Arc<Pool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.open.store(false, SeqCst);
        self.0.registry.abort_all();
    }
}

/// Held by each task: gives its place back however it ends.
struct Seat {
    pool: Arc<Pool>,
    ticket: u64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.pool.registry.remove(self.ticket);
        self.pool.leave();
    }
}

/// A spawned task. Resolves with its output, or with why it has none. Dropping it leaves the task
/// running, unless it [aborts on drop](TaskHandle::abort_on_drop).
#[derive(Debug)]
pub struct TaskHandle<T> {
    join: JoinHandle<Result<T, Aborted>>,
    abort: AbortHandle,
    aborts_on_drop: bool,
}

impl<T> TaskHandle<T> {
    /// Ends the task at its next await.
    pub fn abort(&self) {
        self.abort.abort();
    }

    /// Ties the task to this handle: when the caller goes away, so does the call.
    pub fn abort_on_drop(mut self) -> Self {
        self.aborts_on_drop = true;
        self
    }
}

impl<T> Future for TaskHandle<T> {
    type Output = Result<T, Exit>;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.join).poll(task).map(|joined| match joined {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(Aborted)) => Err(Exit::Killed),
            Err(error) => Err(Exit::of_join(error)),
        })
    }
}

impl<T> Drop for TaskHandle<T> {
    fn drop(&mut self) {
        if self.aborts_on_drop {
            self.abort.abort();
        }
    }
}
