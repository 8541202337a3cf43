//! How a supervisor stops its children: in reverse start order, each within its limit.

use std::{ops::Range, time::Duration};

use crate::{
    Exit, Shutdown, State,
    branch::{Branch, Phase},
};

/// How long an aborted task may take to reach an await before it is abandoned.
const ABORT_LIMIT: Duration = Duration::from_secs(1);

impl Branch {
    /// Stops these children, the last one first, and leaves them idle.
    pub(crate) async fn stop_children(&mut self, children: Range<usize>) {
        for child in children.rev() {
            if let Some(exit) = self.stop_child(child).await {
                self.log_stop(child, &exit);
                self.node.children[child].ended(exit);
            } else {
                self.node.children[child].stays_down();
            }
            self.slots[child].phase = Phase::Idle;
        }
    }

    /// Returns how it ended; nothing when it was down.
    async fn stop_child(&mut self, child: usize) -> Option<Exit> {
        if let Some(place) = self.backlog.iter().position(|&(other, _)| other == child) {
            self.slots[child].reins = None;
            return self.backlog.remove(place).map(|(_, exit)| exit);
        }
        let stop = self.slots[child].reins.as_ref()?.stop.clone();
        self.node.children[child].turned(State::Stopping);
        let exit = match self.spec.children[child].shutdown {
            Shutdown::BrutalKill => self.kill(child).await,
            Shutdown::Infinity => {
                stop.raise();
                self.exit_of(child).await
            }
            Shutdown::Timeout(limit) => {
                stop.raise();
                let clock = self.env.clock.clone();
                let in_time = clock.timeout(limit, self.exit_of(child)).await;
                match in_time {
                    Ok(exit) => exit,
                    Err(kernel::Elapsed) => self.kill(child).await,
                }
            }
        };
        self.slots[child].reins = None;
        // It was asked to stop, so that is why it ended.
        Some(if exit == Exit::Normal { Exit::Shutdown } else { exit })
    }

    /// Aborts it and waits until it is gone.
    pub(crate) async fn kill(&mut self, child: usize) -> Exit {
        let Some(reins) = &self.slots[child].reins else {
            return Exit::Killed;
        };
        let abort = reins.abort.clone();
        abort.abort();
        let clock = self.env.clock.clone();
        let gone = clock.timeout(ABORT_LIMIT, self.exit_of(child)).await;
        gone.unwrap_or_else(|kernel::Elapsed| {
            self.disown(abort.id());
            tracing::error!(
                supervisor.name = &*self.spec.name,
                child.name = &*self.spec.children[child].name,
                "child blocks its thread and cannot be killed: abandoned"
            );
            Exit::Killed
        })
    }

    /// Waits for the end of this child; the ends of others are kept for later.
    async fn exit_of(&mut self, child: usize) -> Exit {
        loop {
            let (other, exit) = self.next_exit().await;
            if other == child {
                return exit;
            }
            self.backlog.push_back((other, exit));
        }
    }

    fn log_stop(&self, child: usize, exit: &Exit) {
        let supervisor = &*self.spec.name;
        let name = &*self.spec.children[child].name;
        match exit {
            Exit::Normal | Exit::Shutdown => {
                tracing::debug!(supervisor.name = supervisor, child.name = name, "child stopped");
            }
            Exit::Killed => {
                tracing::warn!(supervisor.name = supervisor, child.name = name, "child killed");
            }
            Exit::Error(_) | Exit::Panic(_) => tracing::warn!(
                supervisor.name = supervisor,
                child.name = name,
                reason = exit.logged(),
                "child failed while it was stopped"
            ),
        }
    }
}
