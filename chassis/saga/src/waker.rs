//! The waker: finds sagas whose time has come.

use std::time::Duration;

use store::{Batch, params};
use supervisor::{ChildSpec, Context, Exit};

use crate::{Process, Runner, row::RECLAIM};

/// The pause after the store failed: it is not asked more often than a log can bear.
const PAUSE: Duration = Duration::from_secs(1);

/// The supervised waker of one kind of saga.
pub(crate) fn child<P: Process>(runner: &Runner<P>) -> ChildSpec {
    let runner = runner.clone();
    ChildSpec::worker(format!("waker {}", P::NAME), move |ctx: Context| run(runner.clone(), ctx))
}

async fn run<P: Process>(runner: Runner<P>, ctx: Context) -> Result<(), Exit> {
    let (_, clock, settings) = runner.parts();
    let mut interrupted = settings.exclusive && ctx.generation() == 1;
    while !ctx.is_stopping() {
        let pause = match round(&runner, &mut interrupted).await {
            Ok(full) if full => Duration::ZERO,
            Ok(_) => Duration::from_millis(settings.period_ms),
            // A full disk is no reason to take the service down: it is tried again.
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(saga.machine = P::NAME, error, "due sagas could not be woken");
                PAUSE
            }
        };
        ctx.ready();
        if pause.is_zero() {
            continue;
        }
        ctx.unless_stopping(clock.sleep(pause)).await;
    }
    Ok(())
}

/// Wakes what is due; whether there may be more.
async fn round<P: Process>(
    runner: &Runner<P>,
    interrupted: &mut bool,
) -> Result<bool, store::Error> {
    let (store, clock, settings) = runner.parts();
    if *interrupted {
        // Nobody else can be in the middle of a call: what is marked so was lost in a crash.
        let now = clock.now();
        let mut batch = Batch::new("saga.reclaim");
        batch.run(RECLAIM, params![now, P::NAME, now]);
        store.commit(batch).await?;
        *interrupted = false;
    }
    Ok(runner.wake_due().await? >= settings.wake_max as usize)
}
