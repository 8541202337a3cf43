//! What a saga is, to whoever writes one.

use std::{fmt::Debug, time::Duration};

use futures::future::BoxFuture;
use kernel::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use store::{Batch, Error};

/// A persisted state machine. `step`, `wait` and `timeout` are pure; `call` is the only place
/// that reaches outside; `record` says what commits together with a transition.
pub trait Process: Send + Sync + 'static {
    /// Names the machine in the database, metrics and crash points.
    const NAME: &'static str;
    /// All that the next step needs to know.
    type State: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static;
    /// What can happen.
    type Event: Debug + Send + Sync + 'static;

    /// The next state. An event that is late or repeated is [`Inapplicable`]: nothing changes.
    fn step(
        &self,
        state: &Self::State,
        event: &Self::Event,
        now: Timestamp,
    ) -> Result<Self::State, Inapplicable>;

    /// What the state waits for.
    fn wait(&self, state: &Self::State) -> Wait;

    /// What happens when the reply that the state waits for stays out, or its deadline passes.
    fn timeout(&self, state: &Self::State) -> Self::Event;

    /// When calls of this state are not tried any more.
    fn deadline(&self, state: &Self::State) -> Option<Timestamp>;

    /// The name of a state, for crash points and batches: `placement.authorizing`.
    fn label(&self, state: &Self::State) -> &'static str;

    /// The external effect that a state with [`Wait::Call`] stands for. It may run any number of
    /// times, at several places at once, and must have its effect once.
    fn call<'a>(
        &'a self,
        id: &'a str,
        state: &'a Self::State,
        attempt: u32,
    ) -> BoxFuture<'a, Result<Self::Event, CallFailed>>;

    /// Adds what belongs to a transition: the aggregate's row, messages, the timeline.
    fn record(&self, id: &str, step: &Step<'_, Self>, batch: &mut Batch) -> Result<(), Error>;

    /// Adds what is remembered of a failed call that will be tried again.
    fn note(
        &self,
        id: &str,
        state: &Self::State,
        attempt: u32,
        failure: &CallFailed,
        now: Timestamp,
        batch: &mut Batch,
    );

    /// Called after a saga has finished and that is durable.
    fn finished(&self, _id: &str, _state: &Self::State) {}
}

/// One transition.
#[derive(Debug)]
pub struct Step<'a, P: Process + ?Sized> {
    /// The state before; none when the saga begins.
    pub from: Option<&'a P::State>,
    /// What happened; none when the saga begins.
    pub event: Option<&'a P::Event>,
    /// The state after.
    pub to: &'a P::State,
    /// When.
    pub now: Timestamp,
    /// The number of this transition: 1 for the beginning, then rising without gaps, failed
    /// calls included.
    pub version: i64,
}

/// What a state waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Its call is due now.
    Call,
    /// A message, so long at most.
    Reply(Duration),
    /// Nothing: it is the end.
    Finished,
}

/// The event does not apply in this state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Inapplicable(pub String);

/// The call did not come to a result; it is tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CallFailed(pub String);
