//! Unknown outcomes: the provider is asked what became of each, by key, until it is known.

use std::sync::Arc;

use contracts::ids::PaymentId;
use futures::StreamExt as _;
use supervisor::{ChildSpec, Context, Exit};

use super::operate::{Resend, settle_by_asking};
use super::{Desk, PaymentError};
use crate::domain::Payment;
use crate::store::{operations, payments};

/// Asks the provider about each pending operation of a payment. What it has never seen is sent
/// again, under the same key, only if `resend` says so.
pub async fn inquire(desk: &Desk, payment: Payment, resend: Resend) -> Result<(), PaymentError> {
    let keys: Vec<String> = payment.pending.iter().map(|operation| operation.key.clone()).collect();
    for key in keys {
        let current = payments::payment(&desk.db, payment.id).await?;
        let Some(current) = current else { return Err(PaymentError::NotFound) };
        if current.pending.iter().any(|operation| operation.key == key)
            && let Some(row) = operations::operation(&desk.db, &key).await?
        {
            settle_by_asking(desk, current, &row, resend).await?;
        }
    }
    Ok(())
}

/// The child that settles what callers left behind: they crashed, gave up, or we did in between.
pub fn resolver(desk: Desk) -> ChildSpec {
    let desk = Arc::new(desk);
    ChildSpec::worker("payments-resolver", move |context| run(Arc::clone(&desk), context))
}

async fn run(desk: Arc<Desk>, context: Context) -> Result<(), Exit> {
    while !context.is_stopping() {
        let full = match round(&desk).await {
            Ok(full) => full,
            Err(error) => {
                tracing::warn!(error = %error, "unknown outcomes could not be looked for");
                false
            }
        };
        if !full {
            context.unless_stopping(desk.clock.sleep(desk.settings.resolve_period())).await;
        }
    }
    Ok(())
}

/// Takes what is due and asks about it; whether there may be more.
async fn round(desk: &Desk) -> Result<bool, store::Error> {
    let limit = desk.settings.resolve_batch_max;
    let pause = desk.settings.resolve_pause_ms();
    let due = payments::claim_due(&desk.db, desk.clock.now(), pause, limit).await?;
    let full = due.len() == limit as usize;
    futures::stream::iter(due)
        .for_each_concurrent(desk.settings.resolve_concurrency_max, |id| async move {
            if let Err(error) = resolve(desk, id).await {
                tracing::warn!(payment.id = %id, error = %error, "outcome still unknown");
            }
        })
        .await;
    Ok(full)
}

async fn resolve(desk: &Desk, id: PaymentId) -> Result<(), PaymentError> {
    match payments::payment(&desk.db, id).await? {
        Some(payment) => inquire(desk, payment, Resend::Yes).await,
        None => Ok(()),
    }
}
