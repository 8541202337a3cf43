//! The desk: everything that commands work with.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use delivery::Outbox;
use kernel::{Clock, Ids, Timestamp};
use sha2::{Digest as _, Sha256};
use store::Store;

use super::{hashing::Hasher, keyring::Keyring, trail::Trail};
use crate::{
    domain::{
        email::Email,
        throttle::{Account, Throttle},
    },
    settings::{BadSetting, Settings},
};

/// The database, the outbox, time and ids, and the limits. Cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<Tools>);

/// See [`Desk`].
pub struct Tools {
    pub(crate) store: Store,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) settings: Settings,
    pub(crate) hasher: Hasher,
    pub(crate) keyring: Keyring,
    pub(crate) trail: Trail,
    throttle: Mutex<Throttle>,
}

impl Deref for Desk {
    type Target = Tools;

    fn deref(&self) -> &Tools {
        &self.0
    }
}

impl Desk {
    /// A desk over a migrated database. Refuses settings that cannot work.
    pub fn new(
        store: Store,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
        settings: Settings,
    ) -> Result<Self, BadSetting> {
        settings.check()?;
        let hasher = Hasher::new(&settings, &ids)?;
        let throttle = Mutex::new(Throttle::new(settings.backoff()));
        let (keyring, trail) = (Keyring::new(settings.schedule()), Trail::default());
        let tools = Tools { store, outbox, clock, ids, settings, hasher, keyring, trail, throttle };
        Ok(Self(Arc::new(tools)))
    }
}

impl Tools {
    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// 256 random bits.
    pub(crate) fn bits(&self) -> [u8; 32] {
        let mut bits = [0; 32];
        self.ids.fill(&mut bits);
        bits
    }

    /// How many password hashes were computed since the start.
    pub fn hashes_total(&self) -> u64 {
        self.hasher.total()
    }

    /// How long guesses at an account must wait, if they must.
    pub(crate) fn guess_wait(&self, account: &Account) -> Option<Duration> {
        let wait = self.throttle().wait(account, self.clock.instant());
        (!wait.is_zero()).then_some(wait)
    }

    /// Notes a wrong guess; tells how many there were in a row if they are worth writing down.
    pub(crate) fn guess_failed(&self, account: Account) -> Option<u32> {
        let mut throttle = self.throttle();
        let failures = throttle.failed(account, self.clock.instant());
        throttle.is_suspicious(failures).then_some(failures)
    }

    pub(crate) fn guess_succeeded(&self, account: &Account) {
        self.throttle().succeeded(account);
    }

    fn throttle(&self) -> std::sync::MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By what failures are remembered: no address is kept in memory, whether it has an account or not.
pub(crate) fn account(email: &Email) -> Account {
    Sha256::digest(email.as_str().as_bytes()).into()
}

/// Whole seconds for `Retry-After`, rounded up.
pub(crate) fn retry_after_s(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1)
}
