//! The only source of time: the machine's clock, or one that a test moves by hand.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::{Either, select};
use tokio::sync::oneshot;

use crate::Timestamp;

/// Tells the time and waits. Cheap to clone; clones show the same time.
///
/// A manual clock stands still until [`Clock::advance`] moves it: whatever sleeps on it wakes in
/// the order of its deadlines, at no cost in real time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System { started: tokio::time::Instant },
    Manual(Arc<Mutex<Manual>>),
}

#[derive(Debug)]
struct Manual {
    start: Timestamp,
    passed: Duration,
    sleepers: BTreeMap<(Duration, u64), oneshot::Sender<()>>,
    serial: u64,
}

/// A wait ended before what it waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("deadline elapsed")]
pub struct Elapsed;

impl Clock {
    /// The machine's clock.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters the system")]
    pub fn system() -> Self {
        Self(Source::System { started: tokio::time::Instant::now() })
    }

    /// A clock that stands at `start` until it is advanced.
    pub fn manual(start: Timestamp) -> Self {
        let manual = Manual { start, passed: Duration::ZERO, sleepers: BTreeMap::new(), serial: 0 };
        Self(Source::Manual(Arc::new(Mutex::new(manual))))
    }

    /// Wall-clock time; it may jump, so nothing that measures a span uses it.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters the system")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System { .. } => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                Timestamp::default().plus(since.unwrap_or_default())
            }
            Source::Manual(manual) => {
                let manual = lock(manual);
                manual.start.plus(manual.passed)
            }
        }
    }

    /// Monotonic time since this clock was made.
    pub fn instant(&self) -> Duration {
        match &self.0 {
            Source::System { started } => started.elapsed(),
            Source::Manual(manual) => lock(manual).passed,
        }
    }

    /// Waits for `span`.
    #[expect(clippy::disallowed_methods, reason = "every wait of the system ends up here")]
    pub async fn sleep(&self, span: Duration) {
        match &self.0 {
            Source::System { .. } => tokio::time::sleep(span).await,
            Source::Manual(manual) => {
                // The sender lives in the clock; a dropped clock wakes its sleepers too.
                let _ = sleeper(manual, span).await;
            }
        }
    }

    /// Waits for `future`, at most for `span`.
    pub async fn timeout<F: Future>(
        &self,
        span: Duration,
        future: F,
    ) -> Result<F::Output, Elapsed> {
        match select(pin!(future), pin!(self.sleep(span))).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right(((), _)) => Err(Elapsed),
        }
    }

    /// Moves a manual clock forward and wakes who waited for that; a bug on the machine's clock.
    pub fn advance(&self, span: Duration) {
        let Source::Manual(manual) = &self.0 else {
            unreachable!("only a manual clock is moved by hand")
        };
        let mut manual = lock(manual);
        manual.passed += span;
        let now = manual.passed;
        let later = manual.sleepers.split_off(&(now, u64::MAX));
        for sleeper in std::mem::replace(&mut manual.sleepers, later).into_values() {
            // A sleeper that was dropped meanwhile needs no waking.
            let _ = sleeper.send(());
        }
    }
}

fn sleeper(manual: &Mutex<Manual>, span: Duration) -> oneshot::Receiver<()> {
    let (wake, woken) = oneshot::channel();
    let mut manual = lock(manual);
    if span.is_zero() {
        let _ = wake.send(());
        return woken;
    }
    manual.serial += 1;
    let key = (manual.passed.saturating_add(span), manual.serial);
    manual.sleepers.insert(key, wake);
    woken
}

fn lock(manual: &Mutex<Manual>) -> std::sync::MutexGuard<'_, Manual> {
    manual.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_time_has_come_and_not_before() {
        let clock = Clock::manual(Timestamp::from_ms(1000));
        let mut nap = pin!(clock.sleep(Duration::from_secs(5)));
        assert!(futures::poll!(&mut nap).is_pending());

        clock.advance(Duration::from_millis(4999));
        assert!(futures::poll!(&mut nap).is_pending());
        clock.advance(Duration::from_millis(1));

        assert!(futures::poll!(&mut nap).is_ready());
        assert_eq!(clock.now(), Timestamp::from_ms(6000));
    }

    #[tokio::test]
    async fn a_timeout_gives_up_on_what_never_comes() {
        let clock = Clock::manual(Timestamp::default());
        let mut wait = pin!(clock.timeout(Duration::from_secs(1), std::future::pending::<()>()));
        assert!(futures::poll!(&mut wait).is_pending());

        clock.advance(Duration::from_secs(1));

        assert_eq!(wait.await, Err(Elapsed));
    }
}
