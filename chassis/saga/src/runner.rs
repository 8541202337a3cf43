//! Runs sagas of one kind: commits their transitions, makes their calls, and goes on by itself.

use std::{sync::Arc, time::Duration};

use kernel::{Clock, Ids, Timestamp, TraceContext, crash};
use store::{Batch, Error, Store, params};
use supervisor::{ChildSpec, Tasks};

use crate::{
    CallFailed, Process, Settings, Step, Wait,
    row::{INSERT, POSTPONE, Saved, TAKE, UPDATE},
    waker,
};

/// Transitions of one event that met somebody else's are decided anew, so often at most.
const CONFLICTS_MAX: u32 = 10;

/// The runner of one kind of saga. Clones share it.
pub struct Runner<P: Process>(Arc<Shared<P>>);

struct Shared<P> {
    process: P,
    store: Store,
    clock: Clock,
    ids: Ids,
    tasks: Tasks,
    settings: Settings,
}

/// What became of a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signaled {
    /// The saga took the step.
    Stepped,
    /// It does not apply; the reason is for people.
    Inapplicable(String),
    /// There is no such saga.
    Unknown,
}

impl<P: Process> Clone for Runner<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A state that is durable at a version.
struct Current<S> {
    id: String,
    state: S,
    version: i64,
    attempts: u32,
}

impl<P: Process> Runner<P> {
    /// A runner over `store`; calls run in `tasks`.
    pub fn new(
        process: P,
        store: Store,
        clock: Clock,
        ids: Ids,
        tasks: Tasks,
        settings: Settings,
    ) -> Self {
        Self(Arc::new(Shared { process, store, clock, ids, tasks, settings }))
    }

    /// The machine.
    pub fn process(&self) -> &P {
        &self.0.process
    }

    /// Begins the saga `id` in `state`, if and when the batch commits. Costs one inserted row,
    /// and what the process records.
    pub fn start(&self, batch: &mut Batch, id: &str, state: P::State) -> Result<(), Error> {
        let now = self.0.clock.now();
        let plan = self.plan(&state, now);
        let json = to_json(&state);
        let values = params![P::NAME, id, json, plan.calling, plan.wake_at, plan.finished];
        batch.one(INSERT, values);
        let step = Step { from: None, event: None, to: &state, now, version: 1 };
        self.0.process.record(id, &step, batch)?;
        self.follow(batch, Current { id: id.to_owned(), state, version: 1, attempts: 0 }, &plan);
        Ok(())
    }

    /// The batch that takes the saga one step on; empty when the event does not apply (late or
    /// repeated) or there is no such saga. What the new state waits for begins after the commit.
    /// A conflict means that the saga moved meanwhile: ask again.
    pub async fn advance(&self, id: &str, event: P::Event) -> Result<Batch, Error> {
        let Some(saved) = Saved::find(&self.0.store, P::NAME, id).await? else {
            tracing::warn!(saga.machine = P::NAME, saga.id = id, "an event for no known saga");
            return Ok(Batch::new("saga.unknown"));
        };
        match self.transition(&current(saved)?, &event)? {
            Ok(batch) => Ok(batch),
            Err(reason) => {
                tracing::debug!(saga.machine = P::NAME, saga.id = id, reason, "event ignored");
                Ok(Batch::new("saga.ignored"))
            }
        }
    }

