//! The placement saga: the machine of the domain, run by the chassis, with its calls to payments.

mod calls;
mod process;
mod saved;
mod story;
mod watch;

pub use calls::Payments;
pub use process::{Happening, Placing};
pub use watch::{Progress, Watcher, Watchers};

use crate::domain::{Limits, Waiting, reachable};

/// The label of each step's commit, from the machine itself: every step that can be reached.
pub fn placement_steps() -> Vec<&'static str> {
    reachable(&Limits::default()).iter().map(process::label).collect()
}

/// The name of every moment at which a placement may be cut off: before and after each commit
/// and each call. Derived from the machine, for tests that cut there.
pub fn placement_crash_points() -> Vec<String> {
    let limits = Limits::default();
    let mut points = Vec::new();
    for step in reachable(&limits) {
        let label = process::label(&step);
        // The first step commits together with the order.
        let begins = matches!(step, crate::domain::Step::Reserving { .. });
        let commit = if begins { "place_order" } else { label };
        for when in ["before", "after"] {
            points.push(format!("orders.{commit}.commit.{when}"));
            if let Waiting::Call(_) = step.waiting(&limits) {
                points.push(format!("{label}.call.{when}"));
            }
        }
    }
    points
}

#[cfg(test)]
mod tests;
