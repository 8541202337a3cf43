//! Restart intensity: how many restarts lie within the sliding period.

use std::{collections::VecDeque, time::Duration};

/// The restarts of one supervisor within its period, oldest first.
///
/// A restart exactly one period old still counts, as in OTP.
#[derive(Debug)]
pub(crate) struct Window {
    intensity: u32,
    period: Duration,
    restarts: VecDeque<(Duration, usize)>,
    by_child: Vec<u32>,
}

impl Window {
    pub(crate) fn new(children: usize, intensity: u32, period: Duration) -> Self {
        Self { intensity, period, restarts: VecDeque::new(), by_child: vec![0; children] }
    }

    /// Counts a restart of `child`. Returns how many it had within the period, this one included;
    /// nothing when that is one restart more than the supervisor bears.
    pub(crate) fn admit(&mut self, now: Duration, child: usize) -> Option<u32> {
        self.forget_old(now);
        self.restarts.push_back((now, child));
        self.by_child[child] += 1;
        let within = self.restarts.len() <= self.intensity as usize;
        within.then_some(self.by_child[child])
    }

    /// The restarts of each child within the period.
    pub(crate) fn counts(&mut self, now: Duration) -> &[u32] {
        self.forget_old(now);
        &self.by_child
    }

    pub(crate) fn clear(&mut self) {
        self.restarts.clear();
        self.by_child.fill(0);
    }

    fn forget_old(&mut self, now: Duration) {
        while let Some(&(at, child)) = self.restarts.front() {
            if now.saturating_sub(at) <= self.period {
                return;
            }
            self.restarts.pop_front();
            self.by_child[child] -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, restarts_ms: &[u64], expected: &[bool]) {
        let mut window = Window::new(1, 2, Duration::from_millis(1000));
        let seen: Vec<bool> = restarts_ms
            .iter()
            .map(|&at| window.admit(Duration::from_millis(at), 0).is_some())
            .collect();
        assert_eq!(seen, expected, "{name}");
    }

    #[test]
    fn more_restarts_than_the_intensity_within_the_period_are_too_many() {
        check("up to the intensity", &[0, 1], &[true, true]);
        check("one more", &[0, 1, 2], &[true, true, false]);
        check("at the edge of the period", &[0, 1, 1000], &[true, true, false]);
        check("the first has left the period", &[0, 1, 1001], &[true, true, true]);
        check("it slides", &[0, 600, 1100, 1500], &[true, true, true, false]);
    }

    #[test]
    fn a_supervisor_that_bears_no_restart_refuses_the_first() {
        let mut window = Window::new(1, 0, Duration::from_secs(1));
        assert_eq!(window.admit(Duration::ZERO, 0), None);
    }

    #[test]
    fn restarts_are_counted_for_each_child_and_forgotten_with_time() {
        let mut window = Window::new(2, 9, Duration::from_secs(1));
        assert_eq!(window.admit(Duration::ZERO, 0), Some(1));
        assert_eq!(window.admit(Duration::ZERO, 1), Some(1));
        assert_eq!(window.admit(Duration::from_millis(500), 1), Some(2));
        assert_eq!(window.counts(Duration::from_millis(500)), [1, 2]);
        assert_eq!(window.counts(Duration::from_millis(1001)), [0, 1]);
        window.clear();
        assert_eq!(window.counts(Duration::from_millis(1001)), [0, 0]);
    }
}
