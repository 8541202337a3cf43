//! The waker: finds sagas whose time has come.

use std::time::Duration;

use store::{Batch, params};
use supervisor::{ChildSpec, Context, Exit};

use crate::{Process, Runner, row::RECLAIM};

/// The supervised waker of one kind of saga.
pub(crate) fn child<P: Process>(runner: &Runner<P>) -> ChildSpec {
    let runner = runner.clone();
    ChildSpec::worker(format!("waker {}", P::NAME), move |ctx: Context| {
        let runner = runner.clone();
        async move { run(runner, ctx).await.map_err(|e| Exit::Error(e.to_string())) }
    })
}

async fn run<P: Process>(runner: Runner<P>, ctx: Context) -> Result<(), store::Error> {
    let (store, clock, settings) = runner.parts();
    if settings.exclusive && ctx.generation() == 1 {
        // Nobody else can be in the middle of a call: what is marked so was lost in a crash.
        let now = clock.now();
        let mut batch = Batch::new("saga.reclaim");
        batch.run(RECLAIM, params![now, P::NAME, now]);
        store.commit(batch).await?;
    }
    ctx.ready();
    while !ctx.is_stopping() {
        let full = runner.wake_due().await? >= settings.wake_max as usize;
        if full {
            continue;
        }
        tokio::select! {
            () = ctx.stopping() => {}
            () = clock.sleep(Duration::from_millis(settings.period_ms)) => {}
        }
    }
    Ok(())
}