    /// Takes the saga one step on and commits that.
    pub async fn signal(&self, id: &str, event: P::Event) -> Result<Signaled, Error> {
        let mut conflicts = 0;
        loop {
            let Some(saved) = Saved::find(&self.0.store, P::NAME, id).await? else {
                return Ok(Signaled::Unknown);
            };
            let batch = match self.transition(&current(saved)?, &event)? {
                Ok(batch) => batch,
                Err(reason) => return Ok(Signaled::Inapplicable(reason)),
            };
            match self.0.store.commit(batch).await {
                Ok(()) => return Ok(Signaled::Stepped),
                Err(error) if error.conflicts_on(&UPDATE) && conflicts < CONFLICTS_MAX => {
                    conflicts += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The supervised child that wakes due sagas: timers, failed calls, lost processes.
    pub fn child(&self) -> ChildSpec {
        waker::child(self)
    }

    /// The batch of one transition, or why the event does not apply.
    fn transition(
        &self,
        current: &Current<P::State>,
        event: &P::Event,
    ) -> Result<Result<Batch, String>, Error> {
        let now = self.0.clock.now();
        let process = &self.0.process;
        let to = match process.step(&current.state, event, now) {
            Ok(to) => to,
            Err(inapplicable) => return Ok(Err(inapplicable.0)),
        };
        let plan = self.plan(&to, now);
        let mut batch = Batch::new(process.label(&to));
        let id = &current.id;
        let (json, version) = (to_json(&to), current.version);
        let values = params![json, plan.calling, plan.wake_at, plan.finished, P::NAME, id, version];
        batch.one(UPDATE, values);
        let from = Some(&current.state);
        let step = Step { from, event: Some(event), to: &to, now, version: version + 1 };
        process.record(id, &step, &mut batch)?;
        let next = Current { id: id.clone(), state: to, version: version + 1, attempts: 0 };
        self.follow(&mut batch, next, &plan);
        Ok(Ok(batch))
    }

    fn plan(&self, state: &P::State, now: Timestamp) -> Plan {
        let lease = Duration::from_millis(self.0.settings.call_lease_ms);
        match self.0.process.wait(state) {
            Wait::Call => Plan { calling: true, wake_at: now.plus(lease), finished: false },
            Wait::Reply(span) => Plan { calling: false, wake_at: now.plus(span), finished: false },
            Wait::Finished => Plan { calling: false, wake_at: now, finished: true },
        }
    }

    /// Has the batch begin, once committed, what the new state waits for.
    fn follow(&self, batch: &mut Batch, next: Current<P::State>, plan: &Plan) {
        let this = self.clone();
        if plan.finished {
            batch.after_commit(move || this.0.process.finished(&next.id, &next.state));
        } else if plan.calling {
            let trace = self.trace();
            batch.after_commit(move || this.call(next, trace));
        }
    }

    /// The trace that the running work belongs to.
    fn trace(&self) -> TraceContext {
        TraceContext::current().unwrap_or_else(|| TraceContext::root(&self.0.ids))
    }

    /// Makes the due call in a task of its own. Without a place for it, the saga stays due and
    /// the waker finds it.
    fn call(&self, current: Current<P::State>, trace: TraceContext) {
        let this = self.clone();
        if self.0.tasks.spawn(trace.scope(async move { this.drive(current).await })).is_err() {
            tracing::warn!(saga.machine = P::NAME, "no place for another call; it stays due");
        }
    }

    /// Makes one call and commits what came of it; the next call, if there is one, follows from
    /// that commit.
    async fn drive(&self, current: Current<P::State>) {
        let process = &self.0.process;
        let overdue =
            process.deadline(&current.state).is_some_and(|until| self.0.clock.now() > until);
        let outcome = if overdue {
            Ok(process.timeout(&current.state))
        } else {
            self.moment(&current.state, "before");
            let attempt = current.attempts + 1;
            let outcome = process.call(&current.id, &current.state, attempt).await;
            self.moment(&current.state, "after");
            outcome
        };
        let batch = match outcome {
            Ok(event) => self.transition(&current, &event),
            Err(failure) => Ok(Ok(self.postpone(&current, &failure))),
        };
        let committed = match batch {
            Ok(Ok(batch)) => self.0.store.commit(batch).await,
            Ok(Err(reason)) => {
                tracing::error!(saga.id = current.id, reason, "a call came to an odd result");
                return;
            }
            Err(error) => Err(error),
        };
        match committed {
            Ok(()) => {}
            Err(error) if error.is_conflict() => {
                tracing::debug!(saga.id = current.id, "the saga moved on during the call");
            }
            // It stays due: when its lease ends it is taken up again.
            Err(error) => tracing::warn!(saga.id = current.id, error = %error, "not recorded"),
        }
    }

    fn postpone(&self, current: &Current<P::State>, failure: &CallFailed) -> Batch {
        let now = self.0.clock.now();
        let Settings { backoff_min_ms, backoff_max_ms, .. } = self.0.settings;
        let doubled = backoff_min_ms.saturating_mul(1 << current.attempts.min(20));
        let wait = doubled.min(backoff_max_ms);
        let wait = Duration::from_millis(wait + self.0.ids.below(wait / 4 + 1));
        let mut batch = Batch::new("saga.postpone");
        let Current { id, state, version, attempts } = current;
        // Waiting past the deadline would only put off what happens there.
        let at = now.plus(wait);
        let deadline = self.0.process.deadline(state).map(|at| at.plus(Duration::from_millis(1)));
        let at =
            deadline.filter(|deadline| *deadline > now).map_or(at, |deadline| at.min(deadline));
        batch.one(POSTPONE, params![at, P::NAME, id, *version]);
        self.0.process.note(id, state, attempts + 1, failure, now, &mut batch);
        batch
    }

    fn moment(&self, state: &P::State, when: &str) {
        if crash::watched() {
            crash::point(&format!("{}.call.{when}", self.0.process.label(state)));
        }
    }

    /// Wakes one due saga: takes its call over, or tells it that its reply stays out.
    async fn wake(&self, saved: Saved) -> Result<(), Error> {
        let (calling, current) = (saved.calling, current::<P::State>(saved)?);
        if !calling {
            let event = self.0.process.timeout(&current.state);
            return match self.transition(&current, &event)? {
                Ok(batch) => ignore_conflict(self.0.store.commit(batch).await),
                Err(reason) => {
                    tracing::error!(saga.id = current.id, reason, "a timeout does not apply");
                    Ok(())
                }
            };
        }
        let now = self.0.clock.now();
        let until = now.plus(Duration::from_millis(self.0.settings.call_lease_ms));
        let mut batch = Batch::new("saga.take");
        batch.one(TAKE, params![until, P::NAME, &current.id, current.version, now]);
        let this = self.clone();
        let trace = self.trace();
        batch.after_commit(move || this.call(current, trace));
        ignore_conflict(self.0.store.commit(batch).await)
    }

    pub(crate) async fn wake_due(&self) -> Result<usize, Error> {
        let now = self.0.clock.now();
        let due = Saved::due(&self.0.store, P::NAME, now, self.0.settings.wake_max).await?;
        let count = due.len();
        let woken = futures::future::join_all(due.into_iter().map(|saved| self.wake(saved))).await;
        woken.into_iter().collect::<Result<(), Error>>()?;
        Ok(count)
    }

    pub(crate) fn parts(&self) -> (&Store, &Clock, &Settings) {
        (&self.0.store, &self.0.clock, &self.0.settings)
    }
}

/// What the row says about the time to come.
struct Plan {
    calling: bool,
    wake_at: Timestamp,
    finished: bool,
}

fn current<S: serde::de::DeserializeOwned>(saved: Saved) -> Result<Current<S>, Error> {
    let state = serde_json::from_str(&saved.state)
        .map_err(|e| Error::Row(format!("state of saga {}: {e}", saved.id)))?;
    let Saved { id, version, attempts, .. } = saved;
    Ok(Current { id, state, version, attempts })
}

fn to_json<S: serde::Serialize>(state: &S) -> String {
    serde_json::to_string(state).expect("a saga's state is plain data")
}

/// Somebody else was faster: then there is nothing left to do here.
fn ignore_conflict(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(error) if error.is_conflict() => Ok(()),
        other => other,
    }
}
