//! One supervisor at work: starts its children in order, and waits for what happens to them.

use std::{
    collections::{HashMap, VecDeque},
    future::pending,
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use tokio::{
    sync::Notify,
    task::{AbortHandle, Id, JoinSet},
};

use crate::{
    Context, Exit, State, Strategy, SupervisorSpec,
    context::{Env, Life},
    flag::Flag,
    spec::{Body, Readiness},
    tree::Node,
};

pub(crate) struct Branch {
    pub(crate) spec: Arc<SupervisorSpec>,
    pub(crate) node: Arc<Node>,
    pub(crate) env: Env,
    pub(crate) slots: Vec<Slot>,
    tasks: JoinSet<Exit>,
    owners: HashMap<Id, usize>,
    /// Exits seen while another child was being stopped.
    pub(crate) backlog: VecDeque<(usize, Exit)>,
    wake: Arc<Notify>,
    /// All children have been ready once.
    pub(crate) booted: bool,
}

/// The place of one child.
pub(crate) struct Slot {
    pub(crate) phase: Phase,
    /// While it is up.
    pub(crate) reins: Option<Reins>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Down for good, unless its group is restarted.
    Idle,
    /// Down; to be started at that instant, or when those before it are ready.
    Due(Duration),
    /// Up, not ready; to be killed at that instant.
    Starting(Option<Duration>),
    Up,
}

pub(crate) struct Reins {
    pub(crate) stop: Flag,
    pub(crate) abort: AbortHandle,
    ready: Flag,
}

enum Event {
    Stop,
    Exited(usize, Exit),
    Overdue(usize, Exit),
    Tick,
}

impl Slot {
    pub(crate) fn down(phase: Phase) -> Self {
        Self { phase, reins: None }
    }

    pub(crate) fn has_said_ready(&self) -> bool {
        self.reins.as_ref().is_some_and(|reins| reins.ready.is_raised())
    }

    fn lets_the_next_start(&self) -> bool {
        match self.phase {
            Phase::Idle | Phase::Up => true,
            Phase::Due(_) | Phase::Starting(_) => false,
        }
    }
}

impl Branch {
    pub(crate) fn new(spec: Arc<SupervisorSpec>, node: Arc<Node>, env: Env) -> Self {
        let slots = spec.children.iter().map(|_| Slot::down(Phase::Due(Duration::ZERO))).collect();
        node.window().clear();
        for child in &node.children {
            child.turned(State::Pending);
        }
        Self {
            spec,
            node,
            env,
            slots,
            tasks: JoinSet::new(),
            owners: HashMap::new(),
            backlog: VecDeque::new(),
            wake: Arc::new(Notify::new()),
            booted: false,
        }
    }

    /// Runs until it is told to stop or has to fail; then nothing of it is up any more.
    pub(crate) fn run(mut self, context: Context) -> BoxFuture<'static, Exit> {
        async move {
            let exit = self.work(&context).await;
            self.node.turned(State::Stopping);
            self.stop_children(0..self.slots.len()).await;
            exit
        }
        .boxed()
    }

    async fn work(&mut self, context: &Context) -> Exit {
        loop {
            self.advance();
            if !self.booted && self.slots.iter().all(Slot::lets_the_next_start) {
                self.booted = true;
                context.ready();
            }
            let step = match self.event(context).await {
                Event::Stop => Err(Exit::Shutdown),
                Event::Exited(child, exit) => self.settle(child, exit).await,
                Event::Overdue(child, exit) => {
                    self.kill(child).await;
                    self.settle(child, exit).await
                }
                Event::Tick => Ok(()),
            };
            if let Err(exit) = step {
                return exit;
            }
        }
    }

    /// Whether a child waits for those before it: always at boot, and when they share their fate.
    fn in_order(&self) -> bool {
        match self.spec.strategy {
            Strategy::OneForOne => !self.booted,
            Strategy::OneForAll | Strategy::RestForOne => true,
        }
    }

    /// Starts whoever is due and waits for nobody.
    fn advance(&mut self) {
        let now = self.env.clock.instant();
        for child in 0..self.slots.len() {
            match self.slots[child].phase {
                Phase::Due(at) if at <= now => self.start(child, now),
                Phase::Starting(_) if self.slots[child].has_said_ready() => {
                    self.slots[child].phase = Phase::Up;
                    self.node.children[child].turned(State::Running);
                }
                Phase::Idle | Phase::Due(_) | Phase::Starting(_) | Phase::Up => {}
            }
            if self.in_order() && !self.slots[child].lets_the_next_start() {
                return;
            }
        }
    }

    fn start(&mut self, child: usize, now: Duration) {
        let spec = &self.spec.children[child];
        let node = &self.node.children[child];
        let life = Life {
            name: spec.name.clone(),
            generation: node.started(now),
            shutdown: spec.shutdown,
            stop: Flag::default(),
            ready: Flag::default(),
            wake: self.wake.clone(),
            env: self.env.clone(),
        };
        tracing::debug!(
            supervisor.name = &*self.spec.name,
            child.name = &*spec.name,
            child.generation = life.generation,
            "child starts"
        );
        let (stop, ready) = (life.stop.clone(), life.ready.clone());
        let phase = match spec.readiness {
            Readiness::AtOnce => Phase::Up,
            Readiness::Within(limit) => Phase::Starting(Some(now + limit)),
            Readiness::WhenItSays => Phase::Starting(None),
        };
        if phase == Phase::Up {
            node.turned(State::Running);
        }
        let context = Context::new(life);
        let abort = match &spec.body {
            Body::Worker(make) => {
                let make = make.clone();
                // Made inside the task, so that a panic there is the child's, too.
                let run = async move { make(context).await.err().unwrap_or(Exit::Normal) };
                self.tasks.spawn(run)
            }
            Body::Supervisor(nested) => {
                let branch = Self::new(nested.clone(), node.clone(), context.env().clone());
                self.tasks.spawn(branch.run(context))
            }
        };
        self.owners.insert(abort.id(), child);
        self.slots[child] = Slot { phase, reins: Some(Reins { stop, abort, ready }) };
    }

    async fn event(&mut self, context: &Context) -> Event {
        if let Some((child, exit)) = self.backlog.pop_front() {
            return Event::Exited(child, exit);
        }
        let now = self.env.clock.instant();
        if let Some(overdue) = self.overdue(now) {
            return overdue;
        }
        let clock = self.env.clock.clone();
        let span = self.next_deadline().map(|at| at.saturating_sub(now));
        let timer = async move {
            match span {
                Some(span) => clock.sleep(span).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            () = context.stopping() => Event::Stop,
            (child, exit) = next_exit(&mut self.tasks, &mut self.owners) => {
                Event::Exited(child, exit)
            }
            () = self.wake.notified() => Event::Tick,
            () = timer => Event::Tick,
        }
    }

    /// A child that should have been ready by now.
    fn overdue(&self, now: Duration) -> Option<Event> {
        let mut slots = self.slots.iter().enumerate();
        let (child, _) = slots.find(|(_, slot)| match slot.phase {
            Phase::Starting(Some(at)) => at <= now && !slot.has_said_ready(),
            Phase::Idle | Phase::Due(_) | Phase::Starting(None) | Phase::Up => false,
        })?;
        let limit = match self.spec.children[child].readiness {
            Readiness::Within(limit) => limit,
            Readiness::AtOnce | Readiness::WhenItSays => Duration::ZERO,
        };
        Some(Event::Overdue(child, Exit::Error(format!("not ready within {limit:?}"))))
    }

    /// The first instant at which something has to be started or killed.
    fn next_deadline(&self) -> Option<Duration> {
        let mut first = None;
        for slot in &self.slots {
            let deadline = match slot.phase {
                Phase::Due(at) => Some(at),
                Phase::Starting(at) => at,
                Phase::Idle | Phase::Up => None,
            };
            first = first.into_iter().chain(deadline).min();
            // Who waits for those before it has no instant of its own.
            if self.in_order() && !slot.lets_the_next_start() {
                break;
            }
        }
        first
    }

    /// Waits for the next exit of any child.
    pub(crate) async fn next_exit(&mut self) -> (usize, Exit) {
        next_exit(&mut self.tasks, &mut self.owners).await
    }

    /// Forgets a task that cannot be killed; whatever becomes of it is nobody's exit.
    pub(crate) fn disown(&mut self, task: Id) {
        self.owners.remove(&task);
    }
}

/// Waits for the next exit of a child that is still somebody's; for ever without tasks.
async fn next_exit(tasks: &mut JoinSet<Exit>, owners: &mut HashMap<Id, usize>) -> (usize, Exit) {
    while let Some(joined) = tasks.join_next_with_id().await {
        let (id, exit) = match joined {
            Ok(ended) => ended,
            Err(error) => (error.id(), Exit::of_join(error)),
        };
        // One that was abandoned has no owner.
        if let Some(child) = owners.remove(&id) {
            return (child, exit);
        }
    }
    pending().await
}
