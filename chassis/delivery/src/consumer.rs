//! Consumers: messages in, one batch out, each message with its effect once.

use std::{any::Any, collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use bus::{Bus, Delivery, Message, Receipt, Verdict};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use kernel::{Clock, Fails as _, Fault, Ids, TraceContext};
use store::{Batch, Store};
use supervisor::{ChildSpec, Context, Exit};

use crate::{Settings, inbox};

/// The longest pause before a queue that failed is asked again.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// What a service does when others speak.
pub trait Subscriber: Send + Sync + 'static {
    /// The kinds of messages it handles.
    fn kinds(&self) -> &'static [&'static str];

    /// Decides what a message changes. The consumer adds the inbox row, commits and settles. It
    /// may be called again for the same message, after a conflict or a redelivery.
    fn handle<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Batch, Refused>>;
}

/// Why a message was not handled.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refused {
    /// Again later; the attempt counts.
    #[error("{0}")]
    Retry(String),
    /// Again later; the attempt does not count, because the fault is not the message's.
    #[error("{0}")]
    Defer(String),
    /// Never: the message itself is wrong.
    #[error("{0}")]
    Dead(String),
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        if error.fault() == Fault::Unavailable {
            Self::Defer(error.to_string())
        } else {
            Self::Retry(error.to_string())
        }
    }
}

/// A batch that conflicts is decided anew so often before the message is redelivered.
const CONFLICTS_MAX: u32 = 5;

/// The supervised consumer of one queue: fetches messages, hands each to the subscriber of its
/// kind, many at a time but one key in order, and commits effect and inbox row together.
pub fn consumer(
    queue: &'static str,
    store: &Store,
    bus: &Arc<dyn Bus>,
    clock: &Clock,
    ids: &Ids,
    subscribers: Vec<Arc<dyn Subscriber>>,
    settings: &Settings,
) -> ChildSpec {
    let kinds: Vec<&'static str> = subscribers.iter().flat_map(|s| s.kinds()).copied().collect();
    let by_kind = subscribers
        .iter()
        .flat_map(|s| s.kinds().iter().map(move |kind| (*kind, Arc::clone(s))))
        .collect();
    let consumer = Arc::new(Consumer {
        queue,
        kinds,
        by_kind,
        store: store.clone(),
        bus: Arc::clone(bus),
        clock: clock.clone(),
        ids: ids.clone(),
        settings: settings.clone(),
        handled: metrics::counter!("stoa_messages_handled_total", "queue" => queue),
        failed: metrics::counter!("stoa_messages_failed_total", "queue" => queue),
    });
    ChildSpec::worker("consumer", move |ctx: Context| Arc::clone(&consumer).run(ctx))
}

struct Consumer {
    queue: &'static str,
    kinds: Vec<&'static str>,
    by_kind: HashMap<&'static str, Arc<dyn Subscriber>>,
    store: Store,
    bus: Arc<dyn Bus>,
    clock: Clock,
    ids: Ids,
    settings: Settings,
    handled: metrics::Counter,
    failed: metrics::Counter,
}

type Verdicts = Vec<(Receipt, Verdict)>;

impl Consumer {
    async fn run(self: Arc<Self>, ctx: Context) -> Result<(), Exit> {
        let declared = self.bus.declare(self.queue, &self.kinds).await;
        ctx.ready();
        if declared.is_err() {
            self.insist(&ctx, || self.bus.declare(self.queue, &self.kinds)).await?;
        }
        let visibility = Duration::from_millis(self.settings.visibility_ms);
        let mut chains: FuturesUnordered<BoxFuture<'_, Verdicts>> = FuturesUnordered::new();
        let mut in_flight = 0;
        loop {
            let room = self.settings.in_flight_max.saturating_sub(in_flight);
            if room > 0 && !ctx.is_stopping() {
                let max = room.min(self.settings.fetch_max);
                let fetch = || self.bus.fetch(self.queue, max, visibility);
                let fetched = self.insist(&ctx, fetch).await?;
                in_flight += fetched.len();
                for chain in by_key(fetched) {
                    chains.push(self.chain(chain).boxed());
                }
            }
            if chains.is_empty() {
                if ctx.is_stopping() {
                    return Ok(());
                }
                ctx.unless_stopping(self.bus.arrival(self.queue, Duration::from_secs(5))).await;
                continue;
            }
            let room = in_flight < self.settings.in_flight_max && !ctx.is_stopping();
            let mut verdicts = tokio::select! {
                biased;
                Some(verdicts) = chains.next() => verdicts,
                () = self.bus.arrival(self.queue, Duration::from_secs(5)), if room => continue,
            };
            // Whatever else has finished is settled together: one commit for many messages.
            while let Some(Some(more)) = chains.next().now_or_never() {
                verdicts.extend(more);
            }
            in_flight -= verdicts.len();
            self.insist(&ctx, || self.bus.settle(self.queue, verdicts.clone())).await?;
        }
    }

