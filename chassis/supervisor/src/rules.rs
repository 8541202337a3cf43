//! What the end of a child means: for itself, for its siblings, for its supervisor.

use std::ops::Range;

use crate::{
    Exit, Restart, State, Strategy,
    branch::{Branch, Phase, Slot},
};

impl Branch {
    /// Decides what the end of a child means; fails when it is the end of its supervisor, too.
    pub(crate) async fn settle(&mut self, child: usize, exit: Exit) -> Result<(), Exit> {
        let slot = std::mem::replace(&mut self.slots[child], Slot::down(Phase::Idle));
        let unready = matches!(slot.phase, Phase::Starting(_)) && !slot.has_said_ready();
        self.node.children[child].ended(exit.clone());

        let spec = &self.spec.children[child];
        let is_done = exit.is_normal() && spec.restart != Restart::Permanent;
        if unready && !self.booted && !is_done {
            return Err(Exit::Error(format!("{} failed to start: {exit}", spec.name)));
        }
        if spec.restart.follows(&exit) {
            return self.restart(child, exit).await;
        }
        tracing::debug!(
            supervisor.name = &*self.spec.name,
            child.name = &*spec.name,
            reason = exit.logged(),
            "child ended for good"
        );
        Ok(())
    }

    /// Schedules a restart of a dead child and of those who share its fate.
    async fn restart(&mut self, child: usize, exit: Exit) -> Result<(), Exit> {
        let spec = self.spec.clone();
        let name = &*spec.children[child].name;
        let now = self.env.clock.instant();
        let admitted = self.node.window().admit(now, child);
        let Some(nth) = admitted else {
            let (intensity, period) = (spec.intensity, spec.period);
            tracing::error!(
                supervisor.name = &*spec.name,
                child.name = name,
                reason = exit.logged(),
                "supervisor gives up: more than {intensity} restarts within {period:?}"
            );
            return Err(Exit::Error(format!(
                "more than {intensity} restarts within {period:?}, the last of {name}: {exit}"
            )));
        };
        let pause = spec.backoff.delay(nth, spec.intensity, spec.period, &self.env.ids);
        tracing::warn!(
            supervisor.name = &*spec.name,
            child.name = name,
            reason = exit.logged(),
            restarts = nth,
            pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            "child died and is restarted"
        );
        let group = self.fate_of(child);
        self.stop_children(group.clone()).await;
        for member in group {
            if spec.children[member].restart != Restart::Temporary {
                self.slots[member].phase = Phase::Due(now + pause);
                self.node.children[member].turned(State::Restarting);
            }
        }
        Ok(())
    }

    fn fate_of(&self, child: usize) -> Range<usize> {
        match self.spec.strategy {
            Strategy::OneForOne => child..child + 1,
            Strategy::OneForAll => 0..self.slots.len(),
            Strategy::RestForOne => child..self.slots.len(),
        }
    }
}
