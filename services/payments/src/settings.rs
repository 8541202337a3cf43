//! What can be set about payments.

use std::time::Duration;

use serde::Deserialize;

/// Limits and times of this service.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a provider may take to answer, in milliseconds. Then the outcome counts as unknown.
    /// Default 2000.
    pub provider_timeout_ms: u64,
    /// How long after that an unknown outcome is left to the caller's own retry before the resolver
    /// asks the provider about it, in milliseconds. Default 1000.
    pub resolve_after_ms: u64,
    /// How often the resolver looks for unknown outcomes, in milliseconds. Default 500.
    pub resolve_period_ms: u64,
    /// The first pause before a provider is asked again about the same payment, in milliseconds; it
    /// doubles. Default 500.
    pub resolve_pause_min_ms: u64,
    /// The longest pause before a provider is asked again, in milliseconds. Default 60000.
    pub resolve_pause_max_ms: u64,
    /// Payments that the resolver takes at a time, at most. Default 64.
    pub resolve_batch_max: u32,
    /// Payments that the resolver asks about at the same time, at most. Default 8.
    pub resolve_concurrency_max: usize,
    /// How often a command decides anew because others changed the payment meanwhile, at most.
    /// Default 64.
    pub decisions_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            provider_timeout_ms: 2000,
            resolve_after_ms: 1000,
            resolve_period_ms: 500,
            resolve_pause_min_ms: 500,
            resolve_pause_max_ms: 60_000,
            resolve_batch_max: 64,
            resolve_concurrency_max: 8,
            decisions_max: 64,
        }
    }
}

impl Settings {
    pub(crate) fn provider_timeout(&self) -> Duration {
        Duration::from_millis(self.provider_timeout_ms)
    }

    /// How long after it was asked an operation counts as forgotten by its caller.
    pub(crate) fn due_after(&self) -> Duration {
        Duration::from_millis(self.provider_timeout_ms.saturating_add(self.resolve_after_ms))
    }

    pub(crate) fn resolve_period(&self) -> Duration {
        Duration::from_millis(self.resolve_period_ms)
    }

    /// The shortest and the longest pause between two questions, in milliseconds.
    pub(crate) fn resolve_pause_ms(&self) -> std::ops::Range<i64> {
        let ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        ms(self.resolve_pause_min_ms)..ms(self.resolve_pause_max_ms)
    }
}