    /// Asks the queue until it can do it: a full disk is no reason to take the service down.
    async fn insist<'a, T>(
        &'a self,
        ctx: &Context,
        ask: impl Fn() -> BoxFuture<'a, Result<T, bus::Error>>,
    ) -> Result<T, Exit> {
        let mut failures = 0;
        loop {
            let error = match ask().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if error.fault() != Fault::Unavailable || ctx.is_stopping() {
                return Err(error.into());
            }
            failures += 1;
            self.tell(&error);
            let pause = self.settings.backoff(failures).min(PAUSE_MAX);
            ctx.unless_stopping(self.clock.sleep(pause)).await;
        }
    }

    fn tell(&self, error: &bus::Error) {
        let error: &dyn std::error::Error = error;
        tracing::warn!(queue = self.queue, error, "the queue cannot be used now");
    }

    /// Handles the messages of one key in order. Behind one that failed, the rest waits with it.
    async fn chain(&self, chain: Vec<Delivery>) -> Verdicts {
        let mut verdicts = Verdicts::with_capacity(chain.len());
        let mut blocked = None;
        for delivery in chain {
            let verdict = match blocked {
                Some(after) => Verdict::Defer { after },
                None => self.one(&delivery).await,
            };
            if let Verdict::Retry { after } | Verdict::Defer { after } = &verdict {
                blocked = Some(*after);
            }
            verdicts.push((delivery.receipt, verdict));
        }
        verdicts
    }

    async fn one(&self, delivery: &Delivery) -> Verdict {
        let message = &delivery.message;
        if delivery.attempt > self.settings.attempts_max {
            let reason = format!("{} attempts, none of which ended", delivery.attempt - 1);
            return Verdict::Dead { reason };
        }
        let trace = message.trace.as_deref().and_then(|text| text.parse::<TraceContext>().ok());
        let trace = trace.map_or_else(|| TraceContext::root(&self.ids), |t| t.child(&self.ids));
        let handled = trace.scope(AssertUnwindSafe(self.effect(message)).catch_unwind()).await;
        let refused = match handled {
            Ok(Ok(())) => {
                self.handled.increment(1);
                return Verdict::Ack;
            }
            Ok(Err(refused)) => refused,
            Err(panic) => Refused::Retry(format!("panic: {}", text_of(&*panic))),
        };
        self.failed.increment(1);
        tracing::warn!(
            queue = self.queue, message.id = message.id, message.kind = message.kind,
            attempt = delivery.attempt, reason = %refused, "a message was not handled"
        );
        self.verdict(delivery.attempt, refused)
    }

    fn verdict(&self, attempt: u32, refused: Refused) -> Verdict {
        let backoff = self.settings.backoff(attempt);
        let jitter = self.ids.below(u64::try_from(backoff.as_millis()).unwrap_or(0) / 2 + 1);
        let after = backoff + Duration::from_millis(jitter);
        match refused {
            Refused::Dead(reason) => Verdict::Dead { reason },
            Refused::Retry(reason) if attempt >= self.settings.attempts_max => {
                Verdict::Dead { reason: format!("{attempt} attempts: {reason}") }
            }
            Refused::Retry(_) => Verdict::Retry { after },
            Refused::Defer(_) => Verdict::Defer { after },
        }
    }

    /// The effect of one message, once: decided, and committed with its inbox row.
    async fn effect(&self, message: &Message) -> Result<(), Refused> {
        let subscriber = self.by_kind.get(message.kind.as_str());
        let subscriber = subscriber
            .ok_or_else(|| Refused::Dead(format!("nobody here handles {}", message.kind)))?;
        let mut conflicts = 0;
        loop {
            let mut batch = subscriber.handle(message).await?;
            inbox::record(&mut batch, self.queue, message, self.clock.now());
            match self.store.commit(batch).await {
                Ok(()) => return Ok(()),
                Err(error) if error.conflicts_on(&inbox::RECORD) => return Ok(()),
                Err(error) if error.is_conflict() && conflicts < CONFLICTS_MAX => conflicts += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Splits what was fetched into runs of one key.
fn by_key(fetched: Vec<Delivery>) -> Vec<Vec<Delivery>> {
    let mut chains: Vec<Vec<Delivery>> = Vec::new();
    for delivery in fetched {
        match chains.last_mut() {
            Some(chain) if chain[0].message.key == delivery.message.key => chain.push(delivery),
            _ => chains.push(vec![delivery]),
        }
    }
    chains
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
