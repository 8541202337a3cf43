//! The machine as the saga runner wants it: what each transition commits, and which call is due.

use std::time::Duration;

use contracts::ids::OrderId;
use delivery::Outbox;
use futures::future::BoxFuture;
use kernel::Timestamp;
use saga::{CallFailed, Inapplicable, Process, Wait};
use store::{Batch, Error};

use super::{Payments, Watchers, story};
use crate::{
    domain::{self, Event, Limits, Placement, Step, Waiting},
    events,
    store::{orders, timeline},
};

/// Failed calls that the timeline tells one by one; after that, only each power of two.
const FAILURES_TOLD: u32 = 16;

/// What happened to a placement, and by which try of a call, if it was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// What happened.
    pub event: Event,
    /// 1 for the first try; 0 when no call told it.
    pub attempt: u32,
}

impl From<Event> for Happening {
    fn from(event: Event) -> Self {
        Self { event, attempt: 0 }
    }
}

/// Runs placements.
pub struct Placing {
    /// How long it waits for others.
    pub limits: Limits,
    /// How long stock keeps the lines aside.
    pub lease: Duration,
    /// Where its messages go.
    pub outbox: Outbox,
    /// Whom it calls.
    pub payments: Payments,
    /// Who waits for its orders.
    pub watchers: Watchers,
}

impl Process for Placing {
    const NAME: &'static str = "placement";
    type State = Placement;
    type Event = Happening;

    fn step(
        &self,
        state: &Placement,
        happening: &Happening,
        now: Timestamp,
    ) -> Result<Placement, Inapplicable> {
        domain::step(state, &happening.event, now, &self.limits)
            .map_err(|late| Inapplicable(late.to_string()))
    }

    fn wait(&self, state: &Placement) -> Wait {
        match state.step.waiting(&self.limits) {
            Waiting::Call(_) => Wait::Call,
            Waiting::Reply(span) => Wait::Reply(span),
            Waiting::Nothing => Wait::Finished,
        }
    }

    fn timeout(&self, _: &Placement) -> Happening {
        Event::TimedOut.into()
    }

    fn deadline(&self, state: &Placement) -> Option<Timestamp> {
        state.step.deadline()
    }

    fn label(&self, state: &Placement) -> &'static str {
        label(&state.step)
    }

    fn call<'a>(
        &'a self,
        id: &'a str,
        state: &'a Placement,
        attempt: u32,
    ) -> BoxFuture<'a, Result<Happening, CallFailed>> {
        Box::pin(async move {
            let event = self.payments.call(id, state).await?;
            Ok(Happening { event, attempt })
        })
    }

    fn record(
        &self,
        id: &str,
        step: &saga::Step<'_, Self>,
        batch: &mut Batch,
    ) -> Result<(), Error> {
        let (to, now) = (step.to, step.now);
        let order = order_id(id)?;
        let standing = to.standing();
        let sends = domain::sends(step.from, to);
        for what in &sends {
            events::send(&self.outbox, batch, order, to, what, now.plus(self.lease));
        }
        match step.from.zip(step.event) {
            None => timeline::begin(batch, id, &story::beginning(to, &sends), now),
            Some((from, happening)) => {
                if from.standing() != standing {
                    orders::stand(batch, id, &standing, now);
                }
                let Happening { event, attempt } = happening;
                let entries = story::transition(from, event, to, &sends, *attempt);
                timeline::append(batch, id, &entries, now);
            }
        }
        let at_rest = standing.settled || standing.payment.challenge.is_some();
        self.watchers.wake_after(batch, order, at_rest);
        Ok(())
    }

    fn note(
        &self,
        id: &str,
        state: &Placement,
        attempt: u32,
        failure: &CallFailed,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        if attempt <= FAILURES_TOLD || attempt.is_power_of_two() {
            let entry = story::failed_call(&state.step, attempt, &failure.0);
            timeline::append(batch, id, &[entry], now);
        }
        if let Ok(order) = id.parse() {
            self.watchers.wake_after(batch, order, false);
        }
    }

    fn finished(&self, _: &str, state: &Placement) {
        let status = state.standing().status.as_str();
        metrics::counter!("stoa_orders_settled_total", "status" => status).increment(1);
    }
}

fn order_id(id: &str) -> Result<OrderId, Error> {
    id.parse().map_err(|error| Error::Row(format!("the saga {id:?} is no order's: {error}")))
}

/// Names the commit that enters a step.
pub fn label(step: &Step) -> &'static str {
    match step {
        Step::Reserving { .. } => "placement.reserving",
        Step::Authorizing { .. } => "placement.authorizing",
        Step::AwaitingAnswer { .. } => "placement.awaiting_answer",
        Step::Answering { .. } => "placement.answering",
        Step::Committing { .. } => "placement.committing",
        Step::Capturing { .. } => "placement.capturing",
        Step::Voiding { .. } => "placement.voiding",
        Step::Releasing { .. } => "placement.releasing",
        Step::Completed { .. } => "placement.completed",
        Step::Ended { ending, .. } => match ending.closing {
            domain::Closing::Rejected => "placement.rejected",
            domain::Closing::Canceled => "placement.canceled",
        },
    }
}
