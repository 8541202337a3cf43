//! How long a child that died again stays down.

use std::time::Duration;

use kernel::Ids;

/// The pause before a restart: none for a child's first within the period, then `first`, doubled
/// for each further one, at most `max`; half of it is chance, so that replicas do not come back
/// in step.
///
/// It is also held so short that all restarts a supervisor bears fit in half its period: a child
/// that always dies at once exceeds the intensity rather than looping for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Pause before the second restart within the period.
    pub first: Duration,
    /// Longest pause.
    pub max: Duration,
}

impl Default for Backoff {
    /// 10 ms at first, 1 s at most.
    fn default() -> Self {
        Self { first: Duration::from_millis(10), max: Duration::from_secs(1) }
    }
}

impl Backoff {
    /// Restarts at once, always.
    pub const NONE: Self = Self { first: Duration::ZERO, max: Duration::ZERO };

    /// The pause before the `nth` restart of a child within the period, counted from one.
    pub(crate) fn delay(self, nth: u32, intensity: u32, period: Duration, ids: &Ids) -> Duration {
        let full = self.full(nth, intensity, period);
        let half_us = u64::try_from(full.as_micros() / 2).unwrap_or(u64::MAX);
        if half_us == 0 {
            return full;
        }
        full - Duration::from_micros(ids.below(half_us))
    }

    fn full(self, nth: u32, intensity: u32, period: Duration) -> Duration {
        let Some(doublings) = nth.checked_sub(2) else {
            return Duration::ZERO;
        };
        let share = period / intensity.saturating_mul(2).max(1);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.max).min(share)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Clock, Timestamp};

    use super::*;

    const PERIOD: Duration = Duration::from_secs(10);

    #[test]
    fn the_first_restart_is_immediate_and_later_ones_double_up_to_the_limit() {
        let check = |nth, expected_ms| {
            let full = Backoff::default().full(nth, 4, PERIOD);
            assert_eq!(full, Duration::from_millis(expected_ms), "restart {nth}");
        };
        check(1, 0);
        check(2, 10);
        check(3, 20);
        check(4, 40);
        check(8, 640);
        check(9, 1000);
        check(99, 1000);
    }

    #[test]
    fn all_restarts_that_a_supervisor_bears_fit_in_half_its_period() {
        for intensity in [1, 5, 100, 10_000] {
            let pauses = (1..=intensity).map(|nth| Backoff::default().full(nth, intensity, PERIOD));
            assert!(pauses.sum::<Duration>() <= PERIOD / 2, "intensity {intensity}");
        }
    }

    #[test]
    fn chance_takes_at_most_half_of_the_pause() {
        let ids = Ids::seeded(Clock::manual(Timestamp::default()), 1);
        for _ in 0..1000 {
            let delay = Backoff::default().delay(3, 4, PERIOD, &ids);
            assert!(delay > Duration::from_millis(10), "{delay:?}");
            assert!(delay <= Duration::from_millis(20), "{delay:?}");
        }
    }

    #[test]
    fn no_backoff_means_no_pause() {
        let ids = Ids::seeded(Clock::manual(Timestamp::default()), 1);
        assert_eq!(Backoff::NONE.delay(9, 100, PERIOD, &ids), Duration::ZERO);
    }
}
