//! Slowing down guesses: how long an account waits after failures, in memory that is bounded.

use std::{collections::HashMap, time::Duration};

/// How failures turn into waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// So many failures in a row cost nothing.
    pub free: u32,
    /// The longest wait; failures are forgotten after it has passed twice.
    pub wait_max: Duration,
    /// How many accounts are remembered at least; memory is bounded by twice as many.
    pub accounts_max: usize,
}

impl Backoff {
    /// How long to wait after so many failures in a row: 1 s after the last free one, then
    /// doubling up to the longest.
    fn wait(&self, failures: u32) -> Duration {
        let Some(beyond) = failures.checked_sub(self.free) else { return Duration::ZERO };
        Duration::from_secs(1_u64 << beyond.min(32)).min(self.wait_max)
    }
}

/// Which account: the hash of what was typed, whether or not there is such an account.
pub type Account = [u8; 32];

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Duration,
}

/// Remembers failures per account. When it is full, the older half is forgotten: to push one
/// account out, somebody must pay for a password hash of each of `accounts_max` others.
#[derive(Debug)]
pub struct Throttle {
    backoff: Backoff,
    young: HashMap<Account, Failures>,
    old: HashMap<Account, Failures>,
}

impl Throttle {
    /// Remembers nothing yet.
    pub fn new(backoff: Backoff) -> Self {
        Self { backoff, young: HashMap::new(), old: HashMap::new() }
    }

    /// How long `account` must still wait at `now`; zero when it may try.
    pub fn wait(&self, account: &Account, now: Duration) -> Duration {
        let Some(failures) = self.find(account, now) else { return Duration::ZERO };
        (failures.last + self.backoff.wait(failures.count)).saturating_sub(now)
    }

    /// Notes a failure; returns how many there were in a row.
    pub fn failed(&mut self, account: Account, now: Duration) -> u32 {
        let count = self.find(&account, now).map_or(1, |before| before.count.saturating_add(1));
        if self.young.len() >= self.backoff.accounts_max && !self.young.contains_key(&account) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(account, Failures { count, last: now });
        count
    }

    /// Whether the last of so many failures is worth a line in the audit log.
    pub fn is_suspicious(&self, failures: u32) -> bool {
        failures >= self.backoff.free
    }

    /// Forgets the failures of an account whose owner came in.
    pub fn succeeded(&mut self, account: &Account) {
        self.young.remove(account);
        self.old.remove(account);
    }

    fn find(&self, account: &Account, now: Duration) -> Option<Failures> {
        let found = self.young.get(account).or_else(|| self.old.get(account)).copied();
        found.filter(|failures| now.saturating_sub(failures.last) < self.backoff.wait_max * 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Account = [1; 32];

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn throttle(failures: u32) -> Throttle {
        let mut throttle = Throttle::new(Backoff { free: 3, wait_max: s(60), accounts_max: 100 });
        for _ in 0..failures {
            throttle.failed(ADA, s(0));
        }
        throttle
    }

    fn check(failures: u32, now: u64, expected_s: u64) {
        let wait = throttle(failures).wait(&ADA, s(now));
        assert_eq!(wait, s(expected_s), "{failures} failures at {now} s");
    }

    #[test]
    fn the_wait_doubles_up_to_a_limit() {
        check(0, 0, 0);
        check(2, 0, 0);
        check(3, 0, 1);
        check(4, 0, 2);
        check(6, 0, 8);
        check(6, 5, 3);
        check(6, 8, 0);
        check(9, 0, 60);
        check(1000, 0, 60);
    }

    #[test]
    fn old_failures_and_those_before_a_success_are_forgotten() {
        check(1000, 119, 0);
        let mut throttle = throttle(1000);
        assert_eq!(throttle.failed(ADA, s(120)), 1);
        throttle.failed(ADA, s(120));
        throttle.failed(ADA, s(120));

        throttle.succeeded(&ADA);

        assert_eq!(throttle.wait(&ADA, s(120)), s(0));
        assert_eq!(throttle.failed(ADA, s(120)), 1);
    }

    #[test]
    fn memory_is_bounded_and_the_newest_are_kept() {
        let mut throttle = throttle(0);
        for n in 0..10_000_u32 {
            let mut account = [0; 32];
            account[..4].copy_from_slice(&n.to_be_bytes());
            throttle.failed(account, s(0));
        }
        assert!(throttle.young.len() + throttle.old.len() <= 200);
        for _ in 0..3 {
            throttle.failed(ADA, s(0));
        }
        assert_eq!(throttle.wait(&ADA, s(0)), s(1));
    }
}
