//! Commits that leave a trace: the change and its lines in the audit log, in one batch.

use kernel::{Clock, TraceContext};
use store::{Batch, Error, Store};
use tokio::sync::Semaphore;

use super::ATTEMPTS_MAX;
use crate::{
    domain::audit::{Entry, Fact},
    store::audit,
};

/// Lets one chained commit through after the other, since each line needs the hash of the one
/// before. Other processes may be faster all the same: then the line is made anew.
pub(crate) struct Trail {
    turn: Semaphore,
}

impl Default for Trail {
    fn default() -> Self {
        Self { turn: Semaphore::new(1) }
    }
}

impl Trail {
    /// Commits what `fill` puts into the batch together with the lines for `facts`.
    pub(crate) async fn commit(
        &self,
        store: &Store,
        clock: &Clock,
        label: &'static str,
        facts: &[Fact],
        fill: impl Fn(&mut Batch),
    ) -> Result<(), Error> {
        let _turn = self.turn.acquire().await.expect("the semaphore is never closed");
        let mut attempt = 1;
        loop {
            let mut batch = Batch::new(label);
            fill(&mut batch);
            append(store, clock, facts, &mut batch).await?;
            match store.commit(batch).await {
                Err(error) if error.conflicts_on(&audit::APPEND) && attempt < ATTEMPTS_MAX => {
                    attempt += 1;
                }
                done => return done,
            }
        }
    }
}

async fn append(
    store: &Store,
    clock: &Clock,
    facts: &[Fact],
    batch: &mut Batch,
) -> Result<(), Error> {
    let trace_id = TraceContext::current().map(TraceContext::trace_id_hex).unwrap_or_default();
    let mut head = audit::head(store).await?;
    for fact in facts {
        let entry = Entry::following(&head, fact.clone(), trace_id.clone(), clock.now());
        audit::append(batch, &entry);
        head = entry.head();
    }
    Ok(())
}
