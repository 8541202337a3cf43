//! The relay: publishes what waits in the outbox, in order, and forgets it once the queue has it.

use std::{collections::HashSet, sync::Arc, time::Duration};

use bus::{Bus, Message};
use kernel::Clock;
use store::{Batch, Error, Row, Store, params};
use supervisor::{ChildSpec, Context, Exit};

use crate::{
    Lease, Outbox, Prompt, Settings,
    outbox::{SENT, UNSENT, message},
};

/// The supervised relay of one service. It publishes at least once: what a crash left published
/// but not forgotten is published again, and the inbox of its receiver knows it.
///
/// `owner` names this process among the replicas that share the database; only the holder of the
/// lease publishes. Nothing but speed depends on the lease.
pub fn relay(
    store: &Store,
    bus: &Arc<dyn Bus>,
    clock: &Clock,
    outbox: &Outbox,
    prompt: &Prompt,
    owner: &str,
    settings: &Settings,
) -> ChildSpec {
    let span = Duration::from_millis(settings.relay_lease_ms);
    let parts = (store.clone(), Arc::clone(bus), clock.clone(), outbox.source(), prompt.clone());
    let (owner, settings) = (owner.to_owned(), settings.clone());
    ChildSpec::worker("relay", move |ctx: Context| {
        let (store, bus, clock, source, prompt) = parts.clone();
        let lease = Lease::new(store.clone(), clock.clone(), "relay", &owner, span);
        let settings = settings.clone();
        let relay = Relay {
            store,
            bus,
            clock,
            source,
            prompt,
            lease,
            settings,
            after: 0,
            sent: Vec::new(),
        };
        relay.run(ctx)
    })
}

struct Relay {
    store: Store,
    bus: Arc<dyn Bus>,
    clock: Clock,
    source: &'static str,
    prompt: Prompt,
    lease: Lease,
    settings: Settings,
    /// How far this sweep over the outbox has come.
    after: i64,
    /// Published, and to be forgotten together with the next publication.
    sent: Vec<i64>,
}

impl Relay {
    async fn run(mut self, ctx: Context) -> Result<(), Exit> {
        let mut failures = 0;
        while !ctx.is_stopping() {
            let wait = match self.sweep().await {
                Ok(true) => continue,
                Ok(false) => {
                    failures = 0;
                    Duration::from_millis(self.settings.relay_period_ms)
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(error = %error, "the relay could not publish");
                    self.settings.backoff(failures)
                }
            };
            self.after = 0;
            ctx.unless_stopping(self.clock.timeout(wait, self.prompt.prompted())).await;
        }
        // What is published but not forgotten would be published again after the next start.
        self.forget().await.map_err(|e| Exit::Error(e.to_string()))
    }

    /// Publishes one page of the outbox; whether there was anything to publish.
    async fn sweep(&mut self) -> Result<bool, bus::Error> {
        if self.lease.hold().await?.is_none() {
            return Ok(false);
        }
        let limit = self.settings.relay_batch_max;
        let rows = self.store.read(UNSENT, params![self.after, limit]).await?;
        let Some(last) = rows.last() else {
            self.forget().await?;
            return Ok(false);
        };
        let last = last.int(0)?;
        let page: Result<Vec<_>, Error> = rows.iter().map(|row| self.read(row)).collect();
        let forget = self.forgetting();
        let (published, forgotten) =
            futures::join!(self.publish(page?), async { self.store.commit(forget).await });
        forgotten?;
        self.sent = published?;
        self.after = last;
        Ok(true)
    }

    fn read(&self, row: &Row) -> Result<(i64, Message), Error> {
        Ok((row.int(0)?, message(row, self.source)?))
    }

    /// Publishes a page and returns what of it went out. A command that nobody is bound to yet
    /// stays, and so does what follows it under its key; the rest goes.
    async fn publish(&self, mut page: Vec<(i64, Message)>) -> Result<Vec<i64>, bus::Error> {
        loop {
            let messages = page.iter().map(|(_, message)| message.clone()).collect();
            match self.bus.publish(messages).await {
                Ok(()) => return Ok(page.into_iter().map(|(seq, _)| seq).collect()),
                Err(bus::Error::Unroutable { kind }) => {
                    tracing::warn!(message.kind = kind, "nobody is bound to this command yet");
                    let mut held = HashSet::new();
                    page.retain(|(_, message)| {
                        let stays = message.kind == kind || held.contains(&message.key);
                        if stays {
                            held.insert(message.key.clone());
                        }
                        !stays
                    });
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn forgetting(&mut self) -> Batch {
        let mut batch = Batch::new("relay");
        for seq in self.sent.drain(..) {
            batch.run(SENT, params![seq]);
        }
        batch
    }

    async fn forget(&mut self) -> Result<(), Error> {
        let batch = self.forgetting();
        self.store.commit(batch).await
    }
}
