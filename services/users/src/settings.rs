//! What can be set about accounts, with units and defaults.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::{key::Schedule, password::Cost, session::Lifetimes, throttle::Backoff};

/// The settings of this service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Memory of one password hash, in KiB. Default 19,456 (19 MiB), as OWASP advises.
    pub argon2_memory_kib: u32,
    /// How often that memory is gone over. Default 2.
    pub argon2_passes: u32,
    /// Lanes of one password hash. Default 1.
    pub argon2_lanes: u32,
    /// Password hashes computed at once. Default: one per core.
    pub hashes_max: usize,
    /// Password hashes that wait for a core; beyond, 503 `overloaded`. Default 64.
    pub hashes_waiting_max: usize,
    /// Shortest password, in characters. Default 12.
    pub password_length_min: usize,
    /// Life of an access token, in seconds. Default 600.
    pub access_token_s: u64,
    /// Life of a session, however busy, in seconds. Default 7,776,000 (90 days).
    pub session_s: u64,
    /// Life of a refresh token that nobody uses, in seconds. Default 1,209,600 (14 days).
    pub refresh_token_s: u64,
    /// How long a client that lost the answer to a refresh may ask again, in seconds. Default 10.
    pub refresh_grace_s: u64,
    /// How long one key signs tokens, in seconds. Default 2,592,000 (30 days).
    pub signing_key_s: u64,
    /// How long a key is published before it signs, in seconds; verifiers fetch keys at most
    /// every 30. Default 60.
    pub signing_key_lead_s: u64,
    /// How long a key is published after it signed, in seconds; longer than an access token
    /// lives. Default 3,600.
    pub signing_key_overlap_s: u64,
    /// Failed log-ins in a row that cost no waiting. Default 5.
    pub failures_free: u32,
    /// Longest wait after failed log-ins, in seconds. Default 900: less than 100 guesses a day.
    pub failures_wait_s_max: u64,
    /// Accounts whose failed log-ins are remembered; memory holds twice as many. Default 50,000.
    pub failures_accounts_max: usize,
    /// How long a wishlist waits for products, in ms; then it is answered without. Default 800.
    pub products_timeout_ms: u64,
    /// Life of the one-time link to the first administrator, in seconds. Default 900.
    pub setup_link_s: u64,
    /// Between two removals of sessions that are over, in seconds. Default 600.
    pub sweep_every_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            argon2_memory_kib: 19_456,
            argon2_passes: 2,
            argon2_lanes: 1,
            hashes_max: cores,
            hashes_waiting_max: 64,
            password_length_min: 12,
            access_token_s: 600,
            session_s: 90 * DAY_S,
            refresh_token_s: 14 * DAY_S,
            refresh_grace_s: 10,
            signing_key_s: 30 * DAY_S,
            signing_key_lead_s: 60,
            signing_key_overlap_s: 3_600,
            failures_free: 5,
            failures_wait_s_max: 900,
            failures_accounts_max: 50_000,
            products_timeout_ms: 800,
            setup_link_s: 900,
            sweep_every_s: 600,
        }
    }
}

const DAY_S: u64 = 86_400;

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting users.{name}: {why}")]
pub struct BadSetting {
    /// Which.
    pub name: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl Settings {
    /// Refuses what cannot work; what Argon2 allows is checked where the hashing is made.
    pub fn check(&self) -> Result<(), BadSetting> {
        let positive = [
            ("hashes_max", self.hashes_max as u64),
            ("password_length_min", self.password_length_min as u64),
            ("access_token_s", self.access_token_s),
            ("session_s", self.session_s),
            ("refresh_token_s", self.refresh_token_s),
            ("signing_key_s", self.signing_key_s),
            ("failures_wait_s_max", self.failures_wait_s_max),
            ("failures_accounts_max", self.failures_accounts_max as u64),
            ("products_timeout_ms", self.products_timeout_ms),
            ("setup_link_s", self.setup_link_s),
            ("sweep_every_s", self.sweep_every_s),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err(BadSetting { name, why: "must be at least 1".to_owned() });
        }
        if self.password_length_min > 64 {
            let why = "must be at most 64: longer passphrases must stay possible".to_owned();
            return Err(BadSetting { name: "password_length_min", why });
        }
        if self.signing_key_overlap_s <= self.access_token_s {
            let why = format!("must be longer than access_token_s ({})", self.access_token_s);
            return Err(BadSetting { name: "signing_key_overlap_s", why });
        }
        if self.signing_key_lead_s >= self.signing_key_s {
            let why = format!("must be shorter than signing_key_s ({})", self.signing_key_s);
            return Err(BadSetting { name: "signing_key_lead_s", why });
        }
        Ok(())
    }

    pub(crate) fn cost(&self) -> Cost {
        Cost {
            memory_kib: self.argon2_memory_kib,
            passes: self.argon2_passes,
            lanes: self.argon2_lanes,
        }
    }

    pub(crate) fn lifetimes(&self) -> Lifetimes {
        Lifetimes {
            session: Duration::from_secs(self.session_s),
            idle: Duration::from_secs(self.refresh_token_s),
            grace: Duration::from_secs(self.refresh_grace_s),
        }
    }

    pub(crate) fn schedule(&self) -> Schedule {
        Schedule {
            every: Duration::from_secs(self.signing_key_s),
            lead: Duration::from_secs(self.signing_key_lead_s),
            overlap: Duration::from_secs(self.signing_key_overlap_s),
        }
    }

    pub(crate) fn backoff(&self) -> Backoff {
        Backoff {
            free: self.failures_free,
            wait_max: Duration::from_secs(self.failures_wait_s_max),
            accounts_max: self.failures_accounts_max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(alter: impl FnOnce(&mut Settings), refused: Option<&str>) {
        let mut settings = Settings::default();
        alter(&mut settings);
        assert_eq!(settings.check().err().map(|bad| bad.name), refused);
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        check(|_| {}, None);
        check(|s| s.hashes_max = 0, Some("hashes_max"));
        check(|s| s.password_length_min = 65, Some("password_length_min"));
        check(|s| s.signing_key_overlap_s = 600, Some("signing_key_overlap_s"));
        check(|s| s.signing_key_lead_s = s.signing_key_s, Some("signing_key_lead_s"));
    }
}
