//! The janitor: forgets inbox rows and idempotency records that are older than any repetition.

use std::time::Duration;

use kernel::{Clock, Id};
use store::{Batch, Store, params};
use supervisor::{ChildSpec, Context, Exit};

use crate::{Settings, idempotency, inbox, outbox::Event};

const PERIOD: Duration = Duration::from_secs(600);
const MS_PER_HOUR: u64 = 3_600_000;

/// The supervised janitor of one service's database.
pub fn janitor(
    store: &Store,
    queue: &'static str,
    clock: &Clock,
    settings: &Settings,
) -> ChildSpec {
    let (store, clock, settings) = (store.clone(), clock.clone(), settings.clone());
    ChildSpec::worker("janitor", move |ctx: Context| {
        let (store, clock, settings) = (store.clone(), clock.clone(), settings.clone());
        async move {
            while ctx.unless_stopping(clock.sleep(PERIOD)).await.is_some() {
                // A full disk is no reason to take the service down: it is tried again.
                if let Err(error) = sweep(&store, queue, &clock, &settings).await {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "old inbox and idempotency rows could not be removed");
                }
            }
            Ok::<(), Exit>(())
        }
    })
}

async fn sweep(
    store: &Store,
    queue: &str,
    clock: &Clock,
    settings: &Settings,
) -> Result<(), store::Error> {
    let before =
        |hours: u64| clock.now().minus(Duration::from_millis(hours.saturating_mul(MS_PER_HOUR)));
    let oldest = before(settings.inbox_retention_h);
    // Message ids rise with time, so the key itself finds the old rows.
    let bits = u128::try_from(oldest.ms()).unwrap_or(0) << 80;
    let mut batch = Batch::new("janitor");
    batch.run(inbox::PURGE, params![queue, Id::<Event>::from_u128(bits), oldest]);
    batch.run(idempotency::PURGE, params![before(settings.idempotency_retention_h)]);
    store.commit(batch).await
}
