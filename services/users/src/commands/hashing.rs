//! Password hashing off the async workers: so many at once, so many waiting, no more.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use kernel::{Fails, Fault, Ids};
use tokio::sync::Semaphore;

use crate::{
    domain::password::{Hashing, Password},
    settings::{BadSetting, Settings},
};

/// So many hashes wait that one more would only time out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked at the moment")]
pub struct Overloaded;

impl Fails for Overloaded {
    fn fault(&self) -> Fault {
        Fault::Unavailable
    }

    fn code(&self) -> &'static str {
        "overloaded"
    }

    fn retry_after_s(&self) -> Option<u32> {
        Some(2)
    }
}

/// Hashes and verifies passwords. Memory is bounded by the cost of one times how many at once.
pub(crate) struct Hasher {
    hashing: Arc<Hashing>,
    decoy: String,
    ids: Ids,
    /// Those that compute.
    cores: Arc<Semaphore>,
    /// Those that compute and those that wait.
    places: Arc<Semaphore>,
    total: AtomicU64,
}

impl Hasher {
    pub(crate) fn new(settings: &Settings, ids: &Ids) -> Result<Self, BadSetting> {
        let hashing = Hashing::new(settings.cost())
            .map_err(|bad| BadSetting { name: "argon2", why: bad.to_string() })?;
        let (mut salt, mut output) = ([0; 16], [0; 32]);
        ids.fill(&mut salt);
        ids.fill(&mut output);
        Ok(Self {
            decoy: hashing.decoy(salt, output),
            hashing: Arc::new(hashing),
            ids: ids.clone(),
            cores: Arc::new(Semaphore::new(settings.hashes_max)),
            places: Arc::new(Semaphore::new(settings.hashes_max + settings.hashes_waiting_max)),
            total: AtomicU64::new(0),
        })
    }

    /// The hash of a new password.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, Overloaded> {
        let mut salt = [0; 16];
        self.ids.fill(&mut salt);
        self.run(move |hashing| hashing.hash(&password, salt)).await
    }

    /// Whether a password is the one behind `hash`. Without a hash, because there is no such
    /// account, it takes as long and is never right.
    pub(crate) async fn matches(
        &self,
        password: Password,
        hash: Option<&str>,
    ) -> Result<bool, Overloaded> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        let matches = self.run(move |hashing| hashing.matches(&password, &hash)).await?;
        Ok(known && matches)
    }

    /// Whether a hash was made at another cost than the present one.
    pub(crate) fn is_outdated(&self, hash: &str) -> bool {
        self.hashing.is_outdated(hash)
    }

    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    #[expect(clippy::disallowed_methods, reason = "bounded: `places` admits, `cores` runs")]
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hashing) -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Overloaded)?;
        let core = Arc::clone(&self.cores).acquire_owned().await;
        let core = core.expect("the semaphore is never closed");
        self.total.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("stoa_password_hashes_total").increment(1);
        let hashing = Arc::clone(&self.hashing);
        // The permits go along: a caller that left does not free a core that still computes.
        let computed = tokio::task::spawn_blocking(move || {
            let computed = work(&hashing);
            drop((core, place));
            computed
        });
        match computed.await {
            Ok(computed) => Ok(computed),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use futures::FutureExt as _;
    use kernel::Clock;

    use super::*;

    fn hasher(hashes_max: usize, hashes_waiting_max: usize) -> Hasher {
        let settings = Settings {
            argon2_memory_kib: 8,
            argon2_passes: 1,
            hashes_max,
            hashes_waiting_max,
            ..Settings::default()
        };
        Hasher::new(&settings, &Ids::seeded(Clock::system(), 1)).unwrap()
    }

    #[tokio::test]
    async fn beyond_those_who_compute_and_those_who_wait_everyone_is_sent_away() {
        let hasher = hasher(1, 1);
        let (release, held) = sync_channel::<()>(0);
        let mut computes = Box::pin(hasher.run(move |_| held.recv().is_ok()));
        let mut waits = Box::pin(hasher.run(|_| 2));
        assert!(futures::poll!(&mut computes).is_pending());
        assert!(futures::poll!(&mut waits).is_pending());

        assert_eq!(hasher.run(|_| 3).now_or_never(), Some(Err(Overloaded)));

        assert_eq!(hasher.total(), 1);
        release.send(()).unwrap();
        assert_eq!(futures::join!(computes, waits), (Ok(true), Ok(2)));
        assert_eq!(hasher.run(|_| 4).await, Ok(4));
    }

    #[tokio::test]
    async fn a_caller_that_leaves_does_not_free_a_core_that_still_computes() {
        let hasher = hasher(1, 0);
        let (release, held) = sync_channel::<()>(0);
        let mut computes = Box::pin(hasher.run(move |_| held.recv().is_ok()));
        assert!(futures::poll!(&mut computes).is_pending());
        drop(computes);

        assert_eq!(hasher.run(|_| 2).now_or_never(), Some(Err(Overloaded)));

        release.send(()).unwrap();
    }

    #[tokio::test]
    async fn without_an_account_nothing_matches_at_the_same_cost() {
        let hasher = hasher(1, 1);
        let password = Password::new("quiet otters".to_owned());
        let hash = hasher.hash(password.clone()).await.unwrap();
        let before = hasher.total();

        assert_eq!(hasher.matches(password.clone(), Some(&hash)).await, Ok(true));
        assert_eq!(hasher.matches(password, None).await, Ok(false));

        assert_eq!(hasher.total() - before, 2);
    }
}
